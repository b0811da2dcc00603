"""A node port is of one Service in a cluster: two gateway servers on a leaf cannot share it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kubectl_liqo_shortcut.core.link.observe import End
from kubectl_liqo_shortcut.core.link.request import Request
from kubectl_liqo_shortcut.core.link.shortcut import Shortcut, shown_by
from kubectl_liqo_shortcut.core.model import (
    GatewayRole,
    Object,
    dig,
    is_terminating,
    name_of,
    namespace_of,
    peer_of,
)
from kubectl_liqo_shortcut.core.preflight.findings import Finding, FindingName
from kubectl_liqo_shortcut.core.readiness import endpoint_of
from kubectl_liqo_shortcut.core.record.conditions import Condition, Reason, condition_of
from kubectl_liqo_shortcut.errors import Invalid


def wanted_node_port(shortcut: Shortcut, end: End) -> int | None:
    """The node port that *shortcut* names for the gateway at *end*, unless it has it already."""
    port = shortcut.gateway.service.node_port
    if end.side.role is not GatewayRole.SERVER or port is None:
        return None
    has_it = end.gateway is not None and port in _node_ports(end.gateway)
    return None if has_it and end.gateway and endpoint_of(end.gateway) else port


def node_ports_taken(
    port: int,
    shortcut: Shortcut,
    servers: Iterable[Object],
    records: Iterable[Object],
    *,
    recorded: bool,
) -> Iterator[Finding]:
    """Other gateway *servers* of the leaf with that *port*, and *records* of the hub that name it.

    *recorded* is whether the shortcut has a record already.
    """
    there = {
        str(peer_of(each)): f"{each['kind']} {namespace_of(each)}/{name_of(each)} has it"
        for each in servers
        if peer_of(each) != shortcut.client
        and not is_terminating(each)
        and port in _node_ports(each)
    }
    for each in records:
        other = shown_by(each)
        named = other.server == shortcut.server and other.gateway.service.node_port == port
        if named and other.name != shortcut.name and not _is_off(each):
            there.setdefault(str(other.client), f"shortcut {other.name} names it too")
    name = FindingName.NODE_PORT_TAKEN
    edit = (
        f"kubectl edit shortcut {shortcut.name} (spec.gateway.service.nodePort), "
        f"then kubectl liqo-shortcut sync {shortcut.name}"
    )
    for why in there.values():
        said = f"cluster {shortcut.server!r}: UDP node port {port} is not free there: {why}"
        yield Finding(name, shortcut.server, said, edit if recorded else name.remedy)


def refuse_twice(requests: Iterable[Request]) -> None:
    """Refuses *requests* that name the same node port of the same server."""
    seen: dict[tuple[str, int], str] = {}
    for each in requests:
        if each.server is None:
            continue
        port = each.shortcut_with(each.server).gateway.service.node_port
        if port is None:
            continue
        other = seen.setdefault((each.server, port), each.name)
        if other != each.name:
            raise Invalid(
                f"shortcuts {other} and {each.name} name the same node port {port} "
                f"of {each.server}",
                hint="give each its own spec.gateway.service.nodePort, or leave it out",
            )


def _is_off(record: Object) -> bool:
    ready = condition_of(record, Condition.READY)
    return is_terminating(record) or ready.get("reason") == Reason.EXPIRED


def _node_ports(server: Object) -> set[int]:
    """Those it names, and the one that Kubernetes gave it; Liqo after 1.2 names several."""
    named = dig(server, "spec", "endpoint") or {}
    given = dig(server, "status", "endpoint", "port")
    several = named.get("nodePorts")
    ports = [named.get("nodePort"), *(several if isinstance(several, list) else ())]
    ports += [given] if named.get("serviceType") == "NodePort" else []
    return {each for each in ports if isinstance(each, int)}
