"""How the two gateways are made: options of create, in liqoctl's own words."""

from __future__ import annotations

from typing import Any

import click

from kubectl_liqo_shortcut.cli.params import completions
from kubectl_liqo_shortcut.cli.params.access import with_options
from kubectl_liqo_shortcut.cli.params.types import Assignment
from kubectl_liqo_shortcut.core.link.shortcut import DEFAULT_MTU, DEFAULT_PORT, SERVICE_TYPES

tenant_option = click.option(
    "--tenant-namespace",
    "tenant_namespaces",
    type=Assignment(),
    multiple=True,
    metavar="ID=NAMESPACE",
    shell_complete=completions.complete_leaf_assignments,
    help="Tenant namespace on a leaf  [default: liqo-tenant- and the other leaf's ID]",
)

gateway_options = with_options(
    click.option(
        "--gw-server",
        metavar="ID",
        shell_complete=completions.complete_servers,
        help="Leaf that is the WireGuard server",
    ),
    click.option(
        "--gw-server-service-type",
        "service_type",
        type=click.Choice(SERVICE_TYPES),
        help=f"Service in front of the gateway server  [default: {SERVICE_TYPES[0]}]",
    ),
    click.option(
        "--gw-server-service-port",
        "service_port",
        type=int,
        help=f"UDP port of that Service  [default: {DEFAULT_PORT}]",
    ),
    click.option(
        "--gw-server-service-nodeport", "node_port", type=int, help="UDP port on the server's nodes"
    ),
    click.option(
        "--gw-server-service-loadbalancerip",
        "load_balancer_ip",
        help="Address to ask the load balancer for",
    ),
    click.option(
        "--gw-client-address", "client_address", help="Address that the client dials instead (NAT)"
    ),
    click.option(
        "--gw-client-port", "client_port", type=int, help="Port that the client dials instead (NAT)"
    ),
    click.option("--mtu", type=int, help=f"MTU of the tunnel  [default: {DEFAULT_MTU}]"),
    click.option(
        "--gw-server-template-name",
        "server_template",
        help="Liqo gateway template of the server  [default: wireguard-server]",
    ),
    click.option(
        "--gw-server-template-namespace",
        "server_template_namespace",
        help="Its namespace  [default: that leaf's Liqo namespace]",
    ),
    click.option(
        "--gw-client-template-name",
        "client_template",
        help="Liqo gateway template of the client  [default: wireguard-client]",
    ),
    click.option(
        "--gw-client-template-namespace",
        "client_template_namespace",
        help="Its namespace  [default: that leaf's Liqo namespace]",
    ),
    tenant_option,
)


_OF_ONE_LINK = {
    "node_port": "--gw-server-service-nodeport",
    "load_balancer_ip": "--gw-server-service-loadbalancerip",
    "client_port": "--gw-client-port",
    "tenant_namespaces": "--tenant-namespace",
}
"""What no two links can have in common: a port or an address of one gateway, a namespace."""


def of_one_link(given: dict[str, Any]) -> str:
    """The first option given that cannot be meant for several links; empty if there is none."""
    return next((option for name, option in _OF_ONE_LINK.items() if given[name]), "")


def gateway_spec(given: dict[str, Any], ttl: float | None = None) -> dict[str, Any]:
    """The part of a Shortcut's spec that the options speak of; the rest keeps its default."""
    service = {
        "type": given["service_type"],
        "port": given["service_port"],
        "nodePort": given["node_port"],
        "loadBalancerIP": given["load_balancer_ip"],
    }
    gateway = {
        "mtu": given["mtu"],
        "service": _without_none(service),
        "clientEndpoint": _without_none(
            {"address": given["client_address"], "port": given["client_port"]}
        ),
        "serverTemplateRef": _without_none(
            {"name": given["server_template"], "namespace": given["server_template_namespace"]}
        ),
        "clientTemplateRef": _without_none(
            {"name": given["client_template"], "namespace": given["client_template_namespace"]}
        ),
    }
    from kubectl_liqo_shortcut.engine.runtime.store import utc_now

    expires = None if ttl is None else utc_now(ahead=ttl)
    return _without_none(
        {
            "gateway": _without_none(gateway),
            "expirationTime": expires,
            "tenantNamespaces": dict(given["tenant_namespaces"]),
        }
    )


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, {})}
