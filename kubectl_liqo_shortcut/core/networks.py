"""How one cluster sees another one's addresses: what Liqo answers in a Configuration's status."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kubectl_liqo_shortcut.core import validation
from kubectl_liqo_shortcut.core.addresses import Address, Network
from kubectl_liqo_shortcut.core.model import Object, dig, name_of, peer_of
from kubectl_liqo_shortcut.errors import Invalid

Pairs = tuple[tuple[Network, Network], ...]
"""Networks, each as its own cluster calls it, and as the one that looks at it sees it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Networks:
    """The networks of a cluster, as the one with the Configuration for it sees them."""

    pod: Pairs
    external: Pairs

    def has_pod(self, address: str) -> bool:
        """Whether *address* is how a Pod of that cluster is seen."""
        return _within(address, (seen for _, seen in self.pod))

    def passes(self, address: str) -> bool:
        """Whether *address* is reached through that cluster."""
        return _within(address, (seen for _, seen in self.external))

    def map_pod(self, address: str) -> str | None:
        """What a Pod's own *address* is seen as; None if it is in none of the networks."""
        return _mapped(address, self.pod)

    def map_any(self, address: str) -> str | None:
        return _mapped(address, self.pod) or _mapped(address, self.external)

    @property
    def gateway(self) -> str:
        """What callers are seen as that come from nowhere in its Pod networks."""
        return str(self.external[0][1].network_address)


def networks_of(configuration: Object) -> Networks | None:
    """What *configuration* says; None while Liqo has not answered it. Raises ``Invalid``."""
    at = f"Configuration {name_of(configuration)}"
    own, seen = (_cidr(configuration, part) for part in ("spec", "status"))
    if not seen:
        return None
    return Networks(*(_pairs(own, seen, kind, at) for kind in ("pod", "external")))


def known_networks(configuration: Object) -> Networks | None:
    """The same; None also where it makes no sense: Liqo then maps nothing."""
    try:
        return networks_of(configuration)
    except Invalid:
        return None


def same_network(one: object, other: object) -> bool:
    """Whether both are one, however they are written."""
    try:
        first, second = (ipaddress.ip_network(str(each), strict=False) for each in (one, other))
    except ValueError:
        return one == other
    return first == second


def same_networks(some: Iterable[object], others: Iterable[object]) -> bool:
    """Whether both are the same ones, in whatever order: nobody promises one."""
    return set(map(str, some)) == set(map(str, others))


def in_order(networks: object) -> object:
    """A list of networks as another list of the same ones would be; what is no list stays."""
    return sorted(map(str, networks)) if isinstance(networks, list) else networks


def is_remapped(configuration: Object) -> bool:
    """Whether Liqo gave a Pod network that *configuration* is about another prefix.

    One that Liqo has not answered, or does not answer, is not remapped.
    """
    own, seen = (pod_networks(configuration, part) for part in ("spec", "status"))
    return not all(map(same_network, own, seen))


def pod_networks(configuration: Object, part: str) -> Sequence[object]:
    """The Pod networks in *configuration*: in its spec as they are, in its status as seen."""
    cidr = dig(configuration, part, "remote", "cidr") or {}
    return cidr.get("pod") or ()


KINDS = {"pod": "Pod CIDR", "external": "external CIDR"}


def given(configuration: Object, part: str) -> dict[str, tuple[Network, ...]]:
    """A peer's networks by their kind: in the spec as they are, in the status as Liqo sees them.

    A kind is missing where nothing is said of it, such as before Liqo has answered. Raises
    ``Invalid``.
    """
    said, at = _cidr(configuration, part), f"Configuration: {part}.remote.cidr"
    return {
        kind: tuple(_network(each, f"{at}.{kind}") for each in _listed(said[kind]))
        for kind in KINDS
        if said.get(kind)
    }


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _network(value: object, at: str) -> Network:
    """One with host bits is that network, as for Liqo."""
    try:
        return ipaddress.ip_network(validation.text(value, at, longest=43), strict=False)
    except ValueError as error:
        raise Invalid(f"{at}: {value!r} is not a CIDR") from error


def of_peer(configurations: Iterable[Object], peer: str) -> Object | None:
    """The one of *configurations* that is about *peer*."""
    about = (each for each in configurations if peer_of(each) == peer)
    return next(about, None)


def _cidr(configuration: Object, part: str) -> Mapping[str, Any]:
    value: Any = configuration.get(part)
    for key in ("remote", "cidr"):
        value = validation.mapping(value, f"Configuration: {part}").get(key)
    return validation.mapping(value, f"Configuration: {part}.remote.cidr")


def _pairs(own: Mapping[str, Any], seen: Mapping[str, Any], kind: str, at: str) -> Pairs:
    sides = [
        [
            ipaddress.ip_network(each)
            for each in validation.cidrs(side.get(kind), f"{at}: {kind} CIDR")
        ]
        for side in (own, seen)
    ]
    sizes = [[(each.version, each.prefixlen) for each in side] for side in sides]
    if sizes[0] != sizes[1]:
        raise Invalid(f"{at}: the {kind} CIDRs of its spec and status do not match")
    return tuple(zip(*sides, strict=True))


def _within(address: str, networks: Iterable[Network]) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed in each for each in networks)


def _mapped(address: str, pairs: Pairs) -> str | None:
    """*address* with the prefix of the second network, if it is in the first."""
    parsed = _parsed(address)
    for own, seen in pairs:
        if parsed is not None and parsed in own:
            host = int(parsed) & int(seen.hostmask)
            return str(type(parsed)(int(seen.network_address) | host))
    return None


def _parsed(address: str) -> Address | None:
    try:
        return ipaddress.ip_address(address)
    except ValueError:  # a slice may hold names
        return None


@dataclasses.dataclass(frozen=True, slots=True)
class GatewayEndpoint:
    """Where a gateway server listens, as the client can reach it."""

    address: str
    port: int
    protocol: str = "UDP"

    def __str__(self) -> str:
        return f"{self.protocol.lower()}://{host_and_port(self.address, self.port)}"


def host_and_port(address: str, port: int) -> str:
    """As in a URL: an IPv6 address stands in brackets."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


@dataclasses.dataclass(frozen=True, slots=True)
class Cidrs:
    """A leaf's own networks, as it calls them itself."""

    pod: tuple[str, ...]
    external: tuple[str, ...]

    def are(self, others: Cidrs) -> bool:
        """Whether *others* are the same networks."""
        return same_networks(self.pod, others.pod) and same_networks(self.external, others.external)


def remote_cidrs(configuration: Object) -> Cidrs:
    """The networks of the cluster that *configuration* is about, as that one calls them itself."""
    cidr = raw_cidrs(configuration, "spec")
    at = f"Configuration for {peer_of(configuration)}"
    return Cidrs(
        validation.cidrs(cidr.get("pod"), f"{at}: pod"),
        validation.cidrs(cidr.get("external"), f"{at}: external"),
    )


def raw_cidrs(configuration: Object, part: str) -> Mapping[str, list[str]]:
    """What stands there, unread: *part* is `spec` or `status`."""
    return dig(configuration, part, "remote", "cidr") or {}
