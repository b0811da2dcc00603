"""``kubectl liqo-shortcut get``."""

from __future__ import annotations

import datetime

import click

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.cli.console import note
from kubectl_liqo_shortcut.cli.params import completions
from kubectl_liqo_shortcut.cli.params.access import access_options
from kubectl_liqo_shortcut.cli.params.common import headers_option, limit_option, output_option
from kubectl_liqo_shortcut.cli.params.types import KubectlCommand
from kubectl_liqo_shortcut.output.formats import OutputFormat, TableFormat, format_documents

_EPILOG = """\b
Examples:
  # all shortcuts of this hub, those of one leaf, or one
  kubectl liqo-shortcut get
  kubectl liqo-shortcut get milan
  kubectl liqo-shortcut get milan rome -o yaml
  # what the leaves say now, and why one is not ready
  kubectl liqo-shortcut get --live
"""


@click.command("get", cls=KubectlCommand, epilog=_EPILOG)
@click.argument(
    "words",
    nargs=-1,
    metavar="[LEAF [LEAF] | NAME...]",
    shell_complete=completions.complete_shortcuts,
)
@output_option(TableFormat, "More columns, or documents")
@click.option("-l", "--selector", default="", help="Label selector, such as a=b,c!=d")
@click.option("--live", "ask", is_flag=True, help="Ask the leaves now, and show the first cause")
@headers_option
@limit_option
@access_options
def command(
    words: tuple[str, ...],
    output: TableFormat | None,
    selector: str,
    ask: bool,
    no_headers: bool,
    timeout: float,
    access: ClusterAccess,
) -> None:
    """List shortcuts, as their records on the hub say, or, with --live, as the leaves report now.

    CHECKED shows the age of a row: when its leaves were last asked. --live asks each leaf once for
    each kind of object, and changes nothing.
    """
    from kubectl_liqo_shortcut.commands.get import get, is_one

    records = get(words, access, labels=selector)
    if ask:
        from kubectl_liqo_shortcut.commands.get_live import live_records

        records = live_records(records, access, timeout)
    if output is not None and output is not OutputFormat.WIDE:
        documents = format_documents(records, output, listing=not is_one(words, records))
        click.echo(documents, nl=False)
    elif not records:
        note("No shortcuts found.")
    else:
        from kubectl_liqo_shortcut.output.tables import records_table

        now = datetime.datetime.now(datetime.UTC)
        wide = output is OutputFormat.WIDE
        table = records_table(records, now, wide=wide, message=ask, headers=not no_headers)
        click.echo(table, nl=False)
