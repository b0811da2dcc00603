"""``make release-check``: from clean clones, two builds with the same bytes, and every test."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from release.dist import SUMS
from release.version import ROOT, is_release, version


def main() -> None:
    """Clone what is committed twice, build both, compare; then run all tests in the first."""
    with tempfile.TemporaryDirectory() as temporary:
        clones = [Path(temporary) / name for name in ("one", "another-path")]
        sums = []
        for clone in clones:
            _run("git", "clone", "--quiet", str(ROOT), str(clone))
            _run("make", "dist", at=clone)
            sums.append((clone / "dist" / SUMS).read_text(encoding="utf-8"))
        if sums[0] != sums[1]:
            sys.exit(f"the same source gave different files:\n{sums[0]}\n{sums[1]}")
        _run("make", "test", at=clones[0])
    can = "can be released" if is_release() else "is between releases"
    print(f"{version()} {can}; twice the same:\n{sums[0]}", end="")


def _run(*command: str, at: Path = ROOT) -> None:
    print(f"== {' '.join(command[:2])}", flush=True)
    if subprocess.run(command, cwd=at, check=False).returncode:
        sys.exit(f"{' '.join(command[:2])} failed")


if __name__ == "__main__":
    main()
