"""Writing a record's status, and an Event where that changes Ready."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from kubectl_liqo_shortcut.core.announcement import ready_event
from kubectl_liqo_shortcut.core.model import Manifest, Object, ObjectRef, ref_of
from kubectl_liqo_shortcut.core.ports import Cluster
from kubectl_liqo_shortcut.engine.parallel import Deadline, retry_transient
from kubectl_liqo_shortcut.engine.world import utc_now
from kubectl_liqo_shortcut.errors import Conflict, ShortcutError, Transient


def write_status(
    hub: Cluster, record: Object, status: Mapping[str, Any], deadline: Deadline
) -> Object:
    """Merge *status* into the record's; returns the record as it is then."""
    body = {"status": status}
    ref = ref_of(hub.name, record)
    written = retry_transient(partial(_patch, hub, ref, body), deadline)
    event = ready_event(record, written, utc_now(), f"{time.time_ns():x}")
    if event is not None:
        with contextlib.suppress(ShortcutError):  # a courtesy: nothing depends on it
            hub.create(Manifest(hub.name, event))
    return written


def _patch(hub: Cluster, ref: ObjectRef, body: Object) -> Object:
    """Bound to no version: a conflict means that the hub is busy with others' writes."""
    try:
        return hub.patch(ref, body, subresource="status")
    except Conflict as error:
        raise Transient(hub.name, "others write the record at the same time") from error
