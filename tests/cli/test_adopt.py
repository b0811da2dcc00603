from __future__ import annotations

import pytest

from tests.cli.runner import Clusters, run
from tests.commands.test_adopt import connect

NAME = "shortcut.shortcut.liqo.io/milan--rome"


@pytest.fixture
def clusters() -> Clusters:
    """Clusters with a link between milan and rome that was made by hand."""
    clusters = Clusters("milan", "rome")
    connect(clusters)
    clusters.asked.clear()
    return clusters


def test_the_result_is_one_line_and_all_else_is_progress(clusters: Clusters) -> None:
    result = run("adopt", "milan", "rome", on=clusters)
    assert (result.exit_code, result.stdout) == (0, f"{NAME} adopted\n")
    assert "rome: gatewayserver/milan adopted" in result.stderr
    assert run("adopt", "rome", "milan", on=clusters).stdout == f"{NAME} unchanged\n"


def test_a_dry_run_tells_and_writes_nothing(clusters: Clusters) -> None:
    result = run("adopt", "milan", "rome", "--dry-run", on=clusters)
    assert (result.exit_code, result.stdout) == (0, f"{NAME} adopted (dry run)\n")
    assert "rome: gatewayserver/milan would be adopted" in result.stderr
    assert clusters.written == []


def test_the_reason_is_kept(clusters: Clusters) -> None:
    run("adopt", "milan", "rome", "--reason", "made by hand in May", on=clusters)
    shown = run("get", "milan--rome", "-o", "yaml", on=clusters).stdout
    assert "made by hand in May" in shown


def test_nothing_to_adopt_is_refused_with_the_next_command() -> None:
    result = run("adopt", "milan", "rome", on=Clusters("milan", "rome"))
    assert result.exit_code == 4
    assert "kubectl liqo-shortcut create milan rome" in result.stderr


def test_two_leaves_are_needed() -> None:
    assert run("adopt", "milan").exit_code == 2
