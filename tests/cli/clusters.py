"""The clusters that a command line of a test works on."""

from __future__ import annotations

from kubectl_liqo_shortcut.core.model import ObjectRef
from tests.fakes import FakeWorld, Fault


class Clusters(FakeWorld):
    """Fake clusters that a kubeconfig leads to; they remember what they were asked."""

    def __init__(self, *leaves: str) -> None:
        super().__init__(*leaves)
        self.asked: list[tuple[str, str, ObjectRef]] = []
        for cluster in (self.hub, *self.leaves.values()):
            cluster.fault = self._listener(cluster.name)

    def has_hub(self) -> bool:
        return True

    def namespace(self) -> str:
        return "demo"

    def how(self, leaf: str) -> str:
        return f"leaf {leaf} is a fake"

    def via(self, leaf: str) -> str:
        return f"context:{leaf}"

    def liqo_namespace_of(self, leaf: str) -> str:
        return ""

    @property
    def written(self) -> list[tuple[str, str]]:
        """Every cluster and verb of a request that may have changed something."""
        return [
            (cluster, verb) for cluster, verb, _ in self.asked if verb not in ("get", "list", "ask")
        ]

    def _listener(self, cluster: str) -> Fault:
        return lambda verb, ref: self.asked.append((cluster, verb, ref))
