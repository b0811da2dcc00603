"""One cluster's only node, as far as its gateways need it."""

from __future__ import annotations

import threading

from tests.lab.kube import CORE, ApiError, path
from tests.lab.node.context import Context, in_background
from tests.lab.node.pod_status import node, node_status
from tests.lab.node.pods import Pods, follow
from tests.lab.node.sandbox import Sandbox
from tests.lab.node.services import Services

_GATEWAYS = "networking.liqo.io/component=gateway"
_RETRY = 0.5


class Kubelet(Pods):
    """The Node, its gateway Pods and the Services in front of them."""

    def __init__(self, context: Context, services: Services) -> None:
        super().__init__(context, _GATEWAYS, context.spec.pod_addresses)
        self._services = services

    def start(self) -> None:
        in_background(self._register)
        services = self._context.kube.watch(path(CORE, "services"))
        in_background(follow, self._context, services, self._services.service_changed)
        super().start()

    def _started(self, sandbox: Sandbox) -> None:
        self._services.pod_started(sandbox)

    def _stopped(self, sandbox: Sandbox) -> None:
        self._services.pod_stopped(sandbox)

    def _register(self) -> None:
        """Make the Node and call it Ready, again and again until the API server has taken both."""
        nodes, name = path(CORE, "nodes"), self._context.spec.node_name
        while True:
            try:
                if self._context.kube.find(f"{nodes}/{name}") is None:
                    self._context.kube.create(nodes, node(self._context.spec))
                # Admission taints new Nodes; the controller that would remove that does not run.
                self._context.kube.patch(f"{nodes}/{name}", {"spec": {"taints": None}})
                self._context.kube.patch(
                    f"{nodes}/{name}/status", {"status": node_status(self._context.spec)}
                )
                return
            except ApiError:
                threading.Event().wait(_RETRY)
