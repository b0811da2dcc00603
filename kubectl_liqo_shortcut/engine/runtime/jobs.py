"""Several commands' work at the same time, with one place where events and signals arrive."""

from __future__ import annotations

import contextlib
import dataclasses
import queue
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import FrameType

from kubectl_liqo_shortcut.core.events import Event, Failed, Outcome, Tell
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken, in_turns, room
from kubectl_liqo_shortcut.errors import Interrupted, ShortcutError

Job = Callable[[CancelToken, Tell], None]


@dataclasses.dataclass(frozen=True, slots=True)
class _Ended:
    bug: BaseException | None = None


_Message = tuple[str, Event | Failed | _Ended] | int  # an int is a signal's number


def run_all(
    jobs: Mapping[str, Job], at_once: int | None = None
) -> Iterator[tuple[str, Event | Failed]]:
    """The events of all *jobs*, as they come, on the caller's thread, each with its job's name.

    Of many jobs only so many are under way *at_once*, as this process may have files open.
    A bug in one of them is raised at the end: the others finish first, or undo what they made.
    The first signal asks each job to stop and waits for those that have something to undo; the
    second one leaves at once (``KeyboardInterrupt``).
    """
    inbox: queue.SimpleQueue[_Message] = queue.SimpleQueue()
    cancels = {name: CancelToken() for name in jobs}
    work = [partial(_work, name, job, cancels[name], inbox) for name, job in jobs.items()]
    running, concluded, bugs = set(jobs), set[str](), list[BaseException]()
    with _signals(cancels, inbox):
        in_turns(work, at_once or room())
        while running:
            match inbox.get():
                case name, _Ended(None):
                    running.discard(name)
                case name, _Ended(bug) if bug is not None:
                    running.discard(name)
                    bugs.append(bug)
                case int(number):
                    idle = {name for name in running - concluded if not cancels[name].armed}
                    running -= idle
                    for name in sorted(idle):
                        yield name, Failed(Interrupted(number))
                case name, Failed() as failed if name in running:
                    yield name, failed
                case _, (Failed() | _Ended()):
                    pass
                case name, event:
                    if isinstance(event, Outcome):
                        concluded.add(name)  # it only lets its lock go
                    yield name, event
    if len(bugs) > 1:
        raise BaseExceptionGroup(f"{len(bugs)} of {len(jobs)} ended unforeseen", bugs)
    if bugs:
        raise bugs[0]


def _work(name: str, job: Job, cancel: CancelToken, inbox: queue.SimpleQueue[_Message]) -> None:
    try:
        cancel.check()  # by a signal while it waited
        job(cancel, lambda event: inbox.put((name, event)))
    except ShortcutError as error:
        inbox.put((name, Failed(error)))
    except BaseException as bug:  # noqa: BLE001 - raised again on the caller's thread
        inbox.put((name, _Ended(bug)))
        return
    inbox.put((name, _Ended()))


@contextlib.contextmanager
def _signals(
    cancels: Mapping[str, CancelToken], inbox: queue.SimpleQueue[_Message]
) -> Iterator[None]:
    seen = False

    def handle(number: int, _: FrameType | None) -> None:
        nonlocal seen
        if seen:
            raise KeyboardInterrupt
        seen = True
        for cancel in cancels.values():
            cancel.request(number)
        inbox.put(number)

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
