"""``kubectl liqo-shortcut leaves``."""

from __future__ import annotations

import click

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.cli.params import completions
from kubectl_liqo_shortcut.cli.params.access import access_options
from kubectl_liqo_shortcut.cli.params.common import headers_option, limit_option, output_option
from kubectl_liqo_shortcut.cli.params.types import KubectlCommand
from kubectl_liqo_shortcut.cli.pasteable import pasteable
from kubectl_liqo_shortcut.output.formats import OutputFormat, TableFormat, format_documents

_EPILOG = """\b
Columns:
  VIA         the way to it: a kubeconfig context or file; stored: Liqo's identity on the hub
  CAN-SERVE   the address that the hub dials, if it can be gateway server
  POD-CIDR    its Pod network as it calls it itself, ON-HUB as the hub sees it
  DIRECT-SVC  whether its Services can go direct in Liqo 1.2
  ACCESS      what is missing for a shortcut with another leaf: the first other one of those named,
              or of all; preflight tells all about a pair

\b
Examples:
  # all leaves of this hub; then two of them, with the permissions for a link between them
  kubectl liqo-shortcut leaves
  kubectl liqo-shortcut leaves milan rome -o wide
  # the facts for rendering without any cluster
  kubectl liqo-shortcut leaves -o yaml > facts.yaml
  kubectl liqo-shortcut create milan rome --dry-run=client --facts facts.yaml -o yaml
"""


@click.command("leaves", cls=KubectlCommand, epilog=_EPILOG)
@click.argument(
    "leaves", nargs=-1, metavar="[ID...]", shell_complete=completions.complete_more_leaves
)
@output_option(
    TableFormat,
    "wide: more columns; json: all there is, as documents; yaml: the file for create --facts",
)
@headers_option
@limit_option
@access_options
def command(
    leaves: tuple[str, ...],
    output: TableFormat | None,
    no_headers: bool,
    timeout: float,
    access: ClusterAccess,
) -> None:
    """List the leaves of this hub, and what each can do.

    The command asks all leaves at once. ACCESS shows which ones failed; standard error says why.
    """
    match output:
        case OutputFormat.YAML:
            _print_facts(leaves, access)
        case OutputFormat.NAME:
            _print_names(leaves, access)
        case _:
            _print_leaves(leaves, access, output, timeout, headers=not no_headers)


def _print_facts(words: tuple[str, ...], access: ClusterAccess) -> None:
    from kubectl_liqo_shortcut.commands.leaves import hub_facts

    click.echo(
        format_documents([hub_facts(words, access, access.liqo_namespace_of)], OutputFormat.YAML),
        nl=False,
    )


def _print_names(words: tuple[str, ...], access: ClusterAccess) -> None:
    from kubectl_liqo_shortcut.commands.leaves import names
    from kubectl_liqo_shortcut.output.leaves import leaf_name_document

    documents = [leaf_name_document(each) for each in names(words, access)]
    click.echo(format_documents(documents, OutputFormat.NAME), nl=False)


def _print_leaves(
    words: tuple[str, ...],
    access: ClusterAccess,
    output: TableFormat | None,
    timeout: float,
    *,
    headers: bool,
) -> None:
    from kubectl_liqo_shortcut.commands.leaves import list_leaves
    from kubectl_liqo_shortcut.output.leaves import leaf_document, trouble_lines

    found = list_leaves(words, access, access.via, timeout, connections=output is not None)
    for line in trouble_lines(found):
        click.echo(pasteable(line), err=True)
    if output is OutputFormat.JSON:
        documents = [leaf_document(each) for each in found]
        click.echo(format_documents(documents, OutputFormat.JSON, listing=True), nl=False)
    elif not found:
        click.echo("No leaves found.", err=True)
    else:
        from kubectl_liqo_shortcut.output.leaves_table import leaves_table

        table = leaves_table(found, wide=output is OutputFormat.WIDE, headers=headers)
        click.echo(table, nl=False)
