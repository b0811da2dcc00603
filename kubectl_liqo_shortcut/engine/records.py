"""The life of a record on the hub: it is there before any leaf is written, and ends after all."""

from __future__ import annotations

from kubectl_liqo_shortcut.core import record as rec
from kubectl_liqo_shortcut.core import resources as r
from kubectl_liqo_shortcut.core.model import Manifest, Object, ref_of, uid_of
from kubectl_liqo_shortcut.core.ports import Cluster
from kubectl_liqo_shortcut.core.record import Cause
from kubectl_liqo_shortcut.engine.world import utc_now


def open_record(hub: Cluster, found: Object | None, wanted: Manifest) -> tuple[Object, bool]:
    """The record with its finalizer; True if this call made it."""
    if found is None:
        return hub.create(wanted), True
    held = _finalizers(found)
    return (found if r.FINALIZER in held else _hold(hub, found, [*held, r.FINALIZER])), False


def mark_record(hub: Cluster, record: Object) -> None:
    """Ask for its deletion: from now on a crash is finished by the next delete."""
    hub.delete(ref_of(hub.name, record), uid_of(record))


def end_record(hub: Cluster, record: Object) -> None:
    """Delete a record whose leaves are clean."""
    mark_record(hub, record)
    present = hub.get(ref_of(hub.name, record))
    if present is None or uid_of(present) != uid_of(record):
        return
    rest = [each for each in _finalizers(present) if each != r.FINALIZER]
    _hold(hub, present, rest)


def note_cause(hub: Cluster, record: Object, cause: Cause, *, reused: bool = False) -> None:
    """Say on the record why it stays; with *reused*, that nothing of it is ours any more."""
    status: dict[str, object] = {"conditions": rec.with_cause(record, cause, utc_now())}
    if reused:
        entries = rec.objects_of(record).values()
        status["objects"] = rec.to_entries(
            rec.Recorded(each.ref, each.uid, rec.Ownership.REUSED) for each in entries
        )
    hub.patch(ref_of(hub.name, record), {"status": status}, subresource="status")


def _hold(hub: Cluster, record: Object, finalizers: list[str]) -> Object:
    metadata = {
        "resourceVersion": record["metadata"]["resourceVersion"],  # others may hold it too
        "finalizers": finalizers,
    }
    return hub.patch(ref_of(hub.name, record), {"metadata": metadata})


def _finalizers(record: Object) -> list[str]:
    return list(record["metadata"].get("finalizers") or ())
