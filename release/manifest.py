"""The krew manifest of the archives that are in a folder."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Any

import jinja2

from release import archive
from release.version import ROOT, homepage, version

TEMPLATE = ROOT / "release" / "liqo-shortcut.yaml.j2"
PLUGIN = ROOT / "plugin.yaml"
_ARCHIVE = re.compile(r"kubectl-liqo_shortcut-(\w+)-(\w+)\.tar\.gz")


def render(version: str, homepage: str, platforms: list[dict[str, Any]]) -> str:
    """The manifest as text; each platform has os, arch, archive (its name) and sha256."""
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - YAML of our own values
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(version=version, homepage=homepage, platforms=platforms)


def build(folder: Path) -> Path:
    """``liqo-shortcut.yaml`` in *folder*, for every archive there."""
    platforms = [
        {"os": found[1], "arch": found[2], "archive": path.name, "sha256": archive.sha256(path)}
        for path in sorted(folder.glob("*.tar.gz"))
        if (found := _ARCHIVE.fullmatch(path.name))
    ]
    target = folder / "liqo-shortcut.yaml"
    target.write_text(render(version(), homepage(), platforms), encoding="utf-8")
    return target


def main() -> None:
    """``python -m release.manifest [--release]``; with the option, for plugin.yaml too."""
    made = build(ROOT / "dist")
    if "--release" in sys.argv[1:]:
        shutil.copy(made, PLUGIN)


if __name__ == "__main__":
    main()
