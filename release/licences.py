"""The folder ``licenses`` of the archive: the texts of everything that is frozen."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from release import debian
from release.parts import Part

FOLDER = "licenses"


def write(frozen: Path, parts: Iterable[Part]) -> None:
    """A folder for each of *parts* in *frozen*, and one for the texts that Debian's refer to."""
    for name, source in _files(list(parts)):
        target = frozen / FOLDER / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _files(parts: list[Part]) -> Iterator[tuple[str, Path]]:
    texts = [text for part in parts for text in part.texts.values()]
    for part in parts:
        yield from ((f"{part.name}/{name}", text) for name, text in part.texts.items())
    for name, text in debian.common_licences(texts).items():
        yield f"common-licenses/{name}", text
