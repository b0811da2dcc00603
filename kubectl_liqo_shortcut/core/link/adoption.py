"""Taking over a link that somebody else made: what it is like, and what forbids it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.facts import LeafFacts
from kubectl_liqo_shortcut.core.link.field_managers import applied_by_others, labelled_by_us
from kubectl_liqo_shortcut.core.link.inventory import Ownership, Recorded
from kubectl_liqo_shortcut.core.link.observe import End, end_of, gateway_kind, link_objects
from kubectl_liqo_shortcut.core.link.ownership import membership_at, ownership_of
from kubectl_liqo_shortcut.core.link.plan import Create, differences
from kubectl_liqo_shortcut.core.link.preview import PlannedChange
from kubectl_liqo_shortcut.core.model import (
    GatewayRole,
    Object,
    dig,
    is_terminating,
    labels_of,
    name_of,
    ref_of,
    uid_of,
)
from kubectl_liqo_shortcut.core.readiness import endpoint_of, parse_endpoint
from kubectl_liqo_shortcut.errors import Refused


def spec_of(ends: Mapping[str, End], facts: Mapping[Any, LeafFacts]) -> dict[str, Any]:
    """The spec (without the pair) of a Shortcut that would have made just these gateways."""
    server, client = (
        end_of(role, ends.values()) for role in (GatewayRole.SERVER, GatewayRole.CLIENT)
    )
    serves, dials = _spec(server.gateway), _spec(client.gateway)
    endpoint = serves.get("endpoint") or {}
    service = {
        "type": endpoint.get("serviceType"),
        "port": endpoint.get("port"),
        "nodePort": endpoint.get("nodePort"),
        "loadBalancerIP": endpoint.get("loadBalancerIP"),
        "annotations": serves.get("serviceAnnotations"),
        "labels": serves.get("serviceLabels"),
    }
    gateway = {
        "mtu": serves.get("mtu"),
        "service": _given(service),
        "clientEndpoint": _client_endpoint(server.gateway or {}, dials),
        "serverTemplateRef": _template(serves.get("serverTemplateRef"), facts[server.side.leaf]),
        "clientTemplateRef": _template(dials.get("clientTemplateRef"), facts[client.side.leaf]),
    }
    return {"gateway": _given(gateway)}


def _spec(gateway: Object | None) -> Object:
    return dig(gateway, "spec") or {}


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, "", {}, 0)}


def _client_endpoint(server: Object, dials: Object) -> dict[str, Any]:
    """What the client dials, where that is not what the server says of itself."""
    dialled, observed = parse_endpoint(dials.get("endpoint")), endpoint_of(server)
    if dialled is None or dialled == observed:
        return {}
    same_address = observed is not None and observed.address == dialled.address
    same_port = observed is not None and observed.port == dialled.port
    return _given(
        {
            "address": None if same_address else dialled.address,
            "port": None if same_port else dialled.port,
        }
    )


def _template(ref: Object | None, leaf: LeafFacts) -> dict[str, Any]:
    """A template in the leaf's Liqo namespace is named without it, as everywhere."""
    keys = ("apiVersion", "kind", "name", "namespace")
    given = {key: (ref or {}).get(key) for key in keys}
    if given["namespace"] == leaf.liqo_namespace:
        given["namespace"] = None
    return _given(given)


def taken(ends: Mapping[str, End]) -> Iterator[tuple[str, Object]]:
    """Every link object that is there, and its leaf."""
    for leaf, end in ends.items():
        yield from ((leaf, body) for body in link_objects(end))


def as_adopted(
    ends: Mapping[str, End], before: Mapping[Any, Recorded], labels: Mapping[str, str]
) -> list[Recorded]:
    """The entries of the record; what this program made itself, by both their words, stays so."""
    return [
        Recorded(
            ref_of(leaf, body),
            uid_of(body),
            Ownership.CREATED if _is_made(leaf, body, ends, before, labels) else Ownership.ADOPTED,
        )
        for leaf, body in taken(ends)
    ]


def _is_made(
    leaf: str,
    body: Object,
    ends: Mapping[str, End],
    before: Mapping[Any, Recorded],
    labels: Mapping[str, str],
) -> bool:
    end, known = ends[leaf], before.get(ref_of(leaf, body))
    return (
        known is not None
        and ownership_of(body, known, membership_at(end, labels)) is Ownership.CREATED
    )


def refuse_foreign(ends: Mapping[str, End], own: Mapping[str, str]) -> None:
    """What another hub, or another program, looks after is not taken from it."""
    for leaf, body in taken(ends):
        ref, labels = ref_of(leaf, body), labels_of(body)
        hub = labels.get(r.SHORTCUT_HUB, own[r.SHORTCUT_HUB])
        if hub != own[r.SHORTCUT_HUB]:
            raise Refused(
                f"cluster {leaf!r}: {ref} belongs to a shortcut of the hub {hub!r}",
                hint=f"look after it there, or delete it there first: its hub is {hub}",
            )
        manager = labels.get(r.MANAGED_BY, r.MANAGED_BY_US)
        if manager != r.MANAGED_BY_US:
            raise Refused(
                f"cluster {leaf!r}: {ref} is managed by {manager!r}, as its labels say",
                hint=f"{manager} would revert the change; remove the object from {manager}, "
                f"then remove the label {r.MANAGED_BY}",
            )
        if applied_by_others(body) and not labelled_by_us(body):
            end = ends[leaf].side
            raise Refused(
                f"cluster {leaf!r}: {ref} bears the labels of this shortcut, and somebody applies "
                "it, for example from git: it would stay theirs",
                hint="create uses it as it is, and leaves it to them: "
                f"kubectl liqo-shortcut create {end.leaf} {end.peer}",
            )


def as_labelled(ends: Mapping[str, End], labels: Mapping[str, str]) -> dict[str, End]:
    """*ends* as they will be: with our labels on every object that is taken over."""

    def labelled(body: Object | None) -> Object | None:
        if body is None:
            return None
        metadata = {**body["metadata"], "labels": {**labels_of(body), **labels}}
        return {**body, "metadata": metadata}

    return {
        leaf: dataclasses.replace(
            end,
            namespace=labelled(end.namespace),
            configuration=labelled(end.configuration),
            gateway=labelled(end.gateway),
            public_key=labelled(end.public_key),
        )
        for leaf, end in ends.items()
    }


def refuse_misplaced(ends: Mapping[str, End]) -> None:
    """What is named otherwise, or lives elsewhere, could never be told from somebody else's."""
    for leaf, body in taken(ends):
        end, ref = ends[leaf], ref_of(leaf, body)
        tenant = name_of(end.namespace) if end.namespace else "there is none"
        if ref.kind != r.NAMESPACE and (ref.name, ref.namespace) != (str(end.side.peer), tenant):
            raise Refused(
                f"cluster {leaf!r}: {ref} in namespace {ref.namespace} is not in the tenant "
                f"namespace of {end.side.peer} ({tenant}) under the name {end.side.peer}",
                hint="delete that link on both leaves and create a shortcut instead",
            )


def refuse_half(ends: Mapping[str, End], name: str) -> None:
    """A link is taken over whole: both Configurations and both gateways, none of them going."""
    for leaf, end in ends.items():
        for kind in (r.CONFIGURATION, gateway_kind(end.side.role)):
            body = end.of(kind)
            if body is None or is_terminating(body):
                what = f"no {kind.kind}" if body is None else f"a {kind.kind} that is being deleted"
                raise Refused(
                    f"there is no link to adopt: {leaf} has {what} for {end.side.peer}",
                    hint=f"make one: kubectl liqo-shortcut create {leaf} {end.side.peer}; "
                    f"it uses what is there already of {name}",
                )


def refuse_changes(wanted: Iterable[PlannedChange], name: str) -> None:
    """Adopting changes nothing: what the record says must be what is there.

    That holds for what still waits for a fact too, as far as it is known.
    """
    for step in (each.step for each in wanted):
        if step is None or isinstance(step, Create):
            continue
        fields = ", ".join(differences(step.observed, step.manifest))
        raise Refused(
            f"cluster {step.manifest.cluster!r}: {step.manifest.ref} is not as a shortcut "
            f"{name} would have it: it differs in {fields}",
            hint="correct it there first, or delete the link and create a shortcut instead",
        )
