"""The live view, as a person sees it: the program as a process on a real terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.busy_hub import HOLDER, busy_hub
from tests.cli.terminal import Session, go_on, interrupt, kill, on_terminal
from tests.samples import record_of, spec_of

pytestmark = pytest.mark.process

NAME = "shortcut.shortcut.liqo.io/milan--rome"
LINE = "milan: gatewayserver/rome created"
VIEW = "waits for gateway: no"
"""On the screen only where the live view is."""

CREATE = ("create", "milan", "rome", "--timeout", "30s")


def run(*args: str, then: str = "go on", **given: Any) -> Session:
    """A command that waits until the view is seen."""
    program = (sys.executable, "-m", "tests.cli.on_fakes", "milan,rome,paris,oslo,sofia")
    given = {"when": {VIEW: go_on}, "THEN": then, **given}
    return on_terminal(*program, *(args or CREATE), **given)


def run_through(*args: str, **given: Any) -> Session:
    """A command that waits for nothing, since no view is expected."""
    return run(*args, then="", **given)


def results(session: Session) -> list[str]:
    return [line for line in session.left if line.startswith("shortcut.")]


@pytest.mark.parametrize("width", [40, 80, 300])
def test_a_view_comes_and_goes_and_the_result_stays(width: int) -> None:
    session = run(width=width)
    assert (session.code, session.is_coloured, VIEW in session.raw) == (0, True, True)
    assert " left" not in "".join(session.left)
    assert "".join(session.left).endswith(f"{NAME} created")


def test_the_cursor_is_never_hidden_so_that_a_killed_program_need_not_show_it() -> None:
    assert "\x1b[?25" not in run(when={VIEW: kill}).raw


def test_it_tells_the_time_that_is_left() -> None:
    assert "s, 29s left" in run().raw


def test_what_has_no_room_is_cut() -> None:
    assert f"{VIEW} endpoi\u2026" in run(width=40).raw


def test_columns_make_it_narrower() -> None:
    assert f"{VIEW} endpoi\u2026" in run(width=80, COLUMNS="40").raw


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_unicode_has_it_too(encoding: str) -> None:
    session = run(width=40, PYTHONIOENCODING=encoding)
    assert (session.code, f"{VIEW} endpoin\x1b" in session.raw) == (0, True)


def test_without_colour_it_is_the_same() -> None:
    session = run(NO_COLOR="1")
    assert (session.code, session.is_coloured, VIEW in session.raw) == (0, False, True)


@pytest.mark.parametrize("term", ["dumb", "unknown", ""])
def test_a_terminal_that_cannot_move_its_cursor_gets_lines(term: str) -> None:
    session = run_through(TERM=term)
    assert (session.code, "\x1b" in session.raw, LINE in session.left) == (0, False, True)


def test_in_the_background_it_draws_over_nobodys_lines() -> None:
    session = run_through(background=True)
    assert (session.code, "\x1b" in session.raw, LINE in session.left) == (0, False, True)


@pytest.mark.parametrize("option", ["--progress=plain", "--progress=json", "-q"])
def test_who_wants_no_view_gets_none(option: str) -> None:
    session = run_through(*CREATE, option)
    assert (session.code, "\x1b" in session.raw) == (0, False)
    assert session.left[-1] == f"{NAME} created"


def test_several_are_shown_as_far_as_there_is_room(tmp_path: Path) -> None:
    leaves = ("oslo", "paris", "rome", "sofia")
    records = [record_of(f"milan--{leaf}", spec=spec_of(leaf)) for leaf in leaves]
    path = tmp_path / "links.yaml"
    path.write_text(yaml.safe_dump_all(records))
    session = run("create", "-f", str(path), height=12, when={"left; 3 more under way": go_on})
    assert (session.code, len(results(session))) == (0, 4)
    assert " left" not in "".join(session.left)


def test_results_go_where_they_are_sent_while_the_view_is_on_the_terminal(tmp_path: Path) -> None:
    with open(tmp_path / "results", "w+b") as file:
        session = run(stdout=file.fileno())
        file.seek(0)
        assert file.read() == f"{NAME} created\n".encode()
    assert (VIEW in session.raw, results(session)) == (True, [])


def test_ctrl_c_undoes_and_leaves_a_clean_terminal() -> None:
    session = run(when={VIEW: interrupt})
    assert session.code == 130
    assert session.left[-3:] == [
        "milan--rome: undoing: interrupted",
        "milan--rome: rolled back; only tenant namespaces remain",
        "Error: interrupted",
    ]


def test_an_error_is_told_below_all_else() -> None:
    session = run(*CREATE, "--timeout", "3s", when={})
    assert (session.code, VIEW in session.raw) == (5, True)
    left = "".join(session.left)
    assert "rerun the command to continue, or delete the shortcut" in left
    assert left.endswith("kubectl --context milan -n liqo-tenant-rome describe service gw-rome")


def test_a_bug_shows_its_traceback_and_no_view() -> None:
    session = run(then="fail")
    assert (session.code, session.left[-1]) == (1, "KeyError: 'a bug'")
    assert " left" not in "".join(session.left).partition("Traceback")[0]


def test_what_a_cluster_says_is_shown_and_not_obeyed() -> None:
    said = r"\x1b[2J\x07[red]no[/red] :boom:\n"
    session = run(then="say", when={VIEW: go_on, said: interrupt}, width=120)
    assert session.code == 130


def test_who_is_waited_for_is_seen_by_the_hub(tmp_path: Path) -> None:
    command = ("delete", "milan", "rome", "--timeout", "3s", "--kubeconfig")
    with busy_hub(tmp_path) as kubeconfig:
        program = (sys.executable, "-m", "kubectl_liqo_shortcut")
        session = on_terminal(*program, *command, kubeconfig, width=120)
    assert session.code == 5
    assert f"  the hub  \x1b[0m\x1b[39mwaiting for {HOLDER}" in session.raw
    assert session.left[-1].startswith("Hint: nothing was changed")
