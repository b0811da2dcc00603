"""What runs in the Pods, run for real on the loopback interface."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.commands.verify import MOST_ADDRESSES
from kubectl_liqo_shortcut.core.verify.probe import PROGRAM
from kubectl_liqo_shortcut.core.verify.probe_result import ProbeResult, result_of
from kubectl_liqo_shortcut.core.verify.verdict import LARGEST_TRIED

TEXT = read_template(PROGRAM)
PYTHON = [sys.executable, "-I", "-u", "-c", TEXT]  # as a Pod starts it
TOKEN = "0123abcd"
SHORT = {**os.environ, "PROBE_PATIENCE": "0.3"}


@contextlib.contextmanager
def server(token: str = TOKEN, seconds: str = "30") -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """Its port."""
    command = [*PYTHON, "serve", token, "0", seconds]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline().split()[-1]), process
        finally:
            process.kill()


def call(peer: str, *addresses: str, count: int = 5, mtu: int = 1340) -> tuple[Any, Any]:
    command = [*PYTHON, "call", TOKEN, str(count), str(mtu), peer, *addresses]
    ended = subprocess.run(command, capture_output=True, text=True, env=SHORT, check=False)
    assert ended.stderr == ""
    return result_of(ended.stdout, count, len(addresses))


@contextlib.contextmanager
def listener(answer: bytes = b"") -> Iterator[str]:
    """The address of a server that knows no token."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = tcp.accept()
                with connection:
                    connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as tcp:
        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{tcp.getsockname()[1]}"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as tcp:
        return int(tcp.getsockname()[1])


@pytest.mark.process
def test_a_client_learns_whom_the_server_sees_and_what_fits() -> None:
    with server() as (port, _), listener() as other:
        peer, (open_, closed) = call(f"127.0.0.1:{port}", other, f"127.0.0.1:{free_port()}")
    assert (peer.ok, peer.callers, peer.error) == (5, ("127.0.0.1",), "")
    assert 0 < peer.latency.min <= peer.latency.median <= peer.latency.max < 2000
    assert peer.mtu == LARGEST_TRIED  # the loopback interface carries more
    assert (open_.ok, open_.mtu) == (5, 0)
    assert closed == ProbeResult(ok=0, of=5, error="Connection refused")


@pytest.mark.process
def test_a_caller_from_another_address_is_seen_as_that_one() -> None:
    with server() as (port, _), socket.socket() as client:
        client.bind(("127.0.0.7", 0))
        client.connect(("127.0.0.1", port))
        assert client.makefile().readline() == f"{TOKEN} 127.0.0.7\n"


@pytest.mark.process
def test_without_a_peer_only_addresses_are_called() -> None:
    with listener() as other:
        peer, (heard,) = call("", other)
    assert (peer, heard.ok) == (None, 5)


@pytest.mark.process
def test_nobody_listens_is_no_connect() -> None:
    peer, _ = call(f"127.0.0.1:{free_port()}")
    assert peer == ProbeResult(ok=0, of=5, error="Connection refused")


@pytest.mark.process
@pytest.mark.parametrize(
    "answer", [b"", b"ffff0000 127.0.0.1\n", b"\xff\xfe\n", b"HTTP/1.1 400 Bad\n"]
)
def test_another_server_at_that_address_is_not_believed(answer: bytes) -> None:
    with listener(answer) as other:
        peer, _ = call(other)
    assert (peer.ok, peer.error) == (0, "another server answers there")


@pytest.mark.process
def test_a_server_of_another_run_is_not_believed() -> None:
    with server("another") as (port, _):
        peer, _ = call(f"127.0.0.1:{port}")
    assert (peer.ok, peer.callers, peer.mtu) == (0, (), 0)


@pytest.mark.process
def test_a_server_that_begins_late_is_waited_for() -> None:
    port = free_port()
    late = threading.Timer(0.5, serve_once, [port])
    late.start()
    ended = subprocess.run(
        [*PYTHON, "call", TOKEN, "1", "1340", "", f"127.0.0.1:{port}"],
        capture_output=True,
        text=True,
        check=False,
    )
    late.join()
    _, (heard,) = result_of(ended.stdout, 1, 1)
    assert heard.ok == 1


def serve_once(port: int) -> None:
    with socket.create_server(("127.0.0.1", port)) as tcp:
        tcp.accept()[0].close()


@pytest.mark.parametrize(
    ("carries", "expected"), [(1340, 1340), (1200, 1340), (1500, 1340), (8951, 1340), (576, 1340)]
)
def test_the_largest_packet_that_arrives_is_found(
    probe: ModuleType, carries: int, expected: int
) -> None:
    with narrow(carries) as (address, sizes):
        assert probe.largest(address, TOKEN, expected) == carries
    assert carries + 1 in sizes  # it was tried, and did not arrive


def test_a_lost_packet_does_not_make_it_smaller(probe: ModuleType) -> None:
    with narrow(1340, loses=2) as (address, _):
        assert probe.largest(address, TOKEN, 1340) == 1340


def test_where_nothing_arrives_nothing_fits(probe: ModuleType) -> None:
    with narrow(0) as (address, _):
        assert probe.largest(address, TOKEN, 1340) == 0
    assert probe.largest(f"127.0.0.1:{free_port()}", TOKEN, 1340) == 0


def test_foreign_answers_are_no_answers(probe: ModuleType) -> None:
    with narrow(1340, token="ffff0000") as (address, _):
        assert probe.largest(address, TOKEN, 1340) == 0


@contextlib.contextmanager
def narrow(
    carries: int, loses: int = 0, token: str = TOKEN
) -> Iterator[tuple[str, dict[int, int]]]:
    """A path that carries so many bytes, and loses the first *loses* packets of each size."""
    sizes: dict[int, int] = {}

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                data, caller = udp.recvfrom(65536)
                size = len(data) + 28
                sizes[size] = sizes.get(size, 0) + 1
                if size <= carries and sizes[size] > loses:
                    udp.sendto(f"{token} {len(data)}".encode(), caller)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{udp.getsockname()[1]}", sizes


def test_packets_may_not_be_fragmented(probe: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int, int]] = []

    class Socket(socket.socket):
        def setsockopt(self, *args: Any) -> None:
            asked.append(args)
            super().setsockopt(*args)

    monkeypatch.setattr(probe.socket, "socket", Socket)
    probe.largest(f"127.0.0.1:{free_port()}", TOKEN, 1340)
    assert (socket.IPPROTO_IP, 10, 3) in asked  # IP_MTU_DISCOVER, IP_PMTUDISC_PROBE


def test_a_kernel_that_always_fragments_measures_nothing(
    probe: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "IP_MTU_DISCOVER", 9999)
    with narrow(1340) as (address, _):
        assert probe.largest(address, TOKEN, 1340) == 0


@pytest.mark.process
def test_a_server_ends_by_itself() -> None:
    with server(seconds="0.2") as (_, process):
        assert process.wait(5) == 0


@pytest.mark.process
def test_a_server_ends_at_once_when_its_pod_is_deleted() -> None:
    with server() as (_, process):
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


@pytest.mark.process
def test_a_caller_that_goes_away_stops_no_server() -> None:
    with server() as (port, _):
        for _ in range(20):
            with socket.socket() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01" + b"\x00" * 7)
                client.connect(("127.0.0.1", port))
        peer, _ = call(f"127.0.0.1:{port}")
    assert peer.ok == 5


@pytest.fixture
def probe(tmp_path: pathlib.Path) -> ModuleType:
    """The program as a module, for its parts."""
    path = tmp_path / "probe.py"
    path.write_text(TEXT, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("probe", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.SILENCE = 0.3  # type: ignore[attr-defined]
    return module


def test_the_result_is_the_termination_message(
    probe: ModuleType, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = tmp_path / "termination-log"
    monkeypatch.setattr(probe, "MESSAGE", str(message))
    assert probe.tell({"peer": None}) == 9  # kubelet makes the file: without it, the log counts
    message.write_text("something longer than the result")
    assert probe.tell({"peer": None}) == 0
    assert json.loads(message.read_text()) == {"peer": None}


def test_a_full_result_fits_into_a_termination_message(
    probe: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    each = {"ok": 1000, "error": "x" * 40, "ms": [12345.67, 12345.67, 12345.67]}
    peer = {**each, "callers": ["255.255.255.255"] * 4, "mtu": 9200}
    probe.tell({"peer": peer, "addresses": [each] * MOST_ADDRESSES})
    assert len(capsys.readouterr().out) <= 4096


def test_kubernetes_finds_nothing_to_replace_in_the_program() -> None:
    assert "$" not in TEXT
