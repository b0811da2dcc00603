from __future__ import annotations

import click
import pytest

from kubectl_liqo_shortcut.cli.params.types import Assignment, Duration
from tests.tables import every


@every(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("5m", 300),
        ("1h30m", 5400),
        ("1m30.5s", 90.5),
        ("500ms", 0.5),
        ("2d", 172800),
        ("1w", 604800),
        ("1d12h", 129600),
    ],
)
def test_a_duration_is_written_as_for_kubectl(text: str, seconds: float) -> None:
    assert Duration().convert(text, None, None) == seconds


@every("text", ["", "5 m", "m", "-5s", "5y", "5m!", "1e3", "inf", "nan", "5M"])
def test_nothing_else_is_a_duration(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a duration such as 90s, 5m or 2d"):
        Duration().convert(text, None, None)


@every("text", ["0", "45", "1.5"])
def test_a_number_needs_a_unit(text: str) -> None:
    with pytest.raises(click.BadParameter, match=f"'{text}' has no unit: {text}s, {text}m, "):
        Duration().convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "pair"),
    [("milan=ctx", ("milan", "ctx")), ("milan=a=b", ("milan", "a=b"))],
    ids=["plain", "split at the first"],
)
def test_an_assignment_is_split_at_the_first_sign(text: str, pair: tuple[str, str]) -> None:
    assert Assignment().convert(text, None, None) == pair


@every("text", ["milan", "=ctx", "milan=", "="])
def test_nothing_else_is_an_assignment(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not of the form ID=VALUE"):
        Assignment().convert(text, None, None)


@every("text", ["0s", "169h", "8d", "9999999999s"])
def test_a_duration_that_nobody_can_wait_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="not between"):
        Duration().convert(text, None, None)
