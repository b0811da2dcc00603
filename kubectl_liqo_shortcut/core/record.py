"""What the hub keeps of a shortcut: the record's status, from what is observed."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kubectl_liqo_shortcut.core.facts import Endpoint
from kubectl_liqo_shortcut.core.model import Object, ObjectRef, Role
from kubectl_liqo_shortcut.core.observe import End
from kubectl_liqo_shortcut.core.resources import kind_of
from kubectl_liqo_shortcut.core.status import (
    Readiness,
    Status,
    endpoint_of,
    parse_endpoint,
    readiness,
)


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
    """The link objects that a record names."""
    entries = ((record or {}).get("status") or {}).get("objects") or ()
    return {each.ref: each for each in map(_parse, entries) if each is not None}


def _parse(entry: Object) -> Recorded | None:
    kind = kind_of(entry["apiVersion"], entry["kind"])
    if kind is None:
        return None  # written by a later version of this program
    ref = ObjectRef(entry["clusterID"], kind, entry.get("namespace") or "", entry["name"])
    return Recorded(ref, entry.get("uid") or "", Ownership(entry["ownership"]))


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
    return condition_of(record, "Ready").get("status") == "True"


def condition_of(record: Object | None, kind: str) -> Object:
    """A condition of a record; empty if it has none of that type."""
    conditions = ((record or {}).get("status") or {}).get("conditions") or ()
    return next((each for each in conditions if each.get("type") == kind), {})


@dataclasses.dataclass(frozen=True, slots=True)
class Cause:
    """Why a shortcut is not, or not yet, ready, where that is not to be seen from the leaves."""

    reason: str
    message: str
    stalled: bool = False
    ready: str = "False"  # or "Unknown", where nobody can tell


@dataclasses.dataclass(frozen=True, slots=True)
class Health:
    """The three stages of a link, each of both ends."""

    networks: Mapping[str, Readiness]
    gateways: Mapping[str, Readiness]
    tunnel: Mapping[str, Readiness]
    dialled: Endpoint | None  # by the client's gateway

    @property
    def ready(self) -> bool:
        return all(each for stage in (self.networks, self.tunnel) for each in stage.values())

    def waits(self) -> Iterator[str]:
        """What is still waited for, first causes first, in words."""
        for what, stage in (
            ("Configuration", self.networks),
            ("gateway", self.gateways),
            ("Connection", self.tunnel),
        ):
            for leaf, now in stage.items():
                if not now:
                    by = f" ({self.dialled})" if stage is self.tunnel and self.dialled else ""
                    yield f"{leaf}: {what}: {now.message}{by}"


def health(ends: Iterable[End]) -> Health:
    ends = list(ends)
    dialled = next((end.gateway for end in ends if end.side.role is Role.CLIENT), None)
    return Health(
        {end.side.leaf: readiness(end.configuration) for end in ends},
        {end.side.leaf: readiness(end.gateway) for end in ends},
        {end.side.leaf: readiness(end.connection) for end in ends},
        parse_endpoint(((dialled or {}).get("spec") or {}).get("endpoint")),
    )


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
    conditions = list(_conditions(record, state, cause, now))
    ready = state.ready and cause is None
    first_ready = (record.get("status") or {}).get("firstReadyTime") or (now if ready else None)
    server = next(end for end in ends if end.side.role is Role.SERVER)
    client = next(end for end in ends if end.side.role is Role.CLIENT)
    endpoint = endpoint_of(server.gateway) if server.gateway else None
    return {
        "observedGeneration": record["metadata"].get("generation", 1),
        "lastObservedTime": now,
        "firstReadyTime": first_ready,
        "conditions": conditions,
        "endpoint": dataclasses.asdict(endpoint) if endpoint else None,
        "latency": _latency(client.connection),
        "clusters": [_cluster(end, cluster_uids, now) for end in ends],
        "routes": [route for end in ends for route in _routes(end)],
        "objects": to_entries(objects),
    }


def with_cause(record: Object, cause: Cause, now: str) -> list[dict[str, Any]]:
    """The record's conditions, Ready being what *cause* says, where no leaf has been looked at."""
    old = (record.get("status") or {}).get("conditions") or ()
    others = [dict(each) for each in old if each["type"] not in ("Ready", "Reconciling", "Stalled")]
    news = [_condition(record, "Ready", cause.ready, cause.reason, cause.message, now)]
    if cause.stalled:
        news.append(_condition(record, "Stalled", "True", cause.reason, cause.message, now))
    return [*news, *others]


def _condition(
    record: Object, kind: str, status: str, reason: str, message: str, now: str
) -> dict[str, Any]:
    before = condition_of(record, kind)
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "observedGeneration": record["metadata"].get("generation", 1),
        "lastTransitionTime": (
            before["lastTransitionTime"] if before.get("status") == status else now
        ),
    }


def _conditions(
    record: Object, state: Health, cause: Cause | None, now: str
) -> Iterator[dict[str, Any]]:
    def condition(kind: str, status: str, reason: str, message: str) -> dict[str, Any]:
        return _condition(record, kind, status, reason, message, now)

    def stage(kind: str, leaves: Mapping[str, Readiness], done: str) -> dict[str, Any]:
        failed = any(each.status is Status.FAILED for each in leaves.values())
        reason = done if all(leaves.values()) else "Error" if failed else "Progressing"
        said = "; ".join(f"{leaf}: {each.message}" for leaf, each in leaves.items())
        return condition(kind, str(all(leaves.values())), reason, said)

    if cause is not None:
        yield condition("Ready", cause.ready, cause.reason, cause.message)
    elif state.ready:
        yield condition("Ready", "True", "Connected", "both leaves report Connected")
    else:
        yield condition("Ready", "False", "Progressing", next(state.waits(), "starting"))
    yield stage("NetworksConfigured", state.networks, "Configured")
    yield stage("GatewaysReady", state.gateways, "Accepted")
    yield stage("Connected", state.tunnel, "Connected")
    if cause is not None and cause.stalled:
        yield condition("Stalled", "True", cause.reason, cause.message)
    elif not state.ready:
        yield condition("Reconciling", "True", "Progressing", next(state.waits(), "starting"))


def _latency(connection: Object | None) -> str | None:
    latency = ((connection or {}).get("status") or {}).get("latency") or {}
    value = latency.get("value")
    return str(value)[:32] if value and value != "N/A" else None


def _cluster(end: End, uids: Mapping[str, str], now: str) -> dict[str, Any]:
    said = ((end.connection or {}).get("status") or {}).get("value")
    known = said if said in ("Connected", "Connecting", "Error") else "Unknown"
    entry = {
        "clusterID": end.side.leaf,
        "uid": uids.get(end.side.leaf),
        "tenantNamespace": end.namespace["metadata"]["name"] if end.namespace else None,
        "connection": known,
        "latency": _latency(end.connection),
        "lastReachedTime": now,
    }
    return {key: value for key, value in entry.items() if value is not None}


def _routes(end: End) -> Iterator[dict[str, str]]:
    """Who reaches whom under which prefix: Liqo may have remapped the peer's CIDRs."""
    configuration = end.configuration or {}
    wanted = ((configuration.get("spec") or {}).get("remote") or {}).get("cidr") or {}
    seen = ((configuration.get("status") or {}).get("remote") or {}).get("cidr") or {}
    for kind in ("pod", "external"):
        reachable = list(seen.get(kind) or ())
        for number, cidr in enumerate(wanted.get(kind) or ()):
            route = {
                "from": end.side.leaf,
                "to": end.side.peer,
                "type": kind.capitalize(),
                "cidr": str(cidr),
            }
            if number < len(reachable):
                route["reachableAs"] = str(reachable[number])
            yield route
