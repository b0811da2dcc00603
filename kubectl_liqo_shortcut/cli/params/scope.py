"""Options that tell what somebody is to do on one cluster: for roles, printed or checked."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.cli.params import completions
from kubectl_liqo_shortcut.cli.params.access import Command, with_options
from kubectl_liqo_shortcut.core.model import HUB
from kubectl_liqo_shortcut.errors import Invalid

if TYPE_CHECKING:
    from kubectl_liqo_shortcut.core.rbac.access_review import Scope

AskedScope: TypeAlias = "Callable[[ClusterAccess], Scope]"
"""What the options ask for, with Liqo where the way to the clusters says it is."""

_SCOPE_OPTIONS = ("leaf", "peers", "hub", "services", "adopt", "verify", "install", "stored")


def scope_options(command: Command) -> Command:
    """What is to be done on which cluster; gives the command ``leaf`` and ``scope``."""

    @with_options(
        click.option(
            "--leaf",
            metavar="ID",
            shell_complete=completions.complete_more_leaves,
            help="The leaf that the roles are for; with --peer",
        ),
        click.option(
            "--peer",
            "peers",
            metavar="ID[=NAMESPACE]",
            multiple=True,
            shell_complete=completions.complete_more_leaves,
            help="The other leaf of a link, and the tenant namespace for it, where that is not "
            "liqo-tenant-ID; may be repeated",
        ),
        click.option("--hub", is_flag=True, help="The hub, instead of a leaf"),
        click.option(
            "--service",
            "services",
            metavar="NAMESPACE",
            multiple=True,
            help="Also what service and verify --service need for the Services of a namespace, as "
            "it is called on that cluster; may be repeated",
        ),
        click.option(
            "--adopt",
            is_flag=True,
            help="Also what adopt needs on a leaf: to label the tenant namespace",
        ),
        click.option("--verify", is_flag=True, help="Also what verify needs"),
        click.option("--install", is_flag=True, help="Also what crd install needs; with --hub"),
        click.option(
            "--stored-identity",
            "stored",
            metavar="ID",
            multiple=True,
            shell_complete=completions.complete_more_leaves,
            help="Also the right to read the identity that Liqo stored for that leaf, in "
            "liqo-tenant-ID; with --hub; may be repeated",
        ),
    )
    @functools.wraps(command)
    def with_scope(**params: Any) -> Any:
        asked = {name: params.pop(name) for name in _SCOPE_OPTIONS}
        return command(leaf=asked["leaf"], scope=partial(_scope, **asked), **params)

    return with_scope  # type: ignore[return-value]


def _scope(
    access: ClusterAccess,
    *,
    leaf: str | None,
    peers: tuple[str, ...],
    hub: bool,
    services: tuple[str, ...],
    adopt: bool,
    verify: bool,
    install: bool,
    stored: tuple[str, ...],
) -> Scope:
    """What the options ask for, of one cluster, with Liqo where *access* says it is."""
    from kubectl_liqo_shortcut.commands import rbac

    if hub == (leaf is not None):
        raise Invalid(
            "name one cluster: --leaf ID with --peer ID, or --hub",
            hint="for example --leaf rome --peer milan",
        )
    if leaf is None:
        if peers:
            raise Invalid("--peer requires --leaf", hint="on the hub, no role depends on a pair")
        scope = rbac.hub_scope(services, verify=verify, install=install, stored=stored)
    else:
        if stored:
            raise Invalid("--stored-identity requires --hub", hint="that is where Liqo stores it")
        if install:
            raise Invalid("--install requires --hub", hint="leaves do not have the kind Shortcut")
        scope = rbac.leaf_scope(leaf, peers, services, adopt=adopt, verify=verify)
    namespace = access.liqo_namespace_of(leaf or HUB)
    return dataclasses.replace(scope, liqo_namespace=namespace or scope.liqo_namespace)
