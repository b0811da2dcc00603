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
    """Until the *end*, start every controller that shall run and does not."""
    tried: dict[str, float] = {}
    while not end.wait(0.5):
        for spec in specs:
            for name in _missing(state, spec):
                now = time.monotonic()
                # Asked last: whoever ends a controller says before that it shall not run.
                if now - tried.get(name, -_PAUSE) < _PAUSE or state.are_stopped(spec.name):
                    continue
                tried[name] = now
                control_plane.start_controller(state, spec, name)


def _missing(state: State, spec: ClusterSpec) -> list[str]:
    if state.are_stopped(spec.name):
        return []
    alive = {process.name for process in processes.recorded(state) if process.alive}
    if control_plane.api_server_name(spec) not in alive:
        return []
    return [name for name in control_plane.controller_names(state, spec) if name not in alive]
