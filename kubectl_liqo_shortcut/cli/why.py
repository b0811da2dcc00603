"""``kubectl liqo-shortcut why``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.cli.params import completions
from kubectl_liqo_shortcut.cli.params.access import access_options
from kubectl_liqo_shortcut.cli.params.common import limit_option, link_argument, output_option
from kubectl_liqo_shortcut.cli.params.types import KubectlCommand
from kubectl_liqo_shortcut.cli.pasteable import pasteable
from kubectl_liqo_shortcut.errors import ExitCode, Invalid
from kubectl_liqo_shortcut.output.formats import ReportFormat, format_documents

if TYPE_CHECKING:
    from kubectl_liqo_shortcut.core.diagnosis.chain import Diagnosis
    from kubectl_liqo_shortcut.core.model import Object

_EPILOG = """\b
Examples:
  # why do these two reach each other, or not, the way they do?
  kubectl liqo-shortcut why milan rome
  # for programs
  kubectl liqo-shortcut why milan--rome -o json
  # which way does a Service go from each leaf, and why?
  kubectl liqo-shortcut why --service demo/web
"""


@click.command("why", cls=KubectlCommand, epilog=_EPILOG)
@link_argument
@click.option(
    "--service",
    metavar="NS/NAME",
    shell_complete=completions.complete_services,
    help="Explain the way of a Service of the hub instead",
)
@output_option(ReportFormat, "The checks as a document")
@limit_option
@access_options
def command(
    words: tuple[str, ...],
    service: str | None,
    output: ReportFormat | None,
    timeout: float,
    access: ClusterAccess,
) -> None:
    """Explain the link of a pair by a chain of checks, from the hub down to the tunnel.

    Each check says what it found. The first one that fails is the cause; it names the next step.
    Also works for a pair without a shortcut. With --service, checks the path of a Service, from the
    hub down to the EndpointSlices on every leaf that sees the Service, and names every cause.

    Exit code 0 if all is ok, 1 otherwise.
    """
    if service is not None:
        diagnosis, document = _service(service, words, access, timeout)
    else:
        diagnosis, document = _pair(words, access, timeout)
    from kubectl_liqo_shortcut.output.explanation import explanation

    if output is None:
        click.echo(pasteable(explanation(diagnosis)), nl=False)
    else:
        click.echo(format_documents([document], output), nl=False)
    if diagnosis.cause is not None:
        click.get_current_context().exit(ExitCode.FAILED)


def _pair(
    words: tuple[str, ...], access: ClusterAccess, timeout: float
) -> tuple[Diagnosis, Object]:
    from kubectl_liqo_shortcut.commands.why import why
    from kubectl_liqo_shortcut.output.explanation import chain_document

    found = why(words, access, timeout)
    return found.diagnosis, chain_document(found.name, found.diagnosis)


def _service(
    service: str, words: tuple[str, ...], access: ClusterAccess, timeout: float
) -> tuple[Diagnosis, Object]:
    from kubectl_liqo_shortcut.commands.service import service_named
    from kubectl_liqo_shortcut.commands.why_service import why_service
    from kubectl_liqo_shortcut.output.explanation import explanation_document

    if words:
        raise Invalid(
            "--service cannot be combined with names of leaves", hint="leave out one of them"
        )
    namespace, name = service_named(service, None, access.namespace)
    diagnosis = why_service(namespace, name, access, timeout)
    return diagnosis, explanation_document(namespace, name, diagnosis)
