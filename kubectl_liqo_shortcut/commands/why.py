"""``why`` and ``describe``: what is the matter with one pair, from the hub down to the tunnel."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Sequence
from functools import partial

from kubectl_liqo_shortcut.commands.get import find
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.diagnosis.causes import CauseName
from kubectl_liqo_shortcut.core.diagnosis.chain import Diagnosis, diagnose
from kubectl_liqo_shortcut.core.diagnosis.check import failed
from kubectl_liqo_shortcut.core.diagnosis.observed import ObservedLink
from kubectl_liqo_shortcut.core.link.naming import link_named
from kubectl_liqo_shortcut.core.link.shortcut import Shortcut, pair_of, shown_by
from kubectl_liqo_shortcut.core.model import (
    HUB,
    ClusterID,
    Object,
    cluster_id,
    dig,
    name_of,
    uid_of,
)
from kubectl_liqo_shortcut.core.ports import OpenCluster, Selection
from kubectl_liqo_shortcut.engine.diagnosis.inspect import Pair, observe_links
from kubectl_liqo_shortcut.engine.hub.queries import find_records
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, Future, retry_transient
from kubectl_liqo_shortcut.engine.snapshot.hub import snapshot_hub
from kubectl_liqo_shortcut.engine.snapshot.leaf import LeafSnapshot, UnreachableLeaf
from kubectl_liqo_shortcut.engine.snapshot.leaves import peers_in, snapshot_leaves
from kubectl_liqo_shortcut.errors import ClusterError, ShortcutError


@dataclasses.dataclass(frozen=True, slots=True)
class Explanation:
    """The chain of checks for one pair; without *evidence*, the hub showed nothing."""

    name: str
    diagnosis: Diagnosis
    evidence: ObservedLink | None = None


def why(words: Sequence[str], open_cluster: OpenCluster, timeout: float) -> Explanation:
    """Explain the pair that *words* mean (``A B``, ``NAME``); it need not have a shortcut."""
    deadline = Deadline(timeout)
    name = link_named(words)  # a wrong command line is no cause
    try:
        record, leaves = _record(name, words, open_cluster, deadline)
        name = name if record is None else name_of(record)
        looking = Future(partial(snapshot_leaves, peers_in([leaves]), open_cluster, deadline))
        on_hub = snapshot_hub(open_cluster(HUB), deadline)
    except ShortcutError as error:
        if len(words) != 2:  # then nothing is known of the pair
            raise
        return Explanation(name, hub_failed(error))
    seen = looking.result()
    pair = Pair(_shortcut(record, leaves, seen), record)
    networks = on_hub.networks()
    evidence = observe_links(on_hub.id, networks, {name: pair}, seen, open_cluster, deadline)[name]
    return Explanation(name, diagnose(evidence), evidence)


def describe_link(
    name: str, open_cluster: OpenCluster, timeout: float
) -> tuple[ObservedLink, Diagnosis, list[Object] | None]:
    """All about the shortcut called *name*: what is seen of it, what is wrong, and its Events.

    None for these where the user may not look at them: they are a courtesy.
    """
    found = why([name], open_cluster, timeout)
    assert found.evidence is not None, "by its name alone, a shortcut is found or refused"
    assert found.evidence.record is not None, "by its name alone, a shortcut is found or refused"
    record = found.evidence.record
    events: list[Object] | None = None
    with contextlib.suppress(ClusterError):
        events = retry_transient(lambda: events_of(record, open_cluster), Deadline(timeout))
    return found.evidence, found.diagnosis, events


def events_of(record: Object, open_cluster: OpenCluster) -> list[Object]:
    """The Events about *record* that the hub still has, the oldest first."""
    found = open_cluster(HUB).list(Selection(r.EVENT, "default")).items
    ours = [each for each in found if dig(each, "involvedObject", "uid") == uid_of(record)]
    return sorted(ours, key=lambda each: str(each.get("lastTimestamp")))


def _record(
    name: str, words: Sequence[str], open_cluster: OpenCluster, deadline: Deadline
) -> tuple[Object | None, tuple[ClusterID, ClusterID]]:
    if len(words) == 1:
        record = retry_transient(lambda: find(words[0], open_cluster), deadline, first_look=True)
        pair = pair_of(record)
        return record, (pair.server, pair.client)
    hub = open_cluster(HUB)
    look = partial(find_records, hub, name, crd_needed=False)
    records = retry_transient(look, deadline, first_look=True)
    return (records[0] if records else None), _pair(words)


def _pair(words: Sequence[str]) -> tuple[ClusterID, ClusterID]:
    first, second = (cluster_id(each) for each in words)
    return first, second


def _shortcut(
    record: Object | None,
    leaves: tuple[ClusterID, ClusterID],
    seen: dict[str, LeafSnapshot | UnreachableLeaf],
) -> Shortcut:
    """The record's; else what the link between them would be, by the gateways that are there."""
    if record is not None:
        return shown_by(record)
    first, second = sorted(leaves)
    for server, client in ((first, second), (second, first)):
        if _has(seen[server], r.GATEWAY_SERVER, client) or _has(
            seen[client], r.GATEWAY_CLIENT, server
        ):
            return Shortcut(server=server, client=client)
    return Shortcut(server=first, client=second)


def _has(leaf: LeafSnapshot | UnreachableLeaf, kind: r.Kind, peer: str) -> bool:
    return isinstance(leaf, LeafSnapshot) and leaf.has(kind, peer)


def hub_failed(error: ShortcutError) -> Diagnosis:
    seen = error.message.removeprefix(f"{HUB}: ")
    reason = UnreachableLeaf.of(error).reason
    if reason is CauseName.LEAF_UNREACHABLE:
        reason = CauseName.HUB_UNREACHABLE
    return Diagnosis((failed("hub", HUB, reason, seen, error.hint or reason.remedy),))
