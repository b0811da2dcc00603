"""``kubectl liqo-shortcut diff``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.cli.console import note, say, show
from kubectl_liqo_shortcut.cli.params import completions
from kubectl_liqo_shortcut.cli.params.access import access_options, note_connections
from kubectl_liqo_shortcut.cli.params.common import timeout_option
from kubectl_liqo_shortcut.cli.params.types import KubectlCommand
from kubectl_liqo_shortcut.errors import ExitCode, ShortcutError

if TYPE_CHECKING:
    from kubectl_liqo_shortcut.commands.diff import Diff

_DIFFERENT = 1
_TROUBLE = ExitCode.USAGE  # kubectl's and diff's code for it, too

_EPILOG = """\b
Exit codes: 0 no difference; 1 differences; more than 1 trouble, whatever else differs:
2 failed, or wrong command line; 4, 5, 8, 130 and 143 as in kubectl liqo-shortcut --help.

\b
Examples:
  # all shortcuts of this hub: what sync would change on the leaves
  kubectl liqo-shortcut diff
  # one, after its record was edited
  kubectl liqo-shortcut diff milan rome
  # by another program
  KUBECTL_EXTERNAL_DIFF="colordiff -u -N" kubectl liqo-shortcut diff milan--rome
"""


@click.command("diff", cls=KubectlCommand, epilog=_EPILOG)
@click.argument(
    "words",
    nargs=-1,
    metavar="[LEAF [LEAF] | NAME...]",
    shell_complete=completions.complete_shortcuts,
)
@timeout_option
@access_options
def command(words: tuple[str, ...], timeout: float, access: ClusterAccess) -> None:
    """Show how the leaves differ from the records.

    Compares each object of a link with what sync would make of it, in the fields that a shortcut
    sets. A value that is not known yet appears by its name, such as public key of rome's gateway.

    As with kubectl diff, KUBECTL_EXTERNAL_DIFF names the program that compares, "diff -u -N" by
    default: an exit code of 1 means differences, a higher one trouble.
    """
    with _trouble_is_no_difference():
        click.get_current_context().exit(_diff(words, access, timeout))


def _diff(words: tuple[str, ...], access: ClusterAccess, timeout: float) -> int:
    from kubectl_liqo_shortcut.adapters.external_diff import differ
    from kubectl_liqo_shortcut.adapters.templates import read_template
    from kubectl_liqo_shortcut.commands.diff import diff
    from kubectl_liqo_shortcut.commands.get import select
    from kubectl_liqo_shortcut.core.link.render import Renderer
    from kubectl_liqo_shortcut.core.link.shortcut import pair_of
    from kubectl_liqo_shortcut.output.difference import difference_files

    records = select(words, access)
    note_connections(access, (side.leaf for each in records for side in pair_of(each).sides))
    if not records:
        note("No shortcuts found.")
    diffs = diff(records, access, Renderer(read_template), timeout)
    code = _tell(diffs)
    compared = [each for found in diffs.values() for each in found.compared]
    different = bool(compared) and differ(*difference_files(compared))
    return code or (_DIFFERENT if different else ExitCode.OK)


def _tell(diffs: Mapping[str, Diff]) -> int:
    """Notes and errors, before the diff; the worst error's code, 0 if there is none."""
    codes: list[int] = []
    for name, found in diffs.items():
        for each in found.notes:
            say(each, name)
        for error in found.errors:
            show(error, name, titled=len(diffs) > 1)
            codes.append(max(error.exit_code, _TROUBLE))
    return max(codes, default=ExitCode.OK)


@contextlib.contextmanager
def _trouble_is_no_difference() -> Iterator[None]:
    """An error that would end with 1 ends with 2: to a script, 1 means differences."""
    try:
        yield
    except ShortcutError as error:
        error.exit_code = max(error.exit_code, _TROUBLE)
        raise
