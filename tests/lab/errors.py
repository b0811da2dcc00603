"""The one way the lab fails: words for the user, never a traceback."""

from __future__ import annotations


class LabError(Exception):
    """What went wrong and, where there is one, the next step to take."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(f"{message}\nhint: {hint}" if hint else message)
