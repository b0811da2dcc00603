"""The layers are drawn in setup.cfg; here they hold, and a wrong import is seen to break them."""

from __future__ import annotations

import ast
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from tests.structure import circle, imports
from tests.tables import every

ROOT = pathlib.Path(__file__).parent.parent
PACKAGE = ROOT / "kubectl_liqo_shortcut"
LONGEST = 240

# A file may be longer only with its reason here.
LONGER = {
    "core/shapes.py": "one table, which is read kind by kind",
    "core/preflight/findings.py": "one table, which is read finding by finding",
    "adapters/kube.py": "one adapter, and the official client's oddities in one place",
}

# A public name has one meaning in the whole package; a name may have several only with its reason.
SHARED = {
    "command": "each command's click command: cli/NAME.command",
    "install_command": "the click command of a subcommand",
    "print_command": "the click command of a subcommand",
    "main": "an entry point each: the plugin's, and kubectl's completion of it",
    "mapping": "readers of one type each, called by their module: fields.mapping, values.mapping",
    "text": "as mapping",
    "texts": "as mapping",
}


def lint_imports(folder: pathlib.Path) -> subprocess.CompletedProcess[str]:
    """import-linter in a process of its own, since it imports the package that it looks at."""
    code = (
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.process
def test_imports_point_inwards() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.fixture
def copy(tmp_path: pathlib.Path) -> pathlib.Path:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=ignored)
    shutil.copy(ROOT / "setup.cfg", tmp_path)
    return tmp_path


WRONG = (
    ("core/model.py", "import click", "core does no I/O"),
    ("engine/runtime/store.py", "import kubernetes", "only the adapter talks to Kubernetes"),
    ("commands/get.py", "import click", "only cli knows click"),
    ("cli/get.py", "import tabulate", "only output knows tabulate"),
    ("cli/run.py", "import rich", "only output knows rich"),
    (
        "output/text.py",
        "import kubectl_liqo_shortcut.engine.runtime.store",
        "cli over commands over",
    ),
)
"""In a file a line that it may not have, and the contract that says so."""


@pytest.mark.process
def test_every_wrong_import_is_noticed(copy: pathlib.Path) -> None:
    """In one run, since the linter takes long to begin; each breaks one contract."""
    for file, line, _ in WRONG:
        path = copy / PACKAGE.name / file
        path.write_text(f"{path.read_text()}\n{line}\n")
    result = lint_imports(copy)
    broken = [text for text in result.stdout.splitlines() if text.endswith("BROKEN")]
    assert result.returncode == 1
    assert len(broken) == len(WRONG)
    for *_, contract in WRONG:
        assert sum(contract in text for text in broken) == 1, (contract, broken)


def length(path: pathlib.Path) -> int:
    """Lines below the imports, which nobody reads in one go with the rest."""
    text = path.read_text(encoding="utf-8")
    imports = [
        each for each in ast.parse(text).body if isinstance(each, ast.Import | ast.ImportFrom)
    ]
    return len(text.splitlines()) - (imports[-1].end_lineno or 0 if imports else 0)


FILES = {str(path.relative_to(PACKAGE)): path for path in PACKAGE.rglob("*.py")}


def test_no_import_goes_in_a_circle_not_even_one_that_waits_in_a_function() -> None:
    assert circle(imports()) == []


def test_no_two_public_classes_or_functions_share_a_name() -> None:
    homes: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for each in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(each, ast.ClassDef | ast.FunctionDef) and not each.name.startswith("_"):
                homes.setdefault(each.name, []).append(str(path.relative_to(PACKAGE)))
    shared = {name: where for name, where in homes.items() if len(where) > 1}
    assert {name: where for name, where in shared.items() if name not in SHARED} == {}
    assert set(SHARED) == set(shared), "an exception that nobody needs any more"


def test_no_file_is_longer_than_one_can_read_in_one_go() -> None:
    long = {name for name, path in FILES.items() if length(path) > LONGEST}
    assert long <= LONGER.keys()


@pytest.mark.parametrize("name", LONGER)
def test_an_exception_ends_with_its_reason(name: str) -> None:
    assert length(FILES[name]) > LONGEST


@every("name", sorted(FILES))
def test_every_module_says_what_it_is_for(name: str) -> None:
    text = FILES[name].read_text(encoding="utf-8")
    assert text.startswith('"""') or length(FILES[name]) < 10
