"""``kubectl liqo-shortcut rbac``."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from kubectl_liqo_shortcut.adapters.access import Access
from kubectl_liqo_shortcut.cli import candidates
from kubectl_liqo_shortcut.cli.options import (
    ReportFormat,
    access_options,
    limit_option,
    report_option,
    say_ways,
    with_options,
)
from kubectl_liqo_shortcut.cli.types import KubectlCommand
from kubectl_liqo_shortcut.core.model import HUB
from kubectl_liqo_shortcut.errors import ExitCode, Invalid

if TYPE_CHECKING:
    from kubectl_liqo_shortcut.core.permissions import Scope

_EPILOG = """\b
Examples:
  # what an administrator of leaf rome gives the hub for links with milan
  kubectl liqo-shortcut rbac print --leaf rome --peer milan | kubectl --context rome apply -f -
  # and what somebody needs on the hub
  kubectl liqo-shortcut rbac print --hub | kubectl apply -f -
  # what the present identity lacks on rome
  kubectl liqo-shortcut rbac check --leaf rome --peer milan
"""

_scope_options = with_options(
    click.option(
        "--leaf",
        metavar="ID",
        shell_complete=candidates.more_leaves,
        help="The leaf that the roles are for; with --peer",
    ),
    click.option(
        "--peer",
        "peers",
        metavar="ID[=NAMESPACE]",
        multiple=True,
        shell_complete=candidates.more_leaves,
        help="The other leaf of a link, and the tenant namespace for it, where that is not "
        "liqo-tenant-ID; may be repeated",
    ),
    click.option("--hub", is_flag=True, help="The hub, instead of a leaf"),
    click.option(
        "--service",
        "services",
        metavar="NAMESPACE",
        multiple=True,
        help="Also what service and verify --service need for the Services of a namespace, as it "
        "is called on that cluster; may be repeated",
    ),
    click.option("--verify", is_flag=True, help="Also what verify needs"),
    click.option("--install", is_flag=True, help="Also what crd install needs; with --hub"),
)


def scope_from(
    leaf: str | None,
    peers: tuple[str, ...],
    hub: bool,
    services: tuple[str, ...],
    verify: bool,
    install: bool,
) -> Scope:
    """What the options ask for; they are for one cluster."""
    from kubectl_liqo_shortcut.commands import rbac

    if hub == (leaf is not None):
        raise Invalid(
            "name one cluster: --leaf ID with --peer ID, or --hub",
            hint="for example: kubectl liqo-shortcut rbac print --leaf rome --peer milan",
        )
    if hub:
        if peers:
            raise Invalid("--peer goes with --leaf", hint="on the hub, no role depends on a pair")
        return rbac.on_hub(services, verify=verify, install=install)
    if install:
        raise Invalid("--install goes with --hub", hint="leaves do not have the kind Shortcut")
    return rbac.on_leaf(str(leaf), peers, services, verify=verify)


def _placed(scope: Scope, leaf: str | None, access: Access) -> Scope:
    """Where Liqo is on that cluster, if the options say that it is elsewhere."""
    namespace = access.liqo_namespace_of(leaf or HUB)
    return dataclasses.replace(scope, liqo_namespace=namespace or scope.liqo_namespace)


@click.group("rbac", epilog=_EPILOG)
def command() -> None:
    """Print the least roles for a cluster, or check what the present identity lacks there."""


@command.command(
    "print",
    cls=KubectlCommand,
    epilog="""\b
Examples:
  # for links of rome with milan and venice, Services and probes included
  kubectl liqo-shortcut rbac print --leaf rome --peer milan --peer venice --service demo --verify
  # for a ServiceAccount; nobody is asked
  kubectl liqo-shortcut rbac print --hub --subject ServiceAccount:liqo/shortcuts
  # and what crd install needs
  kubectl liqo-shortcut rbac print --hub --install
""",
)
@_scope_options
@click.option(
    "--subject",
    metavar="KIND:NAME",
    help="Who gets the roles: User:NAME, Group:NAME or ServiceAccount:NAMESPACE/NAME; without it, "
    "User:liqo-shortcut:HUB, the hub's cluster ID being asked for",
)
@limit_option
@access_options
def print_command(
    leaf: str | None,
    peers: tuple[str, ...],
    hub: bool,
    services: tuple[str, ...],
    verify: bool,
    install: bool,
    subject: str | None,
    timeout: float,
    access: Access,
) -> None:
    """Print namespaces, roles and bindings as YAML for kubectl apply on that cluster.

    Each role says what every rule is for. Secrets are named one by one; for all namespaces there
    are only lists and watches. To apply what is printed again, with more options, adds to it.
    """
    from kubectl_liqo_shortcut.adapters.templates import read_template
    from kubectl_liqo_shortcut.commands.rbac import default_subject
    from kubectl_liqo_shortcut.core import rbac
    from kubectl_liqo_shortcut.core.render import Renderer

    scope = _placed(scope_from(leaf, peers, hub, services, verify, install), leaf, access)
    who = rbac.subject(subject) if subject else default_subject(access, timeout)
    click.echo(f"# For {f'leaf {leaf}' if leaf else HUB}, to be applied there.")
    click.echo("---\n".join(rbac.documents(scope, who, Renderer(read_template))), nl=False)


@command.command(
    "check",
    cls=KubectlCommand,
    epilog="""\b
Examples:
  # what lacks on rome for links with milan
  kubectl liqo-shortcut rbac check --leaf rome --peer milan
  # as a user of that leaf, by a context of its own
  kubectl liqo-shortcut rbac check --leaf rome --peer milan --leaf-context rome=rome-limited
  # the hub, for a program
  kubectl liqo-shortcut rbac check --hub --service demo -o json
""",
)
@_scope_options
@report_option("The report as a document")
@click.option("--no-headers", is_flag=True, help="No titles above the table")
@limit_option
@access_options
def check_command(
    leaf: str | None,
    peers: tuple[str, ...],
    hub: bool,
    services: tuple[str, ...],
    verify: bool,
    install: bool,
    output: ReportFormat | None,
    no_headers: bool,
    timeout: float,
    access: Access,
) -> None:
    """Ask a cluster for each permission whether the present identity has it.

    Exit code 4 if one is missing without which a command fails; where ALLOWED says optional,
    commands go on, and tell less.
    """
    from kubectl_liqo_shortcut.commands.rbac import check
    from kubectl_liqo_shortcut.output.formats import DocumentFormat, format_documents
    from kubectl_liqo_shortcut.output.rbac import access_document, access_table

    scope = _placed(scope_from(leaf, peers, hub, services, verify, install), leaf, access)
    say_ways(access, [leaf] if leaf else ())
    found = check(scope, access(leaf or HUB), timeout)
    if output is not None:
        document = access_document(found.cluster, found.user, found.asked, found.lacks)
        click.echo(format_documents([document], DocumentFormat(output)), nl=False)
    else:
        table = access_table(found.cluster, found.asked, found.lacks, headers=not no_headers)
        click.echo(table, nl=False)
    if found.note:
        click.echo(found.note, err=True)
    if not found.is_enough:
        click.get_current_context().exit(ExitCode.REFUSED)
