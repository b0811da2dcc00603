from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from kubectl_liqo_shortcut import __version__
from release import manifest
from release import version as versions
from release.manifest import PLUGIN, render
from release.version import ReleaseError, homepage, is_release, moment, semver, version

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
    made = yaml.safe_load(render("1.2.3", "https://example.org/x", [PLATFORM, windows]))
    linux, other = made["spec"]["platforms"]
    assert made["spec"]["version"] == "v1.2.3"
    assert linux["uri"] == "https://example.org/x/releases/download/v1.2.3/a.tar.gz"
    assert (linux["bin"], other["bin"]) == ("kubectl-liqo_shortcut", "kubectl-liqo_shortcut.exe")


def test_a_hash_of_digits_alone_stays_text() -> None:
    made = yaml.safe_load(render("1.2.3", "https://example.org/x", [PLATFORM]))
    assert made["spec"]["platforms"][0]["sha256"] == "0" * 64


def test_the_version_fits_the_changelog() -> None:
    assert version() == __version__
    assert moment() % 86400 == 0


@pytest.fixture
def changelog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Pretend that this is CHANGELOG.md, and that what the code says."""

    def write(text: str, version: str) -> None:
        (tmp_path / "CHANGELOG.md").write_text(text)
        monkeypatch.setattr(versions, "ROOT", tmp_path)
        monkeypatch.setattr(versions, "__version__", version)

    return write


RELEASED = "## 1.2.3 - 2026-01-31\n"
UNRELEASED = f"## Unreleased\n\n### Added\n\n{RELEASED}"


def test_a_release_has_the_version_of_the_newest_heading(
    changelog: Callable[[str, str], None],
) -> None:
    changelog(RELEASED, "1.2.3")
    assert (version(), is_release(), moment()) == ("1.2.3", True, 1769817600)


def test_between_releases_the_version_says_so_and_the_day_is_the_last_releases(
    changelog: Callable[[str, str], None],
) -> None:
    changelog(UNRELEASED, "1.3.0.dev0")
    assert (version(), is_release(), moment()) == ("1.3.0.dev0", False, 1769817600)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (RELEASED, "9.9.9", "the code says 9.9.9, CHANGELOG.md's newest heading 1.2.3"),
        (RELEASED, "1.3.0.dev0", "newest heading 1.2.3"),
        ("## Unreleased\n", "1.2.3", "has no heading"),
        (UNRELEASED, "1.2.3", "unreleased changes since 1.2.3: the version is not 1.2.3"),
        (UNRELEASED, "1.3.0", "the version is not 1.3.0, but one to come with .dev0"),
        (UNRELEASED, "1.2.3.dev0", "the version is not 1.2.3.dev0"),
    ],
)
def test_a_version_that_does_not_fit_the_changelog_is_not_built(
    text: str, code: str, said: str, changelog: Callable[[str, str], None]
) -> None:
    changelog(text, code)
    with pytest.raises(ReleaseError, match=said):
        version()


def test_krew_gets_a_semantic_version() -> None:
    assert [semver(each) for each in ("1.2.3", "1.3.0.dev0")] == ["1.2.3", "1.3.0-dev.0"]
    semantic = re.compile(r"v\d+\.\d+\.\d+(-dev\.\d+)?")
    made = yaml.safe_load(render(semver(version()), homepage(), [PLATFORM]))
    assert semantic.fullmatch(made["spec"]["version"])


def test_plugin_yaml_stays_that_of_the_last_release_between_releases(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(manifest, "is_release", lambda: False)
    monkeypatch.setattr("sys.argv", ["manifest", "--release"])
    with pytest.raises(ReleaseError, match="is no release"):
        manifest.main()
