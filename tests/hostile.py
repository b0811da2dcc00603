"""API servers that are as hostile as a test wants: fakes behind HTTPS, asked by the real client.

    world = FakeWorld("milan", "rome")          # or Clusters(...), linked(...) of tests.cli.runner
    with Hostile(world) as clusters:
        clusters.says["rome"] = lambda asked: Answer(b"[]") if asked.method == "GET" else None
        run("create", "milan", "rome", on=clusters)
        clusters.asked["rome"]                  # every request, its path as it was sent

Each cluster of *world* is served on a port of its own of 127.0.0.1, with one certificate for the
whole test run. Paths are taken literally, as an API server does: decoded, but never normalised, so
that ``..`` is a segment like any other. ``says`` replaces any answer; where it returns None, the
fake's own one is given. A body may be an iterable of pieces: they are sent one by one.

``Hostile(world, tls=False)`` is the same without a network: the real adapter, below which
everything happens in memory. It is some ten times as fast, for tests with many examples.
"""

from __future__ import annotations

import atexit
import functools
import http.server
import json
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

from kubectl_liqo_shortcut.adapters import wire
from kubectl_liqo_shortcut.adapters.connect import connect
from kubectl_liqo_shortcut.adapters.kube import KubeCluster
from kubectl_liqo_shortcut.adapters.kubeconfig.files import Entry
from tests.api_server import Answer, ApiServer, Asked
from tests.fakes import FakeWorld

__all__ = ["Answer", "Asked", "Hostile", "Says", "certificate"]

Says = Callable[[Asked], Answer | None]
DEFAULTS = wire.RequestLimits()


class Hostile:
    """Opens the clusters of *world* by the real adapter; all else of it is as it was."""

    def __init__(
        self, world: FakeWorld, *, tls: bool = True, limits: wire.RequestLimits = DEFAULTS
    ) -> None:
        self.world = world
        self.says: dict[str, Says] = {}
        self.asked: dict[str, list[Asked]] = {}
        self.url: dict[str, str] = {}
        self._tls, self._limits = tls, limits
        self._servers: list[http.server.ThreadingHTTPServer] = []
        self._clusters: dict[str, KubeCluster] = {}

    def __enter__(self) -> Self:
        for fake in (self.world.hub, *self.world.leaves.values()):
            answer = functools.partial(self._answer, fake.name, ApiServer(fake))
            self.asked[fake.name] = []
            self._clusters[fake.name] = (
                connect(
                    fake.name,
                    self._serve(fake.name, answer),
                    self.world.liqo_namespace,
                    limits=self._limits,
                )
                if self._tls
                else _in_memory(fake.name, answer, self.world.liqo_namespace, self._limits)
            )
        return self

    def __exit__(self, *_: object) -> None:
        self.world.close()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def __call__(self, name: str) -> KubeCluster:
        """As ``OpenCluster``."""
        self.world(name)  # which says that there is no way to another one
        return self._clusters[name]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.world, name)

    def paths(self, name: str, *methods: str) -> list[str]:
        """The paths that were asked of a cluster, as they were sent, without queries."""
        return [each.path for each in self.asked[name] if not methods or each.method in methods]

    def _answer(self, name: str, server: ApiServer, asked: Asked) -> Answer:
        self.asked[name].append(asked)
        said = self.says[name](asked) if name in self.says else None
        return server.answer(asked) if said is None else said

    def _serve(self, name: str, answer: Callable[[Asked], Answer]) -> Entry:
        files = certificate()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        server = _Server(("127.0.0.1", 0), _handler(answer))
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        self._servers.append(server)
        self.url[name] = f"https://127.0.0.1:{server.server_port}"
        cluster = {"server": self.url[name], "certificate-authority": files[0]}
        return Entry(f"kubeconfig context {name!r}", cluster, {"token": "t"}, "a hint")


@functools.cache
def certificate() -> tuple[str, str]:
    """Paths of a certificate for 127.0.0.1 that vouches for itself, and of its key."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="liqo-shortcut-hostile-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    files = str(folder / "server.crt"), str(folder / "server.key")
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    subject = ("-subj", "/CN=hostile", "-addext", "subjectAltName=IP:127.0.0.1")
    command = ["openssl", "req", "-x509", *kind, *subject, "-out", files[0], "-keyout", files[1]]
    subprocess.run(command, capture_output=True, check=True)
    return files


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


def _handler(answer: Callable[[Asked], Answer]) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = 1 << 16

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            content = self.rfile.read(length)
            headers = {key.lower(): value for key, value in self.headers.items()}
            said = answer(asked_of(self.command, self.path, headers, content))
            self.send_response(said.code)
            for name, value in said.headers.items():
                self.send_header(name, value)
            if isinstance(said.body, bytes):
                self.send_header("Content-Length", str(len(said.body)))
                self.end_headers()
                self.wfile.write(said.body)
                return
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.flush()
            for piece in said.body:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve

        def log_message(self, *_: object) -> None: ...

    return Handler


def asked_of(method: str, target: str, headers: Mapping[str, str], content: bytes) -> Asked:
    path, _, query = target.partition("?")
    return Asked(
        method,
        path,
        dict(urllib.parse.parse_qsl(query)),
        dict(headers),
        json.loads(content) if content else None,
    )


def _in_memory(
    name: str, answer: Callable[[Asked], Answer], liqo_namespace: str, limits: wire.RequestLimits
) -> KubeCluster:
    return KubeCluster(name, _Memory(answer), liqo_namespace, limits=limits)


class _Memory:
    """In place of a connection to a server."""

    host = "https://memory.example"

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        self._answer = answer

    def answer(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: Any,
        limits: wire.RequestLimits,
        ending: wire.Ending | None = None,
    ) -> wire.Answer:
        content = json.dumps(body).encode() if body is not None else b""
        asked = asked_of(method, target, headers, content)

        def ask() -> wire.Response:
            return _Response(self._answer(asked))

        return wire.receive(ask, limits, ending)


class _Response:
    """An answer as urllib3 hands it out."""

    def __init__(self, said: Answer) -> None:
        self.status, self.headers, self.shutdown = said.code, said.headers, said.end
        body = said.body
        self._pieces: Iterator[bytes] = iter((body,) if isinstance(body, bytes) else body)

    def read1(self, amt: int, *, decode_content: bool) -> bytes:  # noqa: ARG002 - as urllib3's
        return next((piece for piece in self._pieces if piece), b"")

    def close(self) -> None: ...
