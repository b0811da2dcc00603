"""``delete``: take a shortcut away, and nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from functools import partial

from kubectl_liqo_shortcut.core import record as rec
from kubectl_liqo_shortcut.core import resources as r
from kubectl_liqo_shortcut.core.events import Event, Note, Outcome, Verb
from kubectl_liqo_shortcut.core.model import HUB, Object
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster
from kubectl_liqo_shortcut.core.record import Cause, Ownership
from kubectl_liqo_shortcut.core.shortcut import pair_of
from kubectl_liqo_shortcut.engine.parallel import Answer, Deadline, Stop, patiently, together
from kubectl_liqo_shortcut.engine.records import end_record, mark_record, note_cause
from kubectl_liqo_shortcut.engine.remove import InUseByPeering, check_peering, remove
from kubectl_liqo_shortcut.engine.survey import check_identity, hub_id
from kubectl_liqo_shortcut.errors import ShortcutError

_LAST_WORDS = 10.0  # seconds to tell the hub what is left


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
    shortcut = pair_of(record)  # whatever else it holds, it can be taken away
    objects = rec.objects_of(record)
    if any(each.ownership is not Ownership.REUSED for each in objects.values()):
        leaves: dict[str, Cluster] = {side.leaf: open_cluster(side.leaf) for side in shortcut.sides}
        of_hub = Answer(lambda: patiently(lambda: hub_id(hub), deadline, first_look=True))
        _check_identities(record, leaves, deadline)
        try:
            check_peering(shortcut.sides, leaves, deadline)
        except InUseByPeering as error:
            note_cause(hub, record, Cause("InUseByPeering", error.message), deadline)
            raise
        marked_by = of_hub.result()
        stop.check()
        mark_record(hub, record, deadline)
        try:
            recorded = objects.values()
            yield from remove(shortcut, marked_by, recorded, leaves, deadline)
        except ShortcutError as error:
            cause = Cause("CleanupPending", error.message, stalled=True)
            try:
                note_cause(hub, record, cause, Deadline(_LAST_WORDS))
            except ShortcutError as second:
                yield Note(f"the record is not up to date: {second.message}", shortcut.name)
            raise
    end_record(hub, record, deadline)
    yield Outcome(shortcut.name, Verb.DELETED, record)


def plan_lines(record: Object) -> Iterator[str]:
    """What ``delete`` would do with each link object, in sentences."""
    for each in rec.objects_of(record).values():
        kept = each.ownership is Ownership.REUSED or each.ref.kind == r.NAMESPACE
        yield f"{each.ref.cluster}: {each.ref} would be {'kept' if kept else 'deleted'}"


def _check_identities(record: Object, leaves: Mapping[str, Cluster], deadline: Deadline) -> None:
    """A leaf rebuilt under its old name is another cluster: it has nothing of ours."""
    recorded = {
        entry["clusterID"]: entry.get("uid") or ""
        for entry in (record.get("status") or {}).get("clusters") or ()
    }
    checks = [check_identity(cluster, recorded.get(leaf, "")) for leaf, cluster in leaves.items()]
    together(partial(patiently, check, deadline, first_look=True) for check in checks)
