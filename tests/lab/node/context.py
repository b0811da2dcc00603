"""What every part of one cluster's node needs to know."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable

from tests.lab.kube import Kube
from tests.lab.state import State
from tests.lab.topology import ClusterSpec


@dataclasses.dataclass(frozen=True)
class Context:
    """One cluster, as its node sees it."""

    spec: ClusterSpec
    kube: Kube
    state: State
    gateway: str

    def log(self, message: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {self.spec.name}: {message}", flush=True)


def in_background(action: Callable[..., None], *args: object) -> None:
    threading.Thread(target=action, args=args, daemon=True).start()


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
