"""``make structure``: the import picture of the package, folder by folder.

Imports inside functions count too; those for types alone do not.
"""

from __future__ import annotations

import graphlib
import sys
from collections.abc import Mapping, Set

import grimp
from tabulate import tabulate

PACKAGE = "kubectl_liqo_shortcut"

Imports = Mapping[str, Set[str]]
"""Whom each module of the package imports of it, by full names."""


def imports() -> Imports:
    graph = grimp.build_graph(PACKAGE, cache_dir=None, exclude_type_checking_imports=True)
    return {each: graph.find_modules_directly_imported_by(each) for each in graph.modules}


def circle(seen: Imports) -> list[str]:
    """A circle of imports, if there is one: each module imports the one after it."""
    try:
        tuple(graphlib.TopologicalSorter(seen).static_order())
    except graphlib.CycleError as error:
        return [str(each) for each in reversed(error.args[1])]
    return []


def table(seen: Imports) -> str:
    """A row for each folder: its files, and the arrows within it, out of it and into it."""
    folders: dict[str, set[str]] = {}
    for module in seen:
        folders.setdefault(module.rpartition(".")[0] or module, set()).add(module)
    rows: list[tuple[object, ...]] = []
    for folder, own in sorted(folders.items()):
        out = [to for module in own for to in seen[module]]
        inside = sum(to in own for to in out)
        into = sum(len(to & own) for module, to in seen.items() if module not in own)
        rows.append((folder, len(own), inside, len(out) - inside, into))
    rows.append(("all", len(seen), "", sum(map(len, seen.values())), ""))
    return tabulate(rows, ("FOLDER", "FILES", "WITHIN", "OUT", "IN"), tablefmt="plain")


if __name__ == "__main__":
    found = imports()
    sys.stdout.write(f"{table(found)}\ncircle of imports: {' -> '.join(circle(found)) or 'none'}\n")
