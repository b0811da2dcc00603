"""What the hub keeps of a shortcut: the record's status, from what is observed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from kubectl_liqo_shortcut.core.link.health import Health, health
from kubectl_liqo_shortcut.core.link.inventory import Recorded, to_entries
from kubectl_liqo_shortcut.core.link.observe import End, end_of, served_endpoint
from kubectl_liqo_shortcut.core.model import GatewayRole, Object, dig, name_of
from kubectl_liqo_shortcut.core.readiness import Readiness, Status, latency_of, newest_latency
from kubectl_liqo_shortcut.core.record.conditions import Condition, Reason, Word, condition_of
from kubectl_liqo_shortcut.core.record.routes import routes_of
from kubectl_liqo_shortcut.errors import clipped

_LARGEST_MTU = 65535  # as the CRD has it
_OF_THE_WHOLE = (Condition.READY, Condition.RECONCILING, Condition.STALLED)


@dataclasses.dataclass(frozen=True, slots=True)
class Cause:
    """Why a shortcut is not, or not yet, ready, where that is not to be seen from the leaves."""

    reason: Word
    message: str
    stalled: bool = False
    ready: str = "False"  # "Unknown" where nobody can tell, "True" where packets pass all the same


def status_of(
    record: Object,
    ends: Iterable[End],
    objects: Iterable[Recorded],
    *,
    cluster_uids: Mapping[str, str],
    now: str,
    cause: Cause | None = None,
) -> dict[str, Any]:
    """The whole status; a field without a value is None, so that a merge patch removes it.

    *now* is an RFC 3339 time; *cluster_uids* are the UIDs of the leaves' kube-system namespaces.
    """
    ends = list(ends)
    state = health(ends)
    ready = state.ready and (cause is None or cause.ready == "True")
    first_ready = dig(record, "status", "firstReadyTime") or (now if ready else None)
    server, client = (end_of(role, ends) for role in (GatewayRole.SERVER, GatewayRole.CLIENT))
    endpoint = served_endpoint(server, client)
    return {
        "observedGeneration": record["metadata"].get("generation", 1),
        "lastObservedTime": now,
        "firstReadyTime": first_ready,
        "conditions": list(_conditions(record, state, cause, now)),
        "endpoint": dataclasses.asdict(endpoint) if endpoint else None,
        "latency": newest_latency((client.connection, server.connection)),
        "mtu": _mtu(ends),
        "clusters": [leaf_status_entry(end, cluster_uids, now) for end in ends],
        "routes": [route for end in ends for route in routes_of(end)],
        "objects": to_entries(objects),
    }


def _mtu(ends: Iterable[End]) -> int | None:
    """Of the link as it is: what the smaller one of its gateways lets through."""
    given = [dig(end.gateway, "spec", "mtu") for end in ends]
    known = [each for each in given if isinstance(each, int) and 0 < each <= _LARGEST_MTU]
    return min(known, default=None)


def with_cause(record: Object, cause: Cause, now: str) -> list[dict[str, Any]]:
    """The record's conditions, Ready being what *cause* says, where no leaf has been looked at."""
    old = dig(record, "status", "conditions") or ()
    others = [dict(each) for each in old if each["type"] not in _OF_THE_WHOLE]
    news = [_condition(record, Condition.READY, cause.ready, cause.reason, cause.message, now)]
    if cause.stalled:
        news.append(_condition(record, Condition.STALLED, "True", cause.reason, cause.message, now))
    return [*news, *others]


def _condition(
    record: Object, kind: Condition, status: str, reason: Word, message: str, now: str
) -> dict[str, Any]:
    before = condition_of(record, kind)
    return {
        "type": kind.value,
        "status": status,
        "reason": reason.value,
        "message": clipped(message),
        "observedGeneration": record["metadata"].get("generation", 1),
        "lastTransitionTime": (
            before["lastTransitionTime"] if before.get("status") == status else now
        ),
    }


def _conditions(
    record: Object, state: Health, cause: Cause | None, now: str
) -> Iterator[dict[str, Any]]:
    condition = partial(_condition, record, now=now)

    def stage(kind: Condition, leaves: Mapping[str, Readiness], done: Reason) -> dict[str, Any]:
        failed = any(each.status is Status.FAILED for each in leaves.values())
        reason = done if all(leaves.values()) else Reason.ERROR if failed else Reason.PROGRESSING
        said = "; ".join(f"{leaf}: {each.message}" for leaf, each in leaves.items())
        return condition(kind, str(all(leaves.values())), reason, said)

    waits = next(state.waits(), "starting")
    if cause is not None:
        yield condition(Condition.READY, cause.ready, cause.reason, cause.message)
    elif state.ready:
        yield condition(Condition.READY, "True", Reason.CONNECTED, "both leaves report Connected")
    else:
        yield condition(Condition.READY, "False", Reason.PROGRESSING, waits)
    yield stage(Condition.NETWORKS_CONFIGURED, state.networks, Reason.CONFIGURED)
    yield stage(Condition.GATEWAYS_READY, state.gateways, Reason.ACCEPTED)
    yield stage(Condition.CONNECTED, state.tunnel, Reason.CONNECTED)
    if cause is not None and cause.stalled:
        yield condition(Condition.STALLED, "True", cause.reason, cause.message)
    elif not state.ready:
        yield condition(Condition.RECONCILING, "True", Reason.PROGRESSING, waits)


def leaf_status_entry(end: End, uids: Mapping[str, str], now: str) -> dict[str, Any]:
    """An entry of ``status.clusters``."""
    said = dig(end.connection, "status", "value")
    known = said if said in ("Connected", "Connecting", "Error") else "Unknown"
    entry = {
        "clusterID": end.side.leaf,
        "uid": uids.get(end.side.leaf),
        "tenantNamespace": name_of(end.namespace) if end.namespace else None,
        "connection": known,
        "latency": latency_of(end.connection),
        "lastReachedTime": now,
    }
    return {key: value for key, value in entry.items() if value is not None}
