"""``kubectl liqo-shortcut graph``."""

from __future__ import annotations

import codecs
import sys

import click

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.cli.params.access import access_options
from kubectl_liqo_shortcut.cli.params.common import output_option
from kubectl_liqo_shortcut.cli.params.types import KubectlCommand
from kubectl_liqo_shortcut.output.formats import GraphFormat, OutputFormat
from kubectl_liqo_shortcut.output.graph import format_graph
from kubectl_liqo_shortcut.output.text import printable

_EPILOG = """\b
Examples:
  # the hub, its leaves, and which of them are linked directly
  kubectl liqo-shortcut graph
  # a flowchart that GitHub draws from Markdown; a picture by Graphviz
  kubectl liqo-shortcut graph -o mermaid
  kubectl liqo-shortcut graph -o dot | dot -Tsvg > hub.svg
"""


@click.command("graph", cls=KubectlCommand, epilog=_EPILOG)
@output_option(
    GraphFormat, "For a terminal, for Markdown, for Graphviz, or for programs", OutputFormat.TEXT
)
@access_options
def command(output: GraphFormat, access: ClusterAccess) -> None:
    """Draw the hub, its leaves and the shortcuts.

    Asks the hub only: its own Connections show the peerings, its records the shortcuts.
    """
    from kubectl_liqo_shortcut.commands.graph import graph

    topology, without_shortcuts = graph(access)
    click.echo(format_graph(topology, output, ascii_only=not _speaks_utf8()), nl=False)
    if without_shortcuts is not None:
        for line in (without_shortcuts.message, f"Hint: {without_shortcuts.hint}"):
            click.echo(printable(line), err=True)


def _speaks_utf8() -> bool:
    return codecs.lookup(sys.stdout.encoding or "ascii").name == "utf-8"
