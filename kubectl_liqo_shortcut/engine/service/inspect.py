"""Looking at Services and at their slices on the leaves, all clusters at once; nothing is written.

Each cluster is asked once for each kind, whatever the number of Services.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from functools import partial

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import ClusterID, Object
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster, Selection
from kubectl_liqo_shortcut.core.service.model import (
    Service,
    key_of,
    places_of,
    remote_namespaces,
    services_of,
)
from kubectl_liqo_shortcut.core.service.path import LeafServices
from kubectl_liqo_shortcut.engine.hub.identity import check_id, controller_manager
from kubectl_liqo_shortcut.engine.runtime.concurrency import (
    Deadline,
    Future,
    gather,
    retry_transient,
)
from kubectl_liqo_shortcut.engine.snapshot.fan_out import ask_each
from kubectl_liqo_shortcut.engine.snapshot.hub import HubSnapshot, snapshot_hub
from kubectl_liqo_shortcut.engine.snapshot.leaf import list_in
from kubectl_liqo_shortcut.errors import Forbidden, Gone, ShortcutError


@dataclasses.dataclass(frozen=True, slots=True)
class HubServices:
    """What the hub shows of its Services."""

    on_hub: HubSnapshot
    services: tuple[Service, ...]
    places: Mapping[str, ClusterID | None]  # the hub's nodes


def list_hub_services(
    hub: Cluster, deadline: Deadline, namespace: str = "", name: str = ""
) -> HubServices:
    """Those of all namespaces, of *namespace*, or the one called *name* there, which is told
    also where its namespace is not offloaded."""
    labels = f"{r.SERVICE_NAME}={name}" if name else ""
    asked = (
        Selection(r.NAMESPACE_MAP, labels=r.REMOTE_CLUSTER_ID),
        Selection(r.SERVICE, namespace, name=name),
        Selection(r.ENDPOINT_SLICE, namespace, labels=labels),
        Selection(r.NODE),
    )
    snapshot = Future(partial(snapshot_hub, hub, deadline, records=True))
    lists = [Future(partial(_list, hub, what, deadline)) for what in asked]
    on_hub = snapshot.result()
    maps, services, slices, nodes = (each.result() for each in lists)
    namespaces, places = remote_namespaces(maps), places_of(nodes)
    if name:
        namespaces.setdefault(namespace, {})
    return HubServices(on_hub, tuple(services_of(services, slices, places, namespaces)), places)


def _list(hub: Cluster, what: Selection, deadline: Deadline) -> tuple[Object, ...]:
    try:
        return retry_transient(lambda: hub.list(what), deadline, first_look=True).items
    except Gone:  # there is no offloading
        return ()


def list_leaf_services(
    remote: Mapping[ClusterID, Collection[str]],
    open_cluster: OpenCluster,
    hub: ClusterID,
    deadline: Deadline,
    *,
    managers: bool = False,
) -> dict[ClusterID, LeafServices]:
    """What each leaf shows; *remote* has the namespaces that matter there.

    The *managers* are one more question each: whether Liqo there denies direct connections.
    """
    asks = {
        leaf: partial(_look, leaf, namespaces, open_cluster, hub, deadline, managers)
        for leaf, namespaces in remote.items()
    }

    def unseen(leaf: ClusterID, error: ShortcutError) -> LeafServices:
        return LeafServices(leaf=leaf, hub=hub, error=error.message)

    return ask_each(asks, unseen, deadline)


def names_of(hub: Cluster) -> list[tuple[str, str]]:
    """Namespace and name of all Services that leaves may see, by two questions."""
    maps = hub.list(Selection(r.NAMESPACE_MAP, labels=r.REMOTE_CLUSTER_ID)).items
    namespaces = remote_namespaces(maps)
    found = hub.list(Selection(r.SERVICE)).items if namespaces else ()
    keys = [key_of(each) for each in found]
    return sorted(key for key in keys if key[0] in namespaces)


def remote_of(services: Collection[Service]) -> dict[ClusterID, set[str]]:
    """The leaves that have to do with *services*, each with its namespaces."""
    found: dict[ClusterID, set[str]] = {leaf: set() for each in services for leaf in each.leaves}
    for each in services:
        for leaf, namespace in each.seen_on.items():
            found[leaf].add(namespace)
    return dict(sorted(found.items()))


def _look(
    leaf: ClusterID,
    namespaces: Collection[str],
    open_cluster: OpenCluster,
    hub: ClusterID,
    deadline: Deadline,
    managers: bool,
) -> LeafServices:
    cluster = open_cluster(leaf)
    retry_transient(lambda: check_id(cluster), deadline, first_look=True)
    looks: list[Callable[[], tuple[Object, ...]]] = [
        partial(_configurations, cluster, deadline),
        partial(_slices, cluster, namespaces, deadline),
    ]
    answer = Future(partial(_manager, cluster, deadline) if managers else lambda: (None, ""))
    configurations, slices = gather(looks)
    manager, unseen = answer.result()
    by_name = {key_of(each): each for each in slices}
    return LeafServices(
        leaf=leaf,
        hub=hub,
        configurations=configurations,
        slices=by_name,
        manager=manager,
        unseen=unseen,
    )


def _configurations(cluster: Cluster, deadline: Deadline) -> tuple[Object, ...]:
    what = Selection(r.CONFIGURATION, labels=r.REMOTE_CLUSTER_ID)
    return retry_transient(lambda: cluster.list(what), deadline).items


def _slices(
    cluster: Cluster, namespaces: Collection[str], deadline: Deadline
) -> tuple[Object, ...]:
    """Those that Liqo reflected into *namespaces*."""
    what = Selection(r.ENDPOINT_SLICE, labels=r.REFLECTED_FROM)
    found = list_in(cluster, what, namespaces, deadline)
    if found is None:
        raise Forbidden(cluster.name, f"not allowed to list {what.kind.plural}")
    return tuple(found)


def _manager(cluster: Cluster, deadline: Deadline) -> tuple[Object | None, str]:
    """None, and why, where it is not to be seen."""
    ref = controller_manager(cluster)
    try:
        found = retry_transient(lambda: cluster.get(ref), deadline)
    except Forbidden as error:
        return None, error.message
    return found, "" if found else f"there is no {ref} in {ref.namespace}"
