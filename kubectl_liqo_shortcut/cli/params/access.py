"""Options that tell the way to the clusters."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.cli.console import note
from kubectl_liqo_shortcut.cli.params import completions
from kubectl_liqo_shortcut.cli.params.connect import access_from
from kubectl_liqo_shortcut.cli.params.types import Assignment
from kubectl_liqo_shortcut.cli.pasteable import remember
from kubectl_liqo_shortcut.core import validation
from kubectl_liqo_shortcut.core.kinds import LIQO_NAMESPACE

Command = TypeVar("Command", bound=Callable[..., Any])


def with_options(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several options as one decorator, shown in the order given."""
    return lambda command: functools.reduce(
        lambda inner, option: option(inner), reversed(options), command
    )


def _namespace(_ctx: click.Context, _param: click.Parameter, given: str | None) -> str | None:
    return None if given is None else validation.label(given, "--liqo-namespace")


def _namespaces(
    _ctx: click.Context, _param: click.Parameter, given: tuple[tuple[str, str], ...]
) -> dict[str, str]:
    return {
        leaf: validation.label(namespace, f"--leaf-liqo-namespace {leaf}")
        for leaf, namespace in given
    }


def access_options(command: Command) -> Command:
    """How the hub and the leaves are reached; gives the command ``access``."""

    @with_options(
        click.option(
            "--kubeconfig",
            metavar="PATH",
            shell_complete=completions.complete_files,
            help="Kubeconfig file to use instead of KUBECONFIG",
        ),
        click.option(
            "--context",
            metavar="NAME",
            shell_complete=completions.complete_contexts,
            help="Kubeconfig context of the hub",
        ),
        click.option(
            "--leaf-context",
            "leaf_contexts",
            type=Assignment(),
            multiple=True,
            metavar="ID=CONTEXT",
            shell_complete=completions.complete_leaf_assignments,
            help="Kubeconfig context of a leaf; without it, the context named like its cluster ID, "
            "else the identity that Liqo stored on the hub",
        ),
        click.option(
            "--leaf-kubeconfig",
            "leaf_kubeconfigs",
            type=Assignment(),
            multiple=True,
            metavar="ID=PATH",
            shell_complete=completions.complete_leaf_assignments,
            help="Kubeconfig file of a leaf",
        ),
        click.option("--as", "as_user", metavar="NAME", help="User to act as on the hub"),
        click.option(
            "--as-group",
            "as_groups",
            multiple=True,
            metavar="NAME",
            help="Group to act as on the hub; may be repeated",
        ),
        click.option("--as-uid", metavar="UID", help="UID to act as on the hub"),
        click.option(
            "--liqo-namespace",
            metavar="NAMESPACE",
            callback=_namespace,
            help=f"Namespace of Liqo, in every cluster  [default: {LIQO_NAMESPACE}]",
        ),
        click.option(
            "--leaf-liqo-namespace",
            "leaf_liqo_namespaces",
            type=Assignment(),
            multiple=True,
            metavar="ID=NAMESPACE",
            callback=_namespaces,
            shell_complete=completions.complete_leaf_assignments,
            help="Namespace of Liqo on a leaf",
        ),
        click.option(
            "--allow-local-identity",
            is_flag=True,
            help="Accept a stored identity that leads to this machine or a link-local address",
        ),
    )
    @functools.wraps(command)
    def with_access(**params: Any) -> Any:
        remember(params)
        access = click.get_current_context().obj or access_from(params)
        others = {name: value for name, value in params.items() if name not in _ACCESS_OPTIONS}
        return command(access=access, **others)

    return with_access  # type: ignore[return-value]


_ACCESS_OPTIONS = (
    *("kubeconfig", "context", "leaf_contexts", "leaf_kubeconfigs"),
    *("as_user", "as_groups", "as_uid", "liqo_namespace", "leaf_liqo_namespaces"),
    "allow_local_identity",
)


def note_connections(access: ClusterAccess, leaves: Iterable[str]) -> None:
    """Which kubeconfig context leads to a leaf, where the command line did not say."""
    for way in dict.fromkeys(map(access.how, leaves)):
        if way:
            note(way)
