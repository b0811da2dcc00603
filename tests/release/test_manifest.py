from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from kubectl_liqo_shortcut import __version__
from release import version as versions
from release.manifest import PLUGIN, render
from release.version import ReleaseError, homepage, moment, version

PLATFORM = {"os": "linux", "arch": "amd64", "archive": "a.tar.gz", "sha256": "0" * 64}


def test_plugin_yaml_is_what_the_template_renders() -> None:
    text = PLUGIN.read_text(encoding="utf-8")
    spec = yaml.safe_load(text)["spec"]
    platforms = [
        {
            **each["selector"]["matchLabels"],
            "archive": each["uri"].rpartition("/")[2],
            "sha256": each["sha256"],
        }
        for each in spec["platforms"]
    ]
    assert render(spec["version"].removeprefix("v"), homepage(), platforms) == text


def test_a_manifest_has_a_block_for_each_platform() -> None:
    windows = PLATFORM | {"os": "windows", "archive": "w.tar.gz"}
    manifest = yaml.safe_load(render("1.2.3", "https://example.org/x", [PLATFORM, windows]))
    linux, other = manifest["spec"]["platforms"]
    assert manifest["spec"]["version"] == "v1.2.3"
    assert linux["uri"] == "https://example.org/x/releases/download/v1.2.3/a.tar.gz"
    assert (linux["bin"], other["bin"]) == ("kubectl-liqo_shortcut", "kubectl-liqo_shortcut.exe")


def test_a_hash_of_digits_alone_stays_text() -> None:
    manifest = yaml.safe_load(render("1.2.3", "https://example.org/x", [PLATFORM]))
    assert manifest["spec"]["platforms"][0]["sha256"] == "0" * 64


def test_the_version_is_the_one_of_the_changelog() -> None:
    assert version() == __version__
    assert re.fullmatch(r"\d+\.\d+\.\d+", version())
    assert moment() % 86400 == 0


def test_what_is_not_released_yet_is_not_the_newest_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = f"## Unreleased\n\n### Added\n\n## {__version__} - 2026-01-31\n"
    (tmp_path / "CHANGELOG.md").write_text(released)
    monkeypatch.setattr(versions, "ROOT", tmp_path)
    assert version() == __version__
    assert moment() == 1769817600


@pytest.mark.parametrize(
    ("changelog", "said"),
    [("## 9.9.9 - 2026-01-31\n", "newest heading 9.9.9"), ("## Unreleased\n", "has no heading")],
)
def test_a_version_without_its_changelog_is_not_built(
    changelog: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "CHANGELOG.md").write_text(changelog)
    monkeypatch.setattr(versions, "ROOT", tmp_path)
    with pytest.raises(ReleaseError, match=said):
        version()
