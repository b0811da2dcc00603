"""Why a load balancer may give no address: another Service holds the same UDP port."""

from __future__ import annotations

from collections.abc import Mapping

from kubectl_liqo_shortcut.core import resources as r
from kubectl_liqo_shortcut.core.model import GatewayRole, Object
from kubectl_liqo_shortcut.core.observe import End, end_of
from kubectl_liqo_shortcut.core.ports import Selection
from kubectl_liqo_shortcut.core.status import endpoint_of
from kubectl_liqo_shortcut.engine.link import Link
from kubectl_liqo_shortcut.errors import ShortcutError


def port_conflict(link: Link, ends: Mapping[str, End]) -> str:
    """The Service that holds the server's port, in words; "" where none is seen."""
    server = end_of(GatewayRole.SERVER, ends.values())
    service = link.shortcut.gateway.service
    if service.type != "LoadBalancer" or server.gateway is None or endpoint_of(server.gateway):
        return ""
    try:
        services = link.leaves[server.side.leaf].list(Selection(r.SERVICE)).items
    except ShortcutError:  # it is only a hint
        return ""
    own = f"gw-{server.gateway['metadata']['name']}"
    for each in services:
        at = each["metadata"]
        if at["name"] != own and _holds(each, service.port):
            return (
                f"{server.side.leaf}: Service {at.get('namespace')}/{at['name']} "
                f"holds UDP port {service.port} of a load balancer"
            )
    return ""


def _holds(service: Object, port: int) -> bool:
    spec = service.get("spec") or {}
    ports = [(each.get("protocol"), each.get("port")) for each in spec.get("ports") or ()]
    given = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress")
    return spec.get("type") == "LoadBalancer" and bool(given) and ("UDP", port) in ports
