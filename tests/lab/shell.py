"""Run a short command to its end, and say in its own words why it failed."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.lab.errors import LabError


def run(*command: str | Path, stdin: str | None = None, check: bool = True) -> str:
    """What *command* printed; with ``check`` a failure is a LabError."""
    done = subprocess.run(
        [str(part) for part in command], input=stdin, capture_output=True, text=True, check=False
    )
    if check and done.returncode:
        raise LabError(f"{_shown(command)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def _shown(command: Sequence[str | Path]) -> str:
    return " ".join(str(part) for part in command[:6])
