"""A process on a terminal, and what a person sees there."""

from __future__ import annotations

import codecs
import contextlib
import dataclasses
import fcntl
import os
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PIECE = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])|([\r\n])|([^\x1b\r\n])|(.)", re.DOTALL)


class Screen:
    """What stands on a terminal of some size; whatever it was not taught is an error."""

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self.lines = [""]
        self._row = self._column = 0

    def feed(self, text: str) -> None:
        for number, command, control, letter, other in _PIECE.findall(text):
            if letter:
                self._write(letter)
            elif control == "\r":
                self._column = 0
            elif control == "\n":
                self._down()
            elif command == "A":
                self._row -= int(number or 1)
                assert self._row >= max(0, len(self.lines) - self._height), "above the top"
            elif command == "K":
                self.lines[self._row] = ""
            else:
                assert command == "m", f"the terminal obeys {command or other!r}"

    def _down(self) -> None:
        self._row += 1
        if self._row == len(self.lines):
            self.lines.append("")

    def _write(self, letter: str) -> None:
        assert letter.isprintable(), f"the terminal obeys {letter!r}"
        if self._column == self._width:
            self._column = 0
            self._down()
        line = self.lines[self._row].ljust(self._column)
        self.lines[self._row] = line[: self._column] + letter + line[self._column + 1 :]
        self._column += 1


@dataclasses.dataclass(frozen=True)
class Session:
    code: int
    raw: str  # all that came, as it came
    left: list[str]  # the lines that stay on the screen

    @property
    def is_coloured(self) -> bool:
        return any(
            30 <= int(number) <= 37
            for each in re.findall(r"\x1b\[([0-9;]+)m", self.raw)
            for number in each.split(";")
        )


def on_terminal(
    *command: str | Path,
    width: int = 80,
    height: int = 24,
    when: Mapping[str, Callable[[int, int], object]] | None = None,
    stdout: int | None = None,
    background: bool = False,
    **environment: str,
) -> Session:
    """Run *command* on a terminal of that size; *when* a text is seen there, do that.

    What is done gets the terminal and the number of the process.
    """
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _LEADER, "&" if background else "", *command],
        stdin=theirs,
        stdout=theirs if stdout is None else stdout,
        stderr=theirs,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C.UTF-8", **environment},
        start_new_session=True,
    )
    os.close(theirs)
    raw, waiting = "", dict(when or {})
    for text in _read(ours):
        raw += text
        for seen in [each for each in waiting if each in raw]:
            waiting.pop(seen)(ours, process.pid)
    os.close(ours)
    screen = Screen(width, height)
    screen.feed(raw)
    left = [line.rstrip() for line in screen.lines if line.strip()]
    return Session(process.wait(30), raw, left)


def interrupt(terminal: int, _: int) -> None:
    """As Ctrl-C does."""
    os.write(terminal, b"\x03")


def kill(_: int, process: int) -> None:
    os.kill(process, signal.SIGKILL)


def go_on(_: int, process: int) -> None:
    """As ``on_fakes`` expects it."""
    os.kill(process, signal.SIGUSR1)


# The first process of a session takes the terminal; what it starts in the background does not.
_LEADER = """
import fcntl, os, sys, termios
fcntl.ioctl(2, termios.TIOCSCTTY, 0)
background, *command = sys.argv[1:]
if background:
    import subprocess
    sys.exit(subprocess.run(command, process_group=0).returncode)
os.execv(command[0], command)
"""


def _read(terminal: int) -> Iterator[str]:
    """What comes, until nobody has the terminal open any more."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with contextlib.suppress(OSError):  # Linux' way to say so
        while data := os.read(terminal, 65536):
            yield decoder.decode(data)
