"""``kubectl liqo-shortcut why``."""

from __future__ import annotations

import click

from kubectl_liqo_shortcut.adapters.access import Access
from kubectl_liqo_shortcut.cli import candidates
from kubectl_liqo_shortcut.cli.options import (
    ReportFormat,
    access_options,
    limit_option,
    report_option,
)
from kubectl_liqo_shortcut.cli.types import KubectlCommand
from kubectl_liqo_shortcut.errors import ExitCode

_EPILOG = """\b
Examples:
  # why do these two reach each other, or not, the way they do?
  kubectl liqo-shortcut why milan rome
  # for programs
  kubectl liqo-shortcut why milan--rome -o json
"""


@click.command("why", cls=KubectlCommand, epilog=_EPILOG)
@click.argument("words", nargs=-1, metavar="LEAF LEAF | NAME", shell_complete=candidates.shortcuts)
@report_option("The checks as a document")
@limit_option
@access_options
def command(
    words: tuple[str, ...], output: ReportFormat | None, timeout: float, access: Access
) -> None:
    """Explain the link of a pair by a chain of checks, from the hub down to the tunnel.

    Each check says what was seen; the first one that fails is the cause, with what to do next.
    It works for a pair without a shortcut too.

    Exit code 0 if all is ok, 1 otherwise.
    """
    from kubectl_liqo_shortcut.commands.why import why
    from kubectl_liqo_shortcut.output.explanation import chain_document, explanation
    from kubectl_liqo_shortcut.output.formats import DocumentFormat, format_documents

    found = why(words, access, timeout)
    if output is None:
        click.echo(explanation(found.diagnosis), nl=False)
    else:
        document = chain_document(found.name, found.diagnosis)
        click.echo(format_documents([document], DocumentFormat(output)), nl=False)
    if found.diagnosis.cause is not None:
        click.get_current_context().exit(ExitCode.FAILED)
