"""A clock for deadlines that stands still until a test says that the time is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kubectl_liqo_shortcut.core.events import Event


class Clock:
    """As ``Deadline.clock``: a busy machine makes nobody late, and nobody waits for a deadline."""

    def __init__(self) -> None:
        self._now = 0.0

    def __call__(self) -> float:
        return self._now

    def run_out(self) -> None:
        """Every deadline of before is over."""
        self._now += 86_400.0

    def until(self, seen: Callable[[Event], bool], events: Iterator[Event]) -> Iterator[Event]:
        """*events*; the time runs out after the first of which *seen* is true."""
        for event in events:
            yield event
            if seen(event):
                self.run_out()
                break
        yield from events
