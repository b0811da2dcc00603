"""What a kubelet does for the controllers: those that end are started again.

Liqo 1.2's controller manager panics when it learns late that an object was deleted, as happens
after its API server was away ("DeletedFinalStateUnknown, not *unstructured.Unstructured").
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from tests.lab import control_plane, processes
from tests.lab.state import State
from tests.lab.topology import ClusterSpec

_PAUSE = 3.0  # seconds between two starts of the same controller


def keep(state: State, specs: Sequence[ClusterSpec], end: threading.Event) -> None:
    """Until the *end*, look after the controllers that were started once."""
    tried: dict[str, float] = {}
    while not end.wait(0.5):
        known = {process.name: process for process in processes.recorded(state)}
        for spec in specs:
            server = known.get(control_plane.api_server_name(spec))
            if server is None or not server.alive or state.are_stopped(spec.name):
                continue
            for name in control_plane.controller_names(spec):
                process, now = known.get(name), time.monotonic()
                if process is None or process.alive or now - tried.get(name, -_PAUSE) < _PAUSE:
                    continue
                tried[name] = now
                control_plane.start_controller(state, spec, name)
