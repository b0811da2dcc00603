"""``kubectl liqo-shortcut check``."""

from __future__ import annotations

import click

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.cli.console import note
from kubectl_liqo_shortcut.cli.params import completions
from kubectl_liqo_shortcut.cli.params.access import access_options
from kubectl_liqo_shortcut.cli.params.common import limit_option
from kubectl_liqo_shortcut.cli.params.types import KubectlCommand
from kubectl_liqo_shortcut.errors import ExitCode, Invalid

_EPILOG = """\b
Examples:
  # in a pipeline: go on only if every link of this hub is live
  kubectl liqo-shortcut check --all
  # these two links only
  kubectl liqo-shortcut check milan--rome milan--paris --timeout 30s
"""


@click.command("check", cls=KubectlCommand, epilog=_EPILOG)
@click.argument(
    "words",
    nargs=-1,
    metavar="[LEAF [LEAF] | NAME...]",
    shell_complete=completions.complete_shortcuts,
)
@click.option("--all", "everything", is_flag=True, help="All shortcuts of this hub")
@limit_option
@access_options
def command(
    words: tuple[str, ...], everything: bool, timeout: float, access: ClusterAccess
) -> None:
    """Tell a pipeline whether links are live: one line for each, and the exit code.

    Asks the leaves, as get --live does, and changes nothing. A link is live if both leaves report
    its tunnel Connected and why finds nothing that breaks it. A leaf that does not answer makes
    its links not live. Without any shortcut, check --all finds nothing wrong.

    Exit code 0 if all are live, 1 if one is not, or is not there. If the hub cannot be asked: as
    the error says, never 0.
    """
    from kubectl_liqo_shortcut.commands.check import check
    from kubectl_liqo_shortcut.output.text import printable

    if everything == bool(words):
        if words:
            raise Invalid("--all cannot be combined with names", hint="leave out one of them")
        raise Invalid("name the links to check, or pass --all", hint="for example milan rome")
    found = check(words, access, timeout)
    if not found:
        note("No shortcuts found.")
    for each in found:
        click.echo(printable(f"{each.name} {each.verdict}"))
    if not all(each.live for each in found):
        click.get_current_context().exit(ExitCode.FAILED)
