"""Which version is built, and the one moment that everything built is dated with."""

from __future__ import annotations

import calendar
import configparser
import re
import time
from pathlib import Path

from kubectl_liqo_shortcut import __version__

ROOT = Path(__file__).parents[1]
_HEADING = re.compile(r"^## (\d+\.\d+\.\d+\S*) - (\d{4}-\d{2}-\d{2})$", re.MULTILINE)


class ReleaseError(Exception):
    """What is built would not be what its name says."""


def version() -> str:
    """The version, which the newest heading of CHANGELOG.md must bear too."""
    newest, _ = _newest_heading()
    if newest != __version__:
        raise ReleaseError(f"the code says {__version__}, CHANGELOG.md's newest heading {newest}")
    return __version__


def moment() -> int:
    """The day of the release as seconds since 1970: not the commit's, which plugin.yaml changes."""
    _, date = _newest_heading()
    return calendar.timegm(time.strptime(date, "%Y-%m-%d"))


def homepage() -> str:
    """The project's address, from its one place."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return config["metadata"]["url"]


def _newest_heading() -> tuple[str, str]:
    found = _HEADING.search((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    if found is None:
        raise ReleaseError("CHANGELOG.md has no heading such as: ## 1.2.3 - 2026-01-31")
    return found[1], found[2]
