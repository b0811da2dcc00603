"""A bug that somebody might well write, and what should notice it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = "kubectl_liqo_shortcut"


class Misfit(Exception):
    """An entry of the catalogue that the sources have left behind, or that is no bug at all."""


@dataclasses.dataclass(frozen=True, slots=True)
class Mutation:
    """In *file* of the package, *old* (which stands there once) becomes *new*."""

    name: str  # a sentence: what the program does then
    file: str
    old: str
    new: str
    tests: tuple[str, ...]  # tried before all others
    lab: str = ""  # the end-to-end test, where no other one can notice

    @property
    def module(self) -> str:
        return f"{PACKAGE}.{self.file.removesuffix('.py').replace('/', '.')}"

    def apply(self, root: Path) -> None:
        """Put the bug into the tree at *root*."""
        path = root / PACKAGE / self.file
        path.write_text(self.mutated(path.read_text(encoding="utf-8")), encoding="utf-8")

    def mutated(self, text: str) -> str:
        """*text* of the file with the bug; raises ``Misfit`` where that is not one change."""
        times = text.count(self.old)
        if times != 1:
            raise Misfit(f"{self.name!r}: its old text is {times} times in {self.file}, not once")
        if self.old == self.new:
            raise Misfit(f"{self.name!r}: its new text is its old one")
        return text.replace(self.old, self.new)
