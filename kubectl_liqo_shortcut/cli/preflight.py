"""``kubectl liqo-shortcut preflight``."""

from __future__ import annotations

from typing import Any

import click

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.cli.console import note
from kubectl_liqo_shortcut.cli.params import completions
from kubectl_liqo_shortcut.cli.params.access import access_options, note_connections
from kubectl_liqo_shortcut.cli.params.common import (
    file_option,
    output_option,
    requests_from,
    timeout_option,
)
from kubectl_liqo_shortcut.cli.params.gateway import gateway_options, gateway_spec
from kubectl_liqo_shortcut.cli.params.types import KubectlCommand
from kubectl_liqo_shortcut.cli.pasteable import pasteable
from kubectl_liqo_shortcut.core.link.request import Request
from kubectl_liqo_shortcut.core.preflight.node_ports import refuse_twice
from kubectl_liqo_shortcut.errors import ExitCode
from kubectl_liqo_shortcut.output.formats import ReportFormat, format_documents

_EPILOG = """\b
Examples:
  # everything that would forbid or trouble a shortcut, of all three clusters, at a glance
  kubectl liqo-shortcut preflight milan rome
  # with the options that create would get
  kubectl liqo-shortcut preflight milan rome --gw-server-service-type NodePort -o json
"""


@click.command("preflight", cls=KubectlCommand, epilog=_EPILOG)
@click.argument("leaves", nargs=-1, metavar="LEAF LEAF", shell_complete=completions.complete_leaves)
@file_option
@gateway_options
@output_option(ReportFormat, "The report as a document")
@timeout_option
@access_options
def command(
    leaves: tuple[str, ...],
    filename: str | None,
    gw_server: str | None,
    output: ReportFormat | None,
    timeout: float,
    access: ClusterAccess,
    **gateway: Any,
) -> None:
    """Check whether a shortcut can be created, and change nothing.

    Exit code 4 if there is an error; warnings do not count.
    """
    requests = requests_from(leaves, filename, server=gw_server, spec=gateway_spec(gateway))
    refuse_twice(requests)
    note_connections(access, (leaf for each in requests for leaf in each.pair))
    refused = [each for each in requests if not report(each, access, timeout, output)]
    if refused:
        click.get_current_context().exit(ExitCode.REFUSED)


def report(
    request: Request,
    access: ClusterAccess,
    timeout: float,
    output: ReportFormat | None,
    *,
    send: bool = False,
    err: bool = False,
) -> bool:
    """Print the report about one shortcut; whether there is no error in it."""
    from kubectl_liqo_shortcut.adapters.templates import read_template
    from kubectl_liqo_shortcut.commands.preflight import preflight
    from kubectl_liqo_shortcut.core.link.render import Renderer
    from kubectl_liqo_shortcut.output.findings import report_document, report_lines

    found = preflight(request, access, Renderer(read_template), timeout, send=send)
    if output is not None:
        document = report_document(request.name, found.findings)
        text = format_documents([document], output)
    else:
        warnings = len(found.findings) - len(found.errors)
        summary = f"{request.name}: {len(found.errors)} errors, {warnings} warnings\n"
        text = pasteable(report_lines(found.findings)) + summary
    if not err:
        click.echo(text, nl=False)
        return not found.errors
    for line in text.splitlines():
        note(line, request.name, needed=bool(found.errors))
    return not found.errors
