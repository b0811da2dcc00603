"""``kubectl liqo-shortcut completion``."""

from __future__ import annotations

import functools
import os

import click

from kubectl_liqo_shortcut.adapters.environment import which
from kubectl_liqo_shortcut.cli.root import COMPLETE_VARIABLE, COMPLETER, EXECUTABLE, cli
from kubectl_liqo_shortcut.errors import ShortcutError

# For each shell: how its script is loaded at once, and where it is kept for every new shell.
_SHELLS = {
    "bash": (
        f"source <({EXECUTABLE} completion bash)",
        f"> ~/.local/share/bash-completion/completions/{EXECUTABLE}",
    ),
    "zsh": (f"source <({EXECUTABLE} completion zsh)", f'> "${{fpath[1]}}/_{EXECUTABLE}"'),
    "fish": (
        f"{EXECUTABLE} completion fish | source",
        f"> ~/.config/fish/completions/{EXECUTABLE}.fish",
    ),
    "powershell": (
        f"{EXECUTABLE} completion powershell | Out-String | Invoke-Expression",
        ">> $PROFILE",
    ),
}

_EPILOG = f"""\b
Examples:
  # kubectl completes the plugin too, wherever its own completion is on
  kubectl liqo-shortcut completion install
  # the program itself, called {EXECUTABLE}, in this bash
  {_SHELLS["bash"][0]}
"""


@click.group("completion", epilog=_EPILOG)
def command() -> None:
    """Complete commands, leaves and shortcuts at a TAB press.

    kubectl completes its plugins itself. If you installed the plugin with krew, run `completion
    install` once; with pip or pipx there is nothing to do. The scripts below are for the program
    under its own name, kubectl-liqo_shortcut.
    """


def _script(shell: str) -> None:
    from click.shell_completion import get_completion_class

    completer = get_completion_class(shell)
    if completer is None:
        raise ShortcutError(
            f"this click cannot complete in {shell}", hint="pip install 'click>=8.5'"
        )
    click.echo(completer(cli, {}, EXECUTABLE, COMPLETE_VARIABLE).source(), nl=False)


for _shell, (_now, _kept) in _SHELLS.items():
    command.command(
        _shell,
        help=f"Print the script for {_shell}.",
        epilog=f"""\b
Examples:
  # in this shell
  {_now}
  # in every new one
  {EXECUTABLE} completion {_shell} {_kept}
""",
    )(functools.partial(_script, _shell))


@command.command(
    "install",
    epilog="""\b
Examples:
  # beside the plugin, where krew put it
  kubectl liqo-shortcut completion install
  # in another folder of your PATH
  kubectl liqo-shortcut completion install --directory ~/.local/bin
""",
)
@click.option(
    "--directory",
    metavar="DIR",
    help=f"Folder on PATH for the link  [default: where {EXECUTABLE} is]",
)
def install_command(directory: str | None) -> None:
    """Let kubectl complete the plugin.

    Creates the link kubectl_complete-liqo_shortcut, which kubectl 1.26 or later looks for on PATH,
    and which krew cannot create.
    """
    known = which(COMPLETER)
    if known is not None:
        click.echo(f"kubectl completes liqo-shortcut already, by {known}")
        return
    program = which(EXECUTABLE)
    if program is None:
        raise ShortcutError(
            f"{EXECUTABLE} is in no absolute folder of PATH",
            hint="add the folder that it is in to PATH, from / on: export PATH=$PATH:/FOLDER",
        )
    link = os.path.join(os.path.abspath(directory or os.path.dirname(program)), COMPLETER)
    if not (os.path.islink(link) and os.readlink(link) == program):
        try:
            os.symlink(program, link)
        except OSError as error:
            raise ShortcutError(
                f"cannot make {link}: {error.strerror}", hint="choose a folder with --directory"
            ) from error
    click.echo(f"{link} linked to {program}")
    if which(COMPLETER) is None:
        click.echo(f"Hint: kubectl finds it once {os.path.dirname(link)} is on PATH", err=True)
