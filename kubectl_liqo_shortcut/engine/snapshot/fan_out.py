"""Asking many leaves at once, within one deadline: one that fails or is silent stops nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, Future
from kubectl_liqo_shortcut.errors import ShortcutError

Leaf = TypeVar("Leaf", bound=str)
Answer = TypeVar("Answer")
Otherwise = TypeVar("Otherwise")


def ask_each(
    asks: Mapping[Leaf, Callable[[], Answer]],
    otherwise: Callable[[Leaf, ShortcutError], Otherwise],
    deadline: Deadline,
) -> dict[Leaf, Answer | Otherwise]:
    """What each leaf answers; what *otherwise* makes of its error, or of its silence."""
    answers = {leaf: Future(ask) for leaf, ask in asks.items()}
    found: dict[Leaf, Answer | Otherwise] = {}
    for leaf, answer in answers.items():
        try:
            found[leaf] = answer.in_time(leaf, deadline)
        except ShortcutError as error:
            found[leaf] = otherwise(leaf, error)
    return found
