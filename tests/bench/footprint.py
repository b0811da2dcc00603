"""What a process costs: its time, and the most it held at once of memory, threads and files."""

from __future__ import annotations

import dataclasses
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_PAUSE = 0.02  # seconds between two looks
_LAST_WORDS = 600


@dataclasses.dataclass(frozen=True, slots=True)
class Held:
    """What a process holds at one moment."""

    memory: float = 0.0  # MiB, and always the most so far
    threads: int = 0
    files: int = 0

    def or_more(self, other: Held) -> Held:
        return Held(
            max(self.memory, other.memory),
            max(self.threads, other.threads),
            max(self.files, other.files),
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Footprint:
    exit_code: int
    wall: float  # seconds
    cpu: float  # seconds, user and system, with its children
    most: Held
    last_words: str  # of its standard error


def run(command: Sequence[str], environment: Mapping[str, str], files: int) -> Footprint:
    """Run *command*, which may have so many *files* open."""
    with tempfile.TemporaryFile() as stderr:
        began = time.monotonic()
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
        # Only the child's: the simulator, which this process starts too, needs more files. An
        # interpreter is far from opening so many by now.
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (files, files))
        most = Held()
        while True:
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            if ended:
                break
            most = most.or_more(_held(process.pid))
            time.sleep(_PAUSE)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        stderr.seek(0)
        said = stderr.read().decode(errors="replace").strip()[-_LAST_WORDS:]
    return Footprint(process.returncode, wall, usage.ru_utime + usage.ru_stime, most, said)


def _held(pid: int) -> Held:
    """Of a process that has just ended: nothing.

    Not ``ru_maxrss``: a child begins with what its parent held at the fork.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        files = len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return Held()
    return parse_status(status, files)


def parse_status(status: str, files: int) -> Held:
    """From what the kernel writes into ``/proc/PID/status``."""
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    memory = int(fields.get("VmHWM", "0").split()[0]) / 1024  # none is said of a zombie
    return Held(memory, int(fields["Threads"]), files)
