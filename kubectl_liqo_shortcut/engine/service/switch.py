"""Turning one Service to direct connections, or back: annotate, poke, wait for the leaves.

Liqo's virtual-kubelet on the hub tells the leaves at once. A leaf that could not map an address
tries again only after minutes, unless its ShadowEndpointSlice changes: so it is poked.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from functools import partial

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Done, Note, Seen, Tell, Verb, Waits
from kubectl_liqo_shortcut.core.model import HUB, ClusterID, Object, ObjectRef, name_of
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.core.service.model import Service, is_annotated, slice_of
from kubectl_liqo_shortcut.core.service.path import (
    LeafServices,
    ServicePath,
    addresses_in,
    as_wanted,
    path_on,
)
from kubectl_liqo_shortcut.engine.runtime import concurrency
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken, Deadline, retry_transient
from kubectl_liqo_shortcut.engine.runtime.reflector import Made, StepEnded, WatchFailed
from kubectl_liqo_shortcut.engine.runtime.store import Store
from kubectl_liqo_shortcut.errors import Conflict, Gone, ShortcutError, TimedOut, Transient

TRIGGERED = f"{r.GROUP}/poked"
_PAUSE = 0.3  # seconds until the first poke: mostly none is needed
_LONGEST_PAUSE = 10.0


def patch_of(service: Service, on: bool) -> Object:
    """What is changed of a Service, bound to the version that was looked at."""
    version = service.body["metadata"].get("resourceVersion")
    annotations = {r.USE_DIRECT: "true" if on else None}
    return {"metadata": {"resourceVersion": version, "annotations": annotations}}


class Switch:
    """The work on one Service; *leaves* are those that see it and can be asked."""

    def __init__(
        self,
        service: Service,
        hub: Cluster,
        leaves: Mapping[ClusterID, Cluster],
        on_leaves: Mapping[ClusterID, LeafServices],
        places: Mapping[str, ClusterID | None],
        tell: Tell,
    ) -> None:
        self._tell = tell
        self._service = service
        self._hub = hub
        self._leaves = leaves
        self._sights = {leaf: on_leaves[leaf] for leaf in leaves}
        self._places = places
        self._store = Store()
        self._told: set[str] = set()
        self.touched = False  # whether the Service may have been changed
        self._said: dict[ObjectRef, str] = {}

    @property
    def service(self) -> Service:
        return self._service

    def close(self) -> None:
        self._store.close()

    def watch(self, deadline: Deadline, cancel: CancelToken | None = None) -> None:
        """Look at all slices and follow them, so that nothing is missed from now on."""
        if cancel is not None:
            cancel.arm(self._store.wake)
        labels = f"{r.SERVICE_NAME}={self._service.name}"
        namespaces: dict[Cluster, str] = {self._hub: self._service.namespace}
        namespaces |= {
            cluster: self._service.seen_on[leaf] for leaf, cluster in self._leaves.items()
        }
        for cluster, namespace in namespaces.items():
            self._store.follow(cluster, Selection(r.ENDPOINT_SLICE, namespace, labels=labels))
        self._store.sync(deadline, cancel.check if cancel else lambda: None)

    def annotate(self, on: bool, deadline: Deadline) -> None:
        """Nobody else's change is overwritten: what was looked at may be another one by now."""
        try:
            body = retry_transient(partial(self._patch, on), deadline)
        except Transient:  # its answer may be lost
            self.touched = True
            raise
        self.touched = True
        self._service = dataclasses.replace(self._service, body=body)
        why = f"{r.USE_DIRECT}: true" if on else f"without {r.USE_DIRECT}"
        self._tell(Done(self._service.ref, Verb.CONFIGURED, why))

    def _patch(self, on: bool) -> Object:
        try:
            return self._hub.patch(self._service.ref, patch_of(self._service, on))
        except Conflict:
            found = self._hub.get(self._service.ref)
            if found is None:
                raise Gone(self._hub.name, f"{self._service.key} is gone") from None
            if is_annotated(found) == on:
                return found
            self._service = dataclasses.replace(self._service, body=found)
            return self._hub.patch(self._service.ref, patch_of(self._service, on))

    def wait(
        self, deadline: Deadline, cancel: CancelToken | None = None, *, pause: float = _PAUSE
    ) -> None:
        """Until every leaf's slices hold what the Service asks for now; *pause*: before a poke."""
        trigger_at = concurrency.now() + pause
        pause = max(pause, _PAUSE)
        while True:
            late = self._late()
            self._report(late)
            if not late:
                return
            if cancel is not None:
                cancel.check()
            if not deadline.left():
                raise self._timed_out(late, deadline)
            if concurrency.now() >= trigger_at:
                self._trigger_reconcile(late)
                trigger_at = concurrency.now() + pause
                pause = min(pause * 2, _LONGEST_PAUSE)
            for news in self._store.wait(min(deadline.left(), trigger_at - concurrency.now())):
                match news:
                    case WatchFailed(error):
                        raise error
                    case StepEnded(ref, _, error) if error is not None:
                        self._trigger_failed(ref, error)
                    case _:
                        pass

    def _late(self) -> dict[ClusterID, LeafServices]:
        """The leaves whose slices are not as they should be, as they are now."""
        objects = self._store.objects
        slices = sorted(
            (body for ref, body in objects.items() if _is_slice(ref, HUB)),
            key=name_of,
        )
        found = tuple(slice_of(body, self._places) for body in slices)
        self._service = dataclasses.replace(self._service, slices=found)
        late: dict[ClusterID, LeafServices] = {}
        for leaf, on_leaf in self._sights.items():
            here = {
                (ref.namespace, ref.name): body
                for ref, body in objects.items()
                if _is_slice(ref, leaf)
            }
            self._sights[leaf] = now = dataclasses.replace(on_leaf, slices=here)
            if not as_wanted(self._service, now):
                late[leaf] = now
        return late

    def _report(self, late: Mapping[ClusterID, LeafServices]) -> None:
        for leaf, on_leaf in self._sights.items():
            path = path_on(self._service, on_leaf).path
            for each in self._service.slices:
                ref = self._shadow(leaf, each.name, r.ENDPOINT_SLICE)
                body = on_leaf.slices.get((ref.namespace, ref.name))
                holds = ", ".join(addresses_in(body)) if body else ""
                if (
                    leaf not in late
                    and path is not ServicePath.NONE
                    and self._said.get(ref) != holds
                ):
                    self._said[ref] = holds
                    self._tell(Seen(ref, f"goes {path.value.replace('-', ' ')}: {holds}"))
            waits = "its EndpointSlices" if leaf in late else ""
            if (waits != "") != (f"waits {leaf}" in self._told):
                self._told ^= {f"waits {leaf}"}
                self._tell(Waits(leaf, waits))

    def _trigger_reconcile(self, late: Mapping[ClusterID, LeafServices]) -> None:
        """Change the ShadowEndpointSlices: Liqo then maps their addresses anew, at once."""
        now = datetime.datetime.now(datetime.UTC).isoformat()
        body = {"metadata": {"annotations": {TRIGGERED: now}}}
        for leaf in late:
            for each in self._service.slices:
                ref = self._shadow(leaf, each.name, r.SHADOW_ENDPOINT_SLICE)
                self._store.run(ref, partial(_patched, self._leaves[leaf], ref, body))

    def _trigger_failed(self, ref: ObjectRef, error: ShortcutError) -> None:
        """It is there a moment later, or Liqo tries again by itself, after a while."""
        if not isinstance(error, Gone | Transient) and ref.cluster not in self._told:
            self._told.add(ref.cluster)
            self._tell(
                Note(f"{ref} cannot be poked, Liqo may take long: {error.message}", self._key)
            )

    def _shadow(self, leaf: ClusterID, name: str, kind: r.Kind) -> ObjectRef:
        return ObjectRef(leaf, kind, self._service.seen_on[leaf], name)

    @property
    def _key(self) -> str:
        return self._service.key

    def _timed_out(self, late: Mapping[ClusterID, LeafServices], deadline: Deadline) -> TimedOut:
        way = "direct" if self._service.annotated else "through the hub"
        silent = [error.message for error in self._store.silent.values()]
        return TimedOut(
            f"Service {self._key} does not go {way} after {deadline.seconds:g}s on "
            + ", ".join(late)
            + "".join(f"; {each}" for each in silent),
            hint="look at the log of the hub's virtual-kubelet and of Liqo's controller manager "
            "on that leaf",
        )


def _patched(cluster: Cluster, ref: ObjectRef, body: Object) -> Made:
    return Made(cluster.patch(ref, body), None)


def _is_slice(ref: ObjectRef, cluster: str) -> bool:
    return ref.cluster == cluster and ref.kind == r.ENDPOINT_SLICE
