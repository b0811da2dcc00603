"""``kubectl liqo-shortcut adopt``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.cli.console import note
from kubectl_liqo_shortcut.cli.params import completions
from kubectl_liqo_shortcut.cli.params.access import access_options, note_connections
from kubectl_liqo_shortcut.cli.params.common import (
    JSON_EPILOG,
    dry_run_option,
    progress_options,
    requests_from,
    timeout_option,
)
from kubectl_liqo_shortcut.cli.params.gateway import tenant_option
from kubectl_liqo_shortcut.cli.params.types import KubectlCommand
from kubectl_liqo_shortcut.core.kinds import SHORTCUT
from kubectl_liqo_shortcut.core.link.request import Request

if TYPE_CHECKING:
    from kubectl_liqo_shortcut.core.link.render import Renderer

_EPILOG = """\b
Examples:
  # a link made by liqoctl network connect, in either direction
  kubectl liqo-shortcut adopt milan rome
  # what would be taken over
  kubectl liqo-shortcut adopt milan rome --dry-run
"""


@click.command("adopt", cls=KubectlCommand, epilog=_EPILOG + JSON_EPILOG)
@click.argument("leaves", nargs=-1, metavar="LEAF LEAF", shell_complete=completions.complete_leaves)
@click.option("--reason", metavar="TEXT", help="Reason, kept as an annotation of the record")
@tenant_option
@dry_run_option("print what would be taken over, change nothing")
@timeout_option
@progress_options
@access_options
def command(
    leaves: tuple[str, ...],
    reason: str | None,
    tenant_namespaces: tuple[tuple[str, str], ...],
    dry_run: str,
    timeout: float,
    access: ClusterAccess,
) -> None:
    """Take over a link that was made by hand, such as by liqoctl network connect.

    Creates a record on the hub and labels the link's objects. Gateways, keys and Pods are not
    changed. Afterwards get, sync and delete work on the link.
    """
    from kubectl_liqo_shortcut.adapters.templates import read_template
    from kubectl_liqo_shortcut.cli.run import run_jobs
    from kubectl_liqo_shortcut.commands.adopt import adopt
    from kubectl_liqo_shortcut.core.link.render import Renderer

    annotations = {"shortcut.liqo.io/reason": reason} if reason else {}
    spec = {"tenantNamespaces": dict(tenant_namespaces)} if tenant_namespaces else {}
    (request,) = requests_from(leaves, None, spec=spec, annotations=annotations)
    note_connections(access, request.pair)
    renderer = Renderer(read_template)
    if dry_run == "client":
        _print(request, access, renderer, timeout)
    else:
        job = partial(adopt, request, access, renderer, timeout)
        run_jobs({request.name: job}, timeout)


def _print(request: Request, access: ClusterAccess, renderer: Renderer, timeout: float) -> None:
    from kubectl_liqo_shortcut.commands.adopt import would_adopt

    lines = list(would_adopt(request, access, renderer, timeout))
    for line in lines:
        note(line, request.name)
    click.echo(f"{SHORTCUT}/{request.name} {'adopted' if lines else 'unchanged'} (dry run)")
