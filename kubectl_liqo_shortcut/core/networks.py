"""How one cluster sees another one's addresses: what Liqo answers in a Configuration's status."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from kubectl_liqo_shortcut.core import fields
from kubectl_liqo_shortcut.core import resources as r
from kubectl_liqo_shortcut.core.model import Object, labels_of
from kubectl_liqo_shortcut.errors import Invalid


@dataclasses.dataclass(frozen=True, slots=True)
class Networks:
    """The networks of a cluster, as the one with the Configuration for it sees them."""

    pod: tuple[tuple[str, str], ...]  # each as that cluster calls it, and as it is seen
    external: tuple[str, ...]

    def seen(self, address: str) -> str | None:
        """What a Pod's own *address* is seen as; None if it is in none of the networks."""
        for own, seen in self.pod:
            if is_in(address, [own]):
                first, there = (ipaddress.ip_network(each).network_address for each in (own, seen))
                return str(there + (int(ipaddress.ip_address(address)) - int(first)))
        return None

    def has_pod(self, address: str) -> bool:
        """Whether *address* is how a Pod of that cluster is seen."""
        return is_in(address, [seen for _, seen in self.pod])

    @property
    def gateway(self) -> str:
        """What callers are seen as that come from nowhere in its Pod networks."""
        return str(ipaddress.ip_network(self.external[0]).network_address)


def is_in(address: str, cidrs: Iterable[str]) -> bool:
    it = ipaddress.ip_address(address)
    return any(it in ipaddress.ip_network(each) for each in cidrs)


def networks_of(configuration: Object) -> Networks | None:
    """What *configuration* says; None while Liqo has not answered it. Raises ``Invalid``."""
    at = f"Configuration {configuration['metadata']['name']}"
    wanted, given = (_cidr(configuration, part) for part in ("spec", "status"))
    if not given:
        return None
    own, seen = (
        fields.cidrs(each.get("pod"), f"{at}: pod CIDR of its {part}")
        for part, each in (("spec", wanted), ("status", given))
    )
    sizes = [[ipaddress.ip_network(each).prefixlen for each in side] for side in (own, seen)]
    if sizes[0] != sizes[1]:
        raise Invalid(f"{at}: the Pod CIDRs of its spec and status do not match")
    external = fields.cidrs(given.get("external"), f"{at}: external CIDR")
    return Networks(tuple(zip(own, seen, strict=True)), external)


def _cidr(configuration: Object, part: str) -> Mapping[str, Any]:
    value: Any = configuration.get(part)
    for key in ("remote", "cidr"):
        value = fields.mapping(value, f"Configuration: {part}").get(key)
    return fields.mapping(value, f"Configuration: {part}.remote.cidr")


def of_peer(configurations: Iterable[Object], peer: str) -> Object | None:
    """The one of *configurations* that is about *peer*."""
    about = (each for each in configurations if labels_of(each).get(r.REMOTE_CLUSTER_ID) == peer)
    return next(about, None)
