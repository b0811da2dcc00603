"""The command line: options in, exit code out, and nothing in between."""

from __future__ import annotations

import gc
import os
import signal
import sys

import click
from click.exceptions import NoArgsIsHelpError

from kubectl_liqo_shortcut.cli.root import (
    COMPLETE_VARIABLE,
    COMPLETER,
    EXECUTABLE,
    PROGRAM,
    cli,
    leave,
    show_bug,
    show_usage,
    unwritten,
)
from kubectl_liqo_shortcut.errors import ExitCode


def _complete() -> None:
    """Completion under another name, or by one of click's scripts, which ends the process."""
    from kubectl_liqo_shortcut.cli import kubectl_complete

    if COMPLETE_VARIABLE not in os.environ:
        kubectl_complete.main()
    kubectl_complete.be_quiet()
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
