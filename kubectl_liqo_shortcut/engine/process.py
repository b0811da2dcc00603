"""Who works here, and whether another process of this machine is gone."""

from __future__ import annotations

import contextlib
import getpass
import os
import pathlib
import socket


def holder() -> str:
    """Who works here, in words: user@host/pid."""
    user = "unknown"
    with contextlib.suppress(OSError, KeyError):  # a user without a name, as in some containers
        user = getpass.getuser()
    return f"{user}@{socket.gethostname()}/{os.getpid()}"


def mark(pid: int | None = None) -> str:
    """Which process *pid* (this one) is: boot, PID namespace, PID and start; "" if not known.

    Linux alone can tell; elsewhere a Lease has to run out.
    """
    pid = os.getpid() if pid is None else pid
    start = _start_of(pid)
    return f"{_here()} {pid} {start}" if _here() and start else ""


def is_gone(marked: str) -> bool:
    """Whether the process so *marked* was of this machine and has ended."""
    *here, pid, start = marked.split() if len(marked.split()) == 4 else ("", "", "0", "")
    if not _here() or " ".join(here) != _here() or not pid.isdigit():
        return False
    return _start_of(int(pid)) != start


def _here() -> str:
    try:
        boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _start_of(pid: int) -> str:
    """The kernel's start tick: a PID alone may be somebody else's by now. "" if it has ended."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    state, *fields = text.rpartition(")")[2].split()
    return "" if state in "ZX" else fields[18]
