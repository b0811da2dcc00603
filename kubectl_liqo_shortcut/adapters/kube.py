"""Kubernetes clusters through the official client.

Only ``adapters`` import ``kubernetes``: its exceptions stop here, and so does its import time,
which ``--help`` need not pay. Requests are sent without typed models: every object here is a plain
mapping.
"""

from __future__ import annotations

import contextlib
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any, Protocol, Self

import urllib3

from kubectl_liqo_shortcut.adapters import decode, others, wire
from kubectl_liqo_shortcut.adapters.client import ApiException
from kubectl_liqo_shortcut.adapters.wire import RequestLimits, Unreadable
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core import patience
from kubectl_liqo_shortcut.core.link.field_managers import renamed
from kubectl_liqo_shortcut.core.model import HUB, Manifest, Object, ObjectRef
from kubectl_liqo_shortcut.core.ports import Change, Listing, Selection, Watch
from kubectl_liqo_shortcut.errors import (
    AlreadyExists,
    ClusterError,
    Conflict,
    Expired,
    Forbidden,
    Gone,
    Nonsense,
    Transient,
    Unreachable,
    clipped,
)

_PASSING = (429, 500, 502, 503, 504)
_STORED = "no use can be made of it by the identity that the hub has stored for it"
_PAGE = 500  # objects of a list at once, as kubectl
_LONGEST_PAUSE = 60.0  # seconds that a server may ask for
_JSON, _MERGE, _APPLY = (
    "application/json",
    "application/merge-patch+json",
    "application/apply-patch+yaml",
)
_DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
"""Everything an API server serves, in two answers (Kubernetes 1.30 and later)."""


class Connection(Protocol):
    """The way to one API server, with somebody's credentials."""

    @property
    def host(self) -> str:
        """Its URL as it may be shown: no password, no slash at the end."""

    def answer(
        self,
        method: str,
        target: str,  # path and query
        headers: Mapping[str, str],
        body: Any,
        limits: RequestLimits,
        ending: wire.Ending | None = None,  # of a watch, whose body is still to come
    ) -> wire.Answer: ...


class KubeCluster:
    """A ``Cluster`` reached by one connection, which many threads may use."""

    def __init__(
        self,
        name: str,
        connection: Connection,
        liqo_namespace: str = "",
        *,
        limits: RequestLimits = RequestLimits(),  # noqa: B008 - immutable
        stored: bool = False,
    ) -> None:
        self._name = name
        self._connection = connection
        self._limits = limits
        self._stored = stored
        self._liqo_namespace = liqo_namespace or r.LIQO_NAMESPACE

    @property
    def name(self) -> str:
        return self._name

    @property
    def host(self) -> str:
        return urllib.parse.urlsplit(self._connection.host).hostname or ""

    @property
    def liqo_namespace(self) -> str:
        return self._liqo_namespace

    def secret(self, namespace: str, name: str) -> Mapping[str, str] | None:
        """All that a Secret holds, None if it is not there: for what is to be used, not shown."""
        with self._errors():
            try:
                answer = self._call("GET", r.SECRET.path(namespace, name), {})
            except Gone:
                return None
            decode.an_object(r.SECRET, answer, namespace, name)
            return answer.get("data") or {}

    def get(self, ref: ObjectRef) -> Object | None:
        try:
            return self._object("GET", ref)
        except Gone:
            return None

    def list(self, what: Selection) -> Listing:
        try:
            return self._list(what)
        except Expired:  # it changed so much in between that the pages no longer fit
            return self._list(what)

    def _list(self, what: Selection) -> Listing:
        found: list[Object] = []
        size, version, rest = 0, "", ""
        for _ in range(self._limits.pages):
            query = {**_query(what), "limit": str(_PAGE)} | ({"continue": rest} if rest else {})
            with self._errors():
                body = self._send("GET", what.kind.path(what.namespace), query).body
                items, metadata = decode.items(decode.decode_mapping(body))
                found += [_item(what, each) for each in items]
            size += len(body)
            version = version or str(metadata.get("resourceVersion") or "")
            rest = metadata.get("continue") or ""
            if not rest:
                return Listing(tuple(found), version)
            if patience.left() == 0.0:
                raise Unreachable(self._name, f"its list of {what.kind.plural} takes too long")
            if size > self._limits.listing:
                break
        raise Nonsense(self._name, f"its list of {what.kind.plural} has no end")

    def watch(self, what: Selection, since: str) -> Watch:
        ending = wire.Ending()
        return _Watch(self._changes(what, since, ending), ending)

    def _changes(self, what: Selection, since: str, ending: wire.Ending) -> Iterator[Change]:
        query = {
            **_query(what),
            "watch": "true",
            "resourceVersion": since,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(self._limits.watch),
        }
        with self._errors():
            path = what.kind.path(what.namespace)
            answer = self._send("GET", path, query, ending=ending)
            for line in wire.lines(answer, self._limits.line):
                yield from self._change(what, decode.decode_mapping(line))

    def _change(self, what: Selection, event: Mapping[str, Any]) -> Iterator[Change]:
        kind, body = event.get("type"), event.get("object")
        if kind in ("ADDED", "MODIFIED", "DELETED"):
            yield Change(_item(what, body), gone=kind == "DELETED")
        elif kind == "ERROR":
            status = body if isinstance(body, dict) else {}
            raise self._refusal(status.get("code", 500), status)
        # else a BOOKMARK

    def create(self, manifest: Manifest, *, dry_run: bool = False) -> Object:
        ref = manifest.ref
        query = {"fieldManager": r.FIELD_MANAGER} | ({"dryRun": "All"} if dry_run else {})
        return self._object("POST", ref, query, manifest.body, kept=not dry_run)

    def ask(self, review: Object) -> Object:
        return self._object("POST", Manifest(self._name, review).ref, {}, review)

    def apply(self, manifest: Manifest) -> Object:
        ref = manifest.ref
        query = {"fieldManager": r.FIELD_MANAGER, "force": "false"}
        self._rename_manager(ref, self.get(ref))  # else it would conflict with what v0.1.0 applied
        return self._object("PATCH", ref, query, manifest.body, _APPLY)

    def patch(
        self, ref: ObjectRef, body: Object, *, subresource: str = "", dry_run: bool = False
    ) -> Object:
        query = {"fieldManager": r.FIELD_MANAGER} | ({"dryRun": "All"} if dry_run else {})
        patched = self._object("PATCH", ref, query, body, _MERGE, subresource=subresource)
        return patched if dry_run else self._rename_manager(ref, patched) or patched

    def _rename_manager(self, ref: ObjectRef, observed: Object | None) -> Object | None:
        """The object with our present name in its managedFields; None where nothing was written.

        A courtesy: what changed since, or may not be written, keeps the old name until next time.
        """
        managed = renamed(observed) if observed is not None else None
        if observed is None or managed is None:
            return None
        version = observed["metadata"].get("resourceVersion")
        body = {"metadata": {"resourceVersion": version, "managedFields": managed}}
        query = {"fieldManager": r.FIELD_MANAGER}
        with contextlib.suppress(ClusterError):
            return self._object("PATCH", ref, query, body, _MERGE)
        return None

    def delete(self, ref: ObjectRef, uid: str, version: str = "") -> None:
        only = {"uid": uid} | ({"resourceVersion": version} if version else {})
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": only}
        # gone already, or another object by now
        with contextlib.suppress(Gone, Conflict), self._errors():
            self._send("DELETE", ref.kind.path(ref.namespace, ref.name), {}, body)

    def served(self, api_version: str) -> tuple[r.Kind, ...]:
        with self._errors(), self._sensible():
            try:
                answer = self._call("GET", r.api_path(api_version), {})
            except Gone:
                return ()
            return tuple(
                r.Kind(api_version, str(each["kind"]), str(each["name"]), bool(each["namespaced"]))
                for each in answer.get("resources") or ()
                if "/" not in each["name"]  # a subresource
            )

    def kinds(self) -> tuple[r.Kind, ...]:
        with self._errors(), self._sensible():
            answers = [self._call("GET", path, {}, accept=_DISCOVERY) for path in ("/api", "/apis")]
            groups = (group for answer in answers for group in answer["items"])
            return tuple(kind for group in groups for kind in _listable(group))

    @contextlib.contextmanager
    def _sensible(self) -> Iterator[None]:
        """What a cluster says of its own kinds is input too."""
        try:
            yield
        except (AttributeError, KeyError, TypeError) as error:
            raise Nonsense(self._name, "what it says of its kinds makes no sense") from error

    def _object(
        self,
        method: str,
        ref: ObjectRef,
        query: Mapping[str, str] | None = None,
        body: Object | None = None,
        content_type: str = _JSON,
        *,
        subresource: str = "",
        kept: bool = True,
    ) -> Object:
        """What the server answers about *ref*."""
        with self._errors():
            path = ref.kind.path(ref.namespace, "" if method == "POST" else ref.name)
            path += f"/{subresource}" if subresource else ""
            answer = self._call(method, path, query or {}, body, content_type)
            return decode.an_object(ref.kind, answer, ref.namespace, ref.name, kept=kept)

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Object | None = None,
        content_type: str = _JSON,
        accept: str = _JSON,
    ) -> dict[str, Any]:
        return decode.decode_mapping(
            self._send(method, path, query, body, content_type, accept).body
        )

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Object | None = None,
        content_type: str = _JSON,
        accept: str = _JSON,
        ending: wire.Ending | None = None,
    ) -> wire.Answer:
        """The answer if it says success; with an *ending*, its body is still to come."""
        words = urllib.parse.urlencode(query, safe="/", quote_via=urllib.parse.quote)
        target = f"{path}?{words}" if words else path
        headers = {"Accept": accept, "Content-Type": content_type}
        answer = self._connection.answer(method, target, headers, body, self._limits, ending)
        if answer.status >= 300:
            try:
                status = decode.decode_mapping(answer.body)
            except Unreadable:  # a proxy's words, not an API server's
                status = {"message": others.words_of(answer.body)}
            raise self._refusal(answer.status, status, answer.headers.get("Retry-After"))
        return answer

    def _refusal(
        self, code: int, status: Mapping[str, Any], after: str | None = None
    ) -> ClusterError:
        said = str(status.get("message") or status.get("reason") or f"HTTP {code}")
        if self._stored and status.get("kind") != "Status":  # not the words of an API server
            return self._useless(Transient if code in _PASSING else ClusterError, said)
        if others.answered(code, status):
            said = (
                f"{self._connection.host}: not its API server answered, but something else: {said}"
            )
            return Nonsense(self._name, said, hint=others.HINT)
        match code:
            case 401:
                return ClusterError(
                    self._name,
                    said,
                    hint="the credentials of that kubeconfig context are not accepted",
                )
            case 403:
                which = "--hub" if self._name == HUB else f"--leaf {self._name} --peer ID"
                check = f"kubectl liqo-shortcut rbac check {which}"
                return Forbidden(
                    self._name, said, hint=f"{check} says what lacks; rbac print prints the roles"
                )
            case 404:
                return Gone(self._name, said)
            case 409 if status.get("reason") == "AlreadyExists":
                return AlreadyExists(self._name, said)
            case 409:
                return Conflict(self._name, said)
            case 410:
                return Expired(self._name, said)
            case _ if code in _PASSING:
                return Transient(self._name, said, retry_after=_pause(after))
            case _:
                return ClusterError(self._name, said)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """Translate: the rest of the program knows only ``ClusterError``."""
        where = self._connection.host
        try:
            yield
        except urllib3.exceptions.HTTPError as error:
            said = f"cannot be reached at {where}: {_reason(error)}"
            hint = "is its API server up, and is this the right kubeconfig context?"
            if proxy := others.proxy_error(error):
                said, hint = others.proxy_said(proxy, where), others.PROXY_HINT
            raise self._useless(Unreachable, said, hint) from error
        except ApiException as error:  # TLS trouble: the client's own wrapping
            said = f"{where}: {_one_line(error.reason)}"
            raise self._useless(ClusterError, said) from error
        except Unreadable as error:
            hint = "does that address lead to the cluster's API server?"
            raise self._useless(Nonsense, f"{where}: {error}", hint) from error
        except r.BadName as error:
            raise Nonsense(self._name, error.message) from error
        except (OSError, ValueError) as error:
            raise self._useless(Unreachable, f"{where}: {error}") from error

    def _useless(self, kind: type[ClusterError], said: str, hint: str = "") -> ClusterError:
        """An error that tells what is found at the cluster's address.

        Whoever may write a stored identity chose that address. What is found there is a hint for
        who runs this; a message may become part of a record, and would tell what listens where.
        """
        if self._stored:
            return kind(self._name, _STORED, hint=clipped("; ".join(filter(None, (said, hint)))))
        return kind(self._name, said, hint=hint or None)


class _Watch:
    """What a watch says until it is ended, which is no fault."""

    def __init__(self, changes: Iterator[Change], ending: wire.Ending) -> None:
        self._changes = changes
        self._ending = ending

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Change:
        if self._ending.asked:
            raise StopIteration
        try:
            return next(self._changes)
        except ClusterError:
            if self._ending.asked:
                raise StopIteration from None
            raise

    def close(self) -> None:
        self._ending.ask()


def _query(what: Selection) -> dict[str, str]:
    query = {"labelSelector": what.labels} if what.labels else {}
    name = re.sub(r"([\\,=])", r"\\\1", what.name)  # else it could select by other fields too
    return query | ({"fieldSelector": f"metadata.name={name}"} if name else {})


def _item(what: Selection, body: Any) -> Object:
    return decode.trimmed(decode.an_object(what.kind, body, what.namespace, what.name))


def _pause(after: str | None) -> float:
    """The seconds that a server asks for, as far as anybody would wait."""
    if not re.fullmatch("[0-9]+", after or ""):
        return 0.0
    return min(float(str(after)[:9]), _LONGEST_PAUSE)


def _listable(group: Mapping[str, Any]) -> Iterator[r.Kind]:
    """The namespaced kinds of a discovered group that can be listed; its first version counts."""
    name = str(group["metadata"].get("name") or "")
    version: Mapping[str, Any] = next(iter(group.get("versions") or ()), {})
    api_version = f"{name}/{version.get('version')}" if name else str(version.get("version"))
    for each in version.get("resources") or ():
        if each.get("scope") == "Namespaced" and "list" in each["verbs"]:
            yield r.Kind(api_version, str(each["responseKind"]["kind"]), str(each["resource"]))


def _one_line(text: object) -> str:
    return " ".join(str(text).split())


def _reason(error: urllib3.exceptions.HTTPError) -> str:
    """The innermost cause, in one line."""
    cause: BaseException = error
    while isinstance(inner := getattr(cause, "reason", None), BaseException):
        cause = inner
    text = re.sub(r"\[Errno -?\d+\] ", "", _one_line(cause))
    return (
        text.rpartition(": ")[2] if "HTTPSConnection" in text or "HTTPConnection" in text else text
    )
