"""Keeps what was taken for a while, such as Leases: hundreds of them by some threads.

A thread for each would come too late where there are hundreds; with few, some requests that hang
would make all the others late.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable

_THREADS = 16

Renew = Callable[[], float | None]
"""Renews one of them; returns the seconds until the next time, None: never again."""


class Renewals:
    """Each of what was added is renewed when its time has come, one after the other."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Renew]] = []  # a heap; by time.monotonic
        self._numbers = itertools.count()
        self._threads = self._idle = 0

    def add(self, renew: Renew, seconds: float) -> None:
        """Call *renew* after so many seconds, and again as long as it says when."""
        with self._changed:
            self._push(renew, seconds)
            if self._idle < len(self._due) and self._threads < _THREADS:
                self._threads += 1
                threading.Thread(target=self._work, daemon=True).start()
            self._changed.notify()

    def remove(self, renew: Renew) -> None:
        """Not again; one that is being renewed says so itself."""
        with self._changed:
            self._due = [each for each in self._due if each[2] != renew]
            heapq.heapify(self._due)
            self._changed.notify_all()

    def _work(self) -> None:
        while (renew := self._next()) is not None:
            seconds = renew()
            if seconds is not None:
                with self._changed:
                    self._push(renew, seconds)  # which this thread will find

    def _push(self, renew: Renew, seconds: float) -> None:
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._numbers), renew))

    def _next(self) -> Renew | None:
        """What is due, as soon as it is; None if nothing will be, and this thread is to end."""
        with self._changed:
            while self._due:
                seconds = self._due[0][0] - time.monotonic()
                if seconds <= 0:
                    return heapq.heappop(self._due)[2]
                self._idle += 1
                self._changed.wait(seconds)
                self._idle -= 1
            self._threads -= 1
            return None
