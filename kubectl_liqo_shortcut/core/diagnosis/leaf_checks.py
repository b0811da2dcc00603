"""The checks of one leaf's end of a link, in the order in which causes come before effects."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.diagnosis import as_recorded, gateway_checks
from kubectl_liqo_shortcut.core.diagnosis.causes import CauseName
from kubectl_liqo_shortcut.core.diagnosis.check import Check, failed, ok
from kubectl_liqo_shortcut.core.diagnosis.gateway_checks import gateway_kind_name, unseen
from kubectl_liqo_shortcut.core.diagnosis.observed import ObservedLeaf, ObservedLink
from kubectl_liqo_shortcut.core.link.inventory import objects_of
from kubectl_liqo_shortcut.core.link.observe import End
from kubectl_liqo_shortcut.core.model import Object, is_terminating, name_of
from kubectl_liqo_shortcut.core.networks import KINDS, Cidrs, raw_cidrs, same_networks
from kubectl_liqo_shortcut.core.readiness import readiness
from kubectl_liqo_shortcut.core.record.lifecycle import removed_on
from kubectl_liqo_shortcut.core.record.routes import remapped_to, routes_of
from kubectl_liqo_shortcut.errors import clipped

LeafCheck = Callable[[ObservedLeaf, ObservedLink], Check]


def reached(leaf: ObservedLeaf, evidence: ObservedLink) -> Check:
    """Does it answer, and is it the cluster that is meant?"""
    if leaf.end is None:
        peer = next(each for each in evidence.leaves if each != leaf.leaf)
        return failed(
            "leaf",
            leaf.leaf,
            leaf.reason,
            leaf.error,
            f"kubectl liqo-shortcut rbac check --leaf {leaf.leaf} --peer {peer}"
            if leaf.reason is CauseName.FORBIDDEN
            else "kubectl liqo-shortcut leaves",
        )
    return ok("leaf", leaf.leaf, "answers, and is that cluster")


def _end(leaf: ObservedLeaf) -> End:
    assert leaf.end is not None, "reached() comes first"
    return leaf.end


def removed(leaf: ObservedLeaf, evidence: ObservedLink) -> Check:
    """Did somebody take the link away there?"""
    recorded = objects_of(evidence.record)
    if leaf.unseen & {r.CONFIGURATION.kind, gateway_kind_name(_end(leaf))}:
        return unseen("link", leaf, "Configurations and gateways")
    if list(removed_on({leaf.leaf: _end(leaf)}, recorded)):
        return failed(
            "link",
            leaf.leaf,
            CauseName.REMOVED_ON_LEAF,
            "Configuration and gateway are gone: somebody took the link away there",
            f"kubectl liqo-shortcut sync {evidence.shortcut.name} --recreate",
        )
    count = sum(each.ref.cluster == leaf.leaf and bool(each.uid) for each in recorded.values())
    return ok("link", leaf.leaf, f"{count} objects of it are on record")


def namespace(leaf: ObservedLeaf, evidence: ObservedLink) -> Check:
    found = _end(leaf).namespace
    if found is None and r.NAMESPACE.kind in leaf.unseen:
        return unseen("tenant namespace", leaf, "Namespaces")
    if found is None:
        return failed(
            "tenant namespace",
            leaf.leaf,
            CauseName.NO_TENANT_NAMESPACE,
            f"there is none for {_end(leaf).side.peer}",
            f"kubectl liqo-shortcut sync {evidence.shortcut.name}",
        )
    name = name_of(found)
    if is_terminating(found):
        return failed(
            "tenant namespace",
            leaf.leaf,
            CauseName.NAMESPACE_TERMINATING,
            f"{name} is being deleted",
            f"kubectl --context {leaf.leaf} get namespace {name} -o yaml",
        )
    return ok("tenant namespace", leaf.leaf, name)


def configuration(leaf: ObservedLeaf, evidence: ObservedLink) -> Check:
    """Does it know the peer's networks, the right ones, and has Liqo taken them up?"""
    end, name = _end(leaf), evidence.shortcut.name
    found = end.configuration
    if found is None and r.CONFIGURATION.kind in leaf.unseen:
        return unseen("networks", leaf, "Configurations")
    if found is None:
        return failed(
            "networks",
            leaf.leaf,
            CauseName.NO_CONFIGURATION,
            f"there is no Configuration for {end.side.peer}",
            f"kubectl liqo-shortcut sync {name}",
        )
    if said := _mismatch(found, evidence.known.get(end.side.peer)):
        return failed(
            "networks",
            leaf.leaf,
            CauseName.CIDR_MISMATCH,
            f"its Configuration for {end.side.peer} {said}",
            f"kubectl liqo-shortcut diff {name}",
        )
    state = readiness(found)
    if not state:
        at = found["metadata"]
        return failed(
            "networks",
            leaf.leaf,
            CauseName.NETWORKS_NOT_CONFIGURED,
            f"Configuration {at['namespace']}/{at['name']}: {state.message}",
            f"kubectl --context {leaf.leaf} -n liqo logs deployment/liqo-controller-manager",
        )
    return ok("networks", leaf.leaf, _routes(end))


def _mismatch(configuration: Object, known: Cidrs | None) -> str:
    """Which networks it has otherwise than the hub, whose *known* ones count; "" if none."""
    given = raw_cidrs(configuration, "spec")
    right = {"pod": known.pod, "external": known.external} if known else {}
    for kind, networks in right.items():
        there = given.get(kind) or []
        if not same_networks(there, networks):
            return f"says {KINDS[kind]} {clipped(str(there))}, the hub's says {list(networks)}"
    return ""


def _routes(end: End) -> str:
    pods = [each for each in routes_of(end) if each["type"] == "Pod"]
    return ", ".join(
        f"{each['cidr']} of {end.side.peer}" + (f", reached as {seen}" if seen else "")
        for each in pods
        for seen in [remapped_to(each)]
    )


def gateway(leaf: ObservedLeaf, evidence: ObservedLink) -> Check:
    """Is its gateway there, and the one that is on record?"""
    end, name = _end(leaf), evidence.shortcut.name
    kind = gateway_kind_name(end)
    if end.gateway is None and kind in leaf.unseen:
        return unseen("gateway", leaf, f"{kind}s")
    if end.gateway is None:
        return failed(
            "gateway",
            leaf.leaf,
            CauseName.NO_GATEWAY,
            f"there is no {kind} for {end.side.peer}",
            f"kubectl liqo-shortcut sync {name}",
        )
    if is_terminating(end.gateway):
        return failed(
            "gateway",
            leaf.leaf,
            CauseName.GATEWAY_TERMINATING,
            f"its {kind} is being deleted",
            f"kubectl --context {leaf.leaf} get {kind.lower()} -A",
        )
    recorded = [
        each
        for each in objects_of(evidence.record).values()
        if each.ref.cluster == leaf.leaf and each.ref.kind.kind == kind and each.uid
    ]
    if recorded and end.gateway["metadata"]["uid"] not in {each.uid for each in recorded}:
        said = f"its {kind} is another than the recorded one: somebody made it anew"
        return ok("gateway", leaf.leaf, said)
    return ok("gateway", leaf.leaf, f"{kind} {name_of(end.gateway)} is there")


_PLACE: tuple[LeafCheck, ...] = (removed, namespace, configuration)
_GATEWAY: tuple[LeafCheck, ...] = (gateway_checks.pod, gateway_checks.endpoint)
_TUNNEL: tuple[LeafCheck, ...] = (gateway_checks.keys, gateway_checks.connection)


def leaf_chain(evidence: ObservedLink) -> Iterator[Check]:
    """All of both leaves; the client's gateway is made once the server's has its endpoint.

    What depends on a gateway that may not be looked at is left out.
    """
    yield from filter(None, (as_recorded.found_by_liqo(leaf, evidence) for leaf in evidence.sides))
    for each in _PLACE:
        yield from (each(leaf, evidence) for leaf in evidence.sides)
    for leaf in evidence.sides:
        yield gateway(leaf, evidence)
        yield from (each(leaf, evidence) for each in _GATEWAY if leaf.has_gateway)
    for each in _TUNNEL:
        yield from (each(leaf, evidence) for leaf in evidence.sides if leaf.has_gateway)
