"""Whatever befalls a command on its way to the API servers: made, undone, or on record.

The plugin talks to a proxy that counts its writes, kills it after one of them, or does to its
requests what a bad network and busy servers do. ``make test`` runs a fixed sample of each series,
``make soak`` all of it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.plugin import (
    PAIR,
    UP,
    changes,
    connections,
    environment,
    link_objects,
    snapshots,
    succeed,
)
from tests.lab import binaries
from tests.lab.fault_proxy import Action, Call, FaultProxy, RandomFaults, Request, Rule, fault_proxy
from tests.lab.kube import NETWORKING, path
from tests.lab.lab import Lab

_KILLED = -signal.SIGKILL
_CREATE, _DELETE = 24, 16
"""More writes than the command makes: the last run of each series must come to its end."""


def series(part: str, last: int, *sample: int) -> pytest.MarkDecorator:
    """All numbers up to the *last*; but for the *sample*, only in that part of the soak."""
    return pytest.mark.parametrize(
        "number",
        [
            pytest.param(number, marks=() if number in sample else pytest.mark.soak(part))
            for number in range(1, last + 1)
        ],
    )


@pytest.fixture
def through(hub: Lab, tmp_path: Path) -> Iterator[Callable[[Rule], FaultProxy]]:
    """Starts a proxy before all clusters of the lab; its kubeconfig is in *tmp_path*."""
    proxies: list[FaultProxy] = []

    def start(rule: Rule) -> FaultProxy:
        proxies.append(FaultProxy(dict(hub.clusters), rule))
        proxies[-1].kubeconfig(tmp_path)
        return proxies[-1]

    yield start
    for proxy in proxies:
        proxy.close()


def start(lab: Lab, folder: Path, *args: str) -> subprocess.Popen[str]:
    """The plugin behind the proxy whose kubeconfig is in *folder*."""
    command = [str(binaries.path("kubectl")), "liqo-shortcut", *args, "--timeout", "60s"]
    return subprocess.Popen(
        command,
        env={**environment(lab), "KUBECONFIG": str(folder / "kubeconfig")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


class KillAfter:
    """A rule: the process is killed when the server has done that write and it does not know."""

    def __init__(self, number: int) -> None:
        self.pid = 0
        self._number = number

    def __call__(self, request: Request) -> Action | None:
        return Call(self._kill) if request.write == self._number else None

    def _kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def run_and_kill(lab: Lab, folder: Path, rule: KillAfter, *args: str) -> tuple[int, str]:
    process = start(lab, folder, *args)
    rule.pid = process.pid  # before it has connected to anything
    said, _ = process.communicate(timeout=120)
    return process.returncode, said


def one_link(lab: Lab) -> bool:
    """Whether each leaf has one Configuration and one gateway for the other, and both are up."""
    for leaf, peer in (PAIR, PAIR[::-1]):
        kube = lab.clusters[leaf].kube
        for plurals in (("configurations",), ("gatewayservers", "gatewayclients")):
            urls = (path(NETWORKING, plural) for plural in plurals)
            label = f"liqo.io/remote-cluster-id={peer}"
            if sum(len(kube.list(url, labelSelector=label)) for url in urls) != 1:
                return False
    return connections(lab) == UP


def no_record(lab: Lab) -> bool:
    return lab.kubectl("get", "shortcuts", "-o", "name").stdout == ""


@pytest.mark.usefixtures("pristine")
@series("kills", _CREATE, 3, 8, _CREATE)
def test_a_create_killed_after_any_write_is_completed_by_the_same_command(
    hub: Lab, through: Callable[[Rule], FaultProxy], tmp_path: Path, number: int
) -> None:
    before = snapshots(hub)
    rule = KillAfter(number)
    through(rule)
    code, said = run_and_kill(hub, tmp_path, rule, "create", *PAIR)
    assert code == (0 if number == _CREATE else code), said
    assert code in (0, _KILLED), said
    succeed(hub, "create", *PAIR)
    assert one_link(hub)
    assert succeed(hub, "sync", "--prune", "--yes").endswith("unchanged\n")  # no orphan
    assert one_link(hub)
    succeed(hub, "delete", *PAIR)
    assert changes(hub, before) == []
    assert no_record(hub)


@series("kills", _DELETE, 6, _DELETE)
def test_a_delete_killed_after_any_write_is_completed_by_the_same_command(
    hub: Lab, through: Callable[[Rule], FaultProxy], tmp_path: Path, number: int
) -> None:
    before = snapshots(hub)
    succeed(hub, "create", *PAIR)
    rule = KillAfter(number)
    through(rule)
    code, said = run_and_kill(hub, tmp_path, rule, "delete", *PAIR)
    assert code == (0 if number == _DELETE else code), said
    assert code in (0, _KILLED), said
    succeed(hub, "delete", *PAIR, "--ignore-not-found")
    assert link_objects(hub) == []
    assert changes(hub, before) == []
    assert no_record(hub)


@pytest.mark.usefixtures("pristine")
@series("network", 50, 1, 2)
def test_what_a_bad_network_and_busy_servers_do_ends_as_promised(
    hub: Lab, through: Callable[[Rule], FaultProxy], tmp_path: Path, number: int
) -> None:
    before = snapshots(hub)
    faults = RandomFaults(number)
    through(faults)
    made = start(hub, tmp_path, "create", *PAIR)
    said, _ = made.communicate(timeout=180)
    check_create(hub, made.returncode, f"{faults.done}\n{said}")
    succeed(hub, "create", *PAIR)
    assert one_link(hub)
    more = RandomFaults(1000 + number)
    through(more)
    deleted = start(hub, tmp_path, "delete", *PAIR)
    said, _ = deleted.communicate(timeout=180)
    check_delete(hub, deleted.returncode, f"{more.done}\n{said}")
    succeed(hub, "delete", *PAIR, "--ignore-not-found")
    assert changes(hub, before) == []
    assert no_record(hub)


def check_create(lab: Lab, code: int, what: str) -> None:
    """Made, undone, or on record with what is left; never with a traceback."""
    assert "Traceback" not in what, what
    match code:
        case 0:
            assert one_link(lab), what
        case 1 | 4:
            assert link_objects(lab) == [], what
            assert no_record(lab), what
        case 5 | 8:
            assert not no_record(lab), what
        case _:
            raise AssertionError(f"exit code {code}: {what}")


def check_delete(lab: Lab, code: int, what: str) -> None:
    """Gone, or on record with what is left."""
    assert "Traceback" not in what, what
    assert code in (0, 1, 4, 5, 8), what
    if code == 0:
        assert link_objects(lab) == [], what
        assert no_record(lab), what
    elif not no_record(lab):
        left = json.loads(succeed(lab, "get", *PAIR, "-o", "json"))["status"]["objects"]
        recorded = {(each["clusterID"], each["kind"].lower()) for each in left}
        for each in link_objects(lab):
            leaf, _, rest = each.partition(": ")
            plural = rest.partition("/")[0]
            if plural in ("configurations", "gatewayservers", "gatewayclients"):
                assert (leaf, plural.removesuffix("s")) in recorded, what
    else:
        assert link_objects(lab) == [], what


def test_the_proxy_itself_changes_nothing(hub: Lab, tmp_path: Path) -> None:
    with fault_proxy(dict(hub.clusters), lambda _: None) as proxy:
        proxy.kubeconfig(tmp_path)
        made = start(hub, tmp_path, "create", *PAIR)
        said, _ = made.communicate(timeout=120)
        assert made.returncode == 0, said
        assert one_link(hub)
        assert 10 < proxy.writes < _CREATE
