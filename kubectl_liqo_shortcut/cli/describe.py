"""``kubectl liqo-shortcut describe``."""

from __future__ import annotations

import datetime

import click

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.cli.params.access import access_options
from kubectl_liqo_shortcut.cli.params.common import limit_option, link_argument
from kubectl_liqo_shortcut.cli.params.types import KubectlCommand

_EPILOG = """\b
Examples:
  kubectl liqo-shortcut describe milan rome
  kubectl liqo-shortcut describe milan--rome
"""


@click.command("describe", cls=KubectlCommand, epilog=_EPILOG)
@link_argument
@limit_option
@access_options
def command(words: tuple[str, ...], timeout: float, access: ClusterAccess) -> None:
    """Show everything about one shortcut, as the leaves report it now.

    Shows who created it and why, its spec, both leaves, routes, conditions, objects with their
    owners, and events. Ends with the problem, if there is one, and the next step.
    """
    from kubectl_liqo_shortcut.commands.why import describe_link
    from kubectl_liqo_shortcut.output.description import description

    evidence, diagnosis, events = describe_link(words, access, timeout)
    now = datetime.datetime.now(datetime.UTC)
    click.echo(description(evidence, diagnosis, events, now), nl=False)
