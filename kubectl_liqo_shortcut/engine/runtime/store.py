"""A live view of the objects of one link, fed by watches; and the steps under way.

Threads only put news into one queue; whoever calls ``wait`` applies them, so nobody needs a lock.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Collection, Iterable, Mapping

from kubectl_liqo_shortcut.core.events import Verb
from kubectl_liqo_shortcut.core.model import Object, ObjectRef, ref_of
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline
from kubectl_liqo_shortcut.engine.runtime.reflector import (
    Bug,
    Changed,
    Closing,
    EventQueue,
    Listed,
    Made,
    StepEnded,
    Wakeup,
    WatchEvent,
    WatchFailed,
    WatchInterrupted,
    daemon,
    follow,
    run_step,
)
from kubectl_liqo_shortcut.errors import TimedOut, Transient

_HEEDED_EVERY = 0.5  # seconds


class Store:
    """What is seen of the clusters; *known* is what was seen of them before."""

    def __init__(self, known: Mapping[ObjectRef, Object] | None = None) -> None:
        self._news: EventQueue = queue.SimpleQueue()
        self._closed = Closing()
        self._seen: dict[tuple[str, Selection], dict[ObjectRef, Object] | None] = {}
        self._versions: dict[tuple[str, Selection], str] = {}  # of what was only looked at
        self._followed: set[tuple[str, Selection]] = set()
        self._made = dict(known or {})  # by us, or known before: until a look shows it
        self._running: set[ObjectRef] = set()
        self._faltered: dict[tuple[str, Selection], Transient] = {}

    def close(self) -> None:
        self._closed.set()

    @property
    def objects(self) -> dict[ObjectRef, Object]:
        """Everything seen so far, by where it lives."""
        known = dict(self._made)
        for seen in self._seen.values():
            known.update(seen or {})
        return known

    @property
    def silent(self) -> dict[str, Transient]:
        """The clusters that do not answer at present, and what was tried to hear of them."""
        return {cluster: error for (cluster, _), error in self._faltered.items()}

    @property
    def synced(self) -> bool:
        """Whether each selection has been listed once: what is not in ``objects`` is not there."""
        return all(seen is not None for seen in self._seen.values())

    def look(self, cluster: Cluster, what: Selection) -> None:
        """List *what* once; asking twice is asking once."""
        key = (cluster.name, what)
        if key not in self._seen:
            self._seen[key] = None
            daemon(follow, cluster, what, self._news, self._closed, once=True)

    def follow(self, cluster: Cluster, what: Selection) -> None:
        """List *what*, or go on from what was listed, and watch it from then on."""
        key = (cluster.name, what)
        if key in self._followed:
            return
        self._followed.add(key)
        self._seen.setdefault(key, None)
        since = self._versions.get(key, "")
        daemon(follow, cluster, what, self._news, self._closed, since=since)

    def run(self, ref: ObjectRef, step: Callable[[], Made]) -> None:
        """Do *step* on a thread of its own; its end comes as news."""
        self._running.add(ref)
        daemon(run_step, ref, step, self._news)

    def settle(self, deadline: Deadline) -> None:
        """Wait until no step is under way, whatever its outcome."""
        while self._running and deadline.left():
            self.wait(deadline.left())

    def wake(self) -> None:
        self._news.put(Wakeup())

    def wait(self, seconds: float) -> list[WatchEvent]:
        """Everything that happened since; blocks up to *seconds* while nothing has."""
        news: list[WatchEvent] = []
        try:
            news.append(self._news.get(timeout=max(0.0, seconds)))
            while True:
                news.append(self._news.get_nowait())
        except queue.Empty:
            pass
        for each in news:
            self._apply(each)
        for each in news:
            if isinstance(each, Bug):
                raise each.error
        return news

    def sync(self, deadline: Deadline, check: Callable[[], object] = lambda: None) -> None:
        """Wait until everything asked for has been listed; *check* may raise in between."""
        while not self.synced:
            check()
            for each in self.wait(deadline.left()):
                if isinstance(each, WatchFailed):
                    raise each.error
            if not deadline.left():
                self.check_synced("nothing was changed; try again with a longer --timeout")

    def check_synced(self, hint: str) -> None:
        """Raise ``TimedOut`` about what has not been listed."""
        for (cluster, what), seen in self._seen.items():
            if seen is None:
                faltered = self._faltered.get((cluster, what))
                raise TimedOut(
                    f"{cluster}: no answer about {what.kind} in time"
                    + (f": {faltered.message}" if faltered else ""),
                    hint=hint,
                )

    def _apply(self, news: WatchEvent) -> None:
        if isinstance(news, StepEnded | Bug) and news.ref is not None:
            self._running.discard(news.ref)
        match news:
            case Listed(cluster, what, items, version):
                seen = {ref_of(cluster, item): item for item in items}
                self._seen[cluster, what] = seen
                self._faltered.pop((cluster, what), None)
                self._versions[cluster, what] = version
                self._forget(seen)
            case Changed(cluster, what, change):
                ref = ref_of(cluster, change.body)
                now = self._seen[cluster, what] or {}
                now.pop(ref, None) if change.gone else now.update({ref: change.body})
                self._seen[cluster, what] = now
                self._forget([ref])
            case WatchInterrupted(cluster, what, error):
                self._faltered[cluster, what] = error
            case StepEnded(ref, Made(body, verb), None) if verb is not Verb.DELETED:
                self._put(ref, body)
            case _:
                pass

    def _put(self, ref: ObjectRef, body: Object) -> None:
        """Take what a step left, unless a watch tells better."""
        for key, seen in self._seen.items():
            if seen is not None and ref in seen:
                if key not in self._followed:
                    seen[ref] = body
                return
        self._made[ref] = body

    def _forget(self, refs: Iterable[ObjectRef]) -> None:
        for ref in refs:
            self._made.pop(ref, None)


def wait_for(
    cluster: Cluster,
    what: Selection,
    deadline: Deadline,
    enough: Callable[[Collection[Object]], bool],
    *,
    check: Callable[[], object] = lambda: None,
) -> Collection[Object]:
    """Watch *what* until it is *enough*, or the deadline; what there was at the end.

    ``TimedOut`` if nobody has told by then what there is; *check* may raise in between.
    """
    store = Store()
    store.follow(cluster, what)
    try:
        while True:
            check()
            for news in store.wait(min(_HEEDED_EVERY, deadline.left())):
                if isinstance(news, WatchFailed):
                    raise news.error
            found = store.objects.values()
            if store.synced and enough(found):
                return found
            if not deadline.left():
                store.check_synced("try again with a longer --timeout")
                return found
    finally:
        store.close()


def utc_now(*, ahead: float = 0.0) -> str:
    """An RFC 3339 time: now, or so many seconds *ahead*."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + ahead))
