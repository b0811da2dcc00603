"""The commands as click knows them, for the pages that are written from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import click

from kubectl_liqo_shortcut.cli.root import PROGRAM, cli


class Paragraph(NamedTuple):
    """A paragraph of a help text; one that is *verbatim* keeps its lines."""

    text: str
    verbatim: bool


def contexts(parent: click.Context | None = None) -> Iterator[click.Context]:
    """The context of each command, a group's before those of its own commands."""
    parent = parent or click.Context(cli, info_name=PROGRAM, **cli.context_settings)
    group = parent.command
    assert isinstance(group, click.Group)
    for name in group.list_commands(parent):
        command = group.get_command(parent, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=parent)
        yield context
        if isinstance(command, click.Group):
            yield from contexts(context)


def name_of(context: click.Context) -> str:
    """What is typed after the program's name."""
    return context.command_path.removeprefix(PROGRAM).strip()


def usage_of(context: click.Context) -> str:
    """What is typed after the command's name."""
    return " ".join(context.command.collect_usage_pieces(context))


def options_of(context: click.Context) -> Iterator[tuple[str, str]]:
    """Each option as it is typed, and its help; arguments have none: they are in the usage."""
    for param in context.command.params:
        record = param.get_help_record(context)
        if record is not None and record[1]:
            yield record


def paragraphs(text: str | None) -> Iterator[Paragraph]:
    r"""Paragraphs as click has them: filled, but for those that begin with ``\b``."""
    for paragraph in (text or "").strip().split("\n\n"):
        if paragraph.startswith("\b"):
            yield Paragraph(paragraph.removeprefix("\b\n"), verbatim=True)
        elif paragraph:
            yield Paragraph(" ".join(paragraph.split()), verbatim=False)
