"""Taking Services back to the hub's path: one by one, or all that need a shortcut that goes."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Collection, Mapping
from functools import partial

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Note, Tell
from kubectl_liqo_shortcut.core.model import ClusterID, Object, namespace_of
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster, Selection
from kubectl_liqo_shortcut.core.service.model import (
    Service,
    places_of,
    remote_namespaces,
    services_of,
)
from kubectl_liqo_shortcut.core.service.path import LeafServices, still_direct
from kubectl_liqo_shortcut.engine.hub.identity import hub_id
from kubectl_liqo_shortcut.engine.runtime.concurrency import (
    CancelToken,
    Deadline,
    gather,
    retry_transient,
)
from kubectl_liqo_shortcut.engine.runtime.lease import LeaseLost
from kubectl_liqo_shortcut.engine.service.inspect import list_leaf_services
from kubectl_liqo_shortcut.engine.service.switch import Switch
from kubectl_liqo_shortcut.errors import (
    Forbidden,
    Gone,
    Interrupted,
    Refused,
    ShortcutError,
    TimedOut,
)

_NOT_KNOWN = "cannot tell which Services use the link"
NODES_FOLLOW = 1.5
"""Seconds from a leaf's EndpointSlice to the rules of its nodes: kube-proxy writes them once a
second at most, and nobody tells when it has."""


@dataclasses.dataclass(frozen=True, slots=True)
class Dependents:
    """The Services that go over a shortcut; *note*: why nobody can tell, *hidden*: although there
    is something that may not be looked at.

    *unchecked* has the leaves that do not say whether others still do, and why.
    """

    services: tuple[Service, ...] = ()
    on_leaves: Mapping[ClusterID, LeafServices] = dataclasses.field(default_factory=dict)
    places: Mapping[str, ClusterID | None] = dataclasses.field(default_factory=dict)
    unchecked: Mapping[ClusterID, str] = dataclasses.field(default_factory=dict)
    note: str = ""
    hidden: bool = False


def dependents(
    hub: Cluster, pair: Collection[ClusterID], open_cluster: OpenCluster, deadline: Deadline
) -> Dependents:
    """Those of which one leaf of *pair* sees endpoints on the other: annotated, or not any more,
    and that leaf has not followed.

    Where there is no offloading, that is one question; where no leaf of *pair* sees a Service, two.
    """

    asked = Selection(r.NAMESPACE_MAP, labels=r.REMOTE_CLUSTER_ID)
    try:
        maps = retry_transient(lambda: hub.list(asked), deadline).items
    except Gone:
        return Dependents()
    except Forbidden as error:
        return Dependents(note=f"{_NOT_KNOWN}: {error.message}")
    namespaces = {
        name: seen_on
        for name, seen_on in remote_namespaces(maps).items()
        if not seen_on.keys().isdisjoint(pair)
    }
    if not namespaces:
        return Dependents()
    try:
        services = _in_each(hub, r.SERVICE, namespaces, deadline)
        if not any(namespace_of(each) in namespaces for each in services):
            return Dependents()
        slices, nodes = gather(
            (
                partial(_in_each, hub, r.ENDPOINT_SLICE, namespaces, deadline),
                partial(_in_each, hub, r.NODE, (), deadline),
            )
        )
    except Forbidden as error:
        return Dependents(note=f"{_NOT_KNOWN}: {error.message}", hidden=True)
    places = places_of(nodes)
    wanted = tuple(sorted(pair))
    found = services_of(services, slices, places, namespaces)
    concerned = [each for each in found if wanted in each.pairs]
    return _still_over(concerned, wanted, places, hub, open_cluster, deadline)


def _in_each(
    hub: Cluster, kind: r.Kind, namespaces: Collection[str], deadline: Deadline
) -> tuple[Object, ...]:
    """All of the hub; where that is not allowed those of *namespaces*, without a hole."""
    try:
        return retry_transient(lambda: hub.list(Selection(kind)), deadline).items
    except Forbidden:
        if not namespaces:
            raise
    found = gather(
        partial(retry_transient, partial(hub.list, Selection(kind, each)), deadline)
        for each in sorted(namespaces)
    )
    return tuple(body for listing in found for body in listing.items)


def _still_over(
    services: Collection[Service],
    pair: Collection[ClusterID],
    places: Mapping[str, ClusterID | None],
    hub: Cluster,
    open_cluster: OpenCluster,
    deadline: Deadline,
) -> Dependents:
    """Those of *services* that are annotated, or whose leaves of *pair* have not followed."""
    remote: dict[ClusterID, set[str]] = {}
    for each in services:
        for leaf, namespace in each.seen_on.items():
            if each.annotated or leaf in pair:
                remote.setdefault(leaf, set()).add(namespace)
    if not remote:
        return Dependents()
    identity = retry_transient(lambda: hub_id(hub), deadline)
    on_leaves = list_leaf_services(remote, open_cluster, identity, deadline)
    found: list[Service] = []
    unchecked: dict[ClusterID, str] = {}
    for each in services:
        here = [on_leaves[leaf] for leaf in each.seen_on if leaf in pair]
        if each.annotated or any(still_direct(each, on_leaf) for on_leaf in here):
            found.append(each)
        else:
            unchecked |= {on_leaf.leaf: on_leaf.error for on_leaf in here if on_leaf.error}
    return Dependents(tuple(found), on_leaves, places, unchecked)


def free(
    name: str,
    pair: Collection[ClusterID],
    hub: Cluster,
    open_cluster: OpenCluster,
    deadline: Deadline,
    cancel: CancelToken,
    tell: Tell,
    *,
    whatever: bool,
    pause: float,  # seconds for the leaves' nodes to follow
) -> bool:
    """Switch back all Services that go over the shortcut called *name*; whether there were any.

    *whatever* else: it goes also where that fails, or takes more than a third of the time left.
    """
    limit = Deadline(round(deadline.left() / 3, 1)) if whatever else deadline
    try:
        found = dependents(hub, pair, open_cluster, limit)
    except ShortcutError as error:
        if not whatever:
            raise
        tell(Note(f"{_NOT_KNOWN}: {error.message}", name))
        return False
    if found.hidden and not whatever:
        raise Refused(
            f"shortcut {name}: {found.note}",
            hint="nothing was changed; with the right to list Services and EndpointSlices in the "
            "offloaded namespaces, and Nodes: the same command; to cut them, if any: --forget",
        )
    if found.note:
        tell(Note(found.note, name))
    for leaf, message in found.unchecked.items():
        tell(Note(f"whether Services on {leaf} still go over it: not checked: {message}", name))
    for service in found.services:
        _free_one(name, service, found, hub, open_cluster, limit, cancel, whatever, tell)
    if found.services:
        tell(Note("waiting for node routes to update", name))
        time.sleep(min(pause, deadline.left()))
        cancel.check()
    return bool(found.services)


def _free_one(
    name: str,
    service: Service,
    found: Dependents,
    hub: Cluster,
    open_cluster: OpenCluster,
    deadline: Deadline,
    cancel: CancelToken,
    whatever: bool,
    tell: Tell,
) -> None:
    todo = "it is switched back first" if service.annotated else "it is waited for"
    tell(Note(f"Service {service.key} goes over it: {todo}", name))
    seen = found.on_leaves if service.annotated else late_of(service, found.on_leaves)
    try:
        switch_back(service, seen, found.places, hub, open_cluster, deadline, cancel, tell)
    except Gone as error:
        tell(Note(f"Service {service.key}: nothing to do any more: {error.message}", name))
    except (LeaseLost, Interrupted):
        raise
    except ShortcutError as error:
        if not whatever:
            if isinstance(error, TimedOut):
                error.hint = f"the shortcut was left as it is; {error.hint}"
            raise
        tell(Note(error.message, name))
    else:
        for on_leaf in seen.values():
            if on_leaf.error and on_leaf.leaf in service.seen_on:
                tell(Note(f"{service.key} on {on_leaf.leaf}: not checked: {on_leaf.error}", name))


def late_of(
    service: Service, on_leaves: Mapping[ClusterID, LeafServices]
) -> dict[ClusterID, LeafServices]:
    """The leaves of *on_leaves* that still go over links, whatever *service* asks for."""
    seen = ((leaf, each) for leaf, each in on_leaves.items() if leaf in service.seen_on)
    return {leaf: each for leaf, each in seen if still_direct(service, each)}


def switch_back(
    service: Service,
    on_leaves: Mapping[ClusterID, LeafServices],
    places: Mapping[str, ClusterID | None],
    hub: Cluster,
    open_cluster: OpenCluster,
    deadline: Deadline,
    cancel: CancelToken,
    tell: Tell,
) -> Service:
    """The annotation off, where it is on, then wait until all leaves that answer go through the
    hub."""
    here = {leaf: on_leaf for leaf, on_leaf in on_leaves.items() if leaf in service.seen_on}
    leaves = {leaf: open_cluster(leaf) for leaf, on_leaf in here.items() if not on_leaf.error}
    switch = Switch(service, hub, leaves, here, places, tell)
    try:
        switch.watch(deadline)
        cancel.check()
        if service.annotated:
            switch.annotate(False, deadline)
            switch.wait(deadline, cancel)
        else:  # that is done, and slices have not followed
            switch.wait(deadline, cancel, pause=0.0)
    finally:
        switch.close()
    return switch.service
