"""Who is who in the lab: the clusters, their addresses on the lab's network and their CIDRs.

Every cluster owns a /24 of the lab's range: its API server and its Node have an address each, so
that every component listens on its usual port; the rest is for Pods and for its load balancer.
"""

from __future__ import annotations

import dataclasses
import enum
import ipaddress
import os
from functools import cached_property

from tests.lab import instance
from tests.lab.errors import LabError

HUB = "hub"
RANGE_VARIABLE = "LAB_RANGE"
DEFAULT_RANGE = "10.200.0.0/16"
API_PORT = 6443
MAX_LEAVES = 39  # the CIDRs below step through 10.40-10.79, 10.80-10.119 and 10.120-10.159
INTERNAL_CIDR = (
    "10.160.0.0/16"  # the same in every cluster, as with the chart's default: it never leaves one
)
_FIRST_POD, _FIRST_LOAD_BALANCER, _END = 8, 128, 255
_FIRST_WORKLOAD, _LAST_WORKLOAD = 10, 1000


class Overlap(enum.StrEnum):
    """Which clusters have the same Pod CIDR, so that Liqo gives it another one elsewhere."""

    NONE = "none"
    LEAVES = "leaves"  # the hub sees the leaf that is connected first as it is, the others remapped
    ALL = "all"


@dataclasses.dataclass(frozen=True)
class ClusterSpec:
    """One cluster: its name (also its Liqo cluster ID and its context) and its addresses."""

    name: str
    index: int
    block: ipaddress.IPv4Network
    overlap: Overlap = Overlap.NONE

    @property
    def overlapping(self) -> bool:
        """Whether Liqo remaps CIDRs, for which it needs its webhook."""
        return self.overlap is not Overlap.NONE

    @property
    def api_address(self) -> str:
        """Where the API server and the cluster's controllers listen."""
        return str(self.block[1])

    @property
    def server(self) -> str:
        return f"https://{self.api_address}:{API_PORT}"

    @property
    def node_address(self) -> str:
        """The InternalIP of the cluster's only Node; NodePorts answer there."""
        return str(self.block[2])

    @property
    def node_name(self) -> str:
        return f"{self.name}-node"

    @property
    def pod_addresses(self) -> list[str]:
        return [str(self.block[number]) for number in range(_FIRST_POD, _FIRST_LOAD_BALANCER)]

    @property
    def fabric_address(self) -> str:
        """The node's own namespace on the lab's network, where there is a data plane."""
        return str(self.block[3])

    @property
    def nat_address(self) -> str:
        """The public address of its router, once its gateways are behind NAT."""
        return str(self.block[4])

    @property
    def workload_gateway(self) -> str:
        """The node, as the Pods in the cluster's Pod CIDR see it."""
        return str(ipaddress.IPv4Network(self.pod_cidr)[1])

    @property
    def workload_addresses(self) -> list[str]:
        network = ipaddress.IPv4Network(self.pod_cidr)
        return [str(network[number]) for number in range(_FIRST_WORKLOAD, _LAST_WORKLOAD)]

    @property
    def load_balancer_pool(self) -> list[str]:
        return [str(self.block[number]) for number in range(_FIRST_LOAD_BALANCER, _END)]

    @property
    def load_balancer_names(self) -> dict[str, str]:
        """The address of each name that its load balancer publishes instead, if it is told so."""
        return {self.load_balancer_name(address): address for address in self.load_balancer_pool}

    def load_balancer_name(self, address: str) -> str:
        return f"lb-{address.replace('.', '-')}.{self.name}.example"

    @property
    def pod_cidr(self) -> str:
        number = {
            Overlap.NONE: self.index,
            Overlap.LEAVES: min(self.index, 1),
            Overlap.ALL: 0,
        }[self.overlap]
        return f"10.{40 + number}.0.0/16"

    @property
    def service_cidr(self) -> str:
        return f"10.{80 + self.index}.0.0/16"

    @property
    def external_cidr(self) -> str:
        return f"10.{120 + self.index}.0.0/16"

    @property
    def first_service_address(self) -> str:
        """The ClusterIP of ``default/kubernetes``, which the API server's certificate must name."""
        return f"10.{80 + self.index}.0.1"


@dataclasses.dataclass(frozen=True)
class Topology:
    """A hub and its leaves on one range of addresses."""

    range: ipaddress.IPv4Network
    leaves: int
    overlap: Overlap = Overlap.NONE

    def __post_init__(self) -> None:
        if not 1 <= self.leaves <= MAX_LEAVES:
            raise LabError(f"a lab has 1 to {MAX_LEAVES} leaves, not {self.leaves}")

    @cached_property
    def clusters(self) -> tuple[ClusterSpec, ...]:
        """The hub first."""
        names = (HUB, *(f"leaf-{number}" for number in range(1, self.leaves + 1)))
        return tuple(
            ClusterSpec(name, index, self._block(index), self.overlap)
            for index, name in enumerate(names)
        )

    @property
    def gateway(self) -> str:
        """The lab's own end of the link to the host, and every Pod's default gateway."""
        return str(self._block(255)[1])

    @property
    def host(self) -> str:
        """The host's end of that link."""
        return str(self._block(255)[2])

    def _block(self, index: int) -> ipaddress.IPv4Network:
        return ipaddress.IPv4Network((int(self.range.network_address) + 256 * index, 24))


def configured_range() -> ipaddress.IPv4Network:
    """The range the user chose, or the default; refused where it cannot hold a lab.

    Each further worker of pytest-xdist takes the /16 that follows.
    """
    text = os.environ.get(RANGE_VARIABLE) or DEFAULT_RANGE
    hint = f"set {RANGE_VARIABLE} to a private /16 such as {DEFAULT_RANGE} or 172.30.0.0/16"
    try:
        first_lab = ipaddress.IPv4Network(text)
        chosen = ipaddress.IPv4Network(
            (int(first_lab.network_address) + (instance.WORKER << 16), first_lab.prefixlen)
        )
    except ValueError as error:
        raise LabError(f"{RANGE_VARIABLE}={text}: {error}", hint=hint) from error
    if chosen.prefixlen != 16 or not chosen.is_private:
        raise LabError(f"{RANGE_VARIABLE}={text} is not a private /16", hint=hint)
    first, second = chosen.network_address.packed[:2]
    if first == 10 and 40 <= second <= 160:
        raise LabError(
            f"{RANGE_VARIABLE}={text}: the clusters' own CIDRs are 10.40.0.0 to 10.160.0.0",
            hint=hint,
        )
    return chosen
