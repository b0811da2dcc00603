"""The life of a record on the hub: it is there before any leaf is written, and ends after all.

Each function outlives what passes by itself (503, a reset connection, a change in between).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Note
from kubectl_liqo_shortcut.core.link.inventory import Recorded, misfits_of, objects_of, to_entries
from kubectl_liqo_shortcut.core.link.plan import covers
from kubectl_liqo_shortcut.core.model import Manifest, Object, ObjectRef, ref_of, uid_of
from kubectl_liqo_shortcut.core.ports import Cluster
from kubectl_liqo_shortcut.core.record import status as rec
from kubectl_liqo_shortcut.core.record.event import ready_event
from kubectl_liqo_shortcut.core.record.status import Cause
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, retry_transient
from kubectl_liqo_shortcut.engine.runtime.store import utc_now
from kubectl_liqo_shortcut.errors import AlreadyExists, Conflict, Gone, ShortcutError, Transient

_LOOKS = 5  # at a record that others change at the same time


def open_record(
    hub: Cluster, found: Object | None, wanted: Manifest, deadline: Deadline
) -> tuple[Object, bool]:
    """The record with its finalizer; True if this call made it."""
    if found is None:
        return retry_transient(lambda: _make(hub, wanted), deadline), True
    if is_held(found):
        return found, False
    held = [*_finalizers(found), r.FINALIZER]
    return retry_transient(lambda: _set_finalizers(hub, found, held), deadline), False


def is_held(record: Object) -> bool:
    """Whether it has our finalizer, so that it cannot end before its leaves are clean."""
    return r.FINALIZER in _finalizers(record)


def renew_record(hub: Cluster, record: Object, until: str, deadline: Deadline) -> Object:
    """The record, which expires at the moment *until* from now on."""
    body = {"spec": {"expirationTime": until}}
    return retry_transient(lambda: hub.patch(ref_of(hub.name, record), body), deadline)


def present_record(hub: Cluster, record: Object, deadline: Deadline) -> Object | None:
    """*record* as it is now; None if it has ended since."""
    found = retry_transient(lambda: hub.get(ref_of(hub.name, record)), deadline)
    return found if found is not None and uid_of(found) == uid_of(record) else None


def request_deletion(hub: Cluster, record: Object, deadline: Deadline) -> None:
    """Ask for its deletion: from now on a crash is finished by the next delete."""
    retry_transient(lambda: hub.delete(ref_of(hub.name, record), uid_of(record)), deadline)


def end_record(hub: Cluster, record: Object, deadline: Deadline) -> None:
    """Delete a record whose leaves are clean."""
    request_deletion(hub, record, deadline)
    for look in range(1, _LOOKS + 1):
        present = present_record(hub, record, deadline)
        if present is None:
            return
        try:
            rest = [each for each in _finalizers(present) if each != r.FINALIZER]
            _set_finalizers(hub, present, rest)
        except Conflict:
            if look == _LOOKS:
                raise
        else:
            return


def misfit_notes(name: str, record: Object | None) -> Iterator[Note]:
    """What the record names and nobody acts on: somebody wrote nonsense into it, or worse."""
    for each in misfits_of(record):
        yield Note(f"its record names what is no object of this link, left alone: {each}", name)


def note_cause(
    hub: Cluster,
    record: Object,
    cause: Cause,
    deadline: Deadline,
    objects: Iterable[Recorded] | None = None,
) -> None:
    """Say on the record why it stays, and which *objects* are left, if that changed."""
    status: dict[str, object] = {"conditions": rec.with_cause(record, cause, utc_now())}
    if objects is not None:
        status["objects"] = to_entries(objects)
    write_status(hub, record, status, deadline)


def write_status(
    hub: Cluster, record: Object, status: Mapping[str, Any], deadline: Deadline
) -> Object:
    """Merge *status* into the record's; returns the record as it is then."""
    body = {"status": status}
    ref = ref_of(hub.name, record)
    written = retry_transient(partial(_patch_whichever, hub, ref, body), deadline)
    _announce(hub, record, written)
    return written


def refresh_status(
    hub: Cluster, record: Object, status: Mapping[str, Any], deadline: Deadline
) -> Object | None:
    """The same for who holds no Lease: what was seen, without whose the objects are.

    None if anybody has changed the record since it was read: then nothing is written.
    """
    seen = {key: value for key, value in status.items() if key != "objects"}
    version = record["metadata"].get("resourceVersion")
    body = {"metadata": {"resourceVersion": version}, "status": seen}
    ref = ref_of(hub.name, record)
    try:
        written = retry_transient(partial(_patch, hub, ref, body), deadline)
    except (Conflict, Gone):
        return None
    _announce(hub, record, written)
    return written


def _announce(hub: Cluster, before: Object, written: Object) -> None:
    event = ready_event(before, written, utc_now(), f"{time.time_ns():x}")
    if event is not None:
        with contextlib.suppress(ShortcutError):  # a courtesy: nothing depends on it
            hub.create(Manifest(hub.name, event))


def _make(hub: Cluster, wanted: Manifest) -> Object:
    try:
        return hub.create(wanted)
    except AlreadyExists:
        # The answer to our own request may have been lost: then the record is as we wanted it,
        # and nobody has begun to work on it.
        found = hub.get(wanted.ref)
        if found is None or objects_of(found) or not covers(found["spec"], wanted.body["spec"]):
            raise
        return found


def _set_finalizers(hub: Cluster, record: Object, finalizers: list[str]) -> Object:
    metadata = {
        "resourceVersion": record["metadata"]["resourceVersion"],  # others may hold it too
        "finalizers": finalizers,
    }
    return hub.patch(ref_of(hub.name, record), {"metadata": metadata})


def _finalizers(record: Object) -> list[str]:
    return list(record["metadata"].get("finalizers") or ())


def _patch(hub: Cluster, ref: ObjectRef, body: Object) -> Object:
    return hub.patch(ref, body, subresource="status")


def _patch_whichever(hub: Cluster, ref: ObjectRef, body: Object) -> Object:
    """Bound to no version: a conflict means that the hub is busy with others' writes."""
    try:
        return _patch(hub, ref, body)
    except Conflict as error:
        raise Transient(hub.name, "others write the record at the same time") from error
