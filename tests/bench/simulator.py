"""The simulated hub and leaves (``simapi/``) as a process, and what was asked of them."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import subprocess
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.lab import binaries

_SOURCE = Path(__file__).parent / "simapi"


@dataclasses.dataclass(frozen=True, slots=True)
class Tally:
    """The requests by verb and resource, such as ``WATCH secrets``, and the connections."""

    hub: Mapping[str, int]
    leaves: Mapping[str, int]
    connections_made: int
    most_connections: int  # at the same time

    @classmethod
    def parse(cls, text: bytes) -> Tally:
        counted = json.loads(text)
        connections = counted["connections"]
        return cls(counted["hub"], counted["leaves"], connections["made"], connections["peak"])

    @property
    def by_kind(self) -> Counter[str]:
        return Counter(self.hub) + Counter(self.leaves)

    @property
    def total(self) -> int:
        return self.by_kind.total()

    @property
    def writes(self) -> int:
        return sum(count for what, count in self.by_kind.items() if _writes(what))

    @property
    def watches(self) -> int:
        return sum(count for what, count in self.by_kind.items() if what.startswith("WATCH "))


def _writes(what: str) -> bool:
    """A dry run and a review are sent like a write, but nothing is kept of them."""
    verb, _, rest = what.partition(" ")
    kept = not rest.endswith(" dry run") and not rest.startswith("selfsubject")
    return verb in ("POST", "PATCH", "DELETE") and kept


@dataclasses.dataclass(frozen=True, slots=True)
class Simulator:
    kubeconfig: Path
    _counters: str  # where they are taken

    def take(self) -> Tally:
        """What was asked since the last time."""
        request = urllib.request.Request(self._counters, method="POST")
        with urllib.request.urlopen(request) as answer:
            return Tally.parse(answer.read())


@contextlib.contextmanager
def simulated(leaves: int) -> Iterator[Simulator]:
    """A hub and its *leaves*, called leaf01 and so on, without any link."""
    program = binaries.build_own(_SOURCE)
    with tempfile.TemporaryDirectory() as folder:
        kubeconfig = Path(folder) / "kubeconfig"
        command = [str(program), "-leaves", str(leaves), "-kubeconfig", str(kubeconfig)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            where = process.stdout.readline().strip()
            if not where:
                raise SystemExit("the simulator did not start")
            yield Simulator(kubeconfig, where)
            # its standard input is closed here: that ends it
