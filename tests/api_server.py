"""A fake cluster as an API server shows it: literal URL paths, verbs, queries, statuses."""

from __future__ import annotations

import copy
import dataclasses
import json
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.kinds import Kind
from kubectl_liqo_shortcut.core.model import Manifest, Object, ObjectRef, uid_of
from kubectl_liqo_shortcut.core.ports import Change, Selection
from kubectl_liqo_shortcut.errors import (
    AlreadyExists,
    ClusterError,
    Conflict,
    Expired,
    Forbidden,
    Gone,
    Transient,
)
from tests.fakes import FakeCluster

_CODES: dict[type[ClusterError], tuple[int, str]] = {
    AlreadyExists: (409, "AlreadyExists"),
    Conflict: (409, "Conflict"),
    Forbidden: (403, "Forbidden"),
    Expired: (410, "Expired"),
    Gone: (404, "NotFound"),
    Transient: (503, "ServiceUnavailable"),
}


@dataclasses.dataclass(frozen=True)
class Asked:
    """A request; *path* is as it was sent, not decoded."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any

    @property
    def segments(self) -> list[str]:
        """Decoded first, then taken apart, as API servers do."""
        return urllib.parse.unquote(self.path).split("/")[1:]


@dataclasses.dataclass(frozen=True)
class Answer:
    body: bytes | Iterable[bytes] = b""
    code: int = 200
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    end: Callable[[], None] = lambda: None  # wakes whoever waits for the next piece of the body


def refusal(code: int, message: str, reason: str = "") -> Answer:
    status = {"kind": "Status", "status": "Failure", "message": message, "reason": reason}
    return Answer(json.dumps({**status, "code": code}).encode(), code)


_BAD_VERSION = refusal(400, "invalid resource version", "BadRequest")


@dataclasses.dataclass(frozen=True)
class _Place:
    """What a path leads to."""

    kind: Kind
    namespace: str
    name: str
    subresource: str


class ApiServer:
    """Answers for a ``FakeCluster``, which the real adapter then sees as a real one."""

    def __init__(self, cluster: FakeCluster) -> None:
        self._cluster = cluster
        self._verbs = {
            "GET": self._get,
            "POST": self._post,
            "PATCH": self._patch,
            "DELETE": self._delete,
        }

    def answer(self, asked: Asked) -> Answer:
        try:
            if asked.segments in (["api"], ["apis"]):
                return _json(self._discovery(asked.segments[0]))
            version = _version(asked.segments)
            if version and len(asked.segments) == (2 if "/" not in version else 3):
                return self._served(version)
            place = self._place(asked.segments)
            if place is None:
                return refusal(404, "the server could not find the requested resource", "NotFound")
            return self._verbs[asked.method](place, asked)
        except ClusterError as error:
            known = [each for kind, each in _CODES.items() if isinstance(error, kind)]
            code, reason = known[0] if known else (422, "Invalid")
            return refusal(code, error.message.partition(": ")[2], reason)

    def _get(self, at: _Place, asked: Asked) -> Answer:
        if at.name:
            found = self._cluster.get(self._ref(at))
            if found is None:
                return refusal(404, f'{at.kind.plural} "{at.name}" not found', "NotFound")
            # with all it holds: to leave out what is private is the adapter's part
            return _json(self._cluster.objects[self._ref(at)])
        labels, field = asked.query.get("labelSelector", ""), asked.query.get("fieldSelector", "")
        what = Selection(at.kind, at.namespace, labels, field.removeprefix("metadata.name="))
        if asked.query.get("watch"):
            since = asked.query.get("resourceVersion") or "0"
            return self._watch(what, since) if since.isdigit() else _BAD_VERSION
        return _json(self._page(what, asked))

    def _page(self, what: Selection, asked: Asked) -> Object:
        found = self._cluster.list(what)
        start, limit = int(asked.query.get("continue") or 0), int(asked.query.get("limit") or 0)
        end = start + limit if limit else len(found.items)
        metadata = {"resourceVersion": found.resource_version}
        if end < len(found.items):
            metadata["continue"] = str(end)
        items = [_without_kind(each) for each in found.items[start:end]]
        return {"kind": f"{what.kind.kind}List", "metadata": metadata, "items": items}

    def _watch(self, what: Selection, since: str) -> Answer:
        watch = self._cluster.watch(what, since)
        return Answer(map(_line, watch), end=watch.close)

    def _post(self, at: _Place, asked: Asked) -> Answer:
        body = asked.body
        if at.kind in (r.SELF_SUBJECT_REVIEW, r.SELF_SUBJECT_ACCESS_REVIEW):
            return _json(self._cluster.ask(body), 201)
        dry_run = asked.query.get("dryRun") == "All"
        return _json(self._cluster.create(Manifest(self._cluster.name, body), dry_run=dry_run), 201)

    def _patch(self, at: _Place, asked: Asked) -> Answer:
        if "apply" in asked.headers.get("content-type", asked.headers.get("Content-Type", "")):
            return _json(self._cluster.apply(Manifest(self._cluster.name, asked.body)))
        dry_run = asked.query.get("dryRun") == "All"
        return _json(
            self._cluster.patch(
                self._ref(at), asked.body, subresource=at.subresource, dry_run=dry_run
            )
        )

    def _delete(self, at: _Place, asked: Asked) -> Answer:
        ref, only = self._ref(at), (asked.body or {}).get("preconditions") or {}
        found = self._cluster.objects.get(ref)
        if found is None:
            return refusal(404, f'{at.kind.plural} "{at.name}" not found', "NotFound")
        self._cluster.delete(ref, only.get("uid", uid_of(found)), only.get("resourceVersion", ""))
        return _json({"kind": "Status", "status": "Success"})

    def _ref(self, at: _Place) -> ObjectRef:
        return ObjectRef(self._cluster.name, at.kind, at.namespace, at.name)

    def _place(self, segments: list[str]) -> _Place | None:
        version = _version(segments)
        rest = segments[2 if "/" not in version else 3 :]
        namespace = rest[1] if len(rest) > 2 and rest[0] == "namespaces" else ""
        if namespace and rest[2:] != ["status"]:
            rest = rest[2:]
        else:
            namespace = ""
        plural, name, subresource = (*rest, "", "")[:3]
        kind = next((each for each in self._kinds() if _is(each, version, plural)), None)
        if kind is None or len(rest) > 3 or (bool(namespace) and not kind.namespaced):
            return None
        return _Place(kind, namespace, name, subresource)

    def _kinds(self) -> Iterator[Kind]:
        yield from (each for each in vars(r).values() if isinstance(each, Kind))
        yield from self._cluster.foreign

    def _served(self, version: str) -> Answer:
        kinds = self._cluster.served(version)
        if not kinds:
            return refusal(404, "the server could not find the requested resource", "NotFound")
        return _json(
            {
                "kind": "APIResourceList",
                "resources": [
                    {"kind": each.kind, "name": each.plural, "namespaced": each.namespaced}
                    for each in kinds
                ],
            }
        )

    def _discovery(self, root: str) -> Object:
        found: dict[str, dict[str, list[Object]]] = {}
        for each in self._cluster.kinds():
            if (each.group != "") == (root == "apis"):
                version = each.api_version.rpartition("/")[2]
                found.setdefault(each.group, {}).setdefault(version, []).append(
                    {
                        "resource": each.plural,
                        "responseKind": {"kind": each.kind},
                        "scope": "Namespaced" if each.namespaced else "Cluster",
                        "verbs": ["list", "get"],
                    }
                )
        groups = [
            {
                "metadata": {"name": group},
                "versions": [
                    {"version": version, "resources": resources}
                    for version, resources in versions.items()
                ],
            }
            for group, versions in found.items()
        ]
        return {"kind": "APIGroupDiscoveryList", "items": groups}


def _json(body: Object, code: int = 200) -> Answer:
    return Answer(json.dumps(body).encode(), code)


def _without_kind(body: Object) -> Object:
    """As items of a list come."""
    shown = copy.copy(dict(body))
    del shown["kind"], shown["apiVersion"]
    return shown


def _version(segments: list[str]) -> str:
    match segments:
        case ["api", version, *_]:
            return version
        case ["apis", group, version, *_]:
            return f"{group}/{version}"
        case _:
            return ""


def _is(kind: Kind, version: str, plural: str) -> bool:
    return (kind.api_version, kind.plural) == (version, plural)


def _line(change: Change) -> bytes:
    kind = "DELETED" if change.gone else "MODIFIED"
    return json.dumps({"type": kind, "object": change.body}).encode() + b"\n"
