"""Workload Pods: what their containers would do is done by processes of this machine.

A container's image is never looked at: its command runs with the host's programs, in the Pod's
network namespace. An image whose name begins with ``missing/`` cannot be pulled.
"""

from __future__ import annotations

import contextlib
import threading
from functools import partial
from pathlib import Path

from tests.lab.dataplane import node_network
from tests.lab.dataplane.ports import listens
from tests.lab.dataplane.workload_script import script
from tests.lab.dataplane.workload_status import workload_status
from tests.lab.kube import Object
from tests.lab.node.container import Container
from tests.lab.node.context import Context, in_background, now
from tests.lab.node.pod_status import node
from tests.lab.node.pods import Pods
from tests.lab.node.sandbox import Sandbox
from tests.lab.node.volumes import variables

_MISSING = "missing/"
_KILLED = 137
_PROBES = ("tcpSocket", "httpGet", "grpc")
_PROBE = 0.1  # seconds between two looks
_LAST_WORDS = 2048  # bytes, as in Kubernetes
_OTHERS = "networking.liqo.io/component!=gateway"


class Workloads(Pods):
    """All Pods of one cluster's node but its gateways."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, _OTHERS, context.spec.workload_addresses)
        self._labels = node(context.spec)["metadata"]["labels"]

    def _make(self, pod: Object, address: str) -> Sandbox:
        return Workload(self._context, pod, address)

    def _is_here(self, pod: Object) -> bool:
        """Those of a virtual node are not; one that has ended is over."""
        if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
            return bool(pod["metadata"].get("deletionTimestamp"))
        name = pod["spec"].get("nodeName")
        if name:
            return bool(name == self._context.spec.node_name)
        return bool((pod["spec"].get("nodeSelector") or {}).items() <= self._labels.items())


class Workload(Sandbox):
    """One of them."""

    def __init__(self, context: Context, pod: Object, address: str) -> None:
        super().__init__(context, pod, address)
        self._router = node_network.namespace(context.spec)
        self._gateway = context.spec.workload_gateway
        self._late = False
        self._unready: dict[str, int] = {}  # ports that containers are still to listen on
        self._began: dict[str, int] = {}  # where in its log a container's own words begin

    def start_containers(self) -> None:
        super().start_containers()
        seconds = self.pod["spec"].get("activeDeadlineSeconds")
        if seconds:
            in_background(self._end_at_deadline, float(seconds))
        for name in list(self._unready):
            in_background(self._wait_until_ready, name)

    def _container(self, spec: Object, volumes: dict[str, Path]) -> Container:
        changed = partial(in_background, self.report)
        log = self._log(spec)
        if str(spec["image"]).startswith(_MISSING):
            return _Missing(spec, "", self.namespace, log, changed)
        root = self._folder / "roots" / spec["name"]
        root.mkdir(parents=True, exist_ok=True)
        port = _probed(spec)
        if port:
            self._unready[spec["name"]] = port
        said = self._said(spec)
        said.touch(mode=0o666)
        said.chmod(0o666)
        with contextlib.suppress(OSError):
            self._began[spec["name"]] = log.stat().st_size
        environment = variables(self._context, self.pod, spec, self.address)
        lines = script(self.pod, spec, root, said, volumes, environment)
        policy = self.pod["spec"].get("restartPolicy", "Always")
        return Container(spec, lines, self.namespace, log, changed, policy)

    def _said(self, spec: Object) -> Path:
        return self._folder / f"termination-{spec['name']}"

    def _status(self) -> Object:
        words = {each.spec["name"]: self._last_words(each) for each in self._containers}
        host = self._context.spec.node_address
        ready = {
            each.spec["name"]: each.state.running and each.spec["name"] not in self._unready
            for each in self._containers
        }
        return workload_status(self._containers, words, ready, self.address, host, late=self._late)

    def _last_words(self, container: Container) -> str:
        """What it wrote for the purpose; else the end of its output, if it failed and asked so."""
        with contextlib.suppress(OSError):
            own = self._said(container.spec).read_bytes()[:_LAST_WORDS]
            wanted = container.spec.get("terminationMessagePolicy") == "FallbackToLogsOnError"
            if own or not wanted or not container.state.exit_code:
                return own.decode(errors="replace")
            output = self._log(container.spec).read_bytes()
            since = self._began.get(container.spec["name"], 0)
            return output[since:][-_LAST_WORDS:].decode(errors="replace")
        return ""

    def _wait_until_ready(self, name: str) -> None:
        while not listens(self.namespace, self._unready[name]):
            if self.stopping.wait(_PROBE):
                return
        del self._unready[name]
        self.report()

    def _end_at_deadline(self, seconds: float) -> None:
        if self.stopping.wait(seconds) or all(each.state.ended for each in self._containers):
            return
        self._late = True
        for each in self._containers:
            each.stop()
            if not each.state.ended and not each.state.waiting:
                each.state.exit_code, each.state.finished_at = _KILLED, now()
                each.state.running, each.state.ended = False, True
        self.report()


def _probed(spec: Object) -> int:
    """The port of its readinessProbe; 0 for a container that is ready when it runs."""
    probe = spec.get("readinessProbe") or {}
    wanted = next((probe[kind]["port"] for kind in _PROBES if kind in probe), 0)
    named = {each.get("name"): each["containerPort"] for each in spec.get("ports") or []}
    return int(named.get(wanted, wanted))


class _Missing(Container):
    """A container whose image nobody has."""

    def start(self) -> None:
        self.state.waiting = "ErrImagePull"
        timer = threading.Timer(1.0, self._give_up)
        timer.daemon = True
        timer.start()

    def _give_up(self) -> None:
        self.state.waiting = "ImagePullBackOff"
        self._changed()
