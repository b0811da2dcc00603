"""One mutation tried: in a copy of the tree, by a test run that ends in any case."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.mutations.mutation import PACKAGE, ROOT, Misfit, Mutation

SECONDS = 300.0  # for one run of tests
SOON = 120.0  # for the few tests that an entry names, which take seconds
LAB_SECONDS = 900.0
LAB_SOON = 180.0  # for one test on the lab, of which the longest takes a minute
# Without the catalogue's own test: it would notice each of its entries.
NO_LAB = ("-m", "not e2e and not soak")
UNIT = (*NO_LAB, "-n", "2", "--ignore", "tests/mutations")

_LEFT_OUT = shutil.ignore_patterns(
    *(".git", ".venv*", "__pycache__", "*.egg-info", ".*_cache", ".hypothesis", "build", "dist")
)
_OUTCOME = re.compile(r"^(?:FAILED|ERROR) (\S+?::.*?)(?: - .*)?$", re.MULTILINE)
_ORIGIN = """
import importlib, sys
for name in sys.argv[1:]:
    print(importlib.import_module(name).__file__)
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """*by*: the first test that failed, empty where all passed; *error*: why nobody can tell."""

    mutation: Mutation
    seconds: float
    by: str = ""
    error: str = ""

    @property
    def words(self) -> str:
        only = ", which only the lab can show" if self.mutation.lab else ""
        return self.error.partition("\n")[0] or self.by or f"SURVIVED{only}"


class Undecided(Exception):
    """Tests that neither passed nor failed prove nothing."""


class TooLong(Undecided):
    """They did not end in time."""


@contextlib.contextmanager
def copied() -> Iterator[Path]:
    """The working tree, without what was made in it."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        root = Path(folder) / "tree"
        shutil.copytree(ROOT, root, ignore=_LEFT_OUT, symlinks=True)
        yield root


def attempt(mutation: Mutation, *, lab: bool) -> Result:
    """Those tests first that should notice; or the one on the lab alone."""
    began = time.monotonic()
    by = error = ""
    try:
        by = _noticed(mutation, lab=lab)
    except (Misfit, Undecided) as caught:
        error = str(caught)
    return Result(mutation, time.monotonic() - began, by, error)


def _noticed(mutation: Mutation, *, lab: bool) -> str:
    with copied() as root:
        mutation.apply(root)
        _must_be_a_program(mutation, root)
        if lab:
            return _hung_or_failed(root, [mutation.lab], LAB_SOON)
        return _hung_or_failed(root, [*NO_LAB, *mutation.tests], SOON) or _failed_twice(root)


def _hung_or_failed(root: Path, words: Sequence[str], seconds: float) -> str:
    """What ends soon without the bug, and waits for ever with it, has noticed it too."""
    try:
        return failure(root, words, seconds)
    except TooLong as error:
        with copied() as sound:
            failure(sound, words, seconds)  # too long here as well: the machine is too busy to tell
        return f"{words[-1]}: {error}"


def _failed_twice(root: Path) -> str:
    """A test of all that fails: alone too, else it was the machine that was busy."""
    by = failure(root, UNIT)
    if by and not failure(root, [by]):
        raise Undecided(f"{by} failed among all others, and passed alone")
    return by


def failure(root: Path, words: Sequence[str], seconds: float = SECONDS) -> str:
    """The first test that fails in the tree at *root*; empty if all pass."""
    code, said = _run(root, ["-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *words], seconds)
    found = _OUTCOME.search(said)
    if found is not None:
        return found[1]
    if code != 0:
        raise Undecided(f"pytest ended with {code}:\n{said[-2000:]}")
    return ""


def _must_be_a_program(mutation: Mutation, root: Path) -> None:
    """What cannot be imported, or knows a name that is not there, would be noticed by any test."""
    code, said = _run(root, ["-c", _ORIGIN, PACKAGE, mutation.module])
    origins = [root / PACKAGE / "__init__.py", root / PACKAGE / mutation.file]
    if code != 0 or said.splitlines() != list(map(str, origins)):
        raise Misfit(f"{mutation.name!r}: its module is not imported from the copy:\n{said}")
    ruff = ["-m", "ruff", "check", "--no-cache", "--quiet", "--select", "F821", str(origins[1])]
    code, said = _run(root, ruff)
    if code != 0:
        raise Misfit(f"{mutation.name!r}: it knows a name that is not there:\n{said}")


def _run(root: Path, words: Sequence[str], seconds: float = SECONDS) -> tuple[int, str]:
    """Python in the tree at *root*, which comes before what is installed; it ends in time."""
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=seconds)
    except BaseException as error:  # noqa: BLE001 - an interrupted one ends as well
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise TooLong(f"no end within {seconds:g} s") from error
        raise
    return process.returncode, said
