"""``python -m tests.soak [PART ...]``: the long series, part by part; ``make soak`` runs them all.

A part ends by itself within half an hour. What has passed is kept beside the tree's other caches,
so that the same command goes on where the last one stopped, whatever stopped it; a part that has
come to its end begins anew. The file is also the plugin of pytest that does so.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).parents[1]
E2E = ROOT / "tests" / "e2e"
HALF_AN_HOUR = 28 * 60.0  # seconds, less what the last test and the lab's end may take
PROPERTIES = "properties"
PARTS = {
    "kills": "create and delete on the lab, killed after each write",
    "network": "create and delete on the lab, behind a bad network with many seeds",
    "races": "twenty commands at once for one shortcut on the lab",
    "kubeconfigs": "each kind of kubeconfig, beside kubectl",
    "rbac": "each rule of the leaves' roles taken away",
    "installs": "each way of pip",
    "overlaps": "a hub that sees one leaf's Pod network as it is, and the other's remapped",
    "waits": "what real Liqo needs a minute for on the lab",
    "clients": "two clients of one shortcut, interleaved by many seeds",
    "nonsense": "clusters that answer nonsense, by many seeds",
    PROPERTIES: "every property, with a thousand examples each",
}
"""The parts, and what each tries; a test says by ``mark.soak("PART")`` to which it belongs."""


def main(words: list[str]) -> int:
    """0 if each part has come to its end, and all of it has passed."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; or all")
    wanted = parser.parse_args(words).parts or list(PARTS)
    if unknown := sorted(set(wanted) - set(PARTS)):
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    ends = {}
    for part in wanted:
        _say(f"\n{part}: {PARTS[part]}")
        ends[part] = _run(part)
        if ends[part] == pytest.ExitCode.INTERRUPTED:
            break
    for part, code in ends.items():
        _say(f"{part}: {f'to be gone on with: make soak PART={part}' if code else 'passed'}")
    return 1 if any(ends.values()) else 0


def _say(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def _run(part: str) -> int:
    """In a process of its own, as the profile of Hypothesis is chosen when it starts."""
    profile = {"HYPOTHESIS_PROFILE": "soak"} if part == PROPERTIES else {}
    words = ["-m", "pytest", "-q", "-n", "2", "-p", "tests.soak", "--part", part, "tests"]
    return os.spawnve(
        os.P_WAIT, sys.executable, [sys.executable, *words], {**os.environ, **profile}
    )


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--part", choices=list(PARTS), help="run this part of the soak alone")


class State:
    """The tests of a part that have passed since it began, with the sources that are there now."""

    def __init__(self, part: str) -> None:
        self._file = ROOT / ".pytest_cache" / f"soak-{part}"
        self._sources = _digest()
        kept = self._file.read_text("utf-8").splitlines() if self._file.exists() else []
        self.passed = set(kept[1:]) if kept[:1] == [self._sources] else set[str]()

    def add(self, test: str) -> None:
        self._file.parent.mkdir(exist_ok=True)
        if not self.passed:
            self._file.write_text(f"{self._sources}\n", "utf-8")
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"{test}\n")
        self.passed.add(test)

    def forget(self) -> None:
        self._file.unlink(missing_ok=True)


def _digest() -> str:
    """Of all that a test may depend on: what has passed before a change proves nothing after it."""
    digest = hashlib.sha256()
    for folder in ("kubectl_liqo_shortcut", "templates", "tests"):
        for file in sorted((ROOT / folder).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(str(file).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Soak(config), "soak")


class Soak:
    """Runs what is left of the part, and notes what has passed."""

    def __init__(self, config: pytest.Config) -> None:
        self._part: str = config.getoption("--part")
        self._state = State(self._part)
        self._quiet = hasattr(config, "workerinput") or config.option.collectonly
        self._failed: set[str] = set()
        self._began = time.monotonic()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        for item in items:
            _require_part(item)
        if not any(_part_of(item) == self._part for item in items):
            raise pytest.UsageError(f"no test belongs to the part {self._part}")
        left = [each for each in items if self._is_left(each)]
        chosen = set(left)
        config.hook.pytest_deselected(items=[each for each in items if each not in chosen])
        items[:] = left

    def _is_left(self, item: pytest.Item) -> bool:
        return _part_of(item) == self._part and item.nodeid not in self._state.passed

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        result = yield
        if time.monotonic() - self._began > HALF_AN_HOUR:
            item.session.shouldstop = "half an hour is over"
        return result  # noqa: B901

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Its setup, its call and its teardown must have passed."""
        if not report.passed:
            self._failed.add(report.nodeid)
        elif report.when == "teardown" and report.nodeid not in self._failed and not self._quiet:
            self._state.add(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        over = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
        if exitstatus in over and not self._quiet:
            _say(f"\n{self._part}: all {len(self._state.passed)} tests have passed")
            self._state.forget()
            session.exitstatus = pytest.ExitCode.OK  # the last test may have been the last run's


def _part_of(item: pytest.Item) -> str:
    marker = item.get_closest_marker("soak")
    if marker is not None:
        return str(marker.args[0])
    is_property = hypothesis.is_hypothesis_test(getattr(item, "obj", None))
    return PROPERTIES if is_property and E2E not in item.path.parents else ""


def _require_part(item: pytest.Item) -> None:
    marker = item.get_closest_marker("soak")
    if marker is not None and marker.args[:1] not in [(part,) for part in PARTS]:
        raise pytest.UsageError(f"{item.nodeid}: mark.soak needs one of {', '.join(PARTS)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
