"""The lab's folder: where each file is, and the two small files that hold what was asked for.

One folder for each lab of the machine, because network namespaces are the machine's too: two clones
of this repository see the same labs.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import ipaddress
import json
import os
from collections.abc import Iterator
from pathlib import Path

from tests.lab import binaries, instance
from tests.lab.errors import LabError
from tests.lab.topology import Overlap, Topology


@dataclasses.dataclass(frozen=True, slots=True)
class Knobs:
    """What Pods and load balancers of a cloud do: seconds that they take, names for addresses."""

    pod_start: float = 0.0
    lb_delay: float = 0.0
    lb_hostname: bool = False

    def __post_init__(self) -> None:
        if self.pod_start < 0 or self.lb_delay < 0:
            raise LabError("a delay cannot be negative")

    def __str__(self) -> str:
        named = "; load balancers publish names, not addresses" if self.lb_hostname else ""
        if not self.pod_start and not self.lb_delay:
            return f"injected delays: none{named}"
        return (
            f"injected delays: every Pod starts {self.pod_start:g} s late (injected), "
            f"every load-balancer address comes {self.lb_delay:g} s late (injected){named}"
        )


@dataclasses.dataclass(frozen=True, slots=True)
class State:
    """The paths in the lab's folder."""

    root: Path = dataclasses.field(default_factory=lambda: binaries.cache_root() / instance.NAME)

    @property
    def record(self) -> Path:
        return self.root / "lab.json"

    @property
    def knobs_file(self) -> Path:
        return self.root / "knobs.json"

    @property
    def hosts(self) -> Path:
        """The /etc/hosts of all gateway Pods: their only way to resolve a name."""
        return self.root / "hosts"

    @property
    def kubeconfig(self) -> Path:
        """All clusters, one context each; the hub is the current one."""
        return self.root / "kubeconfig"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def processes(self) -> Path:
        return self.root / "processes"

    @property
    def pods(self) -> Path:
        """The volumes of running Pods, the only place that holds WireGuard's private keys."""
        return self.root / "pods"

    def cluster(self, name: str) -> Path:
        return self.root / "clusters" / name

    def cluster_kubeconfig(self, name: str) -> Path:
        return self.cluster(name) / "kubeconfig"

    def make(self) -> None:
        """The empty folders, closed to everybody else before anything is in them."""
        self.root.mkdir(parents=True, mode=0o700)
        for folder in (self.logs, self.processes, self.pods):
            folder.mkdir()

    def are_stopped(self, cluster: str) -> bool:
        """Whether somebody wants the cluster's controllers not to run."""
        return self._stopped(cluster).exists()

    def set_stopped(self, cluster: str, stopped: bool) -> None:
        if stopped:
            self._stopped(cluster).touch()
        else:
            self._stopped(cluster).unlink(missing_ok=True)

    def _stopped(self, cluster: str) -> Path:
        return self.cluster(cluster) / "controllers-stopped"

    @property
    def peering(self) -> bool:
        """Whether controllers that start from now on run the modules that peerings need."""
        return self._peering.exists()

    def set_peering(self, wanted: bool) -> None:
        if wanted:
            self._peering.touch()
        else:
            self._peering.unlink(missing_ok=True)

    @property
    def _peering(self) -> Path:
        return self.root / "peering"

    @property
    def dataplane(self) -> bool:
        """Whether controllers that start from now on run what workloads of the lab need."""
        return self._dataplane.exists()

    def set_dataplane(self, wanted: bool) -> None:
        if wanted:
            self._dataplane.touch()
        else:
            self._dataplane.unlink(missing_ok=True)

    @property
    def _dataplane(self) -> Path:
        return self.root / "dataplane"

    def save(self, topology: Topology, *, ready: bool) -> None:
        record = {
            "range": str(topology.range),
            "leaves": topology.leaves,
            "overlap": topology.overlap,
            "ready": ready,
        }
        write(self.record, json.dumps(record))

    def load(self) -> tuple[Topology, bool] | None:
        """The lab that was started here and whether its start came to its end; None without one."""
        try:
            record = json.loads(self.record.read_text(encoding="utf-8"))
            topology = Topology(
                ipaddress.IPv4Network(record["range"]),
                int(record["leaves"]),
                Overlap(record["overlap"]),
            )
            return topology, bool(record["ready"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def knobs(self) -> Knobs:
        try:
            return Knobs(**json.loads(self.knobs_file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return Knobs()

    def set_knobs(self, knobs: Knobs) -> None:
        """They hold from the next Pod start and the next address on, where they are read."""
        write(self.knobs_file, json.dumps(dataclasses.asdict(knobs)))


def write(path: Path, text: str) -> None:
    """Whole or not at all, so that no reader and no crash ever sees half a file."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.rename(path)


@contextlib.contextmanager
def exclusive() -> Iterator[None]:
    """One start or stop of this lab at a time; a second one waits."""
    binaries.cache_root().mkdir(parents=True, exist_ok=True)
    with open(binaries.cache_root() / f"{instance.NAME}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
