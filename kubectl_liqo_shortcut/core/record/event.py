"""What the hub tells everybody of a shortcut: an Event for each change of Ready."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import Object, name_of, uid_of
from kubectl_liqo_shortcut.core.record.conditions import Condition, Reason, condition_of

_NAMESPACE = "default"  # where the Events of cluster-scoped objects are
_LONGEST = 1024  # characters of an Event's message, as the API server has it
_FINE = (Reason.CONNECTED, Reason.PROGRESSING, Reason.PENDING, Reason.EXPIRED)


def ready_event(before: Object, after: Object, now: str, suffix: str) -> dict[str, Any] | None:
    """The Event (core/v1) about the record *after*; None if Ready is as it was *before*.

    *now* is an RFC 3339 time; *suffix* makes the Event's name its own.
    """
    ready = condition_of(after, Condition.READY)
    if not ready or _essence(ready) == _essence(condition_of(before, Condition.READY)):
        return None
    name = name_of(after)
    return {
        "apiVersion": r.EVENT.api_version,
        "kind": r.EVENT.kind,
        "metadata": {"name": f"{name}.{suffix}", "namespace": _NAMESPACE},
        "involvedObject": {
            "apiVersion": r.SHORTCUT.api_version,
            "kind": r.SHORTCUT.kind,
            "name": name,
            "uid": uid_of(after),
        },
        "type": "Normal" if ready["reason"] in _FINE else "Warning",
        "reason": ready["reason"],
        "message": f"Ready is {ready['status']}: {ready['message']}"[:_LONGEST],
        "source": {"component": r.FIELD_MANAGER},
        "reportingComponent": r.FIELD_MANAGER,
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }


def _essence(ready: Mapping[str, Any]) -> tuple[Any, Any]:
    return ready.get("status"), ready.get("reason")
