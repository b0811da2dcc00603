"""The wheel and the sdist."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from release import archive
from release.version import ROOT, moment


def build(folder: Path) -> list[Path]:
    """Both packages in *folder*, with the same bytes from the same tree."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(moment()), "PYTHONHASHSEED": "0"}
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary)
        # The sdist first, then the wheel from it: so the sdist is known to be whole.
        command = [
            sys.executable,
            "-m",
            "build",
            "--no-isolation",
            "--outdir",
            temporary,
            str(ROOT),
        ]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        (wheel,), (sdist,) = out.glob("*.whl"), out.glob("*.tar.gz")
        unpacked = out / "unpacked"
        with tarfile.open(sdist) as tar:
            tar.extractall(unpacked, filter="data")
        archive.write(folder / sdist.name, archive.files_under(unpacked), moment())
        wheel.replace(folder / wheel.name)
    return [folder / wheel.name, folder / sdist.name]
