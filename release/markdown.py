"""As much of Markdown as the reference pages use."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence

from release.commands import Paragraph


def text(plain: str) -> str:
    """Words that Markdown takes for nothing else; what stands in backticks is code on purpose."""
    return re.sub(r"(`[^`]*`)|([\\*<])", lambda found: found[1] or f"\\{found[2]}", plain)


def code(plain: str) -> str:
    return f"`{plain}`"


def link(label: str, target: str) -> str:
    return f"[{label}]({target})"


def anchor(heading: str) -> str:
    """What a heading is called in an address."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """One line for each row; a bar in a cell would end it."""
    lines = [titles, ["---"] * len(titles), *rows]
    cells = ([cell.replace("|", r"\|") or "-" for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def block(lines: str) -> str:
    """Command lines to copy, or a list as it stands."""
    dedented = textwrap.dedent(lines).strip()
    language = "sh" if dedented.startswith(("#", "kubectl ", "eval ", "source ")) else "text"
    return f"```{language}\n{dedented}\n```"


def paragraph(given: Paragraph) -> str:
    """Text; where its last lines are indented, they are command lines."""
    lines = given.text.splitlines()
    indented = [number for number, line in enumerate(lines) if line.startswith(" ")]
    start = indented[0] if given.verbatim and indented else len(lines)
    parts = [text(" ".join(lines[:start]))]
    if lines[start:]:
        parts.append(block("\n".join(lines[start:])))
    return "\n\n".join(parts)
