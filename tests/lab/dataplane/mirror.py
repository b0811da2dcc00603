"""A picture of a few collections of one API server, kept up to date by watches."""

from __future__ import annotations

import threading

from tests.lab.kube import Object
from tests.lab.node.context import Context, in_background
from tests.lab.node.pods import follow


class Mirror:
    """Sets ``changed`` after each change; nobody needs to know which."""

    def __init__(self, context: Context, *collections: str, selector: str = "") -> None:
        self.changed = threading.Event()
        self._context, self._collections, self._selector = context, collections, selector
        self._lock = threading.Lock()
        self._objects: dict[str, dict[str, Object]] = {url: {} for url in collections}

    def start(self) -> None:
        for url in self._collections:
            events = self._context.kube.watch(url, labelSelector=self._selector)

            def handle(event: str, thing: Object, url: str = url) -> None:
                self._take(url, event, thing)

            in_background(follow, self._context, events, handle)

    def items(self, url: str) -> list[Object]:
        with self._lock:
            return list(self._objects[url].values())

    def _take(self, url: str, event: str, thing: Object) -> None:
        with self._lock:
            if event == "DELETED":
                self._objects[url].pop(thing["metadata"]["uid"], None)
            else:
                self._objects[url][thing["metadata"]["uid"]] = thing
        self.changed.set()
