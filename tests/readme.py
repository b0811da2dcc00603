"""Puts what is measured or generated into the documents, between its two markers."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
GUIDES = ROOT / "docs" / "guides"


def replace_block(name: str, text: str) -> None:
    """Replace what stands between ``<!-- NAME -->`` and ``<!-- /NAME -->``."""
    path = _home(name)
    old = path.read_text(encoding="utf-8")
    path.write_text(_pattern(name).sub(lambda m: f"{m[1]}{text}\n{m[3]}", old), encoding="utf-8")


def block(name: str) -> str:
    """What stands between the two markers now."""
    found = _pattern(name).search(_home(name).read_text(encoding="utf-8"))
    assert found is not None
    return found[2]


def _home(name: str) -> Path:
    """The one document that has a place for it."""
    documents = (README, *sorted(GUIDES.glob("*.md")))
    homes = [each for each in documents if _pattern(name).search(each.read_text(encoding="utf-8"))]
    if len(homes) != 1:
        raise SystemExit(f"{len(homes)} documents have a place for {name}, not one")
    return homes[0]


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {name} -->\n)(.*?)(<!-- /{name} -->)", re.DOTALL)
