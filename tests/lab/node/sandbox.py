"""One Pod: its network namespace, its files and its containers."""

from __future__ import annotations

import shutil
import threading
from functools import partial
from pathlib import Path

from tests.lab import network
from tests.lab.errors import LabError
from tests.lab.kube import CORE, ApiError, Object, path
from tests.lab.node.container import Container, script
from tests.lab.node.context import Context, in_background
from tests.lab.node.pod_status import pod_status
from tests.lab.node.volumes import variables, write_volumes
from tests.lab.processes import kill

_RETRY = 0.2


class Sandbox:
    """Started in a thread of its own; ``stop`` may come at any moment."""

    def __init__(self, context: Context, pod: Object, address: str) -> None:
        self.pod, self.address = pod, address
        self.uid: str = pod["metadata"]["uid"]
        self.name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        self.namespace = network.pod_namespace(context.spec.name, self.uid)
        self.link = f"v{self.uid[:8]}"
        self.stopping = threading.Event()
        self._context = context
        self._folder: Path = context.state.pods / self.uid
        self._router, self._gateway = network.ROUTER, context.gateway
        self._containers: list[Container] = []
        self._lock = threading.Lock()  # a start and a stop never overlap
        self._reporting = threading.Lock()  # an older status never overwrites a newer one

    @property
    def path(self) -> str:
        return path(CORE, "pods", self.pod["metadata"]["namespace"], self.pod["metadata"]["name"])

    def bind(self) -> None:
        """What the scheduler does; a Pod that is bound already stays where it is."""
        if self.pod["spec"].get("nodeName"):
            return
        target = {"apiVersion": "v1", "kind": "Node", "name": self._context.spec.node_name}
        metadata = {"name": self.pod["metadata"]["name"], "uid": self.uid}
        binding: Object = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": metadata,
            "target": target,
        }
        while not self.stopping.is_set():
            try:
                self._context.kube.create(f"{self.path}/binding", binding)
                return
            except ApiError as error:
                if error.status in (404, 409):  # gone, or bound already
                    return
                self._context.log(f"pod {self.name}: binding: {error}")
                self.stopping.wait(_RETRY)

    def make_network(self) -> None:
        with self._lock:
            if not self.stopping.is_set():
                network.add_pod(
                    self.namespace, self.link, self.address, self._gateway, self._router
                )

    def start_containers(self) -> None:
        """As a kubelet, wait for as long as it takes until every volume can be mounted."""
        while not self.stopping.is_set():
            try:
                volumes = write_volumes(self._context, self.pod, self._folder / "volumes")
            except LabError as error:
                self._context.log(f"{self.name}: volumes: {error}")
                self.stopping.wait(_RETRY)
                continue
            with self._lock:
                if not self.stopping.is_set():
                    self._containers = [
                        self._container(spec, volumes) for spec in self.pod["spec"]["containers"]
                    ]
                    for container in self._containers:
                        container.start()
            return

    def _container(self, spec: Object, volumes: dict[str, Path]) -> Container:
        root = self._folder / "roots" / spec["name"]
        root.mkdir(parents=True, exist_ok=True)
        environment = variables(self._context, self.pod, spec, self.address)
        return Container(
            spec,
            script(spec, root, self._context.state.hosts, volumes, environment),
            self.namespace,
            self._log(spec),
            partial(in_background, self.report),
        )

    def _log(self, spec: Object) -> Path:
        name = f"{self._context.spec.name}-{self.name.replace('/', '-')}-{spec['name']}.log"
        return self._context.state.logs / name

    def report(self) -> None:
        """Write the Pod's status, until the API server takes it or the Pod is going away."""
        while not self.stopping.is_set():
            with self._reporting:
                status = self._status()
                try:
                    self._context.kube.patch(
                        f"{self.path}/status", {"metadata": {"uid": self.uid}, "status": status}
                    )
                    return
                except ApiError as error:
                    if error.status in (404, 409):
                        return
                    self._context.log(f"{self.name}: status: {error}")
            self.stopping.wait(_RETRY)

    def _status(self) -> Object:
        return pod_status(self._containers, self.address, self._context.spec.node_address)

    def stop(self) -> None:
        """Nothing of the Pod is left on this machine afterwards but its logs."""
        self.stopping.set()
        with self._lock:
            threads = [threading.Thread(target=container.stop) for container in self._containers]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            kill(network.pids(self.namespace))
            network.remove_pod(self.namespace, self.link, self._router)
            shutil.rmtree(self._folder, ignore_errors=True)

    def delete_object(self) -> None:
        """What ends a graceful deletion; tried until the API server has heard it."""
        while True:
            try:
                self._context.kube.delete(self.path, uid=self.uid, grace=0)
                return
            except ApiError as error:
                if error.status == 409:  # another Pod of that name by now
                    return
                self._context.log(f"{self.name}: delete: {error}")
                threading.Event().wait(_RETRY)
