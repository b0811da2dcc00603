"""Running at the same time what does not depend on each other, and one deadline for all of it."""

from __future__ import annotations

import collections
import contextlib
import contextvars
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Generic, TypeVar

from kubectl_liqo_shortcut.core import patience
from kubectl_liqo_shortcut.core.outcome import outcome_of
from kubectl_liqo_shortcut.errors import Interrupted, ShortcutError, Transient, Unreachable

K = TypeVar("K")
T = TypeVar("T")

now: Callable[[], float] = time.monotonic  # what every deadline goes by
AT_ONCE = 64  # fewer cost time where Pods start slowly, more cost threads and files
_FILES = 16  # that one job may have open: a connection for each watch and request of its own
_OTHER_FILES = 500  # connections that are kept for the next request, and all else
FIRST_PAUSE = 0.2  # seconds before something is tried again, doubled each time


class Deadline:
    """The moment a whole command must be over; every wait of it has this one."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = now() + seconds

    def left(self) -> float:
        """Seconds left, not below 0."""
        return max(0.0, self._end - now())


class CancelToken:
    """A request to stop, made by a signal and heeded where stopping is safe.

    Without a lock, since a signal handler may interrupt any line of the main thread: each side
    first writes its own field, then reads the other's, so that one of them sees both.
    """

    def __init__(self) -> None:
        self._signal: int | None = None
        self._listeners: tuple[Callable[[], object], ...] = ()  # the innermost last

    def request(self, signal_number: int) -> None:
        self._signal = signal_number
        for listener in self._listeners:
            listener()

    def arm(self, listener: Callable[[], object]) -> None:
        """From now on something must be undone before stopping: *listener* hears of a request."""
        self._listeners = (*self._listeners, listener)
        self.check()

    def disarm(self) -> None:
        """What was armed last is undone, or need not be; what was armed before it counts again."""
        self._listeners = self._listeners[:-1]

    @property
    def armed(self) -> bool:
        return bool(self._listeners)

    def check(self) -> None:
        """Raise ``Interrupted`` if a stop was requested."""
        if self._signal is not None:
            raise Interrupted(self._signal)


class Future(Generic[T]):
    """The result of an action under way on a thread of its own.

    A daemon thread, so that an interrupted program need not wait for a silent server.
    """

    def __init__(self, action: Callable[[], T], then: Callable[[], object] = lambda: None) -> None:
        self._result: T
        self._error: BaseException | None = None
        self._then = then
        context = contextvars.copy_context()  # its requests have the time that ours would have
        self._thread = threading.Thread(target=context.run, args=(self._run, action), daemon=True)
        self._thread.start()

    def join(self, seconds: float | None = None) -> bool:
        """Wait for the action's end; whether it came, within *seconds* if they are given."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def check(self) -> None:
        """Raise what the action raised, if it has by now."""
        if self._error is not None:
            raise self._error

    def result(self) -> T:
        """What the action returned, or what it raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._result

    def in_time(self, cluster: str, deadline: Deadline) -> T:
        """The same; *cluster*, which is asked, counts as unreachable when the time is over."""
        if not self.join(deadline.left()):
            late = f"no answer within {deadline.seconds:g} s"
            raise Unreachable(cluster, late, hint="--timeout waits longer")
        return self.result()

    def within(self, seconds: float, otherwise: T) -> T:
        """What the action returned within *seconds*; *otherwise* if it is late or failed."""
        self._thread.join(seconds)
        return otherwise if self._thread.is_alive() or self._error else self._result

    def _run(self, action: Callable[[], T]) -> None:
        try:
            self._result = action()
        except BaseException as error:  # noqa: BLE001 - raised again by result()
            self._error = error
        self._then()


def gather(actions: Iterable[Callable[[], T]], at_once: int | None = None) -> list[T]:
    """The results of all *actions*, in their order; all have ended before an error is raised.

    *at_once*: how many are under way at the same time, where there may be very many.
    """
    return [end() for end in _ends(tuple(actions), at_once)]


def gather_each(
    actions: Mapping[K, Callable[[], T]], at_once: int | None = None
) -> tuple[dict[K, T], dict[K, ShortcutError]]:
    """What each of *actions* returned, and why each of the others failed; all have ended."""
    results: dict[K, T] = {}
    errors: dict[K, ShortcutError] = {}
    for key, end in zip(actions, _ends(tuple(actions.values()), at_once), strict=True):
        try:
            results[key] = end()
        except ShortcutError as error:
            errors[key] = error
    return results, errors


def _ends(actions: Sequence[Callable[[], T]], at_once: int | None) -> list[Callable[[], T]]:
    """The outcome of each of *actions*; all have ended."""
    ends: dict[int, Callable[[], T]] = {}

    def run(number: int) -> None:
        ends[number] = outcome_of(actions[number])

    numbers = range(len(actions))
    for worker in in_turns([partial(run, each) for each in numbers], at_once or len(actions)):
        worker.result()
    return [ends[each] for each in numbers]


def in_turns(actions: Collection[Callable[[], None]], at_once: int) -> list[Future[None]]:
    """Begin *actions*, none of which raises: so many at once, the next one when one has ended."""
    waiting = collections.deque(actions)

    def work() -> None:
        while True:
            try:
                action = waiting.popleft()
            except IndexError:  # none waits any more
                return
            action()

    return [Future(work) for _ in range(min(len(actions), at_once))]


def room() -> int:
    """How many jobs may be under way at once; raises the limit of open files as far as it may."""
    if sys.platform == "win32":
        return AT_ONCE
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OTHER_FILES + AT_ONCE * _FILES
    if soft == resource.RLIM_INFINITY:
        return AT_ONCE
    if soft < wanted:
        more = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(OSError, ValueError):  # then it stays as it was
            resource.setrlimit(resource.RLIMIT_NOFILE, (more, hard))
            soft = more
    return max(1, min(AT_ONCE, (soft - _OTHER_FILES) // _FILES))


def retry_transient(
    action: Callable[[], T], deadline: Deadline, *, tries: int = 6, first_look: bool = False
) -> T:
    """*action*, tried again after what passes by itself: 429, 5xx, a reset connection.

    At a *first look* a cluster that does not answer at all is an error at once: most likely the
    way to it is wrong, and the user should not wait to hear so.
    """
    pause = FIRST_PAUSE
    while True:
        try:
            with patience.ends_in(deadline.left()):
                return action()
        except Transient as error:
            tries -= 1
            pause = max(pause, error.retry_after)
            hopeless = first_look and isinstance(error, Unreachable)
            if hopeless or not tries or pause >= deadline.left():
                raise
        time.sleep(pause)
        pause *= 2
