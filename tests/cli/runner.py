"""Runs a command line in this process, on fake clusters or on none."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from click.testing import CliRunner, Result

from kubectl_liqo_shortcut.cli import PROGRAM, cli
from kubectl_liqo_shortcut.core.model import ObjectRef
from kubectl_liqo_shortcut.errors import ClusterError
from tests.fakes import FakeWorld, Fault
from tests.linked import link

if TYPE_CHECKING:
    from tests.hostile import Hostile


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


def always(error: ClusterError) -> Fault:
    """A cluster that gives the same answer to everything."""

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return error

    return fault


class Nobody:
    """No kubeconfig: to contact a cluster is a failure of the test."""

    def liqo_namespace_of(self, leaf: str) -> str:
        return ""

    def has_hub(self) -> bool:
        return False

    def __call__(self, name: str) -> NoReturn:
        raise AssertionError(f"{name} was contacted")


def run(*args: str, on: Clusters | Hostile | None = None, stdin: str | None = None) -> Result:
    return CliRunner().invoke(
        cli,
        args,
        obj=on or Nobody(),
        input=stdin,
        prog_name=PROGRAM,
        terminal_width=100,
        catch_exceptions=False,  # what is not foreseen is a bug, and shows itself as one
    )


def linked(*peers: str) -> Clusters:
    """Clusters with a shortcut between milan and each of *peers*; what that asked is forgotten."""
    clusters = Clusters("milan", *peers)
    for peer in peers:
        link(clusters, "milan", peer)
    clusters.asked.clear()
    return clusters
