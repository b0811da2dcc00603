"""A CONNECT proxy on loopback, for tests of the ways through one."""

from __future__ import annotations

import contextlib
import http.server
import select
import socket
import threading
from collections.abc import Iterator


class ConnectProxy:
    """Tells where it is, and what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.logins: list[str] = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"127.0.0.1:{self._server.server_port}"

    def _handler(proxy) -> type[http.server.BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_CONNECT(self) -> None:
                proxy.asked.append(self.path)
                proxy.logins.append(self.headers.get("Proxy-Authorization", ""))
                host, _, port = self.path.rpartition(":")
                with socket.create_connection((host.strip("[]"), int(port))) as there:
                    self.send_response(200)
                    self.end_headers()
                    _carry(self.connection, there)

            def log_message(self, *_: object) -> None: ...

        return Handler

    @contextlib.contextmanager
    def running(self) -> Iterator[ConnectProxy]:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()


def _carry(one: socket.socket, other: socket.socket) -> None:
    ends = {one: other, other: one}
    while True:
        for ready in select.select(list(ends), [], [])[0]:
            data = ready.recv(65536)
            if not data:
                return
            ends[ready].sendall(data)
