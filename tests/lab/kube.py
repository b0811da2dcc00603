"""A small Kubernetes API client on raw paths: HTTPS, JSON and watches, standard library alone.

The lab must not depend on the client library that the product under test uses.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import queue
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from tests.lab.errors import LabError

Object = dict[str, Any]
Event = tuple[str, Object]
T = TypeVar("T")

CORE = "/api/v1"
APPS = "/apis/apps/v1"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
NETWORKING = "/apis/networking.liqo.io/v1beta1"
IPAM = "/apis/ipam.liqo.io/v1alpha1"
LIQO_CORE = "/apis/core.liqo.io/v1beta1"

JSON = "application/json"
YAML = "application/yaml"
MERGE_PATCH = "application/merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"


class ApiError(LabError):
    """The API server said no (``status`` is HTTP's), or did not answer at all (``status`` is 0)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status} {message}" if status else message)
        self.status = status
        self.message = message


def path(group_version: str, plural: str, namespace: str = "", name: str = "") -> str:
    """The path of a collection, or of one object in it."""
    scope = f"/namespaces/{namespace}" if namespace else ""
    return f"{group_version}{scope}/{plural}" + (f"/{name}" if name else "")


class Kube:
    """One API server. Safe to share between threads."""

    def __init__(self, server: str, ca: Path, certificate: Path, key: Path) -> None:
        self.server = server
        self._host, self._port = urlsplit(server).hostname or "", urlsplit(server).port
        self._nobody = ssl.create_default_context(cafile=str(ca))
        self._tls = ssl.create_default_context(cafile=str(ca))
        self._tls.load_cert_chain(certificate, key)
        self._idle: queue.LifoQueue[http.client.HTTPSConnection] = queue.LifoQueue()

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that wait for the next request."""
        with contextlib.suppress(queue.Empty, AttributeError):
            while True:
                self._idle.get_nowait().close()

    def request(
        self, method: str, path: str, body: Object | bytes | None = None, content_type: str = JSON
    ) -> Object:
        """One request; the answer's JSON, or a plain-text answer under ``text``."""
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        headers = {"Content-Type": content_type, "Accept": JSON}
        try:
            status, text = self._exchange(method, path, data, headers)
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(0, f"{self.server} does not answer: {error}") from error
        if status >= 300:
            raise ApiError(status, _message(text))
        return _decoded(text)

    def _exchange(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        with contextlib.suppress(queue.Empty):
            idle = self._idle.get_nowait()
            with contextlib.suppress(
                OSError, http.client.HTTPException
            ):  # closed while idle: take a new one
                return self._exchange_on(idle, method, path, data, headers)
        return self._exchange_on(self.connect(timeout=30), method, path, data, headers)

    def _exchange_on(
        self,
        connection: http.client.HTTPSConnection,
        method: str,
        path: str,
        data: bytes | None,
        headers: dict[str, str],
    ) -> tuple[int, bytes]:
        try:
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            text = answer.read()
        except BaseException:
            connection.close()
            raise
        self._idle.put(connection)
        return answer.status, text

    def connect(
        self, timeout: float = 300, *, anonymous: bool = False
    ) -> http.client.HTTPSConnection:
        """A connection as the administrator, or as whoever a token says."""
        context = self._nobody if anonymous else self._tls
        return http.client.HTTPSConnection(self._host, self._port, timeout=timeout, context=context)

    def get(self, path: str) -> Object:
        return self.request("GET", path)

    def find(self, path: str) -> Object | None:
        """Like ``get``; None if there is no such object."""
        try:
            return self.get(path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def list(self, path: str, **query: str) -> list[Object]:
        """The items, each with the ``kind`` and ``apiVersion`` that a list leaves out."""
        return _items(self.request("GET", _with(path, query)))

    def create(self, path: str, body: Object | bytes) -> Object:
        """POST; bytes are YAML."""
        return self.request("POST", path, body, JSON if isinstance(body, dict) else YAML)

    def patch(self, path: str, body: Object, content_type: str = MERGE_PATCH) -> Object:
        return self.request("PATCH", path, body, content_type)

    def delete(self, path: str, *, uid: str = "", grace: int | None = None) -> bool:
        """Whether there was something to delete; with *uid* only that very object."""
        options: Object = {"preconditions": {"uid": uid}} if uid else {}
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        try:
            self.request("DELETE", path, options or None)
        except ApiError as error:
            if error.status == 404:
                return False
            raise
        return True

    def watch(
        self, path: str, *, stop: threading.Event | None = None, **query: str
    ) -> Iterator[Event]:
        """Yield (type, object) for ever: what is there as ADDED, then every change.

        It outlives a restart of the API server; what was deleted meanwhile is yielded as DELETED.
        """
        stop = stop or threading.Event()
        known: dict[str, Object] = {}
        version = ""
        while not stop.is_set():
            try:
                if not version:
                    answer = self.request("GET", _with(path, query))
                    yield from _differences(known, _items(answer))
                    version = answer["metadata"]["resourceVersion"]
                for kind, thing in self._events(path, query | {"resourceVersion": version}):
                    version = thing["metadata"]["resourceVersion"]
                    if kind != "BOOKMARK":
                        _remember(known, kind, thing)
                        yield kind, thing
            except ApiError as error:
                version = (
                    "" if error.status else version
                )  # 410: too old; no answer: go on where we were
                stop.wait(0.2)

    def _events(self, path: str, query: dict[str, str]) -> Iterator[Event]:
        """One watch request of half a minute; then the caller asks again from where it was."""
        query = query | {"watch": "true", "allowWatchBookmarks": "true", "timeoutSeconds": "30"}
        connection = self.connect(timeout=45)
        try:
            connection.request("GET", _with(path, query), headers={"Accept": JSON})
            answer = connection.getresponse()
            if answer.status != 200:
                raise ApiError(answer.status, _message(answer.read()))
            for line in answer:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise ApiError(
                        int(event["object"].get("code", 500)), event["object"].get("message", "")
                    )
                yield event["type"], event["object"]
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ApiError(0, f"{self.server} does not answer: {error}") from error
        finally:
            connection.close()


def wait_for(
    condition: Callable[[], T | None], timeout: float, what: str, pause: float = 0.05
) -> T:
    """The first true value of *condition*; a LabError that names *what* if none comes in time."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise LabError(f"{what}: not within {timeout:g} s")
        time.sleep(pause)
    return value


def _with(path: str, query: dict[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _items(answer: Object) -> list[Object]:
    head = {"apiVersion": answer["apiVersion"], "kind": str(answer["kind"]).removesuffix("List")}
    return [head | item for item in answer["items"] or []]


def _decoded(text: bytes) -> Object:
    decoded: Object = (
        json.loads(text) if text[:1] == b"{" else {"text": text.decode(errors="replace")}
    )
    return decoded


def _message(text: bytes) -> str:
    """The server's own sentence."""
    with contextlib.suppress(ValueError, AttributeError):
        return str(json.loads(text)["message"])
    return text.decode(errors="replace")[:300]


def _differences(known: dict[str, Object], items: list[Object]) -> Iterator[Event]:
    present = {item["metadata"]["uid"]: item for item in items}
    for uid in known.keys() - present.keys():
        yield "DELETED", known.pop(uid)
    for uid, item in present.items():
        before = known.get(uid)
        known[uid] = item
        if before is None:
            yield "ADDED", item
        elif before["metadata"]["resourceVersion"] != item["metadata"]["resourceVersion"]:
            yield "MODIFIED", item


def _remember(known: dict[str, Object], kind: str, thing: Object) -> None:
    if kind == "DELETED":
        known.pop(thing["metadata"]["uid"], None)
    else:
        known[thing["metadata"]["uid"]] = thing
