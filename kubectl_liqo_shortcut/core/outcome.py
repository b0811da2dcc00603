"""How an action ended, as a value that one thread can hand to another."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NoReturn, TypeVar

T = TypeVar("T")


def outcome_of(action: Callable[[], T]) -> Callable[[], T]:
    """Do *action*; a call of what comes back returns what it returned, or raises what it raised."""
    try:
        result = action()
    except BaseException as error:  # noqa: BLE001 - raised again by who asks
        return partial(_raise, error)
    return lambda: result


def _raise(error: BaseException) -> NoReturn:
    raise error
