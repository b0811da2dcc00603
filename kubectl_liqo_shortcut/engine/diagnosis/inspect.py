"""Looking at links without touching them: what ``get --live``, ``describe`` and ``why`` tell of.

Each leaf is asked once for each kind, whatever the number of links; all leaves at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from functools import partial

from kubectl_liqo_shortcut.core.diagnosis.observed import ObservedLeaf, ObservedLink
from kubectl_liqo_shortcut.core.hub.leaves import known_leaves
from kubectl_liqo_shortcut.core.link.shortcut import Shortcut
from kubectl_liqo_shortcut.core.model import ClusterID, Object
from kubectl_liqo_shortcut.core.networks import Cidrs
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster
from kubectl_liqo_shortcut.engine.diagnosis.leaf_snapshot import (
    LeafSnapshot,
    UnreachableLeaf,
    observed_leaf,
    snapshot_leaf,
    with_key,
)
from kubectl_liqo_shortcut.engine.hub.identity import hub_id
from kubectl_liqo_shortcut.engine.hub.queries import find_configurations
from kubectl_liqo_shortcut.engine.runtime.concurrency import (
    Deadline,
    Future,
    gather,
    retry_transient,
    room,
)
from kubectl_liqo_shortcut.errors import ShortcutError


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """Two leaves, the link that they have or should have, and its record, if there is one."""

    shortcut: Shortcut
    record: Object | None


@dataclasses.dataclass(frozen=True, slots=True)
class HubSnapshot:
    """Who the hub is, and which leaves it has, with their networks."""

    hub: ClusterID
    leaves: Mapping[str, Cidrs | None]


def snapshot_hub(hub: Cluster, deadline: Deadline) -> HubSnapshot:
    """Two questions, whatever the number of leaves."""
    identity = retry_transient(lambda: hub_id(hub), deadline, first_look=True)
    configurations = retry_transient(lambda: find_configurations(hub), deadline)
    return HubSnapshot(identity, {each.id: each.cidrs for each in known_leaves(configurations, ())})


def peers_in(pairs: Iterable[Collection[str]]) -> dict[str, set[str]]:
    """For each leaf of *pairs* the other ones."""
    found: dict[str, set[str]] = {}
    for pair in pairs:
        for leaf in pair:
            found.setdefault(leaf, set()).update(set(pair) - {leaf})
    return found


def snapshot_leaves(
    peers: Mapping[str, Collection[str]], open_cluster: OpenCluster, deadline: Deadline
) -> dict[str, LeafSnapshot | UnreachableLeaf]:
    """All of them at once, each about its *peers*; one that shows nothing in time says why."""
    answers = {
        name: Future(partial(snapshot_leaf, open_cluster, name, peers[name], deadline))
        for name in sorted(peers)
    }
    return {name: _in_time(name, answer, deadline) for name, answer in answers.items()}


def _in_time(
    name: str, answer: Future[LeafSnapshot], deadline: Deadline
) -> LeafSnapshot | UnreachableLeaf:
    try:
        return answer.in_time(name, deadline)
    except ShortcutError as error:
        return UnreachableLeaf.of(error)


def observe_links(
    on_leaf: HubSnapshot,
    pairs: Mapping[str, Pair],
    leaves: Mapping[str, LeafSnapshot | UnreachableLeaf],
    open_cluster: OpenCluster,
    deadline: Deadline,
    *,
    every_key: bool = True,
) -> dict[str, ObservedLink]:
    """What is to be seen of each of *pairs*.

    Without *every_key*, keys are compared only where a tunnel is not up: each is asked for by
    name, by one request.
    """
    seen = {
        (name, side.leaf): observed_leaf(side, leaves[side.leaf], pair.record)
        for name, pair in pairs.items()
        for side in pair.shortcut.sides
    }
    wanted = {
        (name, side.leaf): partial(with_key, seen[name, side.leaf], open_cluster, deadline)
        for name, pair in pairs.items()
        for side in pair.shortcut.sides
        if seen[name, side.leaf].end is not None and (every_key or not _is_up(seen, name, pair))
    }
    seen |= dict(zip(wanted, gather(wanted.values(), room()), strict=True))
    return {
        name: ObservedLink(
            hub=on_leaf.hub,
            shortcut=pair.shortcut,
            record=pair.record,
            known=on_leaf.leaves,
            leaves={side.leaf: seen[name, side.leaf] for side in pair.shortcut.sides},
        )
        for name, pair in pairs.items()
    }


def _is_up(seen: Mapping[tuple[str, ClusterID], ObservedLeaf], name: str, pair: Pair) -> bool:
    return all(seen[name, side.leaf].is_connected for side in pair.shortcut.sides)
