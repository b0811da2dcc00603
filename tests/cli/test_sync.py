from __future__ import annotations

import pytest
from click.testing import Result

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import HUB, ObjectRef
from kubectl_liqo_shortcut.errors import ExitCode, Unreachable
from tests.cli.runner import Clusters, always, linked, run

NAME = "shortcut.shortcut.liqo.io/milan--rome"
RECORD = ObjectRef(HUB, r.SHORTCUT, "", "milan--rome")


@pytest.fixture
def clusters() -> Clusters:
    """Clusters with a shortcut between milan and rome, and one between milan and oslo."""
    return linked("rome", "oslo")


def sync(clusters: Clusters, *args: str, stdin: str | None = None) -> Result:
    return run("sync", *args, "--timeout", "5s", on=clusters, stdin=stdin)


def test_without_a_name_it_is_about_all_of_them(clusters: Clusters) -> None:
    result = sync(clusters)
    assert result.exit_code == 0, result.stderr
    assert sorted(result.stdout.splitlines()) == [
        "shortcut.shortcut.liqo.io/milan--oslo unchanged",
        f"{NAME} unchanged",
    ]


@pytest.mark.parametrize(
    "words",
    [("milan", "rome"), ("rome", "milan"), ("milan--rome",), (NAME,)],
    ids=" ".join,
)
def test_one_is_named_by_its_leaves_or_its_name(clusters: Clusters, words: tuple[str, ...]) -> None:
    assert sync(clusters, *words).stdout == f"{NAME} unchanged\n"


def test_several_are_named_by_their_names(clusters: Clusters) -> None:
    assert len(sync(clusters, "milan--rome", "shortcut/milan--oslo").stdout.splitlines()) == 2


def test_a_name_that_is_not_there_is_an_error(clusters: Clusters) -> None:
    result = sync(clusters, "milan--paris")
    assert (result.exit_code, result.stdout) == (1, "")
    assert 'shortcuts.shortcut.liqo.io "milan--paris" not found' in result.stderr


def test_without_any_record_it_says_so() -> None:
    result = sync(Clusters("milan", "rome"))
    assert (result.exit_code, result.stderr) == (0, "No shortcuts found.\n")


def test_a_dry_run_tells_the_steps_and_changes_nothing(clusters: Clusters) -> None:
    rome = clusters.leaves["rome"]
    rome.drop(next(ref for ref in rome.objects if ref.kind == r.PUBLIC_KEY))
    clusters.asked.clear()
    result = sync(clusters, "--dry-run")
    assert result.exit_code == 0, result.stderr
    assert f"{NAME} configured (dry run)" in result.stdout
    assert "shortcut.shortcut.liqo.io/milan--oslo unchanged (dry run)" in result.stdout
    assert "rome: publickey/milan would be created" in result.stderr
    assert clusters.written == []


def orphan(clusters: Clusters) -> None:
    clusters.hub.patch(RECORD, {"metadata": {"finalizers": None}})
    clusters.hub.drop(RECORD)


def left(clusters: Clusters) -> int:
    return sum(ref.kind == r.CONFIGURATION for ref in clusters.leaves["rome"].objects)


def test_orphans_are_shown_and_removed_when_somebody_agrees(clusters: Clusters) -> None:
    orphan(clusters)
    result = sync(clusters, "--prune", "--yes")
    assert result.exit_code == 0, result.stderr
    assert "rome: configuration/milan is an orphan of milan--rome" in result.stderr
    assert left(clusters) == 0


def test_nobody_to_agree_is_an_error(clusters: Clusters) -> None:
    orphan(clusters)
    result = sync(clusters, "--prune")
    assert result.exit_code == ExitCode.USAGE
    assert "add --yes" in result.stderr
    assert left(clusters) == 1


@pytest.mark.parametrize(("answer", "rest"), [("y\n", 0), ("n\n", 1)], ids=["yes", "no"])
def test_at_a_terminal_it_asks(
    clusters: Clusters, monkeypatch: pytest.MonkeyPatch, answer: str, rest: int
) -> None:
    orphan(clusters)
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    result = sync(clusters, "--prune", stdin=answer)
    assert "Delete these 6 objects?" in result.stderr
    assert left(clusters) == rest


def test_a_dry_run_shows_orphans_and_leaves_them(clusters: Clusters) -> None:
    orphan(clusters)
    result = sync(clusters, "--prune", "--dry-run")
    assert "is an orphan of milan--rome" in result.stderr
    assert left(clusters) == 1


def test_no_orphans_are_said(clusters: Clusters) -> None:
    assert "No orphans found." in sync(clusters, "--prune", "--yes").stderr


def test_a_leaf_that_was_not_searched_is_told_by_the_exit_code() -> None:
    clusters = Clusters("milan", "rome")
    clusters.leaves["rome"].fault = always(Unreachable("rome", "cannot be reached"))
    result = sync(clusters, "--prune", "--yes")
    assert result.exit_code == ExitCode.PARTLY
    assert "cluster 'rome': cannot be reached" in result.stderr


def test_prune_goes_without_names(clusters: Clusters) -> None:
    assert sync(clusters, "milan--rome", "--prune").exit_code == ExitCode.USAGE
