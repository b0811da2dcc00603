"""Which of the machine's labs is meant: namespaces, links and folders of a lab bear its name.

``LAB_NAME`` chooses one. Each worker of pytest-xdist has its own: the first has the lab that
``make lab`` starts, the second one beside it.
"""

from __future__ import annotations

import os
import re

VARIABLE = "LAB_NAME"
DEFAULT = "liqolab"
WORKER = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0)
"""The number of this worker of pytest-xdist; 0 without any."""

NAME = (os.environ.get(VARIABLE) or DEFAULT) + (f"w{WORKER}" if WORKER else "")


def is_valid() -> bool:
    """Whether nothing but labs can bear it: what bears a lab's name is removed with the lab."""
    return re.fullmatch(rf"{DEFAULT}[a-z0-9]{{0,6}}", NAME) is not None
