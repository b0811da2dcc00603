"""Follows the gateway Pods of one cluster and makes real what the API server says about them."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator

from tests.lab.errors import LabError
from tests.lab.kube import CORE, ApiError, Event, Object, path
from tests.lab.node.context import Context, in_background
from tests.lab.node.pod_status import node, node_status
from tests.lab.node.sandbox import Sandbox
from tests.lab.node.services import Services

_GATEWAYS = "networking.liqo.io/component=gateway"
_RETRY = 0.5


class Kubelet:
    """One cluster's only node."""

    def __init__(self, context: Context, services: Services) -> None:
        self._context, self._services = context, services
        self._sandboxes: dict[str, Sandbox] = {}
        self._addresses = itertools.cycle(context.spec.pod_addresses)
        self._lock = threading.Lock()

    def start(self) -> None:
        """Returns at once; the API server may come later, and go and come again."""
        kube = self._context.kube
        in_background(self._register)
        in_background(
            self._follow, kube.watch(path(CORE, "services")), self._services.service_changed
        )
        in_background(
            self._follow, kube.watch(path(CORE, "pods"), labelSelector=_GATEWAYS), self._pod_changed
        )

    def stop(self) -> None:
        """End every Pod here; the API server keeps its objects."""
        with self._lock:
            sandboxes = list(self._sandboxes.values())
        threads = [threading.Thread(target=sandbox.stop) for sandbox in sandboxes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

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

    def _follow(self, events: Iterator[Event], handle: Callable[[str, Object], None]) -> None:
        for kind, thing in events:
            try:
                handle(kind, thing)
            except (LabError, OSError) as error:
                self._context.log(f"{thing['kind']} {thing['metadata']['name']}: {error}")

    def _pod_changed(self, event: str, pod: Object) -> None:
        uid = pod["metadata"]["uid"]
        going = event == "DELETED" or bool(pod["metadata"].get("deletionTimestamp"))
        with self._lock:
            sandbox = self._sandboxes.get(uid)
            if sandbox is None and not going:
                self._sandboxes[uid] = sandbox = Sandbox(self._context, pod, self._free_address())
                in_background(self._run, sandbox)
                return
        if going and sandbox is None and event != "DELETED":  # it never started here
            self._context.kube.delete(
                path(CORE, "pods", pod["metadata"]["namespace"], pod["metadata"]["name"]),
                uid=uid,
                grace=0,
            )
        elif going and sandbox is not None and not sandbox.stopping.is_set():
            sandbox.stopping.set()
            in_background(self._remove, sandbox, event != "DELETED")

    def _free_address(self) -> str:
        """In turn, so that a new Pod does not look like the one before it."""
        taken = {sandbox.address for sandbox in self._sandboxes.values()}
        for address in itertools.islice(self._addresses, len(self._context.spec.pod_addresses)):
            if address not in taken:
                return address
        raise LabError("no free Pod address")

    def _run(self, sandbox: Sandbox) -> None:
        sandbox.bind()
        if sandbox.stopping.wait(self._context.state.knobs().pod_start):
            return
        try:
            sandbox.make_network()
            self._services.pod_started(sandbox)
            sandbox.start_containers()
        except (LabError, OSError) as error:
            self._context.log(f"pod {sandbox.name}: {error}")
            return
        self._context.log(f"pod {sandbox.name} runs in {sandbox.namespace} at {sandbox.address}")
        sandbox.report()

    def _remove(self, sandbox: Sandbox, delete_object: bool) -> None:
        while True:
            try:
                self._services.pod_stopped(sandbox)
                sandbox.stop()
                break
            except (LabError, OSError) as error:
                self._context.log(f"pod {sandbox.name}: {error}")
                threading.Event().wait(_RETRY)
        with self._lock:
            self._sandboxes.pop(sandbox.uid, None)
        self._context.log(f"pod {sandbox.name} ended")
        if delete_object:
            sandbox.delete_object()
