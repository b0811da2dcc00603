"""What is found before the first write, and what it means: pure judgements over objects."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.addresses import Network
from kubectl_liqo_shortcut.core.model import ClusterID, Object, dig, name_of, namespace_of, peer_of
from kubectl_liqo_shortcut.core.networks import Cidrs, is_remapped, pod_networks
from kubectl_liqo_shortcut.core.preflight.findings import Finding, FindingName
from kubectl_liqo_shortcut.errors import (
    USELESS,
    ClusterError,
    Forbidden,
    Gone,
    NoLiqo,
    NoServer,
    ShortcutError,
)

_POD = "Pod CIDR"
_GATEWAYS = (r.GATEWAY_SERVER.kind, r.GATEWAY_CLIENT.kind)
_NAMED = {
    **dict.fromkeys(USELESS, FindingName.UNREACHABLE),
    Forbidden: FindingName.FORBIDDEN,
    NoLiqo: FindingName.NO_LIQO,
    Gone: FindingName.NO_LIQO,
    NoServer: FindingName.NO_SERVER,
}


def of_error(
    error: ShortcutError, cluster: str, name: FindingName = FindingName.REFUSED
) -> Finding:
    """The finding that an *error* about *cluster* stands for."""
    name = next((word for kind, word in _NAMED.items() if isinstance(error, kind)), name)
    if f"({FindingName.CIDR_MISMATCH})" in error.message:
        name = FindingName.CIDR_MISMATCH
    where = error.cluster if isinstance(error, ClusterError) else cluster
    return Finding(name, where, error.message, error.hint or "")


def overlaps(cidrs: Mapping[ClusterID, Cidrs | None]) -> Iterator[Finding]:
    """Networks of the two leaves that overlap: Liqo remaps them, so it works, and is said.

    Not of two external CIDRs: no Pod has an address there, and Liqo's default is the same for all.
    """
    first, second = cidrs
    for kind, mine in _networks(cidrs[first]):
        for other_kind, other in _networks(cidrs[second]):
            if mine.overlaps(other) and _POD in (kind, other_kind):
                yield Finding(
                    FindingName.OVERLAPPING_CIDRS,
                    first,
                    f"its {kind} {mine} overlaps the {other_kind} {other} of {second}: "
                    "the link works, Liqo remaps them",
                    FindingName.OVERLAPPING_CIDRS.remedy,
                )


def _networks(cidrs: Cidrs | None) -> Iterator[tuple[str, Network]]:
    """Each with what it is called."""
    if cidrs is not None:
        for kind, texts in ((_POD, cidrs.pod), ("external CIDR", cidrs.external)):
            yield from ((kind, ipaddress.ip_network(text)) for text in texts)


def remapped(pair: Iterable[ClusterID], configurations: Iterable[Object]) -> Iterator[Finding]:
    """Leaves whose Pod network the hub sees under another prefix."""
    by_leaf = {peer_of(each): each for each in configurations}
    for leaf in pair:
        body = by_leaf.get(leaf, {})
        if is_remapped(body):
            own, seen = (
                ", ".join(map(str, pod_networks(body, part))) for part in ("spec", "status")
            )
            yield Finding(
                FindingName.REMAPPED_BY_HUB,
                leaf,
                f"the hub sees its Pod CIDR {own} as {seen}: "
                "Services with endpoints there cannot go direct with Liqo 1.2",
                FindingName.REMAPPED_BY_HUB.remedy,
            )


def skewed(versions: Mapping[str, str]) -> Iterator[Finding]:
    """Liqo of another version somewhere: nobody tests all pairs, and it need not matter.

    *versions* by cluster, the hub's first; one that is not known is no other one.
    """
    known = {cluster: version for cluster, version in versions.items() if version}
    first = next(iter(known.values()), "")
    odd = next((cluster for cluster, version in known.items() if version != first), None)
    if odd is not None:
        told = ", ".join(f"{version} on {cluster}" for cluster, version in known.items())
        name = FindingName.VERSION_SKEW
        yield Finding(name, odd, f"Liqo is not of one version: {told}", name.remedy)


def other_mtu(
    mtu: int, pair: Iterable[ClusterID], gateways: Iterable[Object], recorded: str = ""
) -> Iterator[Finding]:
    """The hub's own *gateways* to the leaves of a *pair* that have another MTU than *mtu*.

    *recorded* is the name of the shortcut, if it is on record.
    """
    leaves = tuple(pair)
    for each in gateways:
        leaf = peer_of(each)
        theirs = dig(each, "spec", "mtu")
        if leaf in leaves and isinstance(theirs, int) and theirs != mtu:
            at = each["metadata"]
            name = f"{each['kind']} {at['namespace']}/{at['name']}"
            yield Finding(
                FindingName.OTHER_MTU,
                leaf,
                f"the shortcut will have MTU {mtu}, the hub's {name} has {theirs}",
                f"{_with_mtu(theirs, recorded)} gives the shortcut the same",
            )


def unequal_mtu(
    mtu: int, reused: Iterable[tuple[str, Object]], recorded: str = ""
) -> Iterator[Finding]:
    """A gateway of others that is used as it is must have the other side's MTU, which is *mtu*
    unless that one is of others too: else larger packets vanish without a word."""
    theirs = {
        leaf: body["spec"]["mtu"]
        for leaf, body in reused
        if body["kind"] in _GATEWAYS and dig(body, "spec", "mtu")
    }
    leaf, seen = next(iter(theirs.items()), ("", mtu))
    other = next((each for name, each in theirs.items() if name != leaf), mtu)
    if seen != other:
        yield Finding(
            FindingName.CONFLICT,
            leaf,
            f"cluster {leaf!r}: the gateway that somebody else made there has MTU {seen}, the one "
            f"on the other leaf {other}: both must have the same",
            f"{_with_mtu(seen, recorded)} makes the other one alike"
            if len(theirs) == 1
            else "remove or correct one of them there",
        )


def _with_mtu(mtu: int, recorded: str) -> str:
    """How a shortcut gets that MTU."""
    if not recorded:
        return f"--mtu {mtu}"
    edit = f"kubectl edit shortcut {recorded} (spec.gateway.mtu: {mtu})"
    return f"{edit}, then kubectl liqo-shortcut sync {recorded},"


def outdated(crd: Object | None) -> Iterator[Finding]:
    """A kind Shortcut that is older than this program loses fields of the status silently."""
    if crd is None:
        return
    given = str(dig(crd, "metadata", "annotations", r.SCHEMA_ANNOTATION) or "")
    if given != r.SCHEMA:
        number = int(given) if given.isdigit() else 0
        newer = number > int(r.SCHEMA)
        name = FindingName.NEWER_CRD if newer else FindingName.OUTDATED_CRD
        yield Finding(
            name,
            "the hub",
            f"its kind Shortcut is {'newer' if newer else 'older'} than this program",
            name.remedy,
        )


def exhausted(leaf: str, service_type: str | None, quotas: Iterable[Object]) -> Iterator[Finding]:
    """Quotas of a tenant namespace that leave no room for a gateway, its Service or its Pod.

    *service_type* is that of the gateway server's Service, None for a client.
    """
    needed = {"pods", "count/pods", "secrets", "count/secrets", "count/deployments.apps"}
    if service_type is not None:
        needed |= {"services", "count/services"}
        needed |= {"services.loadbalancers"} if service_type == "LoadBalancer" else set()
        needed |= {"services.nodeports"} if service_type != "ClusterIP" else set()
    for quota in quotas:
        hard = dig(quota, "status", "hard") or dig(quota, "spec", "hard") or {}
        used = dig(quota, "status", "used") or {}
        name = f"ResourceQuota {namespace_of(quota)}/{name_of(quota)}"
        for resource, limit in sorted(hard.items()):
            if resource in needed and _number(used.get(resource, "0")) >= _number(limit):
                yield Finding(
                    FindingName.QUOTA_EXHAUSTED,
                    leaf,
                    f"{name} allows {limit} {resource}, all used: the gateway would be refused",
                    FindingName.QUOTA_EXHAUSTED.remedy,
                )
            elif resource.rpartition(".")[2] in ("cpu", "memory"):
                yield Finding(
                    FindingName.QUOTA_NEEDS_RESOURCES,
                    leaf,
                    f"{name} limits {resource}: Pods that do not ask for it are refused",
                    FindingName.QUOTA_NEEDS_RESOURCES.remedy,
                )


def limited(leaf: str, ranges: Iterable[Object]) -> Iterator[Finding]:
    """LimitRanges about whole Pods refuse Pods that say nothing and get no default."""
    for each in ranges:
        limits = dig(each, "spec", "limits") or ()
        given = {
            resource
            for limit in limits
            if limit.get("type") == "Container"
            for part in ("default", "defaultRequest", "max", "min")
            for resource in limit.get(part) or ()
        }
        asked = {
            resource
            for limit in limits
            if limit.get("type") == "Pod"
            for part in ("min", "max")
            for resource in limit.get(part) or ()
        }
        for resource in sorted(asked - given):
            yield Finding(
                FindingName.LIMIT_RANGE,
                leaf,
                f"LimitRange {name_of(each)} limits {resource} of whole Pods: "
                "a gateway that does not say how much it needs is refused",
                FindingName.LIMIT_RANGE.remedy,
            )


def _number(quantity: object) -> float:
    """A count; a quantity with a suffix that does not belong to counts allows anything."""
    try:
        return float(str(quantity))
    except ValueError:
        return float("inf")
