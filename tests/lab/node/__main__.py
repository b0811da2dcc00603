"""``python -m tests.lab.node FOLDER``: the node daemon of all clusters of the lab in FOLDER."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from tests.lab import certificates
from tests.lab.node import controllers
from tests.lab.node.context import Context
from tests.lab.node.kubelet import Kubelet
from tests.lab.node.node_ports import NodePorts
from tests.lab.node.services import Services
from tests.lab.state import State


def main(folder: str) -> None:
    state = State(Path(folder))
    loaded = state.load()
    if loaded is None:
        sys.exit(f"no lab in {folder}")
    topology, _ = loaded
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    node_ports = NodePorts()
    kubelets = []
    for spec in topology.clusters:
        context = Context(spec, certificates.kube(state, spec), state, topology.gateway)
        kubelets.append(Kubelet(context, Services(context, node_ports)))
    for kubelet in kubelets:
        kubelet.start()
    controllers.keep(state, topology.clusters, end)
    for kubelet in kubelets:
        kubelet.stop()
    os._exit(0)  # the threads that wait for the API servers need no goodbye


if __name__ == "__main__":
    main(sys.argv[1])
