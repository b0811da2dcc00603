"""``python -m tests.lab.dataplane FOLDER``: the nodes of all clusters of the lab in FOLDER."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from tests.lab import certificates
from tests.lab.dataplane import fabric, node_network
from tests.lab.dataplane.proxy import Proxy
from tests.lab.dataplane.wiring import Wiring
from tests.lab.dataplane.workloads import Workloads
from tests.lab.node.context import Context
from tests.lab.state import State


def main(folder: str) -> None:
    """Until it is asked to end; then nothing of the nodes is left but what the API servers say."""
    state = State(Path(folder))
    loaded = state.load()
    if loaded is None:
        sys.exit(f"no lab in {folder}")
    topology, _ = loaded
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    contexts = [
        Context(spec, certificates.kube(state, spec), state, topology.gateway)
        for spec in topology.clusters
    ]
    for context in contexts:
        node_network.make(context.spec, context.gateway)
    fabrics = [fabric.container(context) for context in contexts]
    workloads = [Workloads(context) for context in contexts]
    for each in fabrics:
        each.start()
    for context, pods in zip(contexts, workloads, strict=True):
        Wiring(context).start()
        Proxy(context).start()
        pods.start()
    end.wait()
    for pods in workloads:
        pods.stop()
    for each in fabrics:
        each.stop()
    for context in contexts:
        node_network.remove(context.spec)
    os._exit(0)  # the threads that wait for the API servers need no goodbye


if __name__ == "__main__":
    main(sys.argv[1])
