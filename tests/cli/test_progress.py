"""What is told while a command works: in lines, in JSON, not at all; and where it cannot be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
import yaml
from click.testing import Result

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.errors import ClusterError, ExitCode
from tests.cli.runner import Clusters, always, run
from tests.cli.terminal import ROOT
from tests.samples import record_of, spec_of

NAME = "shortcut.shortcut.liqo.io/milan--rome"
SEVERAL = yaml.safe_dump_all([record_of(), record_of("milan--paris", spec=spec_of("paris"))])


@pytest.fixture
def clusters() -> Clusters:
    return Clusters("milan", "rome", "paris")


def told(result: Result) -> list[dict[str, Any]]:
    """Every line on standard error, each an object."""
    return [json.loads(line) for line in result.stderr.splitlines()]


def test_for_programs_every_line_is_an_object(clusters: Clusters) -> None:
    result = run("create", "milan", "rome", "--progress=json", on=clusters)
    events = told(result)
    assert (result.exit_code, result.stdout) == (0, f"{NAME} created\n")
    assert {each["type"] for each in events} == {"note", "done", "seen", "waits", "outcome"}
    assert {each["shortcut"] for each in events if each["type"] != "note"} == {"milan--rome"}
    made = {each["object"] for each in events if each["type"] == "done"}
    assert {"gatewayserver/rome", "gatewayclient/milan", "publickey/rome"} <= made
    assert events[-1]["verb"] == "created"


@pytest.mark.parametrize(
    ("command", "verb"), [("delete", "deleted"), ("sync", "unchanged"), ("adopt", "unchanged")]
)
def test_the_other_commands_do_so_too(clusters: Clusters, command: str, verb: str) -> None:
    run("create", "milan", "rome", on=clusters)
    result = run(command, "milan", "rome", "--progress=json", on=clusters)
    last = told(result)[-1]
    assert (last["type"], last["shortcut"], last["verb"]) == ("outcome", "milan--rome", verb)


def test_what_delete_waits_for_is_told_until_it_is_over(clusters: Clusters) -> None:
    run("create", "milan", "rome", on=clusters)
    events = told(run("delete", "milan", "rome", "--progress=json", on=clusters))
    waits = [each["message"] for each in events if each["type"] == "waits"]
    assert waits == ["Liqo to clean up"] * 2 + [""] * 2


def test_for_programs_an_error_has_its_shortcut_hint_and_exit_code(clusters: Clusters) -> None:
    clusters.paused.add(r.CONNECTION)
    arguments = ("create", "milan", "rome", "--progress=json", "--timeout", "300ms")
    result = run(*arguments, on=clusters)
    last = told(result)[-1]
    assert (result.exit_code, last["exitCode"]) == (ExitCode.TIMED_OUT, ExitCode.TIMED_OUT)
    assert (last["type"], last["shortcut"]) == ("error", "milan--rome")
    assert last["message"].startswith("timed out after 0.3s waiting for: ")
    assert last["hint"].startswith("changes are kept")


def test_for_programs_several_errors_end_with_one_of_the_command(clusters: Clusters) -> None:
    clusters.leaves["paris"].fault = always(ClusterError("paris", "is down"))
    result = run("create", "-f", "-", "--progress=json", on=clusters, stdin=SEVERAL)
    errors = [each for each in told(result) if each["type"] == "error"]
    assert [(each["shortcut"], each["exitCode"]) for each in errors] == [
        ("milan--paris", 4),
        ("", 1),
    ]
    assert errors[1]["message"] == "1 of 2 failed (1 created): milan--paris"


def test_for_programs_what_is_refused_at_once_is_an_object_too() -> None:
    result = run("create", "milan", "milan", "--progress=json")
    (error,) = told(result)
    assert (result.exit_code, error["exitCode"], error["hint"]) == (2, 2, "name two leaves")


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "milan", "rome", "--dry-run"),
        ("create", "milan", "rome", "--dry-run=server"),
        ("delete", "milan", "paris", "--dry-run"),
        ("sync", "--dry-run"),
        ("sync", "--prune", "--yes"),
        ("adopt", "milan", "paris", "--dry-run"),
    ],
    ids=" ".join,
)
def test_for_programs_a_dry_run_tells_notes(clusters: Clusters, arguments: tuple[str, ...]) -> None:
    run("create", "milan", "paris", on=clusters)
    result = run(*arguments, "--progress=json", on=clusters)
    assert result.exit_code == 0
    assert "note" in {each["type"] for each in told(result)} or "adopt" in arguments


@pytest.mark.parametrize("command", ["create", "sync", "adopt", "delete"])
def test_quiet_tells_results_only(clusters: Clusters, command: str) -> None:
    if command != "create":
        run("create", "milan", "rome", on=clusters)
    result = run(command, "milan", "rome", "-q", on=clusters)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(NAME)


def test_quiet_tells_errors_too(clusters: Clusters) -> None:
    clusters.hub.fault = always(ClusterError("the hub", "no", hint="ask"))
    result = run("create", "milan", "rome", "--quiet", on=clusters)
    assert result.stderr == "Error: the hub: no\nHint: ask\n"


def test_quiet_tells_what_a_question_is_about(
    clusters: Clusters, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("create", "milan", "rome", on=clusters)
    (record,) = (ref for ref in clusters.hub.objects if ref.kind == r.SHORTCUT)
    clusters.hub.patch(record, {"metadata": {"finalizers": None}})
    clusters.hub.drop(record)
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    result = run("sync", "--prune", "-q", on=clusters, stdin="n\n")
    assert "rome: configuration/milan is an orphan of milan--rome" in result.stderr


def test_quiet_tells_why_a_dry_run_failed(clusters: Clusters) -> None:
    clusters.leaves["rome"].fault = always(ClusterError("rome", "is down"))
    result = run("create", "milan", "rome", "--dry-run=server", "-q", on=clusters)
    assert (result.exit_code, "is down" in result.stderr) == (ExitCode.REFUSED, True)


PROGRAM = (sys.executable, "-m", "tests.cli.on_fakes", "milan,rome,paris")


def process(*args: str, shell: str = "", stdin: str = "") -> subprocess.CompletedProcess[str]:
    """The program on fakes, its output going where *shell* says."""
    return subprocess.run(
        ["bash", "-c", f'set -o pipefail; "$0" "$@" {shell}', *PROGRAM, *args],
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm", "KUBECONFIG": os.devnull},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


CREATE = ("create", "milan", "rome")


@pytest.mark.process
def test_without_a_terminal_there_are_lines() -> None:
    done = process(*CREATE)
    assert (done.returncode, done.stdout) == (0, f"{NAME} created\n")
    assert "milan: gatewayserver/rome created" in done.stderr.splitlines()


@pytest.mark.process
@pytest.mark.parametrize("option", ["--progress=plain", "--progress=json"])
@pytest.mark.parametrize("where", ["2> /dev/full", "2>&-", "2> >(true)"])
def test_progress_that_cannot_be_told_stops_no_work(where: str, option: str) -> None:
    done = process(*CREATE, option, shell=where)
    assert (done.returncode, done.stdout) == (0, f"{NAME} created\n")


@pytest.mark.process
def test_a_reader_that_had_enough_of_the_progress_stops_no_work() -> None:
    done = process(*CREATE, shell="2>&1 > /dev/null | head -1")
    assert (done.returncode, done.stdout) == (0, "leaf milan is a fake\n")


@pytest.mark.process
def test_a_reader_that_had_enough_of_the_results_stops_no_work() -> None:
    done = process("create", "-f", "-", shell="| head -1", stdin=SEVERAL)
    assert (done.returncode, len(done.stdout.splitlines())) in ((0, 1), (1, 1))
    assert "Traceback" not in done.stderr
    for leaf in ("rome", "paris"):
        assert f"{leaf}: connection/gw-milan Connected, 3ms" in done.stderr


@pytest.mark.process
@pytest.mark.parametrize("format_", [(), ("-o", "yaml")], ids=["a line", "a record"])
def test_results_on_a_full_disk_are_an_error_after_the_work(format_: tuple[str, ...]) -> None:
    done = process(*CREATE, *format_, shell="> /dev/full")
    lines = done.stderr.splitlines()
    assert (done.returncode, lines[-1]) == (
        1,
        "Error: cannot write the output: No space left on device",
    )
    assert any("Connected" in line for line in lines)


@pytest.mark.process
def test_for_programs_a_full_disk_is_an_object_too() -> None:
    done = process(*CREATE, "--progress=json", shell="> /dev/full")
    last = json.loads(done.stderr.splitlines()[-1])
    assert (last["type"], last["exitCode"]) == ("error", done.returncode)


@pytest.mark.process
@pytest.mark.parametrize(
    ("arguments", "code"),
    [(CREATE, 1), (("create", "milan", "milan"), 2), (("craete",), 2), ((), 1), (("get",), 0)],
    ids=["a result", "an error", "no command", "help", "nothing"],
)
def test_where_nothing_can_be_told_the_exit_code_tells(
    arguments: tuple[str, ...], code: int
) -> None:
    done = process(*arguments, shell="> /dev/full 2>&1")
    assert done.returncode == code


@pytest.mark.process
@pytest.mark.parametrize("arguments", [CREATE, (), ("version",)], ids=["create", "help", "version"])
def test_output_that_nobody_wants_is_no_error(arguments: tuple[str, ...]) -> None:
    done = process(*arguments, shell=">&-")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
