"""The krew manifest of the archives that are in a folder."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Any

import jinja2

from release import archive
from release.version import ROOT, ReleaseError, homepage, is_release, semver, version

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
    target.write_text(render(semver(version()), homepage(), platforms), encoding="utf-8")
    return target


def main() -> None:
    """``python -m release.manifest [--release]``; with the option, for plugin.yaml too."""
    released = "--release" in sys.argv[1:]
    if released and not is_release():
        raise ReleaseError(f"{version()} is no release: plugin.yaml stays that of the last one")
    made = build(ROOT / "dist")
    if released:
        shutil.copy(made, PLUGIN)


if __name__ == "__main__":
    try:
        main()
    except ReleaseError as error:
        sys.exit(f"release.manifest: {error}")
