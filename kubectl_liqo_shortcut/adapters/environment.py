"""What programs that we start find in their environment."""

from __future__ import annotations

import os
import sys


def for_programs() -> dict[str, str]:
    """Ours; but the library path of a frozen program is for that program alone."""
    given = dict(os.environ)
    if getattr(sys, "frozen", False):
        given["LD_LIBRARY_PATH"] = given.pop("LD_LIBRARY_PATH_ORIG", "")
    return given
