"""A hub over HTTP that knows one shortcut, on which somebody else is at work."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from kubectl_liqo_shortcut.core import kinds as r
from tests.samples import record_of

HOLDER = "anna@elsewhere"
_LEASE = {
    "apiVersion": r.LEASE.api_version,
    "kind": r.LEASE.kind,
    "metadata": {
        "name": "liqo-shortcut-milan--rome",
        "namespace": r.LIQO_NAMESPACE,
        "resourceVersion": "1",
        "uid": "uid-lease",
    },
    "spec": {"holderIdentity": HOLDER, "acquireTime": "2026-06-01T12:00:00.000000Z"},
}


@contextlib.contextmanager
def busy_hub(folder: Path) -> Iterator[Path]:
    """The kubeconfig that leads to it."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(yaml.safe_dump(_kubeconfig(server.server_port)))
        yield kubeconfig
        server.shutdown()


class _Hub(http.server.BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its base's name
        pass

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(409, {"kind": "Status", "reason": "AlreadyExists", "message": "it is there"})

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        body = _LEASE if "/leases" in path else record_of(resourceVersion="1")
        if "watch=" in query:
            self._answer(200)  # and nothing ever changes
        elif path.endswith(("/leases", "/shortcuts")):
            self._answer(200, {"metadata": {"resourceVersion": "1"}, "items": [body]})
        else:
            self._answer(200, body)

    def _answer(self, code: int, body: object = None) -> None:
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        if body is not None:
            self.wfile.write(json.dumps(body).encode())


def _kubeconfig(port: int) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "hub",
        "contexts": [{"name": "hub", "context": {"cluster": "hub", "user": "tester"}}],
        "clusters": [{"name": "hub", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "tester", "user": {}}],
    }
