"""One command at a time works on a shortcut: a Lease on the hub, as Kubernetes' own leaders hold.

The clocks of two machines need not agree: whether a Lease has run out is judged by how long it has
not changed, by the clock of who waits.
"""

from __future__ import annotations

import contextlib
import datetime
import time
from functools import partial
from typing import Any, Self

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core import patience
from kubectl_liqo_shortcut.core.events import Note, Tell
from kubectl_liqo_shortcut.core.model import Manifest, Object, ObjectRef, dig, uid_of
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.engine.runtime import concurrency, process
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken, Deadline, retry_transient
from kubectl_liqo_shortcut.engine.runtime.guarded import LockedCluster
from kubectl_liqo_shortcut.engine.runtime.reflector import WatchFailed
from kubectl_liqo_shortcut.engine.runtime.renewals import Renewals
from kubectl_liqo_shortcut.engine.runtime.store import Store
from kubectl_liqo_shortcut.errors import (
    AlreadyExists,
    Conflict,
    Gone,
    NoLiqo,
    PartlyDone,
    ShortcutError,
    TimedOut,
    no_refusal,
)

SECONDS = 15.0  # without a change a Lease counts as left behind
_RENEWED_EVERY = 5.0  # seconds
_TRUSTED_FOR = 10.0  # seconds after a renewal that writes go on: less than others wait
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.01, 1.0  # seconds between two attempts to take it
_RENEWALS = Renewals()  # of all Leases that this process holds
_PROCESS = f"{r.GROUP}/process"


class LeaseLost(PartlyDone):
    """Somebody else may be at work by now: nothing more is written, an undo included."""


class Lock:
    """The right to work on one shortcut; released at the end of a ``with``."""

    def __init__(self, hub: Cluster, shortcut: str) -> None:
        self._hub = hub
        self._shortcut = shortcut
        self._ref = ObjectRef(hub.name, r.LEASE, hub.liqo_namespace, f"liqo-shortcut-{shortcut}")
        self._lease: Object | None = None
        self._claims: set[str] = set()
        self._renewed = 0.0
        self._lost = ""
        self._wrote = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.release()
        if self._wrote and isinstance(error, ShortcutError):
            no_refusal(error)

    def take(self, deadline: Deadline, tell: Tell, cancel: CancelToken | None = None) -> bool:
        """Wait until nobody else holds it; returns whether another did, or had left it behind."""
        attempt, cancel = 0, cancel or CancelToken()
        while True:
            lease, found = retry_transient(self._try, deadline)
            if lease is not None:
                self._begin(lease)
                return attempt > 0
            if found is not None and not _left_behind(found):
                tell(Note(f"waiting for {_words(found)}, which holds the lock", self._shortcut))
                found = self._wait(found, deadline, cancel)
            if found is not None:
                lease = retry_transient(partial(self._take_over, found), deadline)
                if lease is not None:
                    self._begin(lease)
                    return True
            self._pause(attempt, deadline, cancel)
            attempt += 1

    def check(self) -> None:
        """Raise ``LeaseLost`` unless it is held for sure; comes before every write."""
        if self._lease is None:
            raise RuntimeError(f"{self._ref} is not held")
        if self._lost or _now() - self._renewed > _TRUSTED_FOR:
            raise LeaseLost(
                f"shortcut {self._shortcut}: "
                + (self._lost or f"{self._ref} could not be renewed on the hub"),
                hint="stopped at once, nothing more was written; the same command goes on",
            )

    def guard(self, cluster: Cluster) -> Cluster:
        """*cluster*, written to only while this is held."""
        return LockedCluster(cluster, self._before_write)

    def release(self) -> None:
        """Let the next one work; if the hub does not answer, the Lease runs out."""
        _RENEWALS.remove(self._keep)
        lease, lost = self._lease, self._lost
        self._lost = lost or f"{self._ref} was released"
        if lease is not None and not lost:
            with contextlib.suppress(ShortcutError):
                self._hub.delete(self._ref, uid_of(lease), _version(lease))

    def _before_write(self) -> None:
        self.check()
        self._wrote = True

    def _try(self) -> tuple[Object | None, Object | None]:
        """The Lease, if it is ours now; else that of somebody else, None if it has just gone."""
        try:
            return self._hub.create(Manifest(self._hub.name, self._claim())), None
        except AlreadyExists:
            found = self._hub.get(self._ref)
            return (found, None) if self._is_ours(found) else (None, found)
        except Gone as error:
            there = self._ref.namespace
            raise NoLiqo(
                self._hub.name,
                f"there is no namespace {there}, in which the lock is kept",
                hint="where Liqo is in another namespace: --liqo-namespace; where it was "
                f"uninstalled: kubectl create namespace {there}, then the same command",
            ) from error

    def _take_over(self, found: Object) -> Object | None:
        claim = self._claim()
        claim["metadata"]["resourceVersion"] = _version(found)
        try:
            return self._hub.patch(self._ref, claim)
        except (Conflict, Gone):
            return None

    def _claim(self) -> dict[str, Any]:
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self._claims.add(now)
        return {
            "apiVersion": r.LEASE.api_version,
            "kind": r.LEASE.kind,
            "metadata": {
                "name": self._ref.name,
                "namespace": self._ref.namespace,
                "labels": {r.MANAGED_BY: r.MANAGED_BY_US, r.SHORTCUT_NAME: self._shortcut},
                "annotations": {_PROCESS: process.process_mark()},
            },
            "spec": {
                "holderIdentity": process.holder(),
                "leaseDurationSeconds": int(SECONDS),
                "acquireTime": now,
                "renewTime": now,
            },
        }

    def _is_ours(self, found: Object | None) -> bool:
        """Also where the answer to our own request was lost."""
        spec = dig(found, "spec", default={})
        mine = spec.get("holderIdentity") == process.holder()
        return mine and spec.get("acquireTime") in self._claims

    def _wait(self, found: Object, deadline: Deadline, cancel: CancelToken) -> Object | None:
        """Until the Lease is left behind (which is returned) or gone (None)."""
        store, since = Store(), concurrency.now()
        store.follow(self._hub, Selection(r.LEASE, self._ref.namespace, name=self._ref.name))
        try:
            while True:
                cancel.check()
                for news in store.wait(min(1.0, deadline.left())):
                    if isinstance(news, WatchFailed):
                        raise news.error
                if store.synced:
                    present = store.objects.get(self._ref)
                    if present is None or _left_behind(present):
                        return present
                    if _version(present) != _version(found):
                        found, since = present, concurrency.now()
                if concurrency.now() - since >= SECONDS:
                    return found
                if not deadline.left():
                    raise TimedOut(
                        f"shortcut {self._shortcut}: {_words(found)} still works on it",
                        hint="nothing was changed; try again later, or with a longer --timeout",
                    )
        finally:
            store.close()

    def _pause(self, attempt: int, deadline: Deadline, cancel: CancelToken) -> None:
        """Before it is tried again: a hub may say for ever that it is there, and that it is not."""
        cancel.check()
        if not deadline.left():
            raise TimedOut(
                f"shortcut {self._shortcut}: {self._ref} on the hub can be neither made nor taken "
                "over: it is said to exist, and then to be gone or another one",
                hint=f"nothing was changed; kubectl get lease {self._ref.name} "
                f"-n {self._ref.namespace} -o yaml shows what is there",
            )
        time.sleep(min(_SHORTEST_PAUSE * 2.0 ** min(attempt, 8), _LONGEST_PAUSE, deadline.left()))

    def _begin(self, lease: Object) -> None:
        self._lease, self._renewed = lease, _now()
        _RENEWALS.add(self._keep, _RENEWED_EVERY)

    def _keep(self) -> float | None:
        """Renew it; the seconds until the next time, None if it is not ours any more."""
        if self._lost:
            return None
        try:
            with patience.ends_in(_RENEWED_EVERY):  # others wait for this thread
                self._renew()
        except ShortcutError:
            return 1.0  # check() ends it after a while
        except Exception as error:  # noqa: BLE001 - a bug: the writes must stop
            self._lost = f"renewing {self._ref} failed: {error!r}"
        return None if self._lost else _RENEWED_EVERY

    def _renew(self) -> None:
        lease, at = self._lease, _now()
        if lease is None:
            return
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        metadata = {"resourceVersion": _version(lease)}
        try:
            renewed = self._hub.patch(self._ref, {"metadata": metadata, "spec": {"renewTime": now}})
        except (Conflict, Gone):
            found = self._hub.get(self._ref)
            if not self._is_ours(found) or found is None:
                who = _words(found) if found else "nobody: it was deleted"
                self._lost = f"{self._ref} on the hub was taken by {who}"
                return
            self._lease = found  # somebody labelled it, or an answer was lost
            raise
        self._lease, self._renewed = renewed, at


def _left_behind(lease: Object) -> bool:
    """Whether its holder was a process of this machine that is gone."""
    return process.is_gone(str(dig(lease, "metadata", "annotations", _PROCESS) or ""))


def _words(lease: Object) -> str:
    spec = lease.get("spec") or {}
    since = str(spec.get("acquireTime") or "").partition(".")[0]
    return f"{spec.get('holderIdentity') or 'somebody'} (since {since or 'an unknown time'})"


def _version(body: Object) -> str:
    return str(body["metadata"].get("resourceVersion") or "")


def _now() -> float:
    """Seconds that go on while the machine sleeps, where the system can tell."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
