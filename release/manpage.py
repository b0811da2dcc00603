"""The manual page, written from the commands themselves: ``make man``.

click-man leaves out the epilogs, where our examples and exit codes are, so this is ours.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import click

from kubectl_liqo_shortcut.cli import EXECUTABLE, PROGRAM, cli
from release.version import ROOT, moment, version

PAGE = ROOT / "man" / f"{EXECUTABLE}.1"


def render() -> str:
    """The page in man(7)'s macros."""
    date = time.strftime("%Y-%m-%d", time.gmtime(moment()))
    context = click.Context(cli, info_name=PROGRAM)
    return "\n".join(
        [
            f'.TH "{EXECUTABLE.upper()}" "1" "{date}" "{version()}" "kubectl plugins"',
            ".SH NAME",
            rf"{EXECUTABLE} \- {_text(str(cli.help).split('.')[0])}",
            ".SH SYNOPSIS",
            f".B {PROGRAM}",
            r"\fICOMMAND\fR [\fIARGUMENTS\fR] [\fIOPTIONS\fR]",
            ".SH DESCRIPTION",
            *_paragraphs(cli.help),
            *_paragraphs(cli.epilog),
            *_commands(context),
            ".SH SEE ALSO",
            ".BR kubectl (1)",
            "",
        ]
    )


def _commands(parent: click.Context) -> Iterator[str]:
    group = parent.command
    assert isinstance(group, click.Group)
    for name in group.list_commands(parent):
        command = group.get_command(parent, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=parent)
        pieces = command.collect_usage_pieces(context)
        yield f".SH {_text(context.command_path.removeprefix(PROGRAM).strip().upper())}"
        yield f".B {_text(context.command_path)}"
        yield _text(" ".join(pieces))
        yield from _paragraphs(command.help)
        yield from _options(command, context)
        yield from _paragraphs(command.epilog)
        if isinstance(command, click.Group):
            yield from _commands(context)


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for param in command.params:
        record = param.get_help_record(context)
        if record is not None and record[1]:  # arguments have none: they are in the usage
            yield from (".TP", rf"\fB{_text(record[0])}\fR", _text(record[1]))


def _paragraphs(text: str | None) -> Iterator[str]:
    r"""Paragraphs as click has them: filled, but for those that begin with ``\b``."""
    for paragraph in (text or "").strip().split("\n\n"):
        yield ".PP"
        if not paragraph.startswith("\b"):
            yield _text(" ".join(paragraph.split()))
            continue
        yield ".nf"
        yield from map(_text, paragraph.removeprefix("\b\n").splitlines())
        yield ".fi"


def _text(text: str) -> str:
    """Words that troff takes for nothing else."""
    escaped = text.strip("\n").replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{escaped}" if escaped.startswith((".", "'")) else escaped


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(render(), encoding="utf-8")
