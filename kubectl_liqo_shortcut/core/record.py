"""What the hub keeps of a shortcut: the record's status, from what is observed."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from kubectl_liqo_shortcut.core import fields
from kubectl_liqo_shortcut.core.health import Health, health
from kubectl_liqo_shortcut.core.leaf import leaf_status_entry, routes_of
from kubectl_liqo_shortcut.core.model import GatewayRole, Object, ObjectRef
from kubectl_liqo_shortcut.core.observe import End, end_of
from kubectl_liqo_shortcut.core.reasons import Condition, Reason, Word
from kubectl_liqo_shortcut.core.resources import LINK_KINDS, kind_of
from kubectl_liqo_shortcut.core.shortcut import pair_of
from kubectl_liqo_shortcut.core.status import Readiness, Status, endpoint_of, latency_of
from kubectl_liqo_shortcut.errors import Invalid, clipped


class Ownership(enum.StrEnum):
    """Whose a link object is; only the first two are ever deleted."""

    CREATED = "Created"
    ADOPTED = "Adopted"
    REUSED = "Reused"


@dataclasses.dataclass(frozen=True, slots=True)
class Recorded:
    """An entry of ``status.objects``; without *uid*, its creation was only intended."""

    ref: ObjectRef
    uid: str
    ownership: Ownership


def objects_of(record: Object | None) -> dict[ObjectRef, Recorded]:
    """The link objects that a record names; what can be none is left out (``misfits_of``)."""
    return {each.ref: each for each in _entries_of(record) if isinstance(each, Recorded)}


def misfits_of(record: Object | None) -> list[str]:
    """What a record names that is no object of its link, in words: nobody acts on it."""
    return [each for each in _entries_of(record) if isinstance(each, str)]


def _entries_of(record: Object | None) -> Iterator[Recorded | str]:
    entries = ((record or {}).get("status") or {}).get("objects") or ()
    if record is None or not entries:
        return
    pair = pair_of(record)
    peers = {str(side.leaf): str(side.peer) for side in pair.sides}
    for number, entry in enumerate(entries):
        at = f"status.objects[{number}]"
        try:
            yield _parse(fields.mapping(entry, at), peers, at)
        except Invalid as error:
            yield error.message


def _parse(entry: Object, peers: Mapping[str, str], at: str) -> Recorded:
    """An entry is input: whoever writes it must not steer a request elsewhere."""
    cluster = fields.choice(entry.get("clusterID"), f"{at}.clusterID", tuple(peers))
    what = (str(entry.get("apiVersion")), str(entry.get("kind")))
    kind = kind_of(*what)
    if kind not in LINK_KINDS:
        raise Invalid(f"{at}: {' '.join(what)[:100]!r} is no kind of a link")
    namespace = fields.label(entry.get("namespace"), f"{at}.namespace") if kind.namespaced else ""
    if kind.namespaced:
        name = fields.choice(entry.get("name"), f"{at}.name", (peers[cluster],))
    else:
        name = fields.label(entry.get("name"), f"{at}.name")
    uid = entry.get("uid") or ""
    try:
        ownership = Ownership(str(entry.get("ownership")))
    except ValueError:  # a later version's word: whatever it means, it is not ours to delete
        ownership = Ownership.REUSED
    ref = ObjectRef(cluster, kind, namespace, name)
    return Recorded(ref, fields.text(uid, f"{at}.uid", longest=64) if uid else "", ownership)


def to_entries(objects: Iterable[Recorded]) -> list[dict[str, str]]:
    return [
        {
            "clusterID": each.ref.cluster,
            "apiVersion": each.ref.kind.api_version,
            "kind": each.ref.kind.kind,
            "namespace": each.ref.namespace,
            "name": each.ref.name,
            "uid": each.uid,
            "ownership": each.ownership.value,
        }
        for each in objects
    ]


def is_ready(record: Object | None) -> bool:
    return condition_of(record, Condition.READY).get("status") == "True"


def condition_of(record: Object | None, kind: str) -> Object:
    """A condition of a record; empty if it has none of that type."""
    conditions = ((record or {}).get("status") or {}).get("conditions") or ()
    return next((each for each in conditions if each.get("type") == kind), {})


_OF_THE_WHOLE = (Condition.READY, Condition.RECONCILING, Condition.STALLED)


@dataclasses.dataclass(frozen=True, slots=True)
class Cause:
    """Why a shortcut is not, or not yet, ready, where that is not to be seen from the leaves."""

    reason: Word
    message: str
    stalled: bool = False
    ready: str = "False"  # or "Unknown", where nobody can tell


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
    ready = state.ready and cause is None
    first_ready = (record.get("status") or {}).get("firstReadyTime") or (now if ready else None)
    server, client = (end_of(role, ends) for role in (GatewayRole.SERVER, GatewayRole.CLIENT))
    endpoint = endpoint_of(server.gateway) if server.gateway else None
    return {
        "observedGeneration": record["metadata"].get("generation", 1),
        "lastObservedTime": now,
        "firstReadyTime": first_ready,
        "conditions": list(_conditions(record, state, cause, now)),
        "endpoint": dataclasses.asdict(endpoint) if endpoint else None,
        "latency": latency_of(client.connection),
        "clusters": [leaf_status_entry(end, cluster_uids, now) for end in ends],
        "routes": [route for end in ends for route in routes_of(end)],
        "objects": to_entries(objects),
    }


def with_cause(record: Object, cause: Cause, now: str) -> list[dict[str, Any]]:
    """The record's conditions, Ready being what *cause* says, where no leaf has been looked at."""
    old = (record.get("status") or {}).get("conditions") or ()
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
