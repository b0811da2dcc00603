"""Whether the client of a link can reach its server, as far as one can tell beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kubectl_liqo_shortcut.core.link.facts import Facts
from kubectl_liqo_shortcut.core.link.shortcut import DEFAULT_PORT, Shortcut
from kubectl_liqo_shortcut.core.model import ClusterID, Object, dig
from kubectl_liqo_shortcut.core.preflight.findings import Finding, FindingName
from kubectl_liqo_shortcut.core.readiness import endpoint_trouble
from kubectl_liqo_shortcut.errors import in_lines, listing, together

_NODE_PORT = 31840  # a number to copy; any that Kubernetes gives NodePorts would do


def reachability_warnings(
    spec: Mapping[str, Any], shortcut: Shortcut, facts: Facts
) -> Iterator[Finding]:
    """Whether the server of a link that is to be made is one that its client will not reach.

    It is no error where the other leaf could not serve either, or where the *spec* that was asked
    for says by what it is reached: a type of Service. Nothing is doubted where it says where: an
    endpoint to dial, an address that a load balancer shall have, or a ClusterIP.
    """
    server, client, gateway = shortcut.server, shortcut.client, shortcut.gateway
    where = gateway.client_address or gateway.client_port or gateway.service.load_balancer_ip
    if facts.leaves[server].serves_hub is not False or where or gateway.service.type == "ClusterIP":
        return
    other_serves = facts.leaves[client].serves_hub
    by_what = dig(spec, "gateway", "service", "type")
    said = f"{server} is not known to be reachable from outside: it is no gateway server"
    if other_serves and not by_what:
        yield Finding(
            FindingName.SERVER_BEHIND_NAT,
            server,
            f"{said} towards the hub, {client} is",
            together(
                (
                    f"let {client} be the server: --gw-server {client} (in a file: spec.server)",
                    f"Or, where {client} reaches {server} anyway, say by what: --gw-server "
                    f"{server} --gw-server-service-type LoadBalancer, or NodePort",
                    listing(f"Or forward a UDP port to {server}:", port_forward(server, client)),
                ),
                ". ",
            ),
        )
    else:
        yield Finding(
            FindingName.SERVER_UNKNOWN,
            server,
            f"{said} towards the hub" + ("" if other_serves else f", nor is {client}"),
            listing(
                f"if {server} is behind NAT, forward a UDP port to it:",
                port_forward(server, client),
            ),
        )


def not_taken(server: ClusterID, gateway: Object | None) -> Iterator[Finding]:
    """Whether the *gateway* that *server* has tells an endpoint that is none."""
    if trouble := endpoint_trouble(dig(gateway, "status", "endpoint")):
        name = FindingName.ENDPOINT_NOT_TAKEN
        said = f"the endpoint that its GatewayServer tells is not taken: {trouble}"
        yield Finding(name, server, said, name.remedy)


def port_forward(server: ClusterID, client: ClusterID) -> Iterator[str]:
    """A port of the router leads to a node and, by the Service's NodePort there, to the gateway."""
    yield (
        f"1. on the router in front of {server}, forward UDP port {DEFAULT_PORT} "
        f"to port {_NODE_PORT} of any of {server}'s nodes"
    )
    command = (
        f"2. kubectl liqo-shortcut create {server} {client} --gw-server {server} "
        f"--gw-server-service-type NodePort --gw-server-service-nodeport {_NODE_PORT} "
        f"--gw-client-port {DEFAULT_PORT} --gw-client-address ADDRESS"
    )
    where = (
        "(ADDRESS: the router's public one; in a file, spec.gateway: "
        f"{{service: {{type: NodePort, nodePort: {_NODE_PORT}}}, "
        f"clientEndpoint: {{address: ADDRESS, port: {DEFAULT_PORT}}}}})"
    )
    yield in_lines(f"{command} {where}", (command, f"   {where}"))
    yield f"each further link that {server} serves needs two other ports"
