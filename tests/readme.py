"""Puts measured tables into README.md, between their two markers."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"


def replace_block(name: str, text: str) -> None:
    """Replace what stands between ``<!-- NAME -->`` and ``<!-- /NAME -->``."""
    old = README.read_text(encoding="utf-8")
    pattern = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
    new, times = re.subn(pattern, lambda m: f"{m[1]}{text}\n{m[2]}", old, flags=re.DOTALL)
    if times != 1:
        raise SystemExit(f"README.md has no place for {name}")
    README.write_text(new, encoding="utf-8")


def block(name: str) -> str:
    """What stands between the two markers now."""
    found = re.search(
        rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", README.read_text(encoding="utf-8"), re.DOTALL
    )
    if not found:
        raise SystemExit(f"README.md has no place for {name}")
    return found[1]
