"""Snapshots of many leaves, all taken at once within one deadline."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial

from kubectl_liqo_shortcut.core.ports import OpenCluster
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline
from kubectl_liqo_shortcut.engine.snapshot.fan_out import ask_each
from kubectl_liqo_shortcut.engine.snapshot.leaf import (
    LeafSnapshot,
    UnreachableLeaf,
    snapshot_leaf,
)


def peers_in(pairs: Iterable[Collection[str]]) -> dict[str, set[str]]:
    """For each leaf of *pairs* the other ones."""
    found: dict[str, set[str]] = {}
    for pair in pairs:
        for leaf in pair:
            found.setdefault(leaf, set()).update(set(pair) - {leaf})
    return found


def snapshot_leaves(
    peers: Mapping[str, Collection[str]],
    open_cluster: OpenCluster,
    deadline: Deadline,
) -> dict[str, LeafSnapshot | UnreachableLeaf]:
    """All of them at once, each about its *peers*; one that shows nothing in time says why."""
    asks = {
        name: partial(snapshot_leaf, open_cluster, name, about, deadline)
        for name, about in sorted(peers.items())
    }
    return ask_each(asks, lambda _, error: UnreachableLeaf.of(error), deadline)
