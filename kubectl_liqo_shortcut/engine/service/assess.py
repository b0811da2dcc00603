"""Everything about one Service at one moment: what forbids it to go direct, and which way it goes.

``service enable`` refuses by it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from functools import partial

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.diagnosis.chain import Diagnosis, diagnose
from kubectl_liqo_shortcut.core.link.shortcut import Shortcut, shown_by
from kubectl_liqo_shortcut.core.model import HUB, ClusterID, Object, dig, shortcut_name
from kubectl_liqo_shortcut.core.ports import OpenCluster
from kubectl_liqo_shortcut.core.service import refusals as service_refusals
from kubectl_liqo_shortcut.core.service.causes import ServiceCause
from kubectl_liqo_shortcut.core.service.model import Pair, Service
from kubectl_liqo_shortcut.core.service.path import LeafServices
from kubectl_liqo_shortcut.core.service.refusals import Refusal
from kubectl_liqo_shortcut.engine.diagnosis import inspect
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, Future
from kubectl_liqo_shortcut.engine.service.inspect import (
    HubServices,
    list_hub_services,
    list_leaf_services,
    remote_of,
)
from kubectl_liqo_shortcut.engine.snapshot.leaf import LeafSnapshot, UnreachableLeaf
from kubectl_liqo_shortcut.engine.snapshot.leaves import peers_in, snapshot_leaves
from kubectl_liqo_shortcut.errors import Refused


@dataclasses.dataclass(frozen=True, slots=True)
class Assessment:
    """*missing* are the pairs that have no shortcut at all.

    *to_hub* has for each leaf what its Connection to the hub says.
    """

    service: Service
    hub: HubServices
    on_leaves: Mapping[ClusterID, LeafServices]
    diagnoses: Mapping[Pair, Diagnosis]
    refusals: tuple[Refusal, ...]
    to_hub: Mapping[ClusterID, str]

    @property
    def missing(self) -> tuple[Pair, ...]:
        return tuple(
            each.pair
            for each in self.refusals
            if each.reason is ServiceCause.NO_SHORTCUT and each.pair is not None
        )


def find_service(
    namespace: str, name: str, open_cluster: OpenCluster, deadline: Deadline
) -> tuple[HubServices, Service]:
    """What the hub shows of one Service; refuses if there is none."""
    found = list_hub_services(open_cluster(HUB), deadline, namespace, name)
    if not found.services:
        raise Refused(
            f'services "{name}" not found in namespace "{namespace}" of the hub',
            hint="kubectl liqo-shortcut service list -A shows those that leaves see",
        )
    return found, found.services[0]


def assess(namespace: str, name: str, open_cluster: OpenCluster, deadline: Deadline) -> Assessment:
    """Ask the hub, then all leaves that have to do with the Service, at once."""
    hub, service = find_service(namespace, name, open_cluster, deadline)
    return assess_service(hub, service, open_cluster, deadline)


def assess_service(
    hub: HubServices, service: Service, open_cluster: OpenCluster, deadline: Deadline
) -> Assessment:
    """The same, of what the hub has shown."""
    remote = remote_of([service])
    looking = Future(
        partial(list_leaf_services, remote, open_cluster, hub.on_hub.id, deadline, managers=True)
    )
    leaves = {leaf: set[str]() for leaf in service.leaves} | peers_in(service.pairs)
    seen = snapshot_leaves(leaves, open_cluster, deadline)
    diagnoses = _diagnose(service, hub, seen, open_cluster, deadline)
    on_leaves = looking.result()
    found = list(_refusals(service, hub, on_leaves, diagnoses))
    found += () if found else service_refusals.of_mapping(service, on_leaves)
    to_hub = {leaf: _connection(seen[leaf], hub.on_hub.id) for leaf in service.leaves}
    return Assessment(service, hub, on_leaves, diagnoses, tuple(found), to_hub)


def _refusals(
    service: Service,
    hub: HubServices,
    on_leaves: Mapping[ClusterID, LeafServices],
    diagnoses: Mapping[Pair, Diagnosis],
) -> Iterator[Refusal]:
    yield from service_refusals.of_service(service)
    yield from service_refusals.of_hub(service, hub.on_hub.configurations)
    for on_leaf in on_leaves.values():
        yield from service_refusals.of_leaf(service, on_leaf)
    records = hub.on_hub.records
    for pair, diagnosis in diagnoses.items():
        if not any(on_leaves[leaf].error for leaf in pair):  # that is said already
            recorded = shortcut_name(*pair) in records
            yield from service_refusals.of_pair(pair, diagnosis, recorded=recorded)


def _diagnose(
    service: Service,
    hub: HubServices,
    seen: Mapping[str, LeafSnapshot | UnreachableLeaf],
    open_cluster: OpenCluster,
    deadline: Deadline,
) -> dict[Pair, Diagnosis]:
    """The links of all pairs, asked live, as ``get --live`` asks."""
    records = hub.on_hub.records
    pairs = {
        shortcut_name(*pair): inspect.Pair(_shortcut(pair, records), records.get(_name(pair)))
        for pair in service.pairs
    }
    networks = hub.on_hub.networks()
    found = inspect.observe_links(
        hub.on_hub.id, networks, pairs, seen, open_cluster, deadline, every_key=False
    )
    return {pair: diagnose(found[_name(pair)]) for pair in service.pairs}


def _connection(leaf: LeafSnapshot | UnreachableLeaf, hub: ClusterID) -> str:
    """What the leaf's Connection to the hub says; empty where it shows none."""
    if isinstance(leaf, UnreachableLeaf):
        return ""
    found = (body for ref, body in leaf.of_peer(hub).items() if ref.kind == r.CONNECTION)
    return next((str(dig(each, "status", "value") or "") for each in found), "")


def _name(pair: Pair) -> str:
    return shortcut_name(*pair)


def _shortcut(pair: Pair, records: Mapping[str, Object]) -> Shortcut:
    record = records.get(_name(pair))
    return shown_by(record) if record else Shortcut(server=pair[0], client=pair[1])
