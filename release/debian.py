"""What Debian's packages on this machine say of the libraries that were frozen."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

_DOCUMENTATION = Path("/usr/share/doc")
_COMMON = Path("/usr/share/common-licenses")
_REFERENCE = re.compile(rf"{_COMMON}/([A-Za-z][\w.+-]*\w)")


class Package(NamedTuple):
    name: str
    version: str


def package_of(file: Path) -> Package | None:
    """The package that *file* was installed by; None if by none."""
    path = str(file.resolve())
    # /lib leads to /usr/lib by now, and packages name either.
    for each in (path, path.removeprefix("/usr"), f"/usr{path}"):
        found = _query("--search", each)
        if found is not None:
            package = found.partition(": ")[0]
            version = _query("--show", "--showformat=${Version}", package)
            return Package(package.partition(":")[0], version or "")
    return None


def distribution() -> str:
    """Whose packages they are: ``debian``, or one that is made of it."""
    return platform.freedesktop_os_release()["ID"]


def copyright_of(package: str) -> Path | None:
    path = _DOCUMENTATION / package / "copyright"
    return path if path.is_file() else None


def common_licences(texts: Iterable[Path]) -> dict[str, Path]:
    """The whole texts that *texts* only refer to, by their names."""
    names = {
        name
        for text in texts
        for name in _REFERENCE.findall(text.read_text(encoding="utf-8", errors="replace"))
    }
    return {name: _COMMON / name for name in sorted(names) if (_COMMON / name).is_file()}


def _query(*words: str) -> str | None:
    program = shutil.which("dpkg-query")
    if program is None:
        return None
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None
