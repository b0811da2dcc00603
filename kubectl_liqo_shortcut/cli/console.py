"""What is told on standard error: progress, notes and errors, as the command line wants them.

It is a courtesy: what cannot be written there is not told, and the work goes on.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import enum
from typing import Any

import click

from kubectl_liqo_shortcut.core.events import Event, Failed, Note, Outcome
from kubectl_liqo_shortcut.errors import ShortcutError
from kubectl_liqo_shortcut.output.progress import explain, result_line, to_json


class OutputStyle(enum.StrEnum):
    """How it is told."""

    AUTO = "auto"  # a live view where there is a terminal for it, else as PLAIN
    PLAIN = "plain"
    JSON = "json"


@dataclasses.dataclass(frozen=True, slots=True)
class ProgressOptions:
    """What the options of the present command line ask for."""

    style: OutputStyle = OutputStyle.AUTO
    quiet: bool = False


_KEY = f"{__name__}.manner"


def progress_options() -> ProgressOptions:
    context = click.get_current_context(silent=True)
    return context.meta.get(_KEY, ProgressOptions()) if context else ProgressOptions()


def keep(context: click.Context, option: click.Parameter, value: Any) -> None:
    """Remember the value of ``--progress`` or ``--quiet``; errors need it after the command."""
    changes = {str(option.name): value}
    context.meta[_KEY] = dataclasses.replace(context.meta.get(_KEY, ProgressOptions()), **changes)


def say(
    event: Event | Failed, about: str = "", *, titled: bool = False, needed: bool = False
) -> None:
    """Tell *event*, which belongs to the shortcut *about*.

    *titled*: it is an error of one of several; *needed*: what follows makes no sense without it.
    """
    wanted = progress_options()
    if wanted.quiet and not (needed or isinstance(event, Failed)):
        return
    if wanted.style is OutputStyle.JSON:
        text = to_json(event, about, datetime.datetime.now(datetime.UTC))
    else:
        text = _line(event, about if titled else "")
    if text:
        with contextlib.suppress(OSError):
            click.echo(text, err=True)


def _line(event: Event | Failed, title: str) -> str:
    """Empty where there is nothing to tell people here: an outcome is on standard output."""
    match event:
        case Failed(error):
            return f"{title}:\n{explain(error)}" if title else explain(error)
        case Outcome():
            return ""
        case _:
            return result_line(event)


def note(text: str, about: str = "", *, needed: bool = False) -> None:
    say(Note(text), about, needed=needed)


def show(error: ShortcutError, about: str = "", *, titled: bool = False) -> None:
    say(Failed(error), about, titled=titled)
