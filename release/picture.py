"""The README's picture: what ``make demo`` printed, recorded. ``make picture`` makes it anew.

Reads the demo's standard output; progress, which is on standard error, is left out.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.text import Text

from release.version import ROOT

PICTURE = ROOT / "docs" / "demo.svg"
_WIDTH = 100


def draw(lines: Iterable[str]) -> str:
    """An SVG that asks nobody for fonts."""
    console = Console(record=True, width=_WIDTH, file=io.StringIO())
    for line in told(lines):
        console.print(Text(line.rstrip("\n"), style=_style(line)))
    picture = console.export_svg(title="make demo")
    return re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)


def told(lines: Iterable[str]) -> Iterator[str]:
    """The story, without the lab's own words before it."""
    begun = False
    for line in lines:
        begun = begun or line.startswith("# ")
        if begun:
            yield line


def _style(line: str) -> str:
    if line.startswith("# "):
        return "bold cyan"
    return "bold" if line.startswith("$ ") else ""


if __name__ == "__main__":
    PICTURE.write_text(draw(sys.stdin), encoding="utf-8")
