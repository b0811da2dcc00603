"""What is told on standard error: progress, notes and errors, as the command line wants them.

It is a courtesy: what cannot be written there is not told, and the work goes on.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import enum
import re
from collections.abc import Iterator
from typing import Any

import click

from kubectl_liqo_shortcut.cli.pasteable import pasteable
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
    with _whole_hint(event, about):
        if wanted.style is OutputStyle.JSON:
            text = to_json(event, about, datetime.datetime.now(datetime.UTC))
        else:
            text = _line(event, about if titled else "")
    if text:
        with contextlib.suppress(OSError):
            click.echo(text, err=True)


@contextlib.contextmanager
def _whole_hint(event: Event | Failed, about: str) -> Iterator[None]:
    """Whoever made a hint knew neither the command line nor, always, the other leaf.

    Only while it is told: the same error may be told of several shortcuts.
    """
    error = event.error if isinstance(event, Failed) else None
    before = error.hint if error else None
    if error is None or before is None:
        yield
        return
    hint, leaves = pasteable(before), about.split("--")
    leaf = re.search(r"--leaf (\S+) --peer ID\b", hint)
    if leaf and len(leaves) == 2 and leaf[1] in leaves:
        (peer,) = (each for each in leaves if each != leaf[1])
        hint = hint.replace("--peer ID", f"--peer {peer}")
    error.hint = hint
    try:
        yield
    finally:
        error.hint = before


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
