"""A client's way to the fake clusters that is slow, loses requests and answers, and may break off.

Each client has its own, with its own seed; what two of them do to the same clusters is up to the
moment, so a failure is not always repeated by its seed, but often.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from kubectl_liqo_shortcut.core.kinds import Kind
from kubectl_liqo_shortcut.core.model import Manifest, Object, ObjectRef
from kubectl_liqo_shortcut.core.ports import Cluster, Listing, Selection, Watch
from kubectl_liqo_shortcut.errors import ClusterError, Conflict, Forbidden, Transient, Unreachable
from tests.fakes import FakeWorld

T = TypeVar("T")


class Killed(Exception):  # noqa: N818 - no error of the program's: the program is gone
    """What every call says to a client that was killed."""


class Chaos:
    """Opens clusters for one client, and decides what befalls its calls."""

    def __init__(
        self, world: FakeWorld, seed: int, *, faults: int = 3, kill_after: int | None = None
    ) -> None:
        self._world = world
        self._random = random.Random(seed)
        self._faults = faults
        self._left = kill_after
        self._lock = threading.Lock()
        self.log: list[str] = []

    def __call__(self, name: str) -> Cluster:
        return _Chaotic(self._world(name), self)

    def new_command(self, *, faults: int, kill_after: int | None = None) -> None:
        """From now on so many faults more, and death after so many calls."""
        with self._lock:
            self._faults, self._left = faults, kill_after

    def around(self, verb: str, cluster: str, action: Callable[[], T]) -> T:
        before, after = self._decide(verb, cluster)
        if before is not None:
            raise before
        result = action()
        if after is not None:
            raise after
        return result

    def _decide(self, verb: str, cluster: str) -> tuple[Exception | None, Exception | None]:
        with self._lock:
            pause, fault = self._random.random() * 0.002, self._random.random()
            if self._left is not None:
                self._left -= 1
                if self._left < 0:
                    return Killed(), None
            chosen = self._fault(verb, cluster) if self._faults and fault < 0.08 else (None, None)
            if chosen != (None, None):
                self._faults -= 1
                self.log.append(f"{cluster}: {verb}: {chosen}")
        time.sleep(pause)
        return chosen

    def _fault(self, verb: str, cluster: str) -> tuple[ClusterError | None, ClusterError | None]:
        lost = Unreachable(cluster, "connection reset")
        possible: list[tuple[ClusterError | None, ClusterError | None]] = [
            (Transient(cluster, "503"), None),
            (lost, None),
            (None, lost),
        ]
        if verb == "patch":
            possible.append((Conflict(cluster, "the object has been modified"), None))
        if verb in ("create", "delete"):
            possible.append((Forbidden(cluster, "no"), None))
        return self._random.choice(possible)


class _Chaotic:
    def __init__(self, cluster: Cluster, chaos: Chaos) -> None:
        self._cluster, self._chaos = cluster, chaos

    @property
    def name(self) -> str:
        return self._cluster.name

    @property
    def host(self) -> str:
        return self._cluster.host

    @property
    def liqo_namespace(self) -> str:
        return self._cluster.liqo_namespace

    def _do(self, verb: str, action: Callable[[], T]) -> T:
        return self._chaos.around(verb, self.name, action)

    def get(self, ref: ObjectRef) -> Object | None:
        return self._do("get", lambda: self._cluster.get(ref))

    def list(self, what: Selection) -> Listing:
        return self._do("list", lambda: self._cluster.list(what))

    def watch(self, what: Selection, since: str) -> Watch:
        return self._do("watch", lambda: self._cluster.watch(what, since))

    def create(self, manifest: Manifest, *, dry_run: bool = False) -> Object:
        return self._do("create", lambda: self._cluster.create(manifest, dry_run=dry_run))

    def ask(self, review: Object) -> Object:
        return self._do("ask", lambda: self._cluster.ask(review))

    def apply(self, manifest: Manifest) -> Object:
        return self._do("apply", lambda: self._cluster.apply(manifest))

    def patch(
        self, ref: ObjectRef, body: Object, *, subresource: str = "", dry_run: bool = False
    ) -> Object:
        return self._do(
            "patch",
            lambda: self._cluster.patch(ref, body, subresource=subresource, dry_run=dry_run),
        )

    def delete(self, ref: ObjectRef, uid: str, version: str = "") -> None:
        self._do("delete", lambda: self._cluster.delete(ref, uid, version))

    def served(self, api_version: str) -> tuple[Kind, ...]:
        return self._do("served", lambda: self._cluster.served(api_version))

    def kinds(self) -> tuple[Kind, ...]:
        return self._do("kinds", self._cluster.kinds)
