"""Taking Services back to the hub's path: one by one, or all that need a shortcut that goes."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Collection, Generator, Iterator, Mapping
from functools import partial

from kubectl_liqo_shortcut.core import resources as r
from kubectl_liqo_shortcut.core.events import Event, Note
from kubectl_liqo_shortcut.core.model import ClusterID, Object
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster, Selection
from kubectl_liqo_shortcut.core.service import (
    Service,
    is_annotated,
    places_of,
    remote_namespaces,
    services_of,
)
from kubectl_liqo_shortcut.engine.identity import hub_id
from kubectl_liqo_shortcut.engine.parallel import Deadline, Stop, patiently, together
from kubectl_liqo_shortcut.engine.service_turn import Turn
from kubectl_liqo_shortcut.engine.services import look_at_leaves
from kubectl_liqo_shortcut.errors import Forbidden, Gone, TimedOut

_NODES_FOLLOW = 1.5
"""Seconds from a leaf's EndpointSlice to the rules of its nodes: kube-proxy writes them once a
second at most, and nobody tells when it has."""


@dataclasses.dataclass(frozen=True, slots=True)
class SwitchedBack:
    """*unchecked* has the leaves that could not be asked, and why."""

    service: Service
    unchecked: Mapping[ClusterID, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Dependents:
    """The Services that go over a shortcut; *note*: why nobody can tell."""

    services: tuple[Service, ...] = ()
    places: Mapping[str, ClusterID | None] = dataclasses.field(default_factory=dict)
    note: str = ""


def dependents(hub: Cluster, pair: Collection[ClusterID], deadline: Deadline) -> Dependents:
    """Annotated ones of which one leaf of *pair* sees endpoints on the other.

    Where there is no offloading, that is one question; where nothing is annotated, two.
    """

    def listed(what: Selection) -> tuple[Object, ...]:
        return patiently(lambda: hub.list(what), deadline).items

    try:
        maps = listed(Selection(r.NAMESPACE_MAP, labels=r.REMOTE_CLUSTER_ID))
        namespaces = remote_namespaces(maps)
        if not namespaces:
            return Dependents()
        annotated = [each for each in listed(Selection(r.SERVICE)) if is_annotated(each)]
        if not any(each["metadata"]["namespace"] in namespaces for each in annotated):
            return Dependents()
        slices, nodes = together(
            partial(listed, Selection(kind)) for kind in (r.ENDPOINT_SLICE, r.NODE)
        )
    except Gone:
        return Dependents()
    except Forbidden as error:
        return Dependents(note=f"nobody knows which Services go over it: {error.message}")
    places = places_of(nodes)
    wanted = tuple(sorted(pair))
    found = services_of(annotated, slices, places, namespaces)
    return Dependents(tuple(each for each in found if wanted in each.pairs), places)


def free(
    name: str,
    pair: Collection[ClusterID],
    hub: Cluster,
    open_cluster: OpenCluster,
    deadline: Deadline,
    stop: Stop,
    *,
    whatever: bool,
) -> Iterator[Event]:
    """Switch back all Services that go over the shortcut called *name*.

    *whatever* else: it goes also where they do not follow in time.
    """
    found = dependents(hub, pair, deadline)
    if found.note:
        yield Note(found.note, name)
    for service in found.services:
        yield Note(f"Service {service.key} goes over it: it is switched back first", name)
        try:
            back = yield from switch_back(service, found.places, hub, open_cluster, deadline, stop)
        except TimedOut as error:
            if not whatever:
                error.hint = f"the shortcut was left as it is; {error.hint}"
                raise
            yield Note(error.message, name)
        else:
            for leaf, message in back.unchecked.items():
                yield Note(f"{service.key} on {leaf}: not checked: {message}", name)
    if found.services:
        yield Note("the leaves' nodes are given a moment to follow", name)
        time.sleep(min(_NODES_FOLLOW, deadline.left()))
        stop.check()


def switch_back(
    service: Service,
    places: Mapping[str, ClusterID | None],
    hub: Cluster,
    open_cluster: OpenCluster,
    deadline: Deadline,
    stop: Stop,
) -> Generator[Event, None, SwitchedBack]:
    """The annotation off, then wait until all leaves that answer go through the hub."""
    identity = patiently(lambda: hub_id(hub), deadline)
    remote = {leaf: [namespace] for leaf, namespace in service.seen_on.items()}
    sights = look_at_leaves(remote, open_cluster, identity, deadline)
    unchecked = {leaf: sight.error for leaf, sight in sights.items() if sight.error}
    leaves = {leaf: open_cluster(leaf) for leaf in sights if leaf not in unchecked}
    turn = Turn(service, hub, leaves, sights, places)
    try:
        turn.watch(deadline)
        stop.check()
        yield from turn.annotate(False, deadline)
        yield from turn.wait(deadline, stop)
    finally:
        turn.close()
    return SwitchedBack(turn.service, unchecked)
