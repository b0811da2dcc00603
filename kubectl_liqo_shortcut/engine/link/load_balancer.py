"""Why the Service of a gateway server gets no address: another one has its port, or its Events."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.observe import End, end_of
from kubectl_liqo_shortcut.core.link.shortcut import GatewayService
from kubectl_liqo_shortcut.core.model import GatewayRole, Object, dig, name_of, namespace_of
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.engine.link.gateway_service import waiting_server
from kubectl_liqo_shortcut.engine.link.link import Link
from kubectl_liqo_shortcut.errors import ShortcutError, clipped


def port_conflict(link: Link, ends: Mapping[str, End]) -> str:
    """The Service that holds the server's port, in words; "" where none is seen.

    Most clouds give each Service an address of its own: there nobody holds a port of another one.
    """
    gateway, service = waiting_server(ends), link.shortcut.gateway.service
    if service.type != "LoadBalancer" or gateway is None:
        return ""
    server = end_of(GatewayRole.SERVER, ends.values())
    leaf = link.leaves[server.side.leaf]
    own = (namespace_of(gateway), f"gw-{name_of(gateway)}")
    services = [each for each in _list(leaf, r.SERVICE) if _is_balanced(each)]
    others = [each for each in services if (namespace_of(each), name_of(each)) != own]
    rivals = [each for each in others if _has_port(each, service.port)]
    shared = _shared(services, service, leaf) if rivals else set()
    for each in rivals:
        if not shared.isdisjoint(_addresses(each)):
            return (
                f"{server.side.leaf}: Service {namespace_of(each)}/{name_of(each)} "
                f"holds UDP port {service.port} of a load balancer"
            )
    return ""


def last_warning(link: Link, ends: Mapping[str, End]) -> str:
    """What the cluster itself says last of the Service in front of the server, in words."""
    gateway = waiting_server(ends)
    if gateway is None:
        return ""
    leaf = end_of(GatewayRole.SERVER, ends.values()).side.leaf
    namespace, name = namespace_of(gateway), f"gw-{name_of(gateway)}"
    about = ("Service", name)
    warnings = [
        each
        for each in _list(link.leaves[leaf], r.EVENT, namespace)
        if (dig(each, "involvedObject", "kind"), dig(each, "involvedObject", "name")) == about
        and each.get("type") == "Warning"
    ]
    if not warnings:
        return ""
    last = max(warnings, key=_at)
    said = clipped(f"{last.get('reason')}: {last.get('message')}")
    return f"{leaf}: an Event of Service {namespace}/{name} says {said}"


def _at(event: Object) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or "")


def _list(leaf: Cluster, kind: r.Kind, namespace: str = "") -> Sequence[Object]:
    """Nothing where it may not be looked at: it is only a hint."""
    with contextlib.suppress(ShortcutError):
        return leaf.list(Selection(kind, namespace)).items
    return ()


def _is_balanced(service: Object) -> bool:
    return bool(dig(service, "spec", "type") == "LoadBalancer")


def _has_port(service: Object, port: int) -> bool:
    ports = dig(service, "spec", "ports") or ()
    return ("UDP", port) in [(each.get("protocol"), each.get("port")) for each in ports]


def _shared(services: Iterable[Object], wanted: GatewayService, leaf: Cluster) -> set[str]:
    """The addresses that our Service would share: the one that it wants, those that several have
    by now, and those of nodes, as K3s' load balancer gives them to every Service."""
    counted = Counter(each for service in services for each in set(_addresses(service)))
    several = {address for address, times in counted.items() if times > 1}
    nodes = {
        str(each.get("address"))
        for node in _list(leaf, r.NODE)
        for each in dig(node, "status", "addresses") or ()
    }
    return several | nodes | ({wanted.load_balancer_ip} if wanted.load_balancer_ip else set())


def _addresses(service: Object) -> Iterator[str]:
    for each in dig(service, "status", "loadBalancer", "ingress") or ():
        yield from (str(each[key]) for key in ("ip", "hostname") if each.get(key))
