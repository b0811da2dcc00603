"""A proxy in front of the lab's API servers that does to requests what a bad network does.

The plugin talks plain HTTP to it on loopback; towards the API servers it is the administrator, or
whoever the token is of that it was given.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import http.server
import json
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.lab.cluster import LabCluster

_READING = ("GET", "HEAD")
_NO_RESET = {"transfer-encoding", "connection", "content-length"}


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """One request, and which write it is among all clusters' (0: it reads, or only asks)."""

    cluster: str
    method: str
    path: str
    query: dict[str, list[str]]
    write: int

    @property
    def is_watch(self) -> bool:
        return self.query.get("watch") == ["true"]

    def __str__(self) -> str:
        return f"{self.cluster}: {self.method} {self.path}"


@dataclasses.dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset; *forwarded* first or not."""

    forwarded: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What an API server answers instead."""

    code: int
    reason: str
    retry_after: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Delay:
    seconds: float


@dataclasses.dataclass(frozen=True, slots=True)
class Cut:
    """A watch goes on for so long, then its connection is reset."""

    seconds: float


@dataclasses.dataclass(frozen=True, slots=True)
class TooOld:
    """A watch is told that what it knows is too old: 410 inside the stream."""


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """*hook* is called after the server has done it and before the client knows."""

    hook: Callable[[], object]


Action = Reset | Answer | Delay | Cut | TooOld | Call
Rule = Callable[[Request], Action | None]


class FaultProxy:
    """Serves until it is closed; *rule* decides what befalls a request."""

    def __init__(self, clusters: dict[str, LabCluster], rule: Rule) -> None:
        self.requests: list[Request] = []
        self.refused: list[Request] = []  # with 403
        self.tokens: Mapping[str, str] = {}
        self._rule = rule
        self._lock = threading.Lock()
        self._writes = 0
        self._servers = {name: self._serve(name, each) for name, each in clusters.items()}

    def kubeconfig(self, folder: Path, tokens: Mapping[str, str] | None = None) -> Path:
        """A kubeconfig with one context for each cluster, the first being the current one.

        With *tokens*, one for each cluster, requests are made as whom they belong to: the proxy
        adds them, since nobody sends credentials over plain HTTP.
        """
        self.tokens = tokens or {}
        names = list(self._servers)
        ports = {name: server.server_address[1] for name, server in self._servers.items()}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": names[0],
            "users": [{"name": name, "user": {}} for name in names],
            "clusters": [
                {"name": name, "cluster": {"server": f"http://127.0.0.1:{ports[name]}"}}
                for name in names
            ],
            "contexts": [
                {"name": name, "context": {"cluster": name, "user": name}} for name in names
            ],
        }
        path = folder / "kubeconfig"
        path.write_text(json.dumps(config), encoding="utf-8")
        return path

    def close(self) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    @property
    def writes(self) -> int:
        return self._writes

    def seen(self, cluster: str, method: str, url: str) -> Request:
        parts = urlsplit(url)
        writes = method not in _READING and not parts.path.endswith("reviews")
        with self._lock:
            self._writes += writes
            query = parse_qs(parts.query)
            request = Request(cluster, method, parts.path, query, self._writes if writes else 0)
            self.requests.append(request)
        return request

    def decide(self, request: Request) -> Action | None:
        return self._rule(request)

    def _serve(self, name: str, cluster: LabCluster) -> http.server.ThreadingHTTPServer:
        handler = type("Handler", (_Handler,), {"proxy": self, "name": name, "upstream": cluster})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server


@contextlib.contextmanager
def fault_proxy(clusters: dict[str, LabCluster], rule: Rule) -> Iterator[FaultProxy]:
    proxy = FaultProxy(clusters, rule)
    try:
        yield proxy
    finally:
        proxy.close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: FaultProxy
    name: str
    upstream: LabCluster

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = self.proxy.seen(self.name, self.command, self.path)
        match self.proxy.decide(request):
            case Reset(forwarded):
                if forwarded:
                    self._exchange(body)
                self._reset()
            case Answer() as answer:
                self._say(answer)
            case Call(hook):
                self._exchange(body)
                hook()
                self._reset()
            case Delay(seconds):
                time.sleep(seconds)
                self._forward(request, body)
            case Cut(seconds):
                self._forward(request, body, seconds)
            case TooOld():
                self._say(Answer(200, ""), _EXPIRED)
            case None:
                self._forward(request, body)

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET

    def _forward(self, request: Request, body: bytes, seconds: float = 300) -> None:
        try:
            with contextlib.closing(self._connect()) as connection:
                response = self._ask(connection, body)
                if response.status == HTTPStatus.FORBIDDEN:
                    self.proxy.refused.append(request)
                self._pass_on(response, connection, time.monotonic() + seconds)
        except (OSError, http.client.HTTPException):  # of either side, or its time is over
            self._reset()

    def _connect(self) -> http.client.HTTPSConnection:
        return self.upstream.kube.connect(anonymous=self.name in self.proxy.tokens)

    def _exchange(self, body: bytes) -> None:
        with contextlib.closing(self._connect()) as connection:
            self._ask(connection, body).read()

    def _ask(
        self, connection: http.client.HTTPSConnection, body: bytes
    ) -> http.client.HTTPResponse:
        kept = ("accept", "content-type", "user-agent")
        headers = {key: value for key, value in self.headers.items() if key.lower() in kept}
        if token := self.proxy.tokens.get(self.name):
            headers["Authorization"] = f"Bearer {token}"
        connection.request(self.command, self.path, body or None, headers)
        return connection.getresponse()

    def _pass_on(
        self,
        response: http.client.HTTPResponse,
        connection: http.client.HTTPSConnection,
        end: float,
    ) -> None:
        self.send_response(response.status)
        for key, value in response.getheaders():
            if key.lower() not in _NO_RESET:
                self.send_header(key, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while piece := self._read(response, connection, end):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def _read(
        self,
        response: http.client.HTTPResponse,
        connection: http.client.HTTPSConnection,
        end: float,
    ) -> bytes:
        """What comes until the *end* (monotonic); then a ``TimeoutError``."""
        if connection.sock is not None:
            connection.sock.settimeout(max(0.01, end - time.monotonic()))
        return response.read1(65536)

    def _say(self, answer: Answer, body: dict[str, Any] | None = None) -> None:
        text = json.dumps(body or _status(answer.code, answer.reason)).encode()
        self.send_response(answer.code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if answer.retry_after is not None:
            self.send_header("Retry-After", str(answer.retry_after))
        self.end_headers()
        self.wfile.write(text)

    def _reset(self) -> None:
        """RST instead of FIN: an unfriendly end."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()

    def log_message(self, *_: Any) -> None: ...


def _status(code: int, reason: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Status",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": f"injected: {reason}",
    }


_EXPIRED = {"type": "ERROR", "object": _status(410, "Expired")}


class RandomFaults:
    """A rule: so many seeded random faults, none after that; ``done`` tells which."""

    def __init__(self, seed: int, faults: int = 6, rate: float = 0.12) -> None:
        self.done: list[str] = []
        self._random = random.Random(seed)
        self._left = faults
        self._rate = rate
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Action | None:
        with self._lock:
            if not self._left or self._random.random() > self._rate:
                return None
            self._left -= 1
            action = self._random.choice(self._possible(request))
            self.done.append(f"{request}: {action}")
            return action

    def _possible(self, request: Request) -> list[Action]:
        actions: list[Action] = [
            Reset(),
            Answer(429, "TooManyRequests", retry_after=1),
            Answer(500, "InternalError"),
            Answer(503, "ServiceUnavailable"),
            Delay(3.0),
        ]
        if request.is_watch:
            actions += [Answer(410, "Expired"), TooOld(), Cut(0.5), Cut(2.0)]
        elif request.method not in _READING:
            actions.append(Reset(forwarded=True))
        if request.method == "PATCH":
            actions.append(Answer(409, "Conflict"))
        return actions
