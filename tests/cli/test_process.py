"""The program as a process: what it imports, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

HEAVY = ("kubernetes", "urllib3", "jinja2", "yaml", "tabulate")
_CODE = """
import sys
sys.argv[1:] = {args!r}
from kubectl_liqo_shortcut.cli import main
try:
    main()
finally:
    sys.stderr.write("IMPORTED " + " ".join(sorted({heavy!r} & sys.modules.keys())))
"""


def run(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    code = _CODE.format(args=list(args), heavy=set(HEAVY))
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "KUBECONFIG": os.devnull, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def imported(*args: str) -> list[str]:
    result = run(*args)
    assert result.returncode == 0, result.stderr
    return result.stderr.rpartition("IMPORTED ")[2].split()


@pytest.mark.parametrize("args", [("--help",), ("version",)], ids=" ".join)
def test_what_needs_nothing_heavy_imports_nothing_heavy(args: tuple[str, ...]) -> None:
    assert imported(*args) == []


@pytest.mark.parametrize("facts", [["--facts", "none"], []], ids=["facts none", "no kubeconfig"])
def test_a_dry_run_that_asks_nobody_imports_no_client(facts: list[str]) -> None:
    found = imported("create", "milan", "rome", "--dry-run", *facts, "-o", "yaml")
    assert not {"kubernetes", "urllib3"} & set(found)


def test_a_foreseen_error_ends_the_process_with_its_code_and_no_traceback() -> None:
    result = run("create", "milan", "milan", "--dry-run")
    said = result.stderr.partition("IMPORTED")[0]
    assert (result.returncode, said) == (
        2,
        "Error: leaf 'milan' cannot have a shortcut to itself\nHint: name two leaves\n",
    )


def test_a_wrong_option_ends_the_process_with_2() -> None:
    assert run("get", "--nope").returncode == 2


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
