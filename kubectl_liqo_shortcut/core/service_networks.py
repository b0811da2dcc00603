"""How a leaf sees the networks of another cluster, and maps that one's addresses, as Liqo does."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Iterable

from kubectl_liqo_shortcut.core.model import Object

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclasses.dataclass(frozen=True, slots=True)
class Networks:
    """Of one remote cluster: as it calls them itself, and as the leaf that knows it sees them."""

    pod: tuple[tuple[Network, Network], ...]
    external: tuple[tuple[Network, Network], ...]

    def seen(self, address: str) -> bool:
        """Whether *address* is a Pod there, as the leaf sees it."""
        return _within(address, (seen for _, seen in self.pod))

    def passes(self, address: str) -> bool:
        """Whether *address* is reached through that cluster."""
        return _within(address, (seen for _, seen in self.external))

    def map_pod(self, address: str) -> str | None:
        """A Pod's own *address* as the leaf sees it; None where it is none of that cluster's."""
        return _mapped(address, self.pod)

    def map_any(self, address: str) -> str | None:
        return _mapped(address, self.pod) or _mapped(address, self.external)


def networks_of(configuration: Object) -> Networks | None:
    """None until Liqo has answered, and where that makes no sense."""
    own, seen = (
        ((configuration.get(part) or {}).get("remote") or {}).get("cidr")
        for part in ("spec", "status")
    )
    if not own or not seen:
        return None
    try:
        pod, external = (
            tuple(zip(_networks(own.get(kind)), _networks(seen.get(kind)), strict=True))
            for kind in ("pod", "external")
        )
    except ValueError:  # no CIDR, or not one for each
        return None
    return Networks(pod, external)


def _networks(values: Iterable[str] | None) -> list[Network]:
    return [ipaddress.ip_network(each, strict=False) for each in values or ()]


def _within(address: str, networks: Iterable[Network]) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed in each for each in networks)


def _mapped(address: str, pairs: Iterable[tuple[Network, Network]]) -> str | None:
    """*address* with the prefix of the second network, if it is in the first."""
    parsed = _parsed(address)
    for own, seen in pairs:
        if parsed is not None and parsed in own:
            host = int(parsed) & int(seen.hostmask)
            return str(type(parsed)(int(seen.network_address) | host))
    return None


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address)
    except ValueError:  # a slice may hold names
        return None
