"""Kubernetes clusters through the official client.

Only ``adapters`` import ``kubernetes``: its exceptions stop here, and so does its import time (a
quarter of a second that ``--help`` need not pay). Its raw calls are used, without typed models:
those would double the import time (measured), and every object here is a plain mapping.
"""

from __future__ import annotations

import contextlib
import json
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

import urllib3
from kubernetes.client.api_client import ApiClient
from kubernetes.client.exceptions import ApiException

from kubectl_liqo_shortcut.core import resources as r
from kubectl_liqo_shortcut.core.field_managers import renamed
from kubectl_liqo_shortcut.core.model import HUB, Manifest, Object, ObjectRef
from kubectl_liqo_shortcut.core.ports import Change, Listing, Selection
from kubectl_liqo_shortcut.errors import (
    AlreadyExists,
    ClusterError,
    Conflict,
    Expired,
    Forbidden,
    Gone,
    Transient,
    Unreachable,
)

_CONNECT = 4.0  # seconds until a silent address counts as unreachable; a refusal looks twice
_READ = 10.0  # seconds until a silent server does
_WATCH = 240  # seconds after which the server ends a watch and we begin another
_JSON, _MERGE, _APPLY = (
    "application/json",
    "application/merge-patch+json",
    "application/apply-patch+yaml",
)
_DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
"""Everything an API server serves, in two answers (Kubernetes 1.30 and later)."""


class KubeCluster:
    """A ``Cluster`` reached by one ``ApiClient``, which many threads may use."""

    def __init__(self, name: str, api: ApiClient, liqo_namespace: str = "") -> None:
        self._name = name
        self._api = api
        self._liqo_namespace = liqo_namespace or r.LIQO_NAMESPACE

    @property
    def name(self) -> str:
        return self._name

    @property
    def host(self) -> str:
        return urllib.parse.urlsplit(self._api.configuration.host).hostname or ""

    @property
    def liqo_namespace(self) -> str:
        return self._liqo_namespace

    def secret(self, namespace: str, name: str) -> Mapping[str, str] | None:
        """All that a Secret holds, None if it is not there: for what is to be used, not shown."""
        try:
            answer = self._call("GET", r.SECRET.path(namespace, name), {})
        except Gone:
            return None
        return answer.get("data") or {}

    def get(self, ref: ObjectRef) -> Object | None:
        try:
            return self._object("GET", ref.kind.path(ref.namespace, ref.name))
        except Gone:
            return None

    def list(self, what: Selection) -> Listing:
        answer = self._call("GET", what.kind.path(what.namespace), _query(what))
        items = [_typed(what.kind, item) for item in answer.get("items") or ()]
        return Listing(tuple(items), str(answer["metadata"].get("resourceVersion", "")))

    def watch(self, what: Selection, since: str) -> Iterator[Change]:
        query = {
            **_query(what),
            "watch": "true",
            "resourceVersion": since,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(_WATCH),
        }
        with self._errors():
            response = self._send("GET", what.kind.path(what.namespace), query, timeout=_WATCH + 10)
            try:
                for line in _lines(response):
                    event = json.loads(line)
                    match event.get("type"):
                        case "ADDED" | "MODIFIED":
                            yield Change(_typed(what.kind, event["object"]))
                        case "DELETED":
                            yield Change(_typed(what.kind, event["object"]), gone=True)
                        case "ERROR":
                            raise self._refusal(event["object"].get("code", 500), event["object"])
                        case _:  # BOOKMARK
                            pass
            finally:
                response.close()

    def create(self, manifest: Manifest, *, dry_run: bool = False) -> Object:
        ref = manifest.ref
        query = {"fieldManager": r.FIELD_MANAGER} | ({"dryRun": "All"} if dry_run else {})
        return self._object("POST", ref.kind.path(ref.namespace), query, manifest.body)

    def ask(self, review: Object) -> Object:
        return self._object("POST", Manifest(self._name, review).ref.kind.path(), {}, review)

    def apply(self, manifest: Manifest) -> Object:
        ref = manifest.ref
        query = {"fieldManager": r.FIELD_MANAGER, "force": "false"}
        path = ref.kind.path(ref.namespace, ref.name)
        self._rename_manager(ref, self.get(ref))  # else it would conflict with what v0.1.0 applied
        return self._object("PATCH", path, query, manifest.body, _APPLY)

    def patch(
        self, ref: ObjectRef, body: Object, *, subresource: str = "", dry_run: bool = False
    ) -> Object:
        path = ref.kind.path(ref.namespace, ref.name) + (f"/{subresource}" if subresource else "")
        query = {"fieldManager": r.FIELD_MANAGER} | ({"dryRun": "All"} if dry_run else {})
        patched = self._object("PATCH", path, query, body, _MERGE)
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
        path = ref.kind.path(ref.namespace, ref.name)
        with contextlib.suppress(ClusterError):
            return self._object("PATCH", path, query, body, _MERGE)
        return None

    def delete(self, ref: ObjectRef, uid: str, version: str = "") -> None:
        only = {"uid": uid} | ({"resourceVersion": version} if version else {})
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": only}
        with contextlib.suppress(Gone, Conflict):  # gone already, or another object by now
            self._call("DELETE", ref.kind.path(ref.namespace, ref.name), {}, body)

    def served(self, api_version: str) -> tuple[r.Kind, ...]:
        root = "/apis/" if "/" in api_version else "/api/"
        try:
            answer = self._call("GET", root + api_version, {})
        except Gone:
            return ()
        with self._sensible():
            return tuple(
                r.Kind(api_version, str(each["kind"]), str(each["name"]), bool(each["namespaced"]))
                for each in answer.get("resources") or ()
                if "/" not in each["name"]  # a subresource
            )

    def kinds(self) -> tuple[r.Kind, ...]:
        answers = [self._call("GET", path, {}, accept=_DISCOVERY) for path in ("/api", "/apis")]
        with self._sensible():
            groups = (group for answer in answers for group in answer["items"])
            return tuple(kind for group in groups for kind in _listable(group))

    @contextlib.contextmanager
    def _sensible(self) -> Iterator[None]:
        """What a cluster says of its own kinds is input too."""
        try:
            yield
        except (AttributeError, KeyError, TypeError) as error:
            raise ClusterError(self.name, "what it says of its kinds makes no sense") from error

    def _object(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Object | None = None,
        content_type: str = _JSON,
    ) -> Object:
        return _without_private_parts(self._call(method, path, query or {}, body, content_type))

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Object | None = None,
        content_type: str = _JSON,
        accept: str = _JSON,
    ) -> dict[str, Any]:
        with self._errors():
            response = self._send(method, path, query, body, content_type, accept=accept)
            answer: dict[str, Any] = json.loads(response.data)
            return answer

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Object | None = None,
        content_type: str = _JSON,
        timeout: float = _READ,
        accept: str = _JSON,
    ) -> Any:
        """The response once its head says success; its body is still to be read."""
        request = self._api.param_serialize(
            method,
            path,
            query_params=list(query.items()),
            header_params={"Accept": accept, "Content-Type": content_type},
            body=body,
            auth_settings=["BearerToken"],
        )
        response = self._api.call_api(*request, _request_timeout=(_CONNECT, timeout)).response
        if response.status >= 300:
            text = response.data
            try:
                status = json.loads(text)
            except ValueError:
                status = None
            if not isinstance(status, dict):  # a proxy's words, not an API server's
                status = {"message": text.decode(errors="replace").strip()[:300]}
            raise self._refusal(response.status, status, response.headers.get("Retry-After"))
        return response

    def _refusal(
        self, code: int, status: Mapping[str, Any], after: str | None = None
    ) -> ClusterError:
        said = str(status.get("message") or status.get("reason") or f"HTTP {code}")
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
            case 429 | 500 | 502 | 503 | 504:
                wait = float(after) if after and after.isdigit() else 0.0
                return Transient(self._name, said, retry_after=wait)
            case _:
                return ClusterError(self._name, said)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """Translate: the rest of the program knows only ``ClusterError``."""
        try:
            yield
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable(
                self._name,
                f"cannot be reached at {self._api.configuration.host}: {_reason(error)}",
                hint="is its API server up, and is this the right kubeconfig context?",
            ) from error
        except ApiException as error:  # TLS trouble: the client's own wrapping
            raise ClusterError(
                self._name, f"{self._api.configuration.host}: {_one_line(error.reason)}"
            ) from error
        except (OSError, ValueError) as error:
            raise Unreachable(self._name, f"{self._api.configuration.host}: {error}") from error


def _query(what: Selection) -> dict[str, str]:
    query = {"labelSelector": what.labels} if what.labels else {}
    return query | ({"fieldSelector": f"metadata.name={what.name}"} if what.name else {})


def _typed(kind: r.Kind, item: dict[str, Any]) -> Object:
    """Items of a list come without apiVersion and kind."""
    item.setdefault("apiVersion", kind.api_version)
    item.setdefault("kind", kind.kind)
    return _without_private_parts(item)


def _without_private_parts(body: dict[str, Any]) -> Object:
    """A Secret's private key is dropped as soon as it is decoded, with all that may repeat it."""
    if body.get("kind") != r.SECRET.kind:
        return body
    metadata = body.get("metadata") or {}
    metadata.pop("annotations", None)  # kubectl's last-applied-configuration repeats the data
    data = body.get("data") or {}
    return {
        "apiVersion": body["apiVersion"],
        "kind": body["kind"],
        "metadata": metadata,
        "data": {key: value for key, value in data.items() if key == "publicKey"},
    }


def _listable(group: Mapping[str, Any]) -> Iterator[r.Kind]:
    """The namespaced kinds of a discovered group that can be listed; its first version counts."""
    name = str(group["metadata"].get("name") or "")
    version: Mapping[str, Any] = next(iter(group.get("versions") or ()), {})
    api_version = f"{name}/{version.get('version')}" if name else str(version.get("version"))
    for each in version.get("resources") or ():
        if each.get("scope") == "Namespaced" and "list" in each["verbs"]:
            yield r.Kind(api_version, str(each["responseKind"]["kind"]), str(each["resource"]))


def _lines(response: Any) -> Iterator[bytes]:
    rest = b""
    for chunk in response.stream(amt=None, decode_content=True):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line for line in lines if line.strip())


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
