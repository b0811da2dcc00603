"""The command line: options in, exit code out, and nothing in between.

Nothing heavy is imported here: each command imports its own part when it runs.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import signal
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn

import click
from click.exceptions import NoArgsIsHelpError, NoSuchCommand, NoSuchOption

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
    "delete": "Take a shortcut away, and nothing else.",
    "preflight": "Tell what would forbid or trouble a shortcut.",
    "adopt": "Take over a link that was made by hand.",
    "sync": "Bring the leaves to what the hub's records say.",
    "diff": "Show how the leaves differ from the records.",
    "get": "List shortcuts, as the hub knows them.",
    "describe": "Tell everything about one shortcut.",
    "why": "Explain the link of two leaves, from the hub down to the tunnel.",
    "service": "Let Services use direct connections, or not.",
    "verify": "Prove the path of two leaves by packets.",
    "leaves": "List the leaves of this hub, and what each can do.",
    "graph": "Draw the hub, its leaves and the shortcuts.",
    "rbac": "Print the least roles, or check what an identity lacks.",
    "crd": "Install or print the kind Shortcut (on the hub).",
    "completion": "Complete commands, leaves and shortcuts at a TAB press.",
    "version": "Print the version.",
}
"""For each command its short help, so that ``--help`` need not import them all."""


class LazyGroup(click.Group):
    """Imports a command when it is used; and the only ``except ShortcutError`` of the program."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in _COMMANDS:
            return None
        from importlib import import_module

        command: click.Command = import_module(f"{__name__}.{name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except NoSuchCommand:  # click suggests among commands that are imported, and none is
            raise NoSuchCommand(args[0], possibilities=_COMMANDS, ctx=ctx) from None

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
            from kubectl_liqo_shortcut.cli.say import show

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
    from kubectl_liqo_shortcut.cli.say import show

    show(ShortcutError(f"cannot write the output: {error.strerror}"))
    return ExitCode.FAILED


def show_usage(error: click.ClickException) -> None:
    """A wrong command line, told like every other error."""
    at = getattr(error, "ctx", None)
    path = at.command_path if at is not None else PROGRAM
    hint = f"{path} --help"
    if isinstance(error, NoSuchOption) and path == PROGRAM:
        hint = f"options follow the command: {PROGRAM} COMMAND {error.option_name} ..."
    from kubectl_liqo_shortcut.cli.say import show

    show(ShortcutError(error.format_message(), hint=hint))


def show_bug(kind: type[BaseException], bug: BaseException, at: TracebackType | None) -> None:
    """The traceback of what nobody foresaw; it may quote what a cluster sent."""
    import traceback

    from kubectl_liqo_shortcut.output.text import printable

    for line in "".join(traceback.format_exception(kind, bug, at)).split("\n"):
        with contextlib.suppress(OSError):
            click.echo(printable(line), err=True)


def _complete() -> None:
    """Completion under another name, or by one of click's scripts, which ends the process."""
    from kubectl_liqo_shortcut.cli import complete

    if COMPLETE_VARIABLE not in os.environ:
        complete.main()
    complete.be_quiet()
    cli.main(prog_name=EXECUTABLE, complete_var=COMPLETE_VARIABLE)


def main() -> None:
    """The program: ends the process with the exit code that the help lists."""
    for number in (signal.SIGTERM, signal.SIGHUP):  # as an exception, so that every finally runs
        if signal.getsignal(number) is not signal.SIG_IGN:  # else nohup wants it to live on
            signal.signal(number, lambda received, _: sys.exit(128 + received))
    sys.excepthook = show_bug
    gc.disable()  # it ends within minutes: looking for cycles costs more than it frees
    if COMPLETE_VARIABLE in os.environ or os.path.basename(sys.argv[0]).startswith(COMPLETER):
        _complete()
    try:
        code = _run()
    except OSError as error:
        code = unwritten(error)
    leave(code)


def _run() -> int:
    try:
        code = cli.main(prog_name=PROGRAM, standalone_mode=False)
    except NoArgsIsHelpError as error:  # as kubectl: a question, not a mistake
        click.echo(error.message)
        return ExitCode.OK
    except click.ClickException as error:
        show_usage(error)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    return code if isinstance(code, int) else ExitCode.OK
