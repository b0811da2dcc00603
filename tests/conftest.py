from __future__ import annotations

import pathlib
from collections.abc import Iterator

import hypothesis
import pytest

from kubectl_liqo_shortcut.adapters.external_diff import VARIABLE
from tests.fakes import FakeWorld
from tests.samples import Golden

# How long an example takes depends on what else the machine does.
hypothesis.settings.register_profile("unit", deadline=None)
hypothesis.settings.load_profile("unit")

GOLDEN = pathlib.Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="accept the present output")


@pytest.fixture
def world() -> Iterator[FakeWorld]:
    """A hub and two leaves, with a Liqo that answers at once."""
    world = FakeWorld("milan", "rome")
    yield world
    world.close()


@pytest.fixture(autouse=True)
def _nodes_follow_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fakes have no nodes whose rules could be late."""
    monkeypatch.setattr("kubectl_liqo_shortcut.engine.service_back._NODES_FOLLOW", 0.0)


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
