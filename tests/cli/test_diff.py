from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import Result

from kubectl_liqo_shortcut.adapters.external_diff import VARIABLE
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import HUB, ObjectRef
from kubectl_liqo_shortcut.errors import ClusterError, ExitCode, Forbidden, Unreachable
from tests.cli.runner import Clusters, always, linked, run

NAME = "shortcut.shortcut.liqo.io/milan--rome"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def clusters() -> Clusters:
    """Clusters with a shortcut between milan and rome, and one between milan and oslo."""
    return linked("rome", "oslo")


pytestmark = pytest.mark.usefixtures("temporary")


Captured = pytest.CaptureFixture[str]


def diff(clusters: Clusters, *args: str) -> Result:
    return run("diff", *args, "--timeout", "5s", on=clusters)


def edit(clusters: Clusters, peer: str = "rome") -> None:
    name = "--".join(sorted(("milan", peer)))
    record = ObjectRef(HUB, r.SHORTCUT, "", name)
    clusters.hub.patch(record, {"spec": {"gateway": {"mtu": 1280}}})


def changed_lines(text: str) -> list[str]:
    marks = ("---", "+++")
    return [line for line in text.splitlines() if line[:1] in "+-" and line[:3] not in marks]


def test_no_difference_is_no_output_and_nothing_is_written(
    clusters: Clusters, capfd: Captured
) -> None:
    result = diff(clusters)
    assert (result.exit_code, result.stdout) == (0, "")
    assert capfd.readouterr() == ("", "")
    assert clusters.written == []


def test_differences_are_shown_as_diff_shows_them(clusters: Clusters, capfd: Captured) -> None:
    edit(clusters)
    assert diff(clusters, "milan", "rome").exit_code == 1
    shown = capfd.readouterr().out
    assert changed_lines(shown) == ["-  mtu: 1340", "+  mtu: 1280"] * 2
    assert "/milan.networking.liqo.io.v1beta1.GatewayServer.liqo-tenant-rome.rome\t" in shown
    assert "/rome.networking.liqo.io.v1beta1.GatewayClient.liqo-tenant-milan.milan\t" in shown


@pytest.mark.parametrize(
    ("words", "gateways"),
    [((), 4), (("milan", "rome"), 2), ((NAME,), 2), (("milan--rome", "milan--oslo"), 4)],
    ids=["all", "two leaves", "a name", "two names"],
)
def test_it_is_about_those_that_are_named(
    clusters: Clusters, words: tuple[str, ...], gateways: int, capfd: Captured
) -> None:
    edit(clusters)
    edit(clusters, "oslo")
    assert diff(clusters, *words).exit_code == 1
    assert capfd.readouterr().out.count("+  mtu: 1280") == gateways


def test_without_any_record_it_says_so(capfd: Captured) -> None:
    result = diff(Clusters("milan", "rome"))
    assert (result.exit_code, result.stderr) == (0, "No shortcuts found.\n")
    assert capfd.readouterr().out == ""


@pytest.mark.process
def test_the_variable_names_the_program_and_its_arguments(
    clusters: Clusters, monkeypatch: pytest.MonkeyPatch, capfd: Captured
) -> None:
    edit(clusters)
    monkeypatch.setenv(VARIABLE, "echo --colour=always /etc/passwd")
    assert diff(clusters).exit_code == 0  # as this program says
    live, merged, *arguments = capfd.readouterr().out.split()
    assert (Path(live).name[:5], Path(merged).name[:7]) == ("LIVE-", "MERGED-")
    assert arguments == ["--colour=always"]


def test_no_folder_is_left(clusters: Clusters, temporary: Path, capfd: Captured) -> None:
    edit(clusters)
    diff(clusters)
    assert str(temporary) in capfd.readouterr().out
    assert os.listdir(temporary) == []


def test_a_program_that_fails_is_trouble(
    clusters: Clusters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "no-such-program")
    edit(clusters)
    result = diff(clusters)
    assert result.exit_code == 2
    assert "Error: cannot run 'no-such-program': " in result.stderr


def test_trouble_with_one_wins_and_the_others_are_compared(
    clusters: Clusters, capfd: Captured
) -> None:
    edit(clusters)
    edit(clusters, "oslo")
    clusters.leaves["rome"].fault = always(Unreachable("rome", "cannot be reached"))
    result = diff(clusters)
    assert result.exit_code == 2
    assert "milan--rome:\nError: cluster 'rome': cannot be reached\n" in result.stderr
    shown = capfd.readouterr().out
    assert shown.count("+  mtu: 1280") == 2
    assert "oslo" in shown
    assert "rome" not in shown


def test_a_code_above_one_stays_as_it_is(clusters: Clusters) -> None:
    clusters.hub.drop(ObjectRef(HUB, r.SHORTCUT, "", "milan--rome"))
    labels = {"apiVersion": r.FOREIGN_CLUSTER.api_version, "kind": "ForeignCluster"}
    clusters.leaves["rome"].put(
        {**labels, "metadata": {"name": "milan"}, "status": {"role": "Consumer"}}
    )
    result = diff(clusters, "milan", "rome")
    assert result.exit_code == ExitCode.PARTLY
    assert result.stderr.endswith("end the peering first: liqoctl unpeer, between rome and milan\n")


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (("milan--paris",), None, '"milan--paris" not found'),
        (("..",), None, "is not the name of a shortcut"),
        ((), Forbidden(HUB, "no"), "the hub: no"),
    ],
    ids=["no such record", "no name", "the hub refuses"],
)
def test_no_error_reads_as_a_difference(
    clusters: Clusters, words: tuple[str, ...], error: ClusterError | None, said: str
) -> None:
    if error:
        clusters.hub.fault = always(error)
    result = diff(clusters, *words)
    assert result.exit_code == 2
    assert said in result.stderr


def test_what_goes_is_shown_as_removed_and_why_is_said(clusters: Clusters, capfd: Captured) -> None:
    clusters.hub.drop(ObjectRef(HUB, r.SHORTCUT, "", "milan--rome"))
    result = diff(clusters, "milan--rome")
    assert result.exit_code == 1
    assert "milan--rome: it is being deleted" in result.stderr
    lines = changed_lines(capfd.readouterr().out)
    assert len([line for line in lines if line.startswith("-kind: ")]) == 6
    assert not any(line.startswith("+") for line in lines)


INTERRUPTED = """
import functools, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a background job has none
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # and where nohup wants it
from kubectl_liqo_shortcut.cli import main
from kubectl_liqo_shortcut.cli.root import cli
from tests.cli.runner import Clusters, run
from tests.cli.test_diff import edit
clusters = Clusters("milan", "rome")
assert run("create", "milan", "rome", on=clusters).exit_code == 0
edit(clusters)
cli.main = functools.partial(cli.main, obj=clusters)
sys.argv[1:] = ["diff"]
main()
"""


@pytest.mark.process
@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=["Ctrl-C", "SIGTERM", "SIGHUP"],
)
def test_an_interrupted_one_leaves_no_folder(
    number: signal.Signals, code: int, tmp_path: Path, temporary: Path
) -> None:
    program, started = tmp_path / "slow", tmp_path / "started"
    program.write_text(f"#!/bin/sh\ntouch {started}\nexec sleep 60\n")
    program.chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED],
        cwd=ROOT,
        env={**os.environ, VARIABLE: str(program), "TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not started.exists():
        assert process.poll() is None
        time.sleep(0.02)
    assert len(os.listdir(temporary)) == 2
    process.send_signal(number)
    try:
        assert process.wait(timeout=30) == code
    finally:
        process.kill()
    assert os.listdir(temporary) == []
