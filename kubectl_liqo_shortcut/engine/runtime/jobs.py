"""Several commands' work at the same time, with one place where events and signals arrive."""

from __future__ import annotations

import contextlib
import dataclasses
import queue
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from types import FrameType

from kubectl_liqo_shortcut.core.events import Event, Failed, Tell
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken
from kubectl_liqo_shortcut.errors import Interrupted, ShortcutError

Job = Callable[[CancelToken, Tell], None]


@dataclasses.dataclass(frozen=True, slots=True)
class _Ended:
    bug: BaseException | None = None


_News = tuple[str, Event | Failed | _Ended] | int  # an int is a signal's number


def run_all(jobs: Mapping[str, Job]) -> Iterator[tuple[str, Event | Failed]]:
    """The events of all *jobs*, as they come, on the caller's thread, each with its job's name.

    A bug in one of them is raised at the end: the others finish first, or undo what they made.
    The first signal asks each job to stop and waits for those that have something to undo; the
    second one leaves at once (``KeyboardInterrupt``).
    """
    news: queue.SimpleQueue[_News] = queue.SimpleQueue()
    stops = {name: CancelToken() for name in jobs}
    for name, job in jobs.items():
        threading.Thread(target=_work, args=(name, job, stops[name], news), daemon=True).start()
    running, bugs = set(jobs), list[BaseException]()
    with _signals(stops, news):
        while running:
            match news.get():
                case name, _Ended(None):
                    running.discard(name)
                case name, _Ended(bug) if bug is not None:
                    running.discard(name)
                    bugs.append(bug)
                case int(number):
                    idle = {name for name in running if not stops[name].armed}
                    running -= idle
                    for name in sorted(idle):
                        yield name, Failed(Interrupted(number))
                case name, Failed() as failed if name in running:
                    yield name, failed
                case _, (Failed() | _Ended()):
                    pass
                case name, event:
                    yield name, event
    if len(bugs) > 1:
        raise BaseExceptionGroup(f"{len(bugs)} of {len(jobs)} ended unforeseen", bugs)
    if bugs:
        raise bugs[0]


def _work(name: str, job: Job, cancel: CancelToken, news: queue.SimpleQueue[_News]) -> None:
    try:
        job(cancel, lambda event: news.put((name, event)))
    except ShortcutError as error:
        news.put((name, Failed(error)))
    except BaseException as bug:  # noqa: BLE001 - raised again on the caller's thread
        news.put((name, _Ended(bug)))
        return
    news.put((name, _Ended()))


@contextlib.contextmanager
def _signals(stops: Mapping[str, CancelToken], news: queue.SimpleQueue[_News]) -> Iterator[None]:
    seen = False

    def handle(number: int, _: FrameType | None) -> None:
        nonlocal seen
        if seen:
            raise KeyboardInterrupt
        seen = True
        for cancel in stops.values():
            cancel.request(number)
        news.put(number)

    if threading.current_thread() is not threading.main_thread():  # a test's runner
        yield
        return
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup wants it
        numbers.append(signal.SIGHUP)
    before = [signal.signal(number, handle) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
