"""Text for terminals: what a cluster sends is input, its control characters are only shown."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from kubectl_liqo_shortcut.errors import lines_of


def printable(text: str) -> str:
    """*text* with everything a terminal might obey written as an escape."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def paragraph(first: str, text: str, indent: int | None = None) -> Iterator[str]:
    """The lines of *text* behind *first*, printable; all but the first are indented as far."""
    for each in lines_of(text):
        yield first + printable(each)
        first = " " * (len(first) if indent is None else indent)


def age(since: str | None, now: datetime.datetime) -> str:
    """The time since an RFC 3339 moment, as kubectl writes ages: ``5s``, ``3m20s``, ``2d``."""
    try:
        moment = datetime.datetime.fromisoformat(since or "")
        return duration(int((now - moment).total_seconds()))
    except (ValueError, TypeError, OverflowError):  # a record's times are somebody's text
        return "<unknown>"


def duration(seconds: int) -> str:
    """A time as kubectl writes it: ``5s``, ``3m20s``, ``2d``."""
    if seconds < 0:
        return "0s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if hours < 3:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    years, rest = divmod(days, 365)
    if years < 2:
        return f"{days}d"
    return f"{years}y{rest}d" if rest and years < 8 else f"{years}y"
