"""What happens on the clusters, as values in one queue; and the threads that put them there."""

from __future__ import annotations

import contextlib
import dataclasses
import queue
import threading
import time
from collections.abc import Callable, Iterator

from kubectl_liqo_shortcut.core.events import Verb
from kubectl_liqo_shortcut.core.model import Object, ObjectRef
from kubectl_liqo_shortcut.core.ports import Change, Cluster, Selection, Watch
from kubectl_liqo_shortcut.errors import Expired, ShortcutError, Transient

_LONGEST_PAUSE = 5.0  # seconds between two attempts of a watch


@dataclasses.dataclass(frozen=True, slots=True)
class Listed:
    """All there is of a selection."""

    cluster: str
    what: Selection
    items: tuple[Object, ...]
    resource_version: str


@dataclasses.dataclass(frozen=True, slots=True)
class Changed:
    """One object of a selection changed."""

    cluster: str
    what: Selection
    change: Change


@dataclasses.dataclass(frozen=True, slots=True)
class WatchFailed:
    """A selection cannot be watched: a definite answer, not a passing fault."""

    error: ShortcutError


@dataclasses.dataclass(frozen=True, slots=True)
class WatchInterrupted:
    """A selection cannot be watched for the moment: what was seen of it may be old."""

    cluster: str
    what: Selection
    error: Transient


@dataclasses.dataclass(frozen=True, slots=True)
class Made:
    """What a step found, left, or deleted: *verb* is None where somebody else had made it."""

    body: Object
    verb: Verb | None


@dataclasses.dataclass(frozen=True, slots=True)
class StepEnded:
    """A step about *ref* is over: the object as it is now, or why it failed."""

    ref: ObjectRef
    made: Made | None
    error: ShortcutError | None


@dataclasses.dataclass(frozen=True, slots=True)
class Bug:
    """A thread died of something unforeseen: it is raised where the news are read."""

    error: Exception
    ref: ObjectRef | None = None  # of the step, if it was one


@dataclasses.dataclass(frozen=True, slots=True)
class Wakeup:
    """Somebody asks the waiter to look around."""


WatchEvent = Listed | Changed | WatchInterrupted | WatchFailed | StepEnded | Wakeup | Bug

EventQueue = queue.SimpleQueue[WatchEvent]


class Closing:
    """Whether nobody reads on; when that is said, all watches end at once."""

    def __init__(self) -> None:
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._watches: set[Watch] = set()

    def is_set(self) -> bool:
        return self._closed.is_set()

    def wait(self, seconds: float) -> bool:
        return self._closed.wait(seconds)

    def set(self) -> None:
        with self._lock:
            self._closed.set()
            watches = tuple(self._watches)
        for each in watches:
            each.close()

    @contextlib.contextmanager
    def ends(self, watch: Watch) -> Iterator[Watch]:
        """*watch*, which ends with this, or at the end of the block."""
        with self._lock:
            self._watches.add(watch)
        try:
            if self.is_set():
                watch.close()
            yield watch
        finally:
            with self._lock:
                self._watches.discard(watch)
            watch.close()


def follow(
    cluster: Cluster,
    what: Selection,
    news: EventQueue,
    closed: Closing,
    *,
    once: bool = False,
    since: str = "",
) -> None:
    """List, and then watch unless *once*; begin with watching where *since* is known."""
    pause = 0.2
    while not closed.is_set():
        try:
            if not since:
                listing = cluster.list(what)
                since = listing.resource_version
                news.put(Listed(cluster.name, what, listing.items, since))
            if once:
                return
            while not closed.is_set():
                began = time.monotonic()
                with closed.ends(cluster.watch(what, since)) as changes:
                    for change in changes:
                        pause = 0.2
                        since = change.body["metadata"]["resourceVersion"]
                        news.put(Changed(cluster.name, what, change))
                if time.monotonic() - began < 1.0:  # a server that ends watches at once
                    closed.wait(pause)
                    pause = min(pause * 2, _LONGEST_PAUSE)
        except Expired:  # once is usual; a server may say so for ever
            since = ""
            closed.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        except Transient as error:  # an API server restarts, a connection is cut: look again
            since = ""
            news.put(WatchInterrupted(cluster.name, what, error))
            closed.wait(max(pause, error.retry_after))
            pause = min(pause * 2, _LONGEST_PAUSE)
        except ShortcutError as error:
            news.put(WatchFailed(error))
            return
        except Exception as error:  # noqa: BLE001 - raised again by who reads the news
            news.put(Bug(error))
            return


def run_step(ref: ObjectRef, step: Callable[[], Made], news: EventQueue) -> None:
    try:
        news.put(StepEnded(ref, step(), None))
    except ShortcutError as error:
        news.put(StepEnded(ref, None, error))
    except Exception as error:  # noqa: BLE001 - raised again by who reads the news
        news.put(Bug(error, ref))


def daemon(target: Callable[..., None], *args: object, **options: object) -> None:
    threading.Thread(target=target, args=args, kwargs=options, daemon=True).start()
