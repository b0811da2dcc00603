"""The README's picture: what ``make demo`` printed, recorded. ``make picture`` makes it anew.

Reads the demo's standard output; progress, which is on standard error, is left out. Left out as
well are the parts that the story can do without, since the picture must fit one screen.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from release.version import ROOT

PICTURE = ROOT / "docs" / "demo.svg"
_WIDTH = 100
_LEFT_OUT = re.compile(
    r"^\$ kubectl liqo-shortcut (crd|verify|service list|.* --dry-run)\b", re.MULTILINE
)


def draw(lines: Iterable[str]) -> str:
    """An SVG that asks nobody for fonts."""
    console = Console(record=True, width=_WIDTH, file=io.StringIO())
    for line in told(lines):
        console.print(Text(line.rstrip("\n"), style=_style(line)))
    picture = console.export_svg(title="make demo")
    return re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)


def told(lines: Iterable[str]) -> list[str]:
    """The story: neither the lab's own words before it, nor the parts that are left out."""
    _, *parts = ("\n" + "".join(lines)).split("\n# ")
    kept = (f"\n# {part}" for part in parts if not _LEFT_OUT.search(part))
    return "".join(kept).removeprefix("\n").splitlines(keepends=True)


def _style(line: str) -> str:
    if line.startswith("# "):
        return "bold cyan"
    return "bold" if line.startswith("$ ") else ""


if __name__ == "__main__":
    PICTURE.write_text(draw(sys.stdin), encoding="utf-8")
