"""The program with its own Python, as a folder and as the archive that krew installs."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from release import archive, licences
from release.parts import Part, parts
from release.version import ROOT, moment

NAME = "kubectl-liqo_shortcut"
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def this_platform() -> tuple[str, str]:
    """krew's words for this machine, such as ``("linux", "amd64")``."""
    return platform.system().lower(), _MACHINES[platform.machine().lower()]


def build(wheel: Path, folder: Path) -> tuple[Path, Path, list[Part]]:
    """The archive in *folder*, the folder it was made of, and what is in it."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "--force-reinstall", str(wheel)], check=True)
    frozen = folder / NAME
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)  # not the tree, whose package would be frozen instead of the wheel's
        for name in ("entry.py", "frozen.spec"):
            shutil.copy(ROOT / "release" / name, work / name)
        subprocess.run(
            [
                sys.executable,
                "-m",
                "PyInstaller",
                "--noconfirm",
                "--clean",
                "--log-level=WARN",
                "frozen.spec",
            ],
            cwd=work,
            env={**os.environ, "PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": str(moment())},
            check=True,
        )
        shutil.rmtree(frozen, ignore_errors=True)
        shutil.copytree(work / "dist" / NAME, frozen)
        listed = json.loads((work / "sources.json").read_text(encoding="utf-8"))
    found = parts(frozen, {name: Path(source) for name, source in listed.items()})
    licences.write(frozen, found)
    shutil.copy(ROOT / "LICENSE", frozen / "LICENSE")
    shutil.copytree(ROOT / "man", frozen / "man")
    target = folder / f"{NAME}-{'-'.join(this_platform())}.tar.gz"
    archive.write(target, archive.files_under(frozen), moment())
    return target, frozen, found


def needed_glibc(frozen: Path) -> str:
    """The newest glibc that anything in *frozen* asks for, such as ``2.35``; else empty."""
    found = {
        tuple(map(int, number.split(b".")))
        for path in archive.files_under(frozen).values()
        if path.read_bytes()[:4] == b"\x7fELF"
        for number in re.findall(rb"GLIBC_(\d+\.\d+)", path.read_bytes())
    }
    return ".".join(map(str, max(found))) if found else ""
