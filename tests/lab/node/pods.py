"""Follows some Pods of one cluster and makes real what the API server says about them."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence

from tests.lab.errors import LabError
from tests.lab.kube import CORE, Event, Object, path
from tests.lab.node.context import Context, in_background
from tests.lab.node.sandbox import Sandbox

_RETRY = 0.5


class Pods:
    """Those that a label selector finds, each with an address of its own while it lives."""

    def __init__(self, context: Context, selector: str, addresses: Sequence[str]) -> None:
        self._context, self._selector = context, selector
        self._number, self._addresses = len(addresses), itertools.cycle(addresses)
        self._sandboxes: dict[str, Sandbox] = {}
        self._lock = threading.Lock()

    def start(self) -> None:
        """Returns at once; the API server may come later, and go and come again."""
        events = self._context.kube.watch(path(CORE, "pods"), labelSelector=self._selector)
        in_background(follow, self._context, events, self._changed)

    def stop(self) -> None:
        """End every Pod here; the API server keeps its objects."""
        with self._lock:
            sandboxes = list(self._sandboxes.values())
        threads = [threading.Thread(target=sandbox.stop) for sandbox in sandboxes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _make(self, pod: Object, address: str) -> Sandbox:
        return Sandbox(self._context, pod, address)

    def _is_here(self, pod: Object) -> bool:
        """Whether this node runs it."""
        return True

    def _started(self, sandbox: Sandbox) -> None:
        """It has a network, and its containers come next."""

    def _stopped(self, sandbox: Sandbox) -> None:
        """It is about to lose its network."""

    def _changed(self, event: str, pod: Object) -> None:
        uid = pod["metadata"]["uid"]
        going = event == "DELETED" or bool(pod["metadata"].get("deletionTimestamp"))
        with self._lock:
            sandbox = self._sandboxes.get(uid)
            if sandbox is None and not self._is_here(pod):
                return
            if sandbox is None and not going:
                self._sandboxes[uid] = sandbox = self._make(pod, self._free_address())
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
        for address in itertools.islice(self._addresses, self._number):
            if address not in taken:
                return address
        raise LabError("no free Pod address")

    def _run(self, sandbox: Sandbox) -> None:
        sandbox.bind()
        if sandbox.stopping.wait(self._context.state.knobs().pod_start):
            return
        try:
            sandbox.make_network()
            self._started(sandbox)
            sandbox.start_containers()
        except (LabError, OSError) as error:
            self._context.log(f"pod {sandbox.name}: {error}")
            return
        self._context.log(f"pod {sandbox.name} runs in {sandbox.namespace} at {sandbox.address}")
        sandbox.report()

    def _remove(self, sandbox: Sandbox, delete_object: bool) -> None:
        while True:
            try:
                self._stopped(sandbox)
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


def follow(
    context: Context, events: Iterator[Event], handle: Callable[[str, Object], None]
) -> None:
    """For ever; what goes wrong with one object is logged and stops nobody."""
    for kind, thing in events:
        try:
            handle(kind, thing)
        except (LabError, OSError) as error:
            context.log(f"{thing['kind']} {thing['metadata']['name']}: {error}")
