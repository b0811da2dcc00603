from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_liqo_shortcut.core.model import HUB
from kubectl_liqo_shortcut.core.progress import ClusterProgress, Progress, Stage, Work, begin
from kubectl_liqo_shortcut.output.view import Clock, Row, Size, rows
from tests.core.strategies import any_text

CLOCK = Clock(passed=12.3, left=287.7)
PLACES = {
    "rome": ClusterProgress("gatewayserver/milan created", "gateway: no endpoint yet"),
    "milan": ClusterProgress("publickey/rome created"),
    HUB: ClusterProgress("gateway server: rome (as asked for)"),
}
ONE = {"milan--rome": Work(Stage.UNDER_WAY, PLACES)}


def shown(progress: Progress, width: int = 80, height: int = 24) -> list[str]:
    return [text(row) for row in rows(progress, CLOCK, Size(width, height))]


def text(row: Row) -> str:
    return "".join(words for words, _ in row)


def test_the_hub_is_first_and_the_last_row_is_about_the_time() -> None:
    assert shown(ONE, width=100) == [
        "milan--rome",
        "  the hub  gateway server: rome (as asked for)",
        "  milan    publickey/rome created",
        "  rome     gatewayserver/milan created; waits for gateway: no endpoint yet",
        "12s, 4m47s left",
    ]


def test_where_it_is_narrow_what_is_waited_for_has_a_row_of_its_own() -> None:
    assert shown(ONE, width=80)[3:5] == [
        "  rome     gatewayserver/milan created",
        "           waits for gateway: no endpoint yet",
    ]


def test_a_cluster_that_only_waits_says_so() -> None:
    work = Work(Stage.UNDER_WAY, {"rome": ClusterProgress("", "Configuration: not there yet")})
    assert shown({"a": work})[1] == "  rome  waits for Configuration: not there yet"


def test_nothing_is_shown_before_anything_was_heard() -> None:
    assert shown(begin(["a", "b"])) == []


def test_a_shortcut_that_nothing_was_heard_of_has_its_place() -> None:
    assert shown({**ONE, **begin(["b"])})[-3:-1] == ["b", "  looking at the clusters"]


def test_what_has_ended_is_counted() -> None:
    ended = {"a": Work(Stage.DONE), "b": Work(Stage.DONE), "c": Work(Stage.FAILED)}
    assert shown({**ended, **ONE})[0] == "milan--rome"
    assert shown({**ended, **ONE})[-1] == "12s, 4m47s left; 2 of 4 done, 1 failed"


def test_what_has_no_room_is_counted() -> None:
    many = {f"link-{number}": ONE["milan--rome"] for number in range(5)}
    lines = shown(many, width=100, height=10)
    assert [line for line in lines if line.startswith("link")] == ["link-0", "link-1"]
    assert lines[-1] == "12s, 4m47s left; 3 more under way"


def test_a_shortcut_is_never_shown_in_part() -> None:
    assert shown(ONE, width=100, height=4) == ["12s, 4m47s left; 1 more under way"]


@pytest.mark.parametrize("width", [40, 80, 300])
def test_a_long_name_leaves_room_for_what_is_said(width: int) -> None:
    work = Work(Stage.UNDER_WAY, {"m" * 63: ClusterProgress("gatewayserver/milan created")})
    line = shown({"a": work}, width=width)[1]
    assert line.index("gatewayserver") <= width // 3 + 4


def test_what_a_cluster_says_cannot_command_the_terminal() -> None:
    work = Work(Stage.UNDER_WAY, {"rome": ClusterProgress("\x1b[2J[red]", "\x07")})
    assert shown({"a": work}, width=100)[1] == r"  rome  \x1b[2J[red]; waits for \x07"


places = st.dictionaries(
    st.sampled_from([HUB, "milan", "rome"]), st.builds(ClusterProgress, any_text, any_text)
)
works = st.builds(Work, st.sampled_from(Stage), places)


@given(st.dictionaries(st.sampled_from("abcdef"), works), st.integers(1, 30), st.integers(1, 300))
def test_a_view_fits_and_is_printable(progress: Progress, height: int, width: int) -> None:
    lines = shown(progress, width, height)
    assert len(lines) <= height
    assert all(line.isprintable() for line in lines)


def test_without_one_deadline_for_all_no_time_is_left() -> None:
    assert str(Clock(passed=12.3, left=None)) == "12s"
