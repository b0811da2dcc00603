"""A record as it would be if it were written now: what ``get --live`` shows."""

from __future__ import annotations

from kubectl_liqo_shortcut.core.diagnosis import Diagnosis, Ready
from kubectl_liqo_shortcut.core.evidence import ObservedLink
from kubectl_liqo_shortcut.core.model import Object
from kubectl_liqo_shortcut.core.record import Cause, objects_of, status_of, with_cause


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


def _cause(diagnosis: Diagnosis) -> Cause | None:
    cause = diagnosis.cause
    if cause is None or cause.reason is None or diagnosis.ready is Ready.TRUE:
        return None
    return Cause(cause.reason, f"{cause.cluster}: {cause.seen}", ready=diagnosis.ready)
