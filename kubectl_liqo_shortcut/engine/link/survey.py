"""The first look at the clusters, all at once and before anything is written."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.facts import (
    Facts,
    LeafFacts,
    default_tenant_namespace,
    with_liqo_in,
)
from kubectl_liqo_shortcut.core.model import (
    HUB,
    ClusterID,
    Object,
    dig,
    name_of,
    peer_of,
    shortcut_name,
)
from kubectl_liqo_shortcut.core.networks import Cidrs, remote_cidrs
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.core.preflight.findings import FindingName
from kubectl_liqo_shortcut.engine.hub.identity import Rebuilt, checked_uid, hub_id, recorded_uid
from kubectl_liqo_shortcut.engine.hub.queries import (
    find_configurations,
    find_records,
    no_leaf,
    who_am_i,
)
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, Future, retry_transient
from kubectl_liqo_shortcut.engine.snapshot.networks import own_cidrs
from kubectl_liqo_shortcut.errors import ClusterError, Invalid, Refused

Pair = tuple[ClusterID, ClusterID]
T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class SurveyedHub:
    """What the hub knows of a pair: its *record*, and the *facts* of its Configurations."""

    record: Object | None
    facts: Facts
    user: str
    configurations: tuple[Object, ...]
    gateway_clients: tuple[Object, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class SurveyedLeaf:
    """What a leaf says of itself."""

    uid: str  # of its kube-system namespace: another UID is another cluster
    cidrs: Cidrs


def survey_hub(hub: Cluster, pair: Pair, *, crd_needed: bool = True) -> SurveyedHub:
    """Refuses if the hub does not know a leaf, or lacks the CRD where that is needed.

    Five questions on two connections: a connection costs more than an answer.
    """
    facts = Future(lambda: _look_for_facts(hub, pair))
    try:
        records = find_records(hub, shortcut_name(*pair), crd_needed=crd_needed)
    except Refused:
        facts.result()  # where Liqo is missing too, the context is wrong: that is said instead
        raise
    user = _user(who_am_i(hub))
    found, configurations, clients = facts.result()
    return SurveyedHub(records[0] if records else None, found, user, configurations, clients)


def _look_for_facts(
    hub: Cluster, pair: Pair
) -> tuple[Facts, tuple[Object, ...], tuple[Object, ...]]:
    """Who the hub is, which leaves it has, and which of them it dials; all it has of both."""
    identity = hub_id(hub)
    configurations = find_configurations(hub)
    clients = hub.list(Selection(r.GATEWAY_CLIENT)).items
    return facts_of(pair, identity, configurations, clients), configurations, clients


def survey(
    hub: Cluster, leaves: Mapping[str, Cluster], pair: Pair, deadline: Deadline
) -> tuple[SurveyedHub, dict[str, SurveyedLeaf]]:
    """The hub and both leaves at once, compared with each other."""

    def patient(look: Callable[[], T]) -> Future[T]:
        return Future(lambda: retry_transient(look, deadline, first_look=True))

    of_hub = patient(lambda: survey_hub(hub, pair))
    of_leaves = {leaf: patient(survey_leaf(cluster)) for leaf, cluster in leaves.items()}
    view = of_hub.result()
    looks = {leaf: answer.result() for leaf, answer in of_leaves.items()}
    there = {leaf: cluster.liqo_namespace for leaf, cluster in leaves.items()}
    view = dataclasses.replace(view, facts=with_liqo_in(view.facts, there.get))
    for leaf, look in looks.items():
        check_leaf(ClusterID(leaf), look, view)
    return view, looks


def check_leaf(leaf: ClusterID, seen: SurveyedLeaf, view: SurveyedHub) -> None:
    """Refuses where *leaf* is not the cluster, or has not the networks, that the hub means."""
    if recorded_uid(view.record, leaf) not in ("", seen.uid):
        name = name_of(view.record or {})
        raise Rebuilt(
            f"cluster {leaf!r} was rebuilt: it is not the one the shortcut was made on",
            hint=f"end the old shortcut first: kubectl liqo-shortcut delete {name}",
        )
    known = view.facts.leaves[leaf].cidrs
    if known is not None and not seen.cidrs.are(known):
        raise Refused(
            f"cluster {leaf!r}: its CIDRs are {_words(seen.cidrs)}, "
            f"but the hub's Configuration for it says {_words(known)} "
            f"({FindingName.CIDR_MISMATCH})",
            hint=FindingName.CIDR_MISMATCH.remedy,
        )


def survey_leaf(leaf: Cluster) -> Callable[[], SurveyedLeaf]:
    """Asks *leaf* who it is and which networks it has."""
    return lambda: SurveyedLeaf(checked_uid(leaf), own_cidrs(leaf))


def facts_of(
    pair: Pair, hub: ClusterID, configurations: Iterable[Object], clients: Iterable[Object]
) -> Facts:
    """What the Configurations and the GatewayClients of *hub* say of *pair*."""
    remotes = {peer_of(each): each for each in configurations}
    served = {peer_of(each) for each in clients}
    return Facts(
        hub,
        {
            leaf: LeafFacts(
                id=leaf,
                cidrs=_remote_cidrs(leaf, remotes),
                tenant_namespace=default_tenant_namespace(peer),
                serves_hub=leaf in served,
            )
            for leaf, peer in (pair, pair[::-1])
        },
    )


def _remote_cidrs(leaf: ClusterID, configurations: Mapping[str, Object]) -> Cidrs:
    configuration = configurations.get(leaf)
    if configuration is None:
        raise no_leaf(leaf, filter(None, configurations))
    try:
        return remote_cidrs(configuration)
    except Invalid as error:
        raise ClusterError(HUB, error.message) from error


def _user(review: Object) -> str:
    return str(dig(review, "status", "userInfo", "username") or "unknown")


def _words(cidrs: Cidrs) -> str:
    return f"Pods {', '.join(cidrs.pod)} and external {', '.join(cidrs.external)}"
