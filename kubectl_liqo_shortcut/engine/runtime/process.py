"""Who works here, and whether another process of this machine is gone."""

from __future__ import annotations

import contextlib
import getpass
import os
import pathlib
import re
import socket

_MARK = re.compile(r"(\S+ \S+) ([1-9][0-9]{0,8}) ([0-9]+)")


def holder() -> str:
    """Who works here, in words: user@host/pid."""
    user = "unknown"
    with contextlib.suppress(OSError, KeyError):  # a user without a name, as in some containers
        user = getpass.getuser()
    return f"{user}@{socket.gethostname()}/{os.getpid()}"


def process_mark(pid: int | None = None) -> str:
    """Which process *pid* (this one) is: boot, PID namespace, PID and start; "" if not known.

    Linux alone can tell; elsewhere a Lease has to run out.
    """
    pid = os.getpid() if pid is None else pid
    stat = _stat_of(pid)
    start = _start(stat) if stat else ""
    return f"{_here()} {pid} {start}" if _here() and start else ""


def is_gone(marked: str) -> bool:
    """Whether the process so *marked* was of this machine and has ended, for sure."""
    found = _MARK.fullmatch(marked)
    if found is None or not _here() or found[1] != _here():
        return False
    pid = int(found[2])
    if not _exists(pid):
        return True
    stat = _stat_of(pid)  # hidden from us, it says nothing: the Lease has to run out
    return stat is not None and _start(stat) != found[3]


def _here() -> str:
    """The boot and the PID namespace, "" if /proc cannot tell: it may be another namespace's."""
    try:
        if os.readlink("/proc/self") != str(os.getpid()):
            return ""
        boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _exists(pid: int) -> bool:
    """Asked by a signal that is none: with hidepid=2, /proc has no other user's processes."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _stat_of(pid: int) -> list[str] | None:
    """State and what follows in /proc's line, None if we may not see it."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split() or None


def _start(stat: list[str]) -> str:
    """The kernel's start tick: a PID alone may be somebody else's by now. "" if it has ended."""
    state, *fields = stat
    return "" if state in "ZX" else fields[18]
