"""The program's own group of commands, and how it ends.

Nothing heavy is imported here: each command imports its own part when it runs.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn

import click
from click.exceptions import NoSuchCommand, NoSuchOption

from kubectl_liqo_shortcut import __version__
from kubectl_liqo_shortcut.errors import ExitCode, ShortcutError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

PROGRAM = "kubectl liqo-shortcut"
EXECUTABLE = "kubectl-liqo_shortcut"
COMPLETER = "kubectl_complete-liqo_shortcut"
"""What kubectl runs at a TAB press; a link to the program does."""

COMPLETE_VARIABLE = "_KUBECTL_LIQO_SHORTCUT_COMPLETE"
"""Set by click's completion scripts for the program under its own name."""

_COMMANDS = {
    "create": "Link two leaves of this hub directly.",
    "delete": "Delete a shortcut; the peerings stay.",
    "preflight": "Check whether a shortcut can be created.",
    "adopt": "Take over a link that was made by hand.",
    "sync": "Reconcile the leaves with the hub's records.",
    "diff": "Show how the leaves differ from the records.",
    "get": "List shortcuts, as their records on the hub say.",
    "check": "Tell a pipeline whether links are live.",
    "describe": "Show everything about one shortcut.",
    "why": "Explain the link of two leaves, from the hub down to the tunnel.",
    "service": "Let Services use direct connections, or not.",
    "verify": "Prove by packets which path two leaves use.",
    "leaves": "List the leaves of this hub, and what each can do.",
    "graph": "Draw the hub, its leaves and the shortcuts.",
    "rbac": "Print the least roles, or check what an identity lacks.",
    "crd": "Install or print the kind Shortcut (on the hub).",
    "completion": "Complete commands, leaves and shortcuts at a TAB press.",
    "version": "Print the version.",
}
"""For each command its short help, so that ``--help`` need not import them all."""


_OTHER_WORDS = {
    **dict.fromkeys(("list", "ls", "ps", "show", "status"), ("get", "list")),
    **dict.fromkeys(("info", "inspect"), ("describe", "list")),
    **dict.fromkeys(("add", "apply", "connect", "link", "new", "peer"), ("create", "enable")),
    **dict.fromkeys(("disconnect", "remove", "rm", "unlink", "unpeer"), ("delete", "disable")),
    **dict.fromkeys(("reconcile", "repair", "update", "upgrade"), ("sync", "enable")),
    **dict.fromkeys(("debug", "diagnose", "explain"), ("why",)),
    **dict.fromkeys(("health", "live", "ready"), ("check",)),
    **dict.fromkeys(("doctor", "validate"), ("preflight", "check")),
    **dict.fromkeys(("ping", "probe", "test"), ("verify",)),
}
"""What other programs call a command: those of ours that do it, in whichever group."""


class UnknownCommand(NoSuchCommand):
    """*words* begin with no command of ours."""

    def __init__(self, words: Sequence[str], context: click.Context) -> None:
        super().__init__(words[0], possibilities=_COMMANDS, ctx=context)
        self.words = words


def _meant(error: NoSuchCommand, context: click.Context) -> str:
    """The command line that was meant; empty if nobody knows."""
    group, path = context.command, context.command_path
    known = group.list_commands(context) if isinstance(group, click.Group) else []
    if error.command_name == "help":
        asked = error.words[1:2] if isinstance(error, UnknownCommand) else ()
        return " ".join((path, *(each for each in asked if each in known), "--help"))
    usual = (each for each in _OTHER_WORDS.get(error.command_name, ()) if each in known)
    name = next(usual, "")
    return f"{path} {name}" if name else ""


class LazyGroup(click.Group):
    """Imports a command when it is used; and the only ``except ShortcutError`` of the program."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in _COMMANDS:
            return None
        from importlib import import_module

        command: click.Command = import_module(f"{__package__}.{name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except NoSuchCommand:  # click suggests among commands that are imported, and none is
            raise UnknownCommand(args, ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        from click.shell_completion import CompletionItem

        commands = [
            CompletionItem(name, help=short_help)
            for name, short_help in _COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return commands + click.Command.shell_complete(self, ctx, incomplete)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ShortcutError as error:
            from kubectl_liqo_shortcut.cli.console import show

            show(error)
            ctx.exit(error.exit_code)


_EPILOG = f"""Exit codes: {"; ".join(f"{code} {code.meaning}" for code in ExitCode)}.

\b
Examples:
  # once on the hub
  kubectl liqo-shortcut crd install
  # link two leaves, look, and take the link away again
  kubectl liqo-shortcut create milan rome
  kubectl liqo-shortcut get
  kubectl liqo-shortcut delete milan rome
"""


@click.group(
    cls=LazyGroup,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")
def cli() -> None:
    """Link two leaves of a Liqo hub directly, from one command at the hub.

    A shortcut alone changes nothing for Services: those go direct only where they are annotated.
    """


def leave(code: int) -> NoReturn:
    """End the process without taking the interpreter apart, which costs a tenth of a second.

    What libraries registered for the end is done first.
    """
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        code = code or unwritten(error)
    with contextlib.suppress(OSError):  # the code tells what standard error could not
        if sys.stderr is not None:
            sys.stderr.flush()
    atexit._run_exitfuncs()
    os._exit(code)


def unwritten(error: OSError) -> int:
    """The exit code where the reader of our output is gone, or its disk is full."""
    from kubectl_liqo_shortcut.cli.console import show

    show(ShortcutError(f"cannot write the output: {error.strerror}"))
    return ExitCode.FAILED


def show_usage(error: click.ClickException) -> None:
    """A wrong command line, told like every other error."""
    at = getattr(error, "ctx", None)
    path = at.command_path if at is not None else PROGRAM
    hint = f"{path} --help"
    if isinstance(error, NoSuchOption) and path == PROGRAM:
        hint = f"options follow the command: {PROGRAM} COMMAND {error.option_name} ..."
    message = error.format_message()
    if isinstance(error, NoSuchCommand) and at is not None and (meant := _meant(error, at)):
        message, hint = error.message, f"did you mean {meant}"
    from kubectl_liqo_shortcut.cli.console import show

    show(ShortcutError(message, hint=hint))


def show_bug(kind: type[BaseException], bug: BaseException, at: TracebackType | None) -> None:
    """The traceback of what nobody foresaw; it may quote what a cluster sent."""
    import traceback

    from kubectl_liqo_shortcut.output.text import printable

    for line in "".join(traceback.format_exception(kind, bug, at)).split("\n"):
        with contextlib.suppress(OSError):
            click.echo(printable(line), err=True)
