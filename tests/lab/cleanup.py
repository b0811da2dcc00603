"""End the lab, whatever state it is in, and leave nothing behind."""

from __future__ import annotations

import shutil
import time

from tests.lab import network, processes
from tests.lab.errors import LabError
from tests.lab.state import State


def clean(state: State, *, keep_logs: bool = False) -> None:
    """Needs no healthy part: it ends what was recorded and what lives in the lab's own namespaces.

    The daemons may be killed at once, since nothing of the lab is kept; the node daemon goes first,
    because it starts dead containers again.
    """
    daemons = processes.recorded(state)
    processes.end(process for process in daemons if process.name == "node")
    processes.end(daemons)
    _empty_namespaces()
    network.destroy()
    for entry in state.root.glob("*"):
        if keep_logs and entry == state.logs:
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    if not keep_logs and state.root.exists():
        state.root.rmdir()


def _empty_namespaces() -> None:
    """Nobody else can be in there: the lab made these namespaces and gave them its name."""
    deadline = time.monotonic() + 10
    while left := [pid for name in network.namespaces() for pid in network.pids(name)]:
        if time.monotonic() > deadline:
            raise LabError(f"these processes of the lab do not end: {left}")
        processes.kill(left)
