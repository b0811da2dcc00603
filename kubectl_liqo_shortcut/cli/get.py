"""``kubectl liqo-shortcut get``."""

from __future__ import annotations

import datetime
import enum

import click

from kubectl_liqo_shortcut.adapters.access import Access
from kubectl_liqo_shortcut.cli import candidates
from kubectl_liqo_shortcut.cli.options import access_options
from kubectl_liqo_shortcut.cli.types import KubectlCommand
from kubectl_liqo_shortcut.output.formats import DocumentFormat, format_documents


class TableFormat(enum.StrEnum):
    WIDE = "wide"
    YAML = "yaml"
    JSON = "json"
    NAME = "name"


_EPILOG = """\b
Examples:
  # all shortcuts of this hub, those of one leaf, or one
  kubectl liqo-shortcut get
  kubectl liqo-shortcut get milan
  kubectl liqo-shortcut get milan rome -o yaml
"""


@click.command("get", cls=KubectlCommand, epilog=_EPILOG)
@click.argument(
    "words", nargs=-1, metavar="[LEAF [LEAF] | NAME]", shell_complete=candidates.shortcuts
)
@click.option(
    "-o",
    "--output",
    type=click.Choice(TableFormat, case_sensitive=False),
    help="More columns, or documents",
)
@click.option("--no-headers", is_flag=True, help="No titles above the table")
@access_options
def command(
    words: tuple[str, ...], output: TableFormat | None, no_headers: bool, access: Access
) -> None:
    """List shortcuts, as the hub knows them.

    CHECKED is how long ago the leaves were looked at: all of a row is as of then.
    """
    from kubectl_liqo_shortcut.commands.get import get, target

    records = get(words, access)
    if output not in (None, TableFormat.WIDE):
        found = [str(record["metadata"]["name"]) for record in records]
        listing = not words or found != [target(words)]
        documents = format_documents(records, DocumentFormat(output), listing=listing)
        click.echo(documents, nl=False)
    elif not records:
        click.echo("No shortcuts found.", err=True)
    else:
        from kubectl_liqo_shortcut.output.tables import records_table

        now = datetime.datetime.now(datetime.UTC)
        table = records_table(records, now, wide=output is TableFormat.WIDE, headers=not no_headers)
        click.echo(table, nl=False)
