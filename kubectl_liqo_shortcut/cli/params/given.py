"""The command line as it was given: for a hint to call it again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import click

_KEY = f"{__name__}.arguments"


def keep_arguments(context: click.Context, arguments: Sequence[str]) -> None:
    context.meta[_KEY] = tuple(arguments)


def same_command() -> str:
    """The present command with its arguments, for a shell."""
    context = click.get_current_context()
    words = context.command_path.removeprefix(context.find_root().command_path).split()
    return f"kubectl liqo-shortcut {shlex.join((*words, *context.meta.get(_KEY, ())))}"
