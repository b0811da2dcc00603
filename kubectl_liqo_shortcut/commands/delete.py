"""``delete``: take a shortcut away, and nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from kubectl_liqo_shortcut.core import record as rec
from kubectl_liqo_shortcut.core import resources as r
from kubectl_liqo_shortcut.core.events import Event, Outcome, Verb
from kubectl_liqo_shortcut.core.model import HUB, Object
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster
from kubectl_liqo_shortcut.core.record import Cause, Ownership
from kubectl_liqo_shortcut.core.shortcut import parse_record
from kubectl_liqo_shortcut.engine.parallel import Answer, Deadline, Stop, together
from kubectl_liqo_shortcut.engine.records import end_record, mark_record, note_cause
from kubectl_liqo_shortcut.engine.remove import InUseByPeering, check_peering, remove
from kubectl_liqo_shortcut.engine.survey import check_identity, hub_id
from kubectl_liqo_shortcut.errors import ShortcutError


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    timeout: float = 300.0  # seconds


def delete(
    record: Object, open_cluster: OpenCluster, options: Options, stop: Stop
) -> Iterator[Event]:
    """Remove what *record* calls ours from both leaves, then the record.

    Whatever stops it, the record says what is left, and the same command goes on. So it may be
    left at any moment once asked to stop.
    """
    deadline = Deadline(options.timeout)
    hub = open_cluster(HUB)
    shortcut = parse_record(record)
    objects = rec.objects_of(record)
    if any(each.ownership is not Ownership.REUSED for each in objects.values()):
        leaves: dict[str, Cluster] = {side.leaf: open_cluster(side.leaf) for side in shortcut.sides}
        of_hub = Answer(lambda: hub_id(hub))
        _check_identities(record, leaves)
        try:
            check_peering(shortcut.sides, leaves)
        except InUseByPeering as error:
            note_cause(hub, record, Cause("InUseByPeering", error.message), reused=True)
            raise
        stop.check()
        mark_record(hub, record)
        try:
            recorded = objects.values()
            yield from remove(shortcut, of_hub.result(), recorded, leaves, deadline)
        except ShortcutError as error:
            note_cause(hub, record, Cause("CleanupPending", error.message, stalled=True))
            raise
    end_record(hub, record)
    yield Outcome(shortcut.name, Verb.DELETED, record)


def plan_lines(record: Object) -> Iterator[str]:
    """What ``delete`` would do with each link object, in sentences."""
    for each in rec.objects_of(record).values():
        kept = each.ownership is Ownership.REUSED or each.ref.kind == r.NAMESPACE
        yield f"{each.ref.cluster}: {each.ref} would be {'kept' if kept else 'deleted'}"


def _check_identities(record: Object, leaves: Mapping[str, Cluster]) -> None:
    """A leaf rebuilt under its old name is another cluster: it has nothing of ours."""
    recorded = {
        entry["clusterID"]: entry.get("uid") or ""
        for entry in (record.get("status") or {}).get("clusters") or ()
    }
    together([check_identity(cluster, recorded.get(leaf, "")) for leaf, cluster in leaves.items()])
