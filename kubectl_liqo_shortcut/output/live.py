"""The live view: a thread that shows the present state of the work on a terminal."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TextIO

from kubectl_liqo_shortcut.core.events import Done, Event, Failed, Seen, Waits
from kubectl_liqo_shortcut.core.progress import advance, begin
from kubectl_liqo_shortcut.output.view import Clock, Row, Size, rows

if TYPE_CHECKING:
    from kubectl_liqo_shortcut.output.drawing import Drawing

_PAUSE = 1 / 8  # seconds between two looks at the state


def can_show(stream: TextIO | None) -> bool:
    """Whether *stream* is a terminal that can move its cursor, and nobody else uses it now."""
    if stream is None or not stream.isatty():
        return False
    return os.environ.get("TERM", "") not in ("", "dumb", "unknown") and _in_foreground(stream)


class LiveView:
    """Shows the work on *shortcuts* until it is left; only what has changed is drawn again.

    Nothing is drawn before the first event: until then a credential plugin may ask its questions
    on the same terminal.
    """

    def __init__(
        self,
        stream: TextIO,
        shortcuts: Iterable[str],
        timeout: float | None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._progress = begin(shortcuts)
        self._timeout = timeout
        self._now = now
        self._began = now()
        self._lock = threading.Lock()  # who has it may write to the terminal
        self._ended = threading.Event()
        self._drawing: Drawing | None = None
        self._shown: tuple[list[Row], Size] | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def takes(self, shortcut: str, event: Event | Failed) -> bool:
        """Whether the view shows *event*, so that it need not be told besides."""
        self._progress = advance(self._progress, shortcut, event)
        return isinstance(event, Done | Seen | Waits)

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Meanwhile the terminal is the caller's: what is written stays above the view."""
        with self._lock:
            self._hide()
            yield

    def __enter__(self) -> LiveView:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        with self._lock:
            self._hide()

    def _run(self) -> None:
        while not self._ended.wait(_PAUSE):
            size = _size_of(self._stream)
            wanted = self._rows(size)
            if not wanted or not _in_foreground(self._stream):
                continue
            drawing = self._drawing = self._drawing or _new_drawing(self._stream)
            with self._lock, contextlib.suppress(OSError):  # the terminal may be gone
                if not self._ended.is_set() and self._shown != (wanted, size):
                    self._shown = wanted, size
                    drawing.show(wanted, size)

    def _rows(self, size: Size) -> list[Row]:
        passed = self._now() - self._began
        left = None if self._timeout is None else max(0.0, self._timeout - passed)
        clock = Clock(passed, left)
        return rows(self._progress, clock, Size(size.width, size.height - 1))

    def _hide(self) -> None:
        self._shown = None
        if self._drawing is not None:
            with contextlib.suppress(OSError):
                self._drawing.hide()


def _new_drawing(stream: TextIO) -> Drawing:
    from kubectl_liqo_shortcut.output.drawing import Drawing  # a tenth of a second, in this thread

    return Drawing(stream)


def _in_foreground(stream: TextIO) -> bool:
    """Whether this process may draw: a job in the background would draw over the shell's lines."""
    try:
        return os.tcgetpgrp(stream.fileno()) == os.getpgrp()
    except (OSError, AttributeError):  # no job control there
        return True


def _size_of(stream: TextIO) -> Size:
    """The terminal's own size, where it knows; COLUMNS may make it narrower."""
    try:
        width, height = os.get_terminal_size(stream.fileno())
    except OSError:
        width, height = 0, 0
    wanted = os.environ.get("COLUMNS", "")
    if wanted.isdecimal() and int(wanted):
        width = min(width or int(wanted), int(wanted))
    return Size(width or 80, height or 24)
