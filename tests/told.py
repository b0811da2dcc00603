"""What a piece of work tells: all of it, or event by event while the work waits."""

from __future__ import annotations

import queue
from collections.abc import Callable, Generator
from functools import partial
from typing import TypeVar

from kubectl_liqo_shortcut.core.events import Event
from kubectl_liqo_shortcut.engine.runtime.concurrency import Future

T = TypeVar("T")


def all_told(work: Callable[..., object], *args: object, **options: object) -> list[Event]:
    """All that *work* tells until its end; raises what it raises."""
    events: list[Event] = []
    work(*args, **options, tell=events.append)
    return events


def ignore(_: Event) -> None:
    """For work whose events are not the subject."""


def step_by_step(
    work: Callable[..., T], *args: object, **options: object
) -> Generator[Event, None, T]:
    """Each event that *work* tells, and then its result; in between it goes no further.

    So a test can do something at a certain point of the work, or stop it there for good.
    """
    events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()  # None: it has ended
    turns: queue.SimpleQueue[bool] = queue.SimpleQueue()  # False: nobody goes on with it

    def tell(event: Event) -> None:
        events.put(event)
        if not turns.get():
            raise GeneratorExit

    running = Future(partial(work, *args, **options, tell=tell), then=lambda: events.put(None))
    try:
        while (event := events.get()) is not None:
            yield event
            turns.put(True)
    finally:
        turns.put(False)
        running.join()
    return running.result()
