"""``get --live``: what the leaves say now, of any number of shortcuts at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from kubectl_liqo_shortcut.core.diagnosis.causes import CauseName
from kubectl_liqo_shortcut.core.diagnosis.chain import Diagnosis, Ready, diagnose
from kubectl_liqo_shortcut.core.diagnosis.observed import ObservedLink
from kubectl_liqo_shortcut.core.link.inventory import objects_of
from kubectl_liqo_shortcut.core.link.shortcut import shown_by
from kubectl_liqo_shortcut.core.model import HUB, Object, name_of
from kubectl_liqo_shortcut.core.ports import OpenCluster
from kubectl_liqo_shortcut.core.record.status import Cause, status_of, with_cause
from kubectl_liqo_shortcut.engine.diagnosis.inspect import Pair, observe_links
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, Future
from kubectl_liqo_shortcut.engine.runtime.store import utc_now
from kubectl_liqo_shortcut.engine.snapshot.hub import snapshot_hub
from kubectl_liqo_shortcut.engine.snapshot.leaves import peers_in, snapshot_leaves


def live_records(
    records: Sequence[Object], open_cluster: OpenCluster, timeout: float
) -> list[Object]:
    """*records*, each with the status that its leaves give it now; the hub keeps its own.

    Each leaf is asked once for each kind, whatever the number of shortcuts.
    """
    if not records:
        return []
    deadline = Deadline(timeout)
    pairs = {name_of(each): Pair(shown_by(each), each) for each in records}
    leaves = peers_in([side.leaf for side in pair.shortcut.sides] for pair in pairs.values())
    looking = Future(partial(snapshot_leaves, leaves, open_cluster, deadline))
    on_hub = snapshot_hub(open_cluster(HUB), deadline)
    seen = looking.result()
    networks = on_hub.networks()
    evidence = observe_links(
        on_hub.id, networks, pairs, seen, open_cluster, deadline, every_key=False
    )
    now = utc_now()
    return [live_record(each, diagnose(each), now) for each in evidence.values()]


def live_record(evidence: ObservedLink, diagnosis: Diagnosis, now: str) -> Object:
    """The record, with the status that the leaves give it at the moment *now* (RFC 3339).

    Where a leaf shows nothing, what was known of it stays, and Ready says why it is not known.
    """
    record = evidence.record or {}
    cause = _cause(diagnosis)
    before = record.get("status") or {}
    if len(evidence.ends) < 2:
        conditions = with_cause(record, cause, now) if cause else before.get("conditions")
        return {**record, "status": {**before, "conditions": conditions}}
    status = status_of(
        record,
        evidence.ends,
        objects_of(record).values(),
        cluster_uids={each.leaf: each.uid for each in evidence.sides},
        now=now,
        cause=cause,
    )
    given = {key: value for key, value in status.items() if value is not None}
    return {**record, "status": given}


_TOLD = (CauseName.LABELS_LOST, CauseName.DRIFTED)
"""What is told though packets pass: the row says what the leaves say now, and not the record."""


def _cause(diagnosis: Diagnosis) -> Cause | None:
    cause = diagnosis.cause
    if cause is None or cause.reason is None:
        return None
    if diagnosis.ready is Ready.TRUE and cause.reason not in _TOLD:
        return None
    return Cause(cause.reason, f"{cause.cluster}: {cause.seen}", ready=diagnosis.ready)
