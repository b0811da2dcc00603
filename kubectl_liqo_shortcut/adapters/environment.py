"""The programs of this machine: where they are, and what they find in their environment."""

from __future__ import annotations

import os
import shutil
import sys


def which(program: str) -> str | None:
    """Where it is on PATH. As for kubectl, relative folders do not count: what lies in the working
    folder may be somebody else's checkout."""
    absolute = filter(os.path.isabs, os.environ.get("PATH", os.defpath).split(os.pathsep))
    return shutil.which(program, path=os.pathsep.join(absolute))


def for_programs() -> dict[str, str]:
    """Ours; but the library path of a frozen program is for that program alone."""
    given = dict(os.environ)
    if getattr(sys, "frozen", False):
        given["LD_LIBRARY_PATH"] = given.pop("LD_LIBRARY_PATH_ORIG", "")
    return given
