"""``kubectl liqo-shortcut describe``."""

from __future__ import annotations

import datetime

import click

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.cli.params import completions
from kubectl_liqo_shortcut.cli.params.access import access_options
from kubectl_liqo_shortcut.cli.params.common import limit_option
from kubectl_liqo_shortcut.cli.params.types import KubectlCommand
from kubectl_liqo_shortcut.cli.pasteable import pasteable

_EPILOG = """\b
Examples:
  kubectl liqo-shortcut describe milan rome
  kubectl liqo-shortcut describe milan--rome
  # all of one leaf
  kubectl liqo-shortcut describe milan
"""


@click.command("describe", cls=KubectlCommand, epilog=_EPILOG)
@click.argument(
    "words",
    nargs=-1,
    metavar="LEAF [LEAF] | NAME...",
    shell_complete=completions.complete_shortcuts,
)
@limit_option
@access_options
def command(words: tuple[str, ...], timeout: float, access: ClusterAccess) -> None:
    """Show everything about one shortcut, or about all of a leaf, as the leaves report it now.

    Shows who created it and why, its spec, both leaves, routes, conditions, objects with their
    owners, and events. Ends with the problem, if there is one, and the next step.
    """
    from kubectl_liqo_shortcut.commands.get import select
    from kubectl_liqo_shortcut.commands.why import describe_link
    from kubectl_liqo_shortcut.core.link.naming import link_named
    from kubectl_liqo_shortcut.core.model import name_of
    from kubectl_liqo_shortcut.output.description import description

    if not words:
        link_named(words)  # refuses
    for number, record in enumerate(select(words, access)):
        evidence, diagnosis, events = describe_link(name_of(record), access, timeout)
        now = datetime.datetime.now(datetime.UTC)
        text = pasteable(description(evidence, diagnosis, events, now))
        click.echo(f"\n\n{text}" if number else text, nl=False)
