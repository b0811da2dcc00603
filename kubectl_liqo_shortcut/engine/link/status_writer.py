"""The record on the hub while a command works: what is intended, what was made, how it stands."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from kubectl_liqo_shortcut.core.link.inventory import Ownership, Recorded, objects_of
from kubectl_liqo_shortcut.core.link.ownership import was_ours
from kubectl_liqo_shortcut.core.model import Object, ObjectRef, ref_of, uid_of
from kubectl_liqo_shortcut.core.ports import Cluster
from kubectl_liqo_shortcut.engine.link.records import write_status
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline
from kubectl_liqo_shortcut.errors import ShortcutError

_AS_OF = ("lastObservedTime",)
_PATIENCE = 30.0  # seconds for a hub that answers 503
_PACE = 0.3  # seconds between two writes that nobody waits for


class StatusWriter:
    """Writes a record's status: at once where safety needs it, else from a thread of its own.

    Only the latest status counts, so a slow hub delays no step on a leaf, and a busy link does not
    keep the hub busy.
    """

    def __init__(self, hub: Cluster, record: Object) -> None:
        self.record = record
        self.objects = objects_of(record)
        self._hub = hub
        self._condition = threading.Condition()
        self._waiting: Mapping[str, Any] | None = None
        self._current: Mapping[str, Any] | None = None  # being written
        self._writing = False
        self._urgent = False
        self._written: Mapping[str, Any] = {}
        self._error: Exception | None = None

    def begin(self, record: Object) -> None:
        """From here on *record* is what the hub has."""
        self.record = record

    def intend(self, refs: Iterable[ObjectRef]) -> bool:
        """Note that *refs*, which are not there, will be created; True if that has to be written.

        Whatever the record said of an object that is gone says nothing of the one to come.
        """
        wanted = {ref: Recorded(ref, "", Ownership.CREATED) for ref in refs}
        news = any(self.objects.get(ref) != entry for ref, entry in wanted.items())
        self.objects |= wanted
        return news

    def settle(self, cluster: str, body: Object, ownership: Ownership) -> bool:
        """Note whose *body* is; True if that was not known.

        The very object that is on record as ours stays so, though it lost its labels: it is not
        touched any more, but a record that forgot it would end while it is there.
        """
        entry = self._entry(cluster, body, ownership)
        before = self.objects.get(entry.ref)
        self.objects[entry.ref] = entry
        return before != entry

    def knows(self, cluster: str, body: Object, ownership: Ownership) -> bool:
        """Whether the record says whose *body* is, and ``settle`` would find no news."""
        entry = self._entry(cluster, body, ownership)
        return self.objects.get(entry.ref) == entry

    def _entry(self, cluster: str, body: Object, ownership: Ownership) -> Recorded:
        entry = Recorded(ref_of(cluster, body), uid_of(body), ownership)
        before = self.objects.get(entry.ref)
        if before is None or before.uid != entry.uid:
            return entry
        is_lost = ownership is Ownership.REUSED and was_ours(body)
        return before if is_lost or before.ownership is Ownership.ADOPTED else entry

    def calls_ours(self, ref: ObjectRef) -> bool:
        """Whether *ref* is on record as made or adopted."""
        entry = self.objects.get(ref)
        return entry is not None and entry.ownership is not Ownership.REUSED

    def write(self, status: Mapping[str, Any]) -> None:
        """Write *status* before going on."""
        self.offer(status)
        self.flush()

    def offer(self, status: Mapping[str, Any]) -> None:
        """Write *status* soon, unless it says nothing new or a later one comes first."""
        with self._condition:
            latest = self._waiting or self._current or self._written
            if _without_time(status) == _without_time(latest):
                return
            self._waiting = status
            if not self._writing:
                self._writing = True
                threading.Thread(target=self._write, daemon=True).start()

    def flush(self) -> None:
        """Wait until what was offered is written; raises what kept it from being."""
        with self._condition:
            self._urgent = True
            self._condition.notify_all()
            self._condition.wait_for(lambda: not self._writing)
            self._urgent = False
            error, self._error = self._error, None
        if error is not None:
            raise error

    def quiet(self) -> None:
        """Wait until nothing is being written, whatever became of it."""
        with contextlib.suppress(ShortcutError):
            self.flush()

    def _write(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._urgent, timeout=_PACE)
                self._current, self._waiting = self._waiting, None
                status = self._current
                if status is None:
                    self._writing = False
                    self._condition.notify_all()
                    return
            try:
                record = write_status(self._hub, self.record, status, Deadline(_PATIENCE))
                with self._condition:
                    self._written, self.record, self._error = status, record, None
            except Exception as error:  # noqa: BLE001 - raised again by flush()
                with self._condition:
                    self._error = error


def _without_time(status: Mapping[str, Any]) -> dict[str, Any]:
    plain = {key: value for key, value in status.items() if key not in _AS_OF}
    if "clusters" in plain:
        plain["clusters"] = [
            {key: value for key, value in each.items() if key != "lastReachedTime"}
            for each in plain["clusters"]
        ]
    return plain
