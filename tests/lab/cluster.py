"""One cluster of a running lab."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tests.lab.kube import Kube
from tests.lab.topology import ClusterSpec


@dataclasses.dataclass(frozen=True, slots=True)
class LabCluster:
    """Where it is, and the way to it."""

    spec: ClusterSpec
    kubeconfig: Path
    kube: Kube

    @property
    def name(self) -> str:
        return self.spec.name

    def load_balancer_address(self, number: int) -> str:
        """An address to ask for by ``loadBalancerIP``, counted from the end of the pool."""
        return self.spec.load_balancer_pool[-1 - number]
