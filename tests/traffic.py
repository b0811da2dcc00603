"""A client that calls a Service all the time, and the story that its calls tell."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from tests.lab.dataplane.plane import DataPlane
from tests.lab.kube import wait_for

PAUSE = 0.02  # seconds between two calls
TIMEOUT = 2.0  # seconds; a call that takes longer is lost

WEB = """
import socketserver
class Answer(socketserver.BaseRequestHandler):
    def handle(self):
        if self.request.recv(100):
            self.request.sendall(self.client_address[0].encode() + b"\\n")
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads, request_queue_size = True, True, 128
Server(("", 8080), Answer).serve_forever()
"""
"""What a Pod behind the Service runs: it answers with the caller's address."""

_CLIENT = """
import json, signal, socket, sys, threading, time
address, pause, timeout = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
ended, printing, calls = threading.Event(), threading.Lock(), []
signal.signal(signal.SIGTERM, lambda *_: ended.set())

def call():
    began, said = time.time(), {}
    try:
        with socket.create_connection((address, 80), timeout) as connection:
            connection.sendall(b"who am I\\n")
            said["caller"] = connection.makefile().readline().strip()
        if not said["caller"]:
            said = {"error": "no answer"}
    except OSError as error:
        said = {"error": str(error)}
    with printing:
        print(json.dumps({"at": began, "seconds": time.time() - began, **said}), flush=True)

start = time.time()
while not ended.wait(max(0.0, start + len(calls) * pause - time.time())):
    calls.append(threading.Thread(target=call))
    calls[-1].start()
for each in calls:
    each.join()
"""
"""What the client runs: a new connection for each call, as short-lived clients make."""


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    at: float  # seconds since the epoch, when it began
    seconds: float  # until the answer was there
    caller: str = ""  # whom the server saw
    error: str = ""  # why there was no answer

    @property
    def lost(self) -> bool:
        return bool(self.error)


@dataclasses.dataclass(frozen=True, slots=True)
class Calls:
    """The calls of a while."""

    calls: tuple[Call, ...]

    @property
    def lost(self) -> list[Call]:
        return [each for each in self.calls if each.lost]

    @property
    def callers(self) -> set[str]:
        return {each.caller for each in self.calls if not each.lost}

    @property
    def median(self) -> float:
        """Milliseconds from the first packet to the answer."""
        return statistics.median(each.seconds for each in self.calls if not each.lost) * 1000

    def since(self, at: float, until: float = float("inf")) -> Calls:
        return Calls(tuple(each for each in self.calls if at <= each.at < until))

    def first_from(self, caller: str) -> Call | None:
        return next((each for each in self.calls if each.caller == caller), None)

    def __len__(self) -> int:
        return len(self.calls)


class Traffic:
    """Calls from a Pod to a Service's ClusterIP, as long as the context lasts."""

    def __init__(
        self, plane: DataPlane, leaf: str, namespace: str, pod: str, service: str, file: Path
    ) -> None:
        address = plane.cluster_ip(leaf, namespace, service)
        inside = ["ip", "netns", "exec", plane.pod_namespace(leaf, namespace, pod)]
        words = (sys.executable, "-c", _CLIENT, address, str(PAUSE), str(TIMEOUT))
        self._command, self._file = [*inside, *words], file

    def __enter__(self) -> Traffic:
        with self._file.open("w", encoding="utf-8") as file:
            self._process = subprocess.Popen(self._command, stdout=file)
        wait_for(lambda: len(self.calls()), 10, "the first call")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()  # it ends when the calls that are under way have
        self._process.wait(TIMEOUT + 5)

    def calls(self) -> Calls:
        """All that have ended so far, in the order in which they began."""
        return Calls(tuple(sorted(_read(self._file), key=lambda each: each.at)))

    def turned(self, away_from: str) -> str:
        """Wait until the server sees somebody else: nodes follow a slice a moment later."""

        def found() -> str | None:
            last = {each.caller for each in self.calls().calls[-10:]}
            return last.pop() if len(last) == 1 and away_from not in last else None

        return wait_for(found, 10, f"no call comes from {away_from}", 0.1)

    def some(self, seconds: float) -> Calls:
        """Those of the next so many seconds."""
        began = time.time()
        time.sleep(seconds)
        return self.calls().since(began)


def _read(file: Path) -> Iterator[Call]:
    for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
        with contextlib.suppress(json.JSONDecodeError):  # the last one may be half written
            yield Call(**json.loads(line))
