from __future__ import annotations

import pytest

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import HUB, ObjectRef
from kubectl_liqo_shortcut.errors import ExitCode, Forbidden, Unreachable
from tests.cli.runner import Clusters, always, linked, run
from tests.commands.test_why import say
from tests.samples import record_of


@pytest.fixture
def clusters() -> Clusters:
    return linked("rome", "paris")


def test_live_links_have_a_line_each_and_exit_code_0(clusters: Clusters) -> None:
    result = run("check", "--all", on=clusters)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == ["milan--paris live", "milan--rome live"]
    assert clusters.written == []


def test_a_link_that_is_down_makes_it_1_and_says_why(clusters: Clusters) -> None:
    say(clusters, "rome", "Error")
    result = run("check", "--all", on=clusters)
    live, down = result.stdout.splitlines()
    assert (result.exit_code, live) == (ExitCode.FAILED, "milan--paris live")
    assert down.startswith("milan--rome not live: TunnelDown: rome: its gateway gets no answer")


def test_only_named_links_count(clusters: Clusters) -> None:
    say(clusters, "rome", "Error")
    assert run("check", "milan", "paris", on=clusters).exit_code == 0
    assert run("check", "rome--milan", on=clusters).exit_code == ExitCode.FAILED


def test_get_live_itself_keeps_exit_code_0(clusters: Clusters) -> None:
    say(clusters, "rome", "Error")
    assert run("get", "--live", on=clusters).exit_code == 0


def test_a_leaf_that_does_not_answer_makes_its_links_not_live(clusters: Clusters) -> None:
    clusters.leaves["paris"].fault = always(Unreachable("paris", "no answer"))
    result = run("check", "--all", "--timeout", "300ms", on=clusters)
    assert result.exit_code == ExitCode.FAILED
    first, second = result.stdout.splitlines()
    assert first.startswith("milan--paris not live: LeafUnreachable")
    assert second == "milan--rome live"


def test_one_that_is_not_there_has_a_line_too(clusters: Clusters) -> None:
    result = run("check", "milan--rome", "oslo--rome", on=clusters)
    assert result.exit_code == ExitCode.FAILED
    assert result.stdout.splitlines() == ["milan--rome live", "oslo--rome not live: not found"]


def test_one_that_is_being_deleted_is_not_live(clusters: Clusters) -> None:
    ref = ObjectRef(HUB, r.SHORTCUT, "", "milan--rome")
    clusters.hub.delete(ref, clusters.hub.objects[ref]["metadata"]["uid"])
    result = run("check", "milan", "rome", on=clusters)
    assert result.exit_code == ExitCode.FAILED
    assert result.stdout == "milan--rome not live: Terminating: it is being deleted\n"


def test_one_that_nobody_made_yet_is_not_live() -> None:
    clusters = Clusters("milan", "rome")
    clusters.hub.put(record_of())
    result = run("check", "--all", on=clusters)
    assert (result.exit_code, "milan--rome not live: " in result.stdout) == (1, True)


def test_a_hub_without_shortcuts_has_nothing_wrong() -> None:
    result = run("check", "--all", on=Clusters())
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "No shortcuts found.\n")


def test_a_hub_that_cannot_be_asked_is_never_0(clusters: Clusters) -> None:
    clusters.hub.fault = always(Forbidden(HUB, "no"))
    assert run("check", "--all", on=clusters).exit_code == ExitCode.FAILED


@pytest.mark.parametrize("args", [(), ("--all", "milan", "rome")], ids=["nothing", "both"])
def test_it_is_said_what_to_check(args: tuple[str, ...]) -> None:
    assert run("check", *args).exit_code == ExitCode.USAGE
