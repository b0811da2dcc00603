"""Runs the work of a command and tells what happens, in one place."""

from __future__ import annotations

import collections
import contextlib
import sys
from collections.abc import Mapping

import click

from kubectl_liqo_shortcut.cli.console import OutputStyle, progress_options, say
from kubectl_liqo_shortcut.cli.interruption import Interruption
from kubectl_liqo_shortcut.core.events import Event, Failed, Note, Outcome, Verb
from kubectl_liqo_shortcut.core.model import Object
from kubectl_liqo_shortcut.engine.runtime.concurrency import AT_ONCE
from kubectl_liqo_shortcut.engine.runtime.jobs import Job, run_all
from kubectl_liqo_shortcut.errors import ExitCode, ShortcutError, SomeFailed
from kubectl_liqo_shortcut.output.formats import DocumentFormat, format_documents
from kubectl_liqo_shortcut.output.live import LiveView, can_show
from kubectl_liqo_shortcut.output.progress import result_line

# The worst one of several jobs tells the exit code.
_WORST_FIRST = (
    ExitCode.TERMINATED,
    ExitCode.HUNG_UP,
    ExitCode.INTERRUPTED,
    ExitCode.PARTLY,
    ExitCode.TIMED_OUT,
    ExitCode.FAILED,
)


def run_jobs(
    jobs: Mapping[str, Job],
    timeout: float,
    output: DocumentFormat | None = None,
    *,
    goes_on: bool = False,
    besides: str = "",
) -> None:
    """Results on standard output, progress and errors on standard error; exits as the worst one.

    Of several, one sentence at the end says how many went which way. *goes_on*: what a signal
    stops is not undone, the same command finishes it, with *besides* where some are done.
    """
    stop = Interruption(jobs, goes_on=goes_on, besides=besides)
    errors: dict[str, ShortcutError] = {}
    verbs: dict[str, Verb] = {}
    results = _Results(output)
    try:
        with _view(jobs, timeout) as view:
            for name, event in run_all(jobs):
                once = stop.takes(name, event) and progress_options().style is not OutputStyle.JSON
                if view.takes(name, event):
                    continue
                with view.aside():
                    if not once:
                        say(event, name, titled=len(jobs) > 1)
                    if isinstance(event, Outcome):
                        results.add(event)
                        verbs[name] = event.verb
                if isinstance(event, Failed):
                    errors[name] = event.error
    finally:
        results.end()
    if interrupted := stop.error():
        raise interrupted
    sum_up(len(jobs), verbs, errors)
    results.check()


def sum_up(
    number: int, verbs: Mapping[str, str], errors: Mapping[str, ShortcutError], how: str = ""
) -> None:
    """The end of the work on a *number* of shortcuts: how it went, and the worst exit code.

    Each error was told already.
    """
    counted = collections.Counter(verb for name, verb in verbs.items() if name not in errors)
    done = ", ".join(f"{count} {verb}" for verb, count in sorted(counted.items()))
    if not errors:
        if number > 1 and done:
            say(Note(f"{number} shortcuts: {done}{how}"))
        return
    codes = [error.exit_code for error in errors.values()]
    worst = next((code for code in _WORST_FIRST if code in codes), codes[0])
    if worst is ExitCode.REFUSED and len(errors) < number:
        worst = ExitCode.FAILED  # "refused" promises that nothing was changed
    if number > 1:
        raise SomeFailed(sorted(errors), number, f"{done}{how}" if done else "", worst)
    click.get_current_context().exit(worst)


class _Results:
    """What goes to standard output: a line each as they come, or all records at the end.

    Work that has begun goes on to its end, whoever reads: what could not be written is told then.
    """

    def __init__(self, output: DocumentFormat | None) -> None:
        self._output = output
        self._records: list[Object] = []
        self._error: OSError | None = None

    def add(self, outcome: Outcome) -> None:
        if self._output is None:
            self._write(f"{result_line(outcome)}\n")
        else:
            self._records.append(outcome.record)

    def end(self) -> None:
        if self._output is not None and self._records:
            self._write(format_documents(self._records, self._output))

    def check(self) -> None:
        if isinstance(self._error, BrokenPipeError):
            raise self._error  # its reader had enough: click ends quietly
        if self._error is not None:
            raise ShortcutError(f"cannot write the output: {self._error.strerror}")

    def _write(self, text: str) -> None:
        try:
            if self._error is None:
                click.echo(text, nl=False)
        except OSError as error:
            self._error = error


class _NoView:
    """Where there is no terminal for a live view, everything is told."""

    def takes(self, shortcut: str, event: Event | Failed) -> bool:  # noqa: ARG002 - as LiveView
        return False

    def aside(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


def _view(
    jobs: Mapping[str, Job], timeout: float
) -> contextlib.AbstractContextManager[LiveView | _NoView]:
    wanted = progress_options()
    if wanted.style is OutputStyle.AUTO and not wanted.quiet and can_show(sys.stderr):
        # Of more, some wait for their turn: the time of each counts from its own beginning.
        return LiveView(sys.stderr, jobs, timeout if len(jobs) <= AT_ONCE else None)
    return contextlib.nullcontext(_NoView())
