"""The lab's daemons: started detached, recorded, and ended only if the record still fits."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import signal
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.lab import network
from tests.lab.errors import LabError
from tests.lab.state import State, write


@dataclasses.dataclass(frozen=True, slots=True)
class Process:
    """A pid alone may be somebody else's by now: the boot and the kernel's start tick tell."""

    name: str
    pid: int
    started: str

    @property
    def alive(self) -> bool:
        return bool(self.started) and _started(self.pid) == self.started


def spawn(
    state: State, name: str, command: Sequence[str | Path], environment: Mapping[str, str]
) -> Process:
    """Run *command* in the router's network namespace, in a session of its own.

    It outlives this program, and it keeps the host's mounts (with ``ip netns exec`` it would
    not): the node daemon makes namespaces that everybody must see.
    """
    nsenter = shutil.which("nsenter") or "nsenter"
    argv = [nsenter, f"--net=/run/netns/{network.ROUTER}", "--", *map(str, command)]
    log = state.logs / f"{name}.log"
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawn(
        nsenter,
        argv,
        {"PATH": os.environ["PATH"], "HOME": str(state.root), **environment},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), append, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    process = Process(name, pid, _started(pid))
    write(state.processes / name, f"{process.pid} {process.started}")
    return process


def recorded(state: State) -> list[Process]:
    """Every daemon that was started, dead or alive."""
    found = []
    for file in sorted(state.processes.glob("*")):
        with contextlib.suppress(OSError, ValueError):
            pid, started = file.read_text(encoding="utf-8").split()
            found.append(Process(file.name, int(pid), started))
    return found


def forget(state: State, name: str) -> None:
    """It has ended, and nobody expects it to run."""
    (state.processes / name).unlink(missing_ok=True)


def end(processes: Iterable[Process], timeout: float = 5.0) -> None:
    """At once: the lab keeps nothing, so nobody needs time to save anything."""
    kill([process.pid for process in processes if process.alive], timeout)


def kill(pids: Sequence[int], timeout: float = 5.0) -> None:
    """SIGKILL, and wait until they are gone."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + timeout
    while any(_started(pid) for pid in pids):
        if time.monotonic() > deadline:
            raise LabError(f"these processes do not end: {' '.join(map(str, pids))}")
        time.sleep(0.01)


def require_alive(state: State, name: str) -> None:
    """Say what a daemon's last words were, instead of waiting for it in vain."""
    if said := last_words(state, name):
        raise LabError(said)


def last_words(state: State, name: str = "") -> str:
    """What the daemons that have ended (or the one of that *name*) said last; "" if none has."""
    return "\n".join(
        f"{each.name} ended; its last words:\n{tail(state.logs / f'{each.name}.log')}"
        for each in recorded(state)
        if name in ("", each.name) and not each.alive
    )


def tail(file: Path, lines: int = 8) -> str:
    try:
        return "\n".join(file.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"


def rss(pid: int) -> float:
    """Resident memory in MiB; 0 for a process that is gone."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def _started(pid: int) -> str:
    """Which process *pid* is; empty when it is gone, a zombie of ours included."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        # A killed process reads as a zombie while its other threads still hold its sockets.
        threads = len(os.listdir(f"/proc/{pid}/task"))
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" and threads <= 1 else f"{boot}/{fields[19]}"
