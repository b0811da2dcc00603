"""``leaves``: every leaf of the hub, by the hub's lists and four questions to each leaf."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from kubectl_liqo_shortcut.core.hub.leaves import (
    HubKnowledge,
    Leaf,
    direct,
    facts_document,
    known_leaves,
)
from kubectl_liqo_shortcut.core.kinds import CONNECTION, GATEWAY_CLIENT, GATEWAY_SERVER, Kind
from kubectl_liqo_shortcut.core.liqo import can_direct
from kubectl_liqo_shortcut.core.model import HUB, ClusterID, Object, cluster_id
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster, Selection
from kubectl_liqo_shortcut.engine.hub.identity import hub_id
from kubectl_liqo_shortcut.engine.hub.leaves import ask_leaves
from kubectl_liqo_shortcut.engine.hub.queries import find_configurations, no_leaf
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, Future, gather


def list_leaves(
    words: Sequence[str],
    open_cluster: OpenCluster,
    via: Callable[[str], str],
    timeout: float,
    *,
    connections: bool = False,
) -> list[Leaf]:
    """All leaves, or those named; *timeout* is the time that they have to answer.

    *via* tells the way to a leaf in short. The hub's *connections* are one more question to it.
    """
    kinds = (GATEWAY_CLIENT, GATEWAY_SERVER, *((CONNECTION,) if connections else ()))
    hub = open_cluster(HUB)
    configurations, *lists = gather(
        [partial(find_configurations, hub), *(partial(_all, hub, kind) for kind in kinds)]
    )
    every = known_leaves(configurations, *lists)
    chosen = _chosen(every, words)
    hub_can = can_direct(configurations)
    said = ask_leaves(_peers(chosen, every), open_cluster, Deadline(timeout))
    return [
        Leaf(each, via(each.id), said[each.id], direct(each, hub_can, said[each.id]))
        for each in chosen
    ]


def hub_facts(
    words: Sequence[str],
    open_cluster: OpenCluster,
    liqo_namespace: Callable[[str], str] = lambda _: "",
) -> Object:
    """The facts file of ``--facts``, by three questions to the hub and none to a leaf.

    *liqo_namespace* tells that of a leaf where it is not the usual one.
    """
    hub = open_cluster(HUB)
    identity = Future(partial(hub_id, hub))
    configurations, clients = gather(
        [partial(find_configurations, hub), partial(_all, hub, GATEWAY_CLIENT)]
    )
    chosen = _chosen(known_leaves(configurations, clients), words)
    return facts_document(identity.result(), chosen, liqo_namespace)


def names(words: Sequence[str], open_cluster: OpenCluster) -> list[ClusterID]:
    """Only who they are, by one question to the hub."""
    every = known_leaves(find_configurations(open_cluster(HUB)), ())
    return [each.id for each in _chosen(every, words)]


def _all(hub: Cluster, kind: Kind) -> tuple[Object, ...]:
    return hub.list(Selection(kind)).items


def _chosen(every: Sequence[HubKnowledge], words: Sequence[str]) -> list[HubKnowledge]:
    wanted = {cluster_id(word) for word in words}
    ids = [each.id for each in every]
    for missing in sorted(wanted.difference(ids)):
        raise no_leaf(missing, ids)
    return [each for each in every if not wanted or each.id in wanted]


def _peers(
    chosen: Sequence[HubKnowledge], every: Sequence[HubKnowledge]
) -> dict[ClusterID, ClusterID | None]:
    """For each leaf another one, first of all of those named: permissions may depend on it."""
    order = [each.id for each in (*chosen, *every)]
    return {leaf.id: next((peer for peer in order if peer != leaf.id), None) for leaf in chosen}
