"""A clock for deadlines that a test puts forward, so that it need not wait for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from kubectl_liqo_shortcut.core.events import Event


class Clock:
    """As ``concurrency.now``: the deadline of a test is long, and over when the test says so."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self._ahead

    def run_out(self) -> None:
        """Every deadline of before is over."""
        self.forward(86_400.0)

    def forward(self, seconds: float) -> None:
        """So much time has gone by."""
        self._ahead += seconds

    def until(self, seen: Callable[[Event], bool], events: Iterator[Event]) -> Iterator[Event]:
        """*events*; the time runs out after the first of which *seen* is true."""
        for event in events:
            yield event
            if seen(event):
                self.run_out()
                break
        yield from events
