"""How long the work at hand may still take, for who waits on its behalf and is not told.

A request is made far below the command that has a deadline. It heeds what is said here, so that
no signature in between needs to pass it on.
"""

from __future__ import annotations

import contextlib
import contextvars
import time
from collections.abc import Iterator

_end: contextvars.ContextVar[float | None] = contextvars.ContextVar("end", default=None)


@contextlib.contextmanager
def ends_in(seconds: float) -> Iterator[None]:
    """What is done inside has so many *seconds*."""
    token = _end.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _end.reset(token)


def left() -> float | None:
    """The seconds that are left, not below 0; None where nobody has said."""
    end = _end.get()
    return None if end is None else max(0.0, end - time.monotonic())
