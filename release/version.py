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
_UNRELEASED = re.compile(r"^## Unreleased$", re.MULTILINE)
_NUMBERS = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_DEVELOPMENT = re.compile(rf"{_NUMBERS.pattern}\.dev\d+")


class ReleaseError(Exception):
    """What is built would not be what its name says."""


def version() -> str:
    """The version. Between releases, while CHANGELOG.md has a heading ``## Unreleased``, it says so
    and is above the newest one: what is built then must not pass for a release, which differs."""
    newest, _ = _newest_heading()
    if not _UNRELEASED.search(_changelog()):
        if newest != __version__:
            said = f"the code says {__version__}, CHANGELOG.md's newest heading {newest}"
            raise ReleaseError(said)
    elif not _DEVELOPMENT.fullmatch(__version__) or _numbers(__version__) <= _numbers(newest):
        raise ReleaseError(
            f"CHANGELOG.md has unreleased changes since {newest}: the version is not "
            f"{__version__}, but one to come with .dev0 behind it"
        )
    return __version__


def is_release() -> bool:
    return not _DEVELOPMENT.fullmatch(version())


def semver(version: str) -> str:
    """As krew wants it: ``0.2.0-dev.0`` for Python's ``0.2.0.dev0``."""
    return re.sub(r"\.dev(\d+)$", r"-dev.\1", version)


def moment() -> int:
    """The day of the newest release as seconds since 1970.

    Not of the commit, which plugin.yaml changes.
    """
    _, date = _newest_heading()
    return calendar.timegm(time.strptime(date, "%Y-%m-%d"))


def homepage() -> str:
    """The project's address, from its one place."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return config["metadata"]["url"]


def _numbers(version: str) -> tuple[int, ...]:
    found = _NUMBERS.match(version)
    return tuple(map(int, found.groups())) if found else ()


def _changelog() -> str:
    return (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def _newest_heading() -> tuple[str, str]:
    found = _HEADING.search(_changelog())
    if found is None:
        raise ReleaseError("CHANGELOG.md has no heading such as: ## 1.2.3 - 2026-01-31")
    return found[1], found[2]
