"""The program as a process: what it imports, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

HEAVY = ("kubernetes", "urllib3", "jinja2", "yaml", "tabulate", "rich")
_CODE = """
import atexit, pathlib, sys
sys.argv[1:] = {args!r}
from kubectl_liqo_shortcut.cli import {module}
@atexit.register
def note():
    pathlib.Path({path!r}).write_text("\\n".join(sorted({heavy!r} & sys.modules.keys())))
{module}{call}()
"""


def run(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kubectl_liqo_shortcut", *args],
        env={**os.environ, "KUBECONFIG": os.devnull, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def imported(folder: Path, *args: str, completing: bool = False) -> list[str]:
    """Which heavy modules are in memory when the process ends."""
    module, call = ("kubectl_complete", ".main") if completing else ("main", "")
    path = folder / "imported"
    code = _CODE.format(args=list(args), module=module, call=call, path=str(path), heavy=set(HEAVY))
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "KUBECONFIG": os.devnull},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return path.read_text().split()


@pytest.mark.parametrize(
    "args",
    [("--help",), ("version",), ("completion", "bash"), ("leaves", "-h"), ("graph", "-h")],
    ids=" ".join,
)
def test_what_needs_nothing_heavy_imports_nothing_heavy(
    args: tuple[str, ...], tmp_path: Path
) -> None:
    assert imported(tmp_path, *args) == []


@pytest.mark.parametrize("words", [("",), ("create", "--")], ids=["commands", "options"])
def test_completion_of_what_no_cluster_knows_imports_nothing_heavy(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    assert imported(tmp_path, *words, completing=True) == []


def test_a_dry_run_that_asks_nobody_imports_no_client(tmp_path: Path) -> None:
    words = ("create", "milan", "rome", "--dry-run", "--facts", "none", "-o", "yaml")
    assert imported(tmp_path, *words) == ["jinja2", "yaml"]


def test_a_foreseen_error_ends_the_process_with_its_code_and_no_traceback() -> None:
    result = run("create", "milan", "milan", "--dry-run")
    said = result.stderr
    assert (result.returncode, said) == (
        2,
        "Error: leaf 'milan' cannot have a shortcut to itself\nHint: name two leaves\n",
    )


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("get", "--contxt", "x"), "Error: No such option '--contxt'."),
        (("craete",), "Error: No such command 'craete'. Did you mean 'create'?\n"),
        (("create", "a", "b", "--timeout", "soon"), "Error: Invalid value for '--timeout': "),
    ],
    ids=["option", "command", "value"],
)
def test_a_wrong_command_line_is_one_sentence_and_one_hint(
    args: tuple[str, ...], said: str
) -> None:
    result = run(*args)
    lines = result.stderr.splitlines()
    assert (result.returncode, len(lines)) == (2, 2)
    assert f"{lines[0]}\n".startswith(said)
    assert lines[1].startswith("Hint: kubectl liqo-shortcut ")


def test_no_command_is_a_question_and_no_mistake() -> None:
    result = run()
    assert (result.returncode, result.stdout.startswith("Usage: ")) == (0, True)


def test_the_program_under_the_name_of_the_completer_completes(tmp_path: Path) -> None:
    link = tmp_path / "kubectl_complete-liqo_shortcut"
    link.write_text(f"#!{sys.executable}\nfrom kubectl_liqo_shortcut.cli import main\nmain()\n")
    link.chmod(0o755)
    done = subprocess.run([link, "vers"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "version\tPrint the version.\n:4\n")


def test_an_error_at_a_tab_press_is_not_shown() -> None:
    code = "import sys; sys.argv[1:] = ['get', '']\n"
    code += "from kubectl_liqo_shortcut.cli import kubectl_complete"
    broken = f"{code}\nkubectl_complete.completion_lines = None\nkubectl_complete.main()"
    done = subprocess.run([sys.executable, "-c", broken], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b":1\n", b"")


def test_output_that_cannot_be_written_is_an_error() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        result = subprocess.run(
            [sys.executable, "-m", "kubectl_liqo_shortcut", "crd", "print"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    said = "Error: cannot write the output: No space left on device\n"
    assert (result.returncode, result.stderr) == (1, said)
