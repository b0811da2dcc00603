"""The answer to one request, within bounds: of time, of size, and in no encoding of its choice.

A server may send a byte every few seconds, or bytes without end: neither a timeout of the socket
nor one of the client ends that.
"""

from __future__ import annotations

import contextlib
import dataclasses
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, TypeVar

import urllib3

from kubectl_liqo_shortcut.core import patience
from kubectl_liqo_shortcut.core.outcome import outcome_of

T = TypeVar("T")
_PIECE = 64 * 1024
_AT_LEAST = 1.0  # second for a request, however little the command has left


class Unreadable(Exception):
    """An answer that cannot be understood, or is not looked at any further."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    connect: float = 4.0  # seconds until a silent address counts as unreachable
    read: float = 10.0  # seconds until a silent server does
    whole: float = 15.0  # seconds for a whole answer
    watch: int = 240  # seconds after which the server ends a watch and we begin another
    answer: int = 64 << 20  # bytes
    listing: int = 256 << 20  # bytes of all pages of a list
    pages: int = 1000
    line: int = 4 << 20  # bytes of one line of a watch

    @property
    def time(self) -> float:
        """The seconds for a request at this moment: of what the command has left, a half.

        So that there is time for the clusters that do answer.
        """
        left = patience.left()
        return self.whole if left is None else max(_AT_LEAST, min(self.whole, left / 2))


class Response(Protocol):
    """What is used of urllib3's."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    def read1(self, amt: int, *, decode_content: bool) -> bytes: ...
    def close(self) -> None: ...
    def shutdown(self) -> None: ...


class Ending:
    """Ends an answer that still comes: by any thread, whatever the one that reads it waits for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._response: Response | None = None
        self.asked = False

    def ask(self) -> None:
        with self._lock:
            self.asked = True
            self._shut()

    def of(self, response: Response) -> None:
        """From here on it is *response* that ends, which may have been asked for already."""
        with self._lock:
            self._response = response
            if self.asked:
                self._shut()

    def _shut(self) -> None:
        if self._response is not None:
            with contextlib.suppress(OSError, RuntimeError, ValueError):  # it has ended by itself
                self._response.shutdown()


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """An answer: all of it in *body*, or the head, and *pieces* as they come."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    pieces: Iterator[bytes] | None = None


def receive(ask: Callable[[], Response], limits: RequestLimits, ending: Ending | None) -> Answer:
    """The answer that *ask* gets: all of it, or with an *ending*, as it comes."""
    return streamed(ask, limits, ending) if ending else whole(ask, limits)


def whole(ask: Callable[[], Response], limits: RequestLimits) -> Answer:
    """The answer that *ask* gets, all of it, in time."""
    clock = _Clock(limits.time)

    def read() -> Answer:
        response = ask()
        try:
            body = bytearray()
            for piece in _pieces(response):
                clock.check()
                body += piece
                if len(body) > limits.answer:
                    raise Unreadable(f"its answer is larger than {_words(limits.answer)}")
        except BaseException:
            response.close()
            raise
        return Answer(response.status, response.headers, bytes(body))

    return clock.result(read)


def streamed(ask: Callable[[], Response], limits: RequestLimits, ending: Ending) -> Answer:
    """The head of the answer in time, its body as it comes; a refusal is read whole."""
    clock = _Clock(limits.time)
    response = clock.result(ask)
    ending.of(response)
    if response.status >= 300:
        return whole(lambda: response, limits)
    return Answer(response.status, response.headers, pieces=_until_closed(response))


def lines(answer: Answer, longest: int) -> Iterator[bytes]:
    rest = bytearray()
    for piece in answer.pieces or ():
        rest += piece
        if b"\n" in piece:
            *whole_ones, last = bytes(rest).split(b"\n")
            rest = bytearray(last)
            yield from (line for line in whole_ones if line.strip())
        if len(rest) > longest:
            raise Unreadable(f"a line of its watch is longer than {_words(longest)}")


def _until_closed(response: Response) -> Iterator[bytes]:
    """A generator that is dropped closes the connection."""
    try:
        yield from _pieces(response)
    finally:
        response.close()


def _pieces(response: Response) -> Iterator[bytes]:
    encoding = response.headers.get("Content-Encoding", "identity")
    if encoding.strip().lower() not in ("", "identity"):  # what little there is may become endless
        raise Unreadable(f"its answer has the encoding {encoding[:32]!r}, which was not asked for")
    while piece := response.read1(_PIECE, decode_content=False):
        yield piece


class _Clock:
    """The time that one request has, whatever keeps it: a name server, a proxy, single bytes.

    What is late goes on in a thread that nobody waits for, until its next piece or the end.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        if time.monotonic() > self._end:
            raise self._too_late()

    def result(self, action: Callable[[], T]) -> T:
        ended: queue.SimpleQueue[Callable[[], T]] = queue.SimpleQueue()
        threading.Thread(target=lambda: ended.put(outcome_of(action)), daemon=True).start()
        try:
            outcome = ended.get(timeout=max(0.0, self._end - time.monotonic()))
        except queue.Empty:
            raise self._too_late() from None
        return outcome()

    def _too_late(self) -> urllib3.exceptions.HTTPError:
        return urllib3.exceptions.TimeoutError(f"no whole answer within {self._seconds:g} s")


def _words(size: int) -> str:
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size} bytes"
