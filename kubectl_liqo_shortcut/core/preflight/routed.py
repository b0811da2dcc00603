"""Networks that one leaf would route to the other one, judged before it does.

A leaf says itself which networks it has, and the other one's Liqo under which prefix they are seen:
whoever says ``127.0.0.0/8``, or a network with an API server in it, would draw traffic that is not
theirs into the tunnel.
"""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Iterable, Iterator, Mapping

from kubectl_liqo_shortcut.core.addresses import Address, Network, holds, is_public, special_use
from kubectl_liqo_shortcut.core.link.facts import Facts
from kubectl_liqo_shortcut.core.link.observe import End
from kubectl_liqo_shortcut.core.link.shortcut import Shortcut
from kubectl_liqo_shortcut.core.model import ClusterID, GatewayRole, Object, dig, peer_of
from kubectl_liqo_shortcut.core.networks import KINDS, given
from kubectl_liqo_shortcut.core.preflight.findings import Finding, FindingName, Severity
from kubectl_liqo_shortcut.core.readiness import addresses_of
from kubectl_liqo_shortcut.errors import Invalid

_BROADEST = {4: 8, 6: 16}
"""Bits of the prefix: the largest private IPv4 network has 8, and nobody is given more of IPv6."""


@dataclasses.dataclass(frozen=True, slots=True)
class FixedAddress:
    """An address that must stay where it is, and what it is."""

    address: str
    words: str


@dataclasses.dataclass(frozen=True, slots=True)
class RoutedNetwork:
    """A network that *by* says is another leaf's, so that *router* would route it there."""

    by: str
    router: ClusterID
    words: str
    network: Network
    is_final: bool  # else the router's Liqo has given it another prefix


def routed_networks(
    shortcut: Shortcut, facts: Facts, ends: Mapping[str, End]
) -> Iterator[RoutedNetwork | Finding]:
    """What each leaf says of its networks, and what the other one's Liqo made of it."""
    for side in shortcut.sides:
        end = ends.get(side.leaf)
        try:
            asked, seen = _answer(end.configuration if end else None)
        except Invalid as error:
            yield _unusable(side.leaf, error.message)
            asked, seen = {}, {}
        for kind, own in _own(facts, side.peer):
            now = seen.get(kind, own)
            for network in own:
                words = f"its {KINDS[kind]} {network}"
                final = network in now or asked.get(kind) != own  # an answer to something else
                yield RoutedNetwork(side.peer, side.leaf, words, network, final)
            for network in (each for each in now if each not in own):
                words = f"its Liqo routes the {KINDS[kind]} of {side.peer} as {network}, which"
                yield RoutedNetwork(side.leaf, side.leaf, words, network, is_final=True)


_Networks = Mapping[str, tuple[Network, ...]]


def _answer(configuration: Object | None) -> tuple[_Networks, _Networks]:
    """What Liqo was asked to route, and as what it does; raises ``Invalid`` for the latter."""
    seen = given(configuration or {}, "status")
    try:
        return given(configuration or {}, "spec"), seen
    except Invalid:  # somebody else's; the plan says what is wrong with it
        return {}, seen


def forbidden(
    shortcut: Shortcut,
    facts: Facts,
    ends: Mapping[str, End],
    servers: Mapping[str, str],
) -> Iterator[Finding]:
    """Networks that must not be routed. *servers* are the hosts of the clusters' API servers."""
    places = [*_endpoints(shortcut, facts, ends), *_api_servers(servers)]
    for claim in routed_networks(shortcut, facts, ends):
        if isinstance(claim, Finding):
            yield claim
        elif why := _no_network(claim.network):
            yield _unusable(claim.by, f"{claim.words} {why}")
        elif claim.is_final:
            yield from _with(claim, places, FindingName.CIDR_HOLDS_ADDRESS)


def doubtful(
    shortcut: Shortcut,
    facts: Facts,
    ends: Mapping[str, End],
    gateway_clients: Iterable[Object] = (),
) -> Iterator[Finding]:
    """Networks that may be meant. By *gateway_clients* of the hub, it knows addresses of leaves."""
    nodes = _nodes(shortcut, ends, gateway_clients)
    for claim in routed_networks(shortcut, facts, ends):
        if isinstance(claim, Finding) or not claim.is_final or _no_network(claim.network):
            continue
        if is_public(claim.network):
            said = f"{claim.words} has addresses of the Internet"
            yield _drawn(claim, said, "them", FindingName.PUBLIC_CIDR)
        yield from _with(claim, nodes[claim.router], FindingName.CIDR_HOLDS_NODE)


def _own(facts: Facts, leaf: ClusterID) -> Iterator[tuple[str, tuple[Network, ...]]]:
    cidrs = facts.leaves[leaf].cidrs
    if cidrs is not None:
        for kind, texts in (("pod", cidrs.pod), ("external", cidrs.external)):
            yield kind, tuple(map(ipaddress.ip_network, texts))


def _no_network(network: Network) -> str:
    """Why *network* is none that a leaf can have; empty if it may be one."""
    if network.prefixlen < _BROADEST[network.version]:
        return f"is larger than any network of one cluster (/{_BROADEST[network.version]})"
    use = special_use(network)
    return f"holds {use} addresses" if use else ""


def _unusable(cluster: str, said: str) -> Finding:
    name = FindingName.UNUSABLE_CIDR
    return Finding(name, cluster, f"cluster {cluster!r}: {said}", _remedy(name, cluster))


def _with(
    claim: RoutedNetwork, places: Iterable[FixedAddress], name: FindingName
) -> Iterator[Finding]:
    """One finding for each address in the network of *claim*."""
    for place in dict.fromkeys(places):
        address = _parsed(place.address)
        if address is not None and holds(claim.network, address):
            yield _drawn(claim, f"{claim.words} holds {address}, {place.words}", "it", name)


def _drawn(claim: RoutedNetwork, said: str, what: str, name: FindingName) -> Finding:
    """A warning is printed with its cluster; an error may stand alone."""
    where = f"cluster {claim.by!r}: " if name.severity is Severity.ERROR else ""
    said = f"{where}{said}: {claim.router} would look for {what} behind the tunnel"
    return Finding(name, claim.by, said, _remedy(name, claim.by))


def _remedy(name: FindingName, cluster: str) -> str:
    return f"{name.remedy}; what it has: kubectl --context {cluster} get networks.ipam.liqo.io -A"


def _endpoints(shortcut: Shortcut, facts: Facts, ends: Mapping[str, End]) -> Iterator[FixedAddress]:
    gateway = shortcut.gateway
    if gateway.client_address:
        yield FixedAddress(
            gateway.client_address, f"the address that {shortcut.client}'s gateway dials"
        )
    if gateway.service.load_balancer_ip:
        words = f"the address asked for {shortcut.server}'s gateway"
        yield FixedAddress(gateway.service.load_balancer_ip, words)
    for leaf, known in facts.leaves.items():
        if known.endpoint:
            yield FixedAddress(known.endpoint.address, f"the endpoint of {leaf}'s gateway")
    for end in ends.values():
        if end.side.role is GatewayRole.CLIENT:
            words = f"the address that {end.side.leaf}'s gateway dials"
            yield from (FixedAddress(each, words) for each in _spec_addresses(end.gateway)[:1])


def _api_servers(servers: Mapping[str, str]) -> Iterator[FixedAddress]:
    for cluster, host in servers.items():
        yield FixedAddress(host, f"the API server of {cluster}")


def _nodes(
    shortcut: Shortcut, ends: Mapping[str, End], gateway_clients: Iterable[Object]
) -> dict[ClusterID, list[FixedAddress]]:
    """Addresses of each leaf that are known anyway: of its gateways, as the hub and it say."""
    nodes: dict[ClusterID, list[FixedAddress]] = {side.leaf: [] for side in shortcut.sides}
    for body in gateway_clients:
        leaf = ClusterID(peer_of(body))
        words = f"by which the hub reaches {leaf}"
        nodes.get(leaf, []).extend(FixedAddress(each, words) for each in _spec_addresses(body))
    for end in ends.values():
        if end.side.role is GatewayRole.SERVER:
            others = addresses_of(dig(end.gateway, "status", "endpoint"))[1:]
            words = f"by which {end.side.leaf} can be reached"
            nodes[end.side.leaf].extend(FixedAddress(each, words) for each in others)
    return nodes


def _spec_addresses(gateway: Object | None) -> list[str]:
    return addresses_of(dig(gateway, "spec", "endpoint"))


def _parsed(host: str) -> Address | None:
    """None for a name, which nobody is asked for, and for an address that is no endpoint."""
    try:
        return None if "%" in host else ipaddress.ip_address(host)
    except ValueError:
        return None
