from __future__ import annotations

import datetime

import pytest
from hypothesis import given

from kubectl_liqo_shortcut.output.text import age, printable
from tests.core.strategies import any_text
from tests.tables import every

NOW = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC)
MINUTE, HOUR, DAY = 60, 3600, 86400


@every(
    ("seconds", "text"),
    [
        (-1, "0s"),
        (0, "0s"),
        (119, "119s"),
        (2 * MINUTE, "2m"),
        (2 * MINUTE + 1, "2m1s"),
        (10 * MINUTE - 1, "9m59s"),
        (10 * MINUTE, "10m"),
        (3 * HOUR - 1, "179m"),
        (3 * HOUR, "3h"),
        (3 * HOUR + MINUTE, "3h1m"),
        (8 * HOUR - 1, "7h59m"),
        (8 * HOUR, "8h"),
        (2 * DAY - 1, "47h"),
        (2 * DAY, "2d"),
        (2 * DAY + HOUR, "2d1h"),
        (8 * DAY - 1, "7d23h"),
        (8 * DAY, "8d"),
        (2 * 365 * DAY - 1, "729d"),
        (2 * 365 * DAY, "2y"),
        (2 * 365 * DAY + DAY, "2y1d"),
        (8 * 365 * DAY - 1, "7y364d"),
        (8 * 365 * DAY + 5 * DAY, "8y"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_age_is_written_as_kubectl_writes_it(seconds: int, text: str) -> None:
    since = (NOW - datetime.timedelta(seconds=seconds)).isoformat()
    assert age(since, NOW) == text


def test_an_age_takes_the_form_of_time_that_api_servers_write() -> None:
    assert age("2026-06-01T11:59:00Z", NOW) == "60s"


@pytest.mark.parametrize("since", [None, ""], ids=["none", "empty"])
def test_an_age_may_be_unknown(since: str | None) -> None:
    assert age(since, NOW) == "<unknown>"


@every(
    ("text", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x07\x00\x7f", r"\x07\x00\x7f"),
        ("\x9b31m", r"\x9b31m"),
        ("\u202egnp", r"\u202egnp"),
        ("\u2028", r"\u2028"),
        ("\U000e0041", r"\U000e0041"),
        ("M\u00fcnchen \U0001f600", "M\u00fcnchen \U0001f600"),
    ],
    ids=["colour", "lines", "bell", "C1", "right to left", "separator", "tag", "letters"],
)
def test_what_a_terminal_might_obey_is_only_shown(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(any_text)
def test_shown_text_is_always_printable(text: str) -> None:
    assert printable(text).isprintable()
