"""Runs the work of a command and prints what happens, in one place."""

from __future__ import annotations

from collections.abc import Mapping

import click

from kubectl_liqo_shortcut.cli import show
from kubectl_liqo_shortcut.core.events import Outcome
from kubectl_liqo_shortcut.core.model import Object
from kubectl_liqo_shortcut.engine.jobs import Failed, Job, run_all
from kubectl_liqo_shortcut.errors import ExitCode, ShortcutError
from kubectl_liqo_shortcut.output.formats import DocumentFormat, format_documents
from kubectl_liqo_shortcut.output.progress import describe

# The worst one of several jobs tells the exit code.
_WORST_FIRST = (
    ExitCode.TERMINATED,
    ExitCode.INTERRUPTED,
    ExitCode.PARTLY,
    ExitCode.TIMED_OUT,
    ExitCode.FAILED,
)


def run_jobs(jobs: Mapping[str, Job], output: DocumentFormat | None = None) -> None:
    """Results on standard output, progress and errors on standard error; raises the worst error."""
    errors: list[ShortcutError] = []
    records: list[Object] = []
    for event in run_all(jobs):
        match event:
            case Failed(name, error):
                errors.append(error)
                if len(jobs) > 1:
                    click.echo(f"{name}:", err=True)
                    show(error)
            case Outcome(_, _, record) if output is not None:
                records.append(record)
            case Outcome():
                click.echo(describe(event))
            case _:
                click.echo(describe(event), err=True)
    if output is not None and records:
        click.echo(format_documents(records, output), nl=False)
    if errors and len(jobs) == 1:
        raise errors[0]
    if errors:
        codes = [error.exit_code for error in errors]
        worst = next((code for code in _WORST_FIRST if code in codes), codes[0])
        if worst is ExitCode.REFUSED and len(errors) < len(jobs):
            worst = ExitCode.FAILED  # "refused" promises that nothing was changed
        click.echo(f"Error: {len(errors)} of {len(jobs)} failed", err=True)
        click.get_current_context().exit(worst)
