"""Which way a Service goes on a leaf: what its EndpointSlices there should hold, and do hold.

The rules are Liqo's own (v1.2.0: the virtual-kubelet's endpointslice.go, the leaf's
shadowendpointslice_controller.go and mapping.go).
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Mapping, Sequence

from kubectl_liqo_shortcut.core.liqo import denies_direct
from kubectl_liqo_shortcut.core.model import ClusterID, Object, dig, peer_of
from kubectl_liqo_shortcut.core.networks import Networks, known_networks
from kubectl_liqo_shortcut.core.service.model import Service, Slice


class ServicePath(enum.StrEnum):
    """The way from a leaf to the endpoints of a Service on other leaves."""

    DIRECT = "direct"
    HUB = "via-hub"
    MIXED = "mixed"  # some so, some so
    STALE = "stale"  # not what the Service asks for now
    MISSING = "missing"  # a slice is not there at all
    NONE = "none"  # it has no endpoints on other leaves
    UNKNOWN = "unknown"  # the leaf could not be asked


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LeafServices:
    """What a leaf shows of Services of the hub; with an *error*, why it shows nothing."""

    leaf: ClusterID
    hub: ClusterID
    error: str = ""
    configurations: tuple[Object, ...] = ()
    slices: Mapping[tuple[str, str], Object] = dataclasses.field(default_factory=dict)
    manager: Object | None = None  # the Deployment of Liqo's controller manager, where asked for
    unseen: str = ""  # why the manager is not seen, where asked for

    @property
    def denies(self) -> bool:
        return denies_direct(self.manager)

    def networks(self, of: ClusterID) -> Networks | None:
        """None where there is none yet, or more than one: Liqo then maps nothing."""
        about = [each for each in self.configurations if peer_of(each) == of]
        return known_networks(about[0]) if len(about) == 1 else None


@dataclasses.dataclass(frozen=True, slots=True)
class Want:
    """What one address of the hub's slice must have become: that *address*, or one that is *via*
    the hub; neither: Liqo cannot map it, and leaves the whole slice as it is."""

    address: str | None
    via: Networks | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class LeafPath:
    """*path*, and what the slices hold, whatever they should: *uses*."""

    leaf: ClusterID
    namespace: str
    path: ServicePath
    uses: ServicePath
    addresses: tuple[str, ...] = ()
    ready: bool = True  # all that are ready on the hub are so here
    error: str = ""


def wanted(service: Service, slice_: Slice, on_leaf: LeafServices) -> list[Want]:
    """What the slice of that name on the leaf should hold."""
    wants: list[Want] = []
    hub = on_leaf.networks(on_leaf.hub)
    hosts = {each.leaf for each in slice_.endpoints if each.leaf is not None}
    networks = {host: on_leaf.networks(host) for host in hosts}  # parsed once: endpoints are many
    for each in slice_.endpoints:
        if each.leaf == on_leaf.leaf:  # it has a slice of that leaf's own
            continue
        direct = service.annotated and each.direct
        if direct and on_leaf.denies:
            continue
        for address in each.addresses:
            if direct and each.leaf is not None:
                there = networks[each.leaf]
                wants.append(Want(there.map_pod(address) if there else None))
            elif hub is None:
                wants.append(Want(address))
            elif service.annotated or hub.map_any(address):
                wants.append(Want(hub.map_any(address) or address))
            else:
                wants.append(Want(None, hub))
    return wants


def slice_holds(found: Object | None, wants: Sequence[Want]) -> bool:
    """Whether a slice has become what it should, in whatever order."""
    if found is None:
        return False
    left = addresses_in(found)
    for address in (each.address for each in wants if each.via is None):
        if address is None or address not in left:
            return False
        left.remove(address)
    via = [each.via for each in wants if each.via is not None]
    return len(left) == len(via) and all(
        network.passes(address) for network, address in zip(via, left, strict=True)
    )


def as_wanted(service: Service, on_leaf: LeafServices) -> bool:
    """Whether all slices of *service* on a leaf are as it asks for."""
    return all(
        slice_holds(found_slice(service, each, on_leaf), wanted(service, each, on_leaf))
        for each in service.slices
    )


def path_on(service: Service, on_leaf: LeafServices) -> LeafPath:
    """Which way *service* goes from a leaf that sees it."""
    namespace = service.seen_on[on_leaf.leaf]
    if on_leaf.error:
        return LeafPath(
            on_leaf.leaf, namespace, ServicePath.UNKNOWN, ServicePath.UNKNOWN, error=on_leaf.error
        )
    found = [found_slice(service, each, on_leaf) for each in service.slices]
    addresses = [address for body in found if body for address in addresses_in(body)]
    ready = all(_readiness(each, body) for each, body in zip(service.slices, found, strict=True))
    hosts = [host for host in service.hosts if host not in (None, on_leaf.leaf)]
    uses = _uses(addresses, on_leaf)
    path = uses
    if None in found:
        path = ServicePath.MISSING
    elif not as_wanted(service, on_leaf):
        path = ServicePath.MIXED if uses is ServicePath.MIXED else ServicePath.STALE
    elif not hosts:
        path = uses = ServicePath.NONE
    return LeafPath(on_leaf.leaf, namespace, path, uses, tuple(addresses), ready)


def still_direct(service: Service, on_leaf: LeafServices) -> bool:
    """Whether a leaf goes over links although *service* asks for something else."""
    found = path_on(service, on_leaf)
    return found.uses in (ServicePath.DIRECT, ServicePath.MIXED) and not as_wanted(service, on_leaf)


def is_out_of_date(service: Service, on_leaf: LeafServices) -> bool:
    """Whether a poke may help a leaf; one that has no slice at all it does not."""
    old = path_on(service, on_leaf).path in (ServicePath.STALE, ServicePath.MIXED)
    return (old and not as_wanted(service, on_leaf)) or still_direct(service, on_leaf)


def found_slice(service: Service, slice_: Slice, on_leaf: LeafServices) -> Object | None:
    """The leaf's slice: Liqo gives it the name of the hub's."""
    return on_leaf.slices.get((service.seen_on[on_leaf.leaf], slice_.name))


def addresses_in(slice_: Object) -> list[str]:
    return [
        str(address)
        for endpoint in slice_.get("endpoints") or ()
        for address in endpoint.get("addresses") or ()
    ]


def _uses(addresses: Iterable[str], on_leaf: LeafServices) -> ServicePath:
    """By what kind of addresses they are; those of the hub's own Pods tell nothing."""
    hub = on_leaf.networks(on_leaf.hub)
    peers = [
        networks
        for each in on_leaf.configurations
        if peer_of(each) != on_leaf.hub
        for networks in [known_networks(each)]
        if networks is not None
    ]
    ways = {
        ServicePath.DIRECT if any(peer.has_pod(address) for peer in peers) else ServicePath.HUB
        for address in addresses
        if not (hub is not None and hub.has_pod(address))
    }
    if len(ways) == 2:
        return ServicePath.MIXED
    return next(iter(ways), ServicePath.NONE)


def _readiness(slice_: Slice, found: Object | None) -> bool:
    """Whether no endpoint that is ready on the hub is not so on the leaf."""
    bodies = (found or {}).get("endpoints") or ()
    here = sum(dig(each, "conditions", "ready") is False for each in bodies)
    return here <= sum(not each.ready for each in slice_.endpoints)
