"""The manual page, written from the commands themselves: ``make man``.

click-man leaves out the epilogs, where our examples and exit codes are, so this is ours.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from kubectl_liqo_shortcut.cli.root import EXECUTABLE, PROGRAM, cli
from kubectl_liqo_shortcut.errors import ExitCode
from release.commands import contexts, name_of, options_of, paragraphs, usage_of
from release.version import ROOT, moment, version

PAGE = ROOT / "man" / f"{EXECUTABLE}.1"

_VARIABLES = (
    ("KUBECONFIG", "kubeconfig files, as for kubectl"),
    ("KUBECTL_EXTERNAL_DIFF", "the program that diff shows differences with, as for kubectl"),
    ("NO_COLOR", "whatever its value: progress has no colours"),
    ("TERM", "dumb: progress is told line by line"),
)
"""What the program itself reads; the Kubernetes client reads those of proxies, too."""


def render() -> str:
    """The page in man(7)'s macros."""
    date = time.strftime("%Y-%m-%d", time.gmtime(moment()))
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
            *_commands(),
            ".SH EXIT STATUS",
            *_listed((str(code.value), code.meaning) for code in ExitCode),
            ".SH ENVIRONMENT",
            *_listed(_VARIABLES),
            ".SH SEE ALSO",
            ".BR kubectl (1)",
            "",
        ]
    )


def _commands() -> Iterator[str]:
    for context in contexts():
        yield f".SH {_text(name_of(context).upper())}"
        yield f".B {_text(context.command_path)}"
        yield _text(usage_of(context))
        yield from _paragraphs(context.command.help)
        yield from _listed(options_of(context))
        yield from _paragraphs(context.command.epilog)


def _listed(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for word, meaning in rows:
        yield from (".TP", rf"\fB{_text(word)}\fR", _text(meaning))


def _paragraphs(text: str | None) -> Iterator[str]:
    for paragraph in paragraphs(text):
        yield ".PP"
        if not paragraph.verbatim:
            yield _text(paragraph.text)
            continue
        yield ".nf"
        yield from map(_text, paragraph.text.splitlines())
        yield ".fi"


def _text(text: str) -> str:
    """Words that troff takes for nothing else."""
    escaped = text.strip("\n").replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{escaped}" if escaped.startswith((".", "'")) else escaped


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(render(), encoding="utf-8")
