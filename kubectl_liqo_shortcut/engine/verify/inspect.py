"""What `verify` must know of the hub and of both leaves before it sends packets."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from functools import partial

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.facts import default_tenant_namespace
from kubectl_liqo_shortcut.core.model import HUB, ClusterID, Object, ObjectRef
from kubectl_liqo_shortcut.core.networks import Networks, networks_of, of_peer
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.core.service.endpoints import ServiceName, Target, targets_of
from kubectl_liqo_shortcut.core.service.model import remote_namespaces
from kubectl_liqo_shortcut.engine.hub.identity import check_identity, hub_id, recorded_uid
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, gather, retry_transient
from kubectl_liqo_shortcut.errors import ClusterError, Forbidden, Invalid, NoLiqo, Refused
from kubectl_liqo_shortcut.errors import Gone as NotServed


@dataclasses.dataclass(frozen=True, slots=True)
class LeafNetworks:
    """How one leaf sees the networks of its peer and of the hub; None: it has no link to it."""

    cluster: Cluster
    peer: Networks | None
    hub: Networks | None


@dataclasses.dataclass(frozen=True, slots=True)
class ServiceTarget:
    """Where a Service of the hub leads, seen from the calling leaf."""

    service: ServiceName
    remote: str  # its namespace there
    has_slice: bool
    targets: tuple[Target, ...]


def inspect_networks(
    pair: tuple[ClusterID, ClusterID],
    leaves: Mapping[str, Cluster],
    record: Object | None,
    hub: Cluster,
    deadline: Deadline,
) -> dict[ClusterID, LeafNetworks]:
    """Both at once; refuses if another cluster answers."""
    identity = retry_transient(lambda: hub_id(hub), deadline, first_look=True)
    first, second = pair
    looks = [
        partial(_look, leaves[leaf], peer, identity, recorded_uid(record, leaf), deadline)
        for leaf, peer in ((first, second), (second, first))
    ]
    return dict(zip(pair, gather(looks), strict=True))


def _look(
    cluster: Cluster, peer: ClusterID, hub: ClusterID, uid: str, deadline: Deadline
) -> LeafNetworks:
    retry_transient(check_identity(cluster, uid), deadline, first_look=True)
    configurations = _configurations(cluster, (peer, hub), deadline)
    seen = (_networks(cluster, configurations, each) for each in (peer, hub))
    return LeafNetworks(cluster, *seen)


def _configurations(
    cluster: Cluster, peers: Iterable[ClusterID], deadline: Deadline
) -> list[Object]:
    """All of them; those in the namespaces that Liqo uses, where not all may be looked at."""
    everywhere = Selection(r.CONFIGURATION, labels=r.REMOTE_CLUSTER_ID)
    try:
        return list(retry_transient(lambda: cluster.list(everywhere), deadline).items)
    except Forbidden:
        narrow = (
            dataclasses.replace(everywhere, namespace=default_tenant_namespace(peer))
            for peer in peers
        )
        looks = [partial(retry_transient, partial(cluster.list, each), deadline) for each in narrow]
        return [body for found in gather(looks) for body in found.items]
    except NotServed as error:
        raise NoLiqo(cluster.name, "it does not know the kind Configuration") from error


def _networks(cluster: Cluster, configurations: list[Object], peer: ClusterID) -> Networks | None:
    found = of_peer(configurations, peer)
    if found is None:
        return None
    try:
        networks = networks_of(found)
    except Invalid as error:
        raise ClusterError(cluster.name, error.message) from error
    if networks is None:
        raise ClusterError(
            cluster.name,
            f"its Configuration for {peer} has no answer from Liqo yet",
            hint=f"to see why: kubectl liqo-shortcut why {cluster.name} {peer}",
        )
    return networks


def inspect_service(
    service: ServiceName, hub: Cluster, leaf: Cluster, deadline: Deadline
) -> ServiceTarget:
    """Refuses if it is not a Service of the hub that *leaf* has too."""
    ref = ObjectRef(HUB, r.SERVICE, service.namespace, service.name)
    maps = Selection(r.NAMESPACE_MAP, labels=f"{r.REMOTE_CLUSTER_ID}={leaf.name}")
    try:
        if retry_transient(lambda: hub.get(ref), deadline) is None:
            raise Refused(f"the hub has no Service {service}", hint="NAMESPACE/NAME, as on the hub")
        found = retry_transient(lambda: hub.list(maps), deadline).items
        remote = remote_namespaces(found).get(service.namespace, {}).get(ClusterID(leaf.name))
    except NotServed:
        remote = None
    if remote is None:
        raise Refused(
            f"namespace {service.namespace} of the hub is not offloaded to {leaf.name}",
            hint=f"{leaf.name} must have it, since its Pods are to call the Service",
        )
    slices = Selection(r.ENDPOINT_SLICE, remote, labels=f"{r.SERVICE_NAME}={service.name}")
    bodies = retry_transient(lambda: leaf.list(slices), deadline).items
    try:
        return ServiceTarget(service, remote, bool(bodies), targets_of(bodies))
    except Invalid as error:
        raise ClusterError(leaf.name, error.message) from error
