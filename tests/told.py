"""What a piece of work tells: all of it, or event by event while the work waits."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable, Generator
from functools import partial
from typing import NoReturn, TypeVar

from kubectl_liqo_shortcut.core.events import Event

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
    ends: list[Callable[[], T]] = []

    def tell(event: Event) -> None:
        events.put(event)
        if not turns.get():
            raise GeneratorExit

    def run() -> None:
        try:
            result = work(*args, **options, tell=tell)
            ends.append(lambda: result)
        except BaseException as error:  # noqa: BLE001 - raised again where its events are read
            ends.append(partial(_again, error))
        events.put(None)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True)
    thread.start()
    try:
        while (event := events.get()) is not None:
            yield event
            turns.put(True)
    finally:
        turns.put(False)
        thread.join()
    return ends[0]()


def _again(error: BaseException) -> NoReturn:
    raise error
