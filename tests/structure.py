"""``python -m tests.structure``: the import picture of the package, counted floor by floor.

Of the imports that run when a module is imported, and of those that wait inside functions.
"""

from __future__ import annotations

import ast
import dataclasses
import graphlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tabulate import tabulate

PACKAGE = "kubectl_liqo_shortcut"


@dataclasses.dataclass(frozen=True, slots=True)
class Picture:
    """Whom each module imports, by dotted names within the package."""

    imports: Mapping[str, frozenset[str]]

    def rooms(self) -> dict[str, list[str]]:
        """The modules of each folder."""
        found: dict[str, list[str]] = {}
        for module in sorted(self.imports):
            found.setdefault(module.rpartition(".")[0] or ".", []).append(module)
        return found

    def circle(self) -> list[str]:
        """A circle of imports, if there is one: each module imports the one after it."""
        try:
            tuple(graphlib.TopologicalSorter(self.imports).static_order())
        except graphlib.CycleError as error:
            return [str(each) for each in reversed(error.args[1])]
        return []


def picture(root: Path, *, deferred: bool = False) -> Picture:
    """Of the package below *root*; with what is *deferred*, also imports inside functions."""
    names = {_name(path, root): path for path in (root / PACKAGE).rglob("*.py")}
    return Picture(
        {
            name: frozenset(
                each
                for each in _imported(ast.parse(path.read_text("utf-8")), deferred)
                if each in names and each != name
            )
            for name, path in names.items()
        }
    )


def _name(path: Path, root: Path) -> str:
    parts = path.relative_to(root / PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(tree: ast.AST, deferred: bool) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
            home = (node.module or "").removeprefix(PACKAGE).removeprefix(".")
            yield home
            yield from (f"{home}.{each.name}".removeprefix(".") for each in node.names)
        elif isinstance(node, ast.Import):
            names = (each.name for each in node.names if each.name.startswith(PACKAGE))
            yield from (name.removeprefix(PACKAGE).removeprefix(".") for name in names)
        is_function = isinstance(node, ast.FunctionDef | ast.Lambda)
        if (deferred or not is_function) and not _is_for_types(node):
            yield from _imported(node, deferred)


def _is_for_types(node: ast.AST) -> bool:
    test = node.test if isinstance(node, ast.If) else None
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def table(root: Path) -> str:
    """A row for each folder: its files, and the arrows within it, out of it and into it."""
    seen = picture(root, deferred=True)
    rows: list[tuple[object, ...]] = []
    for room, modules in seen.rooms().items():
        own = set(modules)
        out = [to for module in modules for to in seen.imports[module]]
        into = [of for of, to in seen.imports.items() if of not in own for each in to & own]
        inside = sum(each in own for each in out)
        rows.append((room, len(modules), inside, len(out) - inside, len(into)))
    heads = ("FOLDER", "FILES", "WITHIN", "OUT", "IN")
    rows.append(("all", len(seen.imports), "", sum(map(len, seen.imports.values())), ""))
    return tabulate(rows, heads, tablefmt="plain")


if __name__ == "__main__":
    where = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1])
    sys.stdout.write(f"{table(where)}\n")
    for what, later in (("when a module is imported", False), ("deferred ones too", True)):
        circle = picture(where, deferred=later).circle()
        sys.stdout.write(f"circle of imports, {what}: {' -> '.join(circle) or 'none'}\n")
