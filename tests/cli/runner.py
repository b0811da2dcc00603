"""Runs a command line in this process, on fake clusters or on none."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from click.testing import CliRunner, Result

from kubectl_liqo_shortcut.cli.root import PROGRAM, cli
from kubectl_liqo_shortcut.core.model import ObjectRef
from kubectl_liqo_shortcut.errors import ClusterError, ShortcutError
from tests.cli.clusters import Clusters
from tests.fakes import Fault
from tests.linked import link

if TYPE_CHECKING:
    from tests.hostile import Hostile

__all__ = ["Clusters", "Nobody", "always", "linked", "run"]


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

    def no_hub(self) -> ShortcutError:
        return ShortcutError("no hub", hint="pass --context")

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
