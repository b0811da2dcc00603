from __future__ import annotations

import collections
import gc
import os
import pathlib
import subprocess
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest

from kubectl_liqo_shortcut.adapters.external_diff import VARIABLE
from kubectl_liqo_shortcut.engine.runtime import concurrency
from tests.clock import Clock
from tests.fakes import FakeWorld
from tests.samples import Golden

# How long an example takes depends on what else the machine does. The environment's
# HYPOTHESIS_PROFILE=soak tries many more.
hypothesis.settings.register_profile("unit", deadline=None, max_examples=25)
hypothesis.settings.register_profile("soak", deadline=None, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "unit"))

GOLDEN = pathlib.Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="accept the present output")


def pytest_collection_finish() -> None:
    """What is there by now stays: to look through it for garbage takes a tenth of the time."""
    gc.collect()
    gc.freeze()


_QUICK = {"diff", "openssl"}
_started: list[str] = []  # processes, by the test that runs


class _Noted(subprocess.Popen[Any]):
    # No audit hook: threads whose trace function coverage sets would get into each other's way.
    def __init__(self, args: Any, *rest: Any, **options: Any) -> None:
        program = args[0] if isinstance(args, list | tuple) else args
        if pathlib.Path(program).name not in _QUICK:
            _started.append(str(program))
        super().__init__(args, *rest, **options)


subprocess.Popen = _Noted  # type: ignore[misc]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """What starts processes says so by a marker."""
    _started.clear()
    yield
    if _started and not {"process", "e2e"} & {each.name for each in item.iter_markers()}:
        pytest.fail(f"starts {_started}: mark it as process", pytrace=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The seconds of each file that takes one or more: what a new test costs is seen at once."""
    seconds: dict[str, float] = collections.defaultdict(float)
    for reports in terminalreporter.stats.values():
        for each in reports:
            if isinstance(each, pytest.TestReport):
                seconds[each.location[0]] += each.duration
    if seconds:
        terminalreporter.section("seconds by file")
        terminalreporter.write_line(f"{sum(seconds.values()):8.1f}  all {len(seconds)}")
    for path, took in sorted(seconds.items(), key=lambda each: -each[1]):
        if took >= 1:
            terminalreporter.write_line(f"{took:8.1f}  {path}")


@pytest.fixture
def world() -> Iterator[FakeWorld]:
    """A hub and two leaves, with a Liqo that answers at once."""
    world = FakeWorld("milan", "rome")
    yield world
    world.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What deadlines go by in this test."""
    clock = Clock()
    monkeypatch.setattr(concurrency, "now", clock)
    return clock


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compares a whole output with the file of that name in tests/golden."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return check


@pytest.fixture
def temporary(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """The folder for temporary files, where nothing may be left; no other program compares."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.delenv(VARIABLE, raising=False)
    return folder
