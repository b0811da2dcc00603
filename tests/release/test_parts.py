"""Whose each frozen file is, and that nothing goes out without its version and its licence."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from packageurl import PackageURL

from release import debian, licences, parts, sbom
from release.debian import Package
from release.parts import Part
from release.version import ReleaseError

Freeze = Callable[..., Path]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "copyright"
    path.write_text("Copyright (c) somebody. See /usr/share/common-licenses/GPL-2.\n")
    return path


@pytest.fixture
def freeze(tmp_path: Path, text: Path, monkeypatch: pytest.MonkeyPatch) -> Freeze:
    """Makes a folder of frozen files; libz is of a Debian package, and nothing else is."""
    loader = Part(name="pyinstaller", version="6", texts={"COPYING.txt": text})
    monkeypatch.setattr(parts, "_bootloader", lambda: loader)
    monkeypatch.setattr(debian, "copyright_of", lambda _: text)
    monkeypatch.setattr(debian, "distribution", lambda: "debian")
    zlib = Package("zlib1g", "1:1.2.13")
    monkeypatch.setattr(debian, "package_of", lambda file: zlib if "libz" in file.name else None)

    def freeze(*names: str) -> Path:
        for name in names:
            path = tmp_path / "frozen" / "_internal" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        return tmp_path / "frozen"

    return freeze


MODULES = ("yaml/nodes.pyc", "click/core.pyc", "json/decoder.pyc")


def named(found: list[Part]) -> dict[str, Part]:
    return {each.name: each for each in found}


def test_each_file_is_somebodys_of_a_version_with_a_text(freeze: Freeze) -> None:
    frozen = freeze(*MODULES, "libz.so.1", "libpython3.so")
    sources = {
        "libz.so.1": Path("/lib/libz.so.1"),
        "libpython3.so": Path(sys.base_prefix) / "lib" / "libpython3.so",
    }
    found = parts.parts(frozen, sources)
    assert all(each.version and each.texts for each in found)
    assert [each.name for each in found] == [
        *("click", "pyyaml", "libyaml", "pyinstaller", "cpython", "cpython", "zlib1g")
    ]
    assert named(found)["zlib1g"].files == ("libz.so.1",)
    assert str(named(found)["zlib1g"].purl) == "pkg:deb/debian/zlib1g@1:1.2.13"
    assert named(found)["cpython"].files == ("libpython3.so",)
    assert "LICENSE" in named(found)["pyyaml"].texts


@pytest.mark.parametrize("name", ["mystery/core.pyc", "mystery.dat"])
def test_a_file_of_nobody_ends_the_build(freeze: Freeze, name: str) -> None:
    with pytest.raises(ReleaseError, match=f"{name} is frozen, and nobody knows whose it is"):
        parts.parts(freeze(name), {})


@pytest.mark.parametrize("sources", [{}, {"libx.so.1": Path("/opt/libx.so.1")}])
def test_a_library_of_no_package_ends_the_build(freeze: Freeze, sources: dict[str, Path]) -> None:
    with pytest.raises(ReleaseError, match=r"libx\.so\.1 is frozen from .*, which is of no Debian"):
        parts.parts(freeze("libx.so.1"), sources)


def test_a_distribution_without_a_text_ends_the_build(
    freeze: Freeze, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "_texts_of", lambda _: {})
    with pytest.raises(ReleaseError, match=r"^click [0-9.]+ is frozen, and has no licence text$"):
        parts.parts(freeze("click/core.pyc"), {})


def test_an_interpreter_without_a_text_of_what_is_in_it_ends_the_build(
    freeze: Freeze, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debian, "copyright_of", lambda _: None)
    with pytest.raises(ReleaseError, match=r"apt-get install -y libpython3\.\d+-minimal, or build"):
        parts.parts(freeze("json/decoder.pyc"), {})


def test_the_texts_go_into_the_archive_with_those_they_refer_to(
    tmp_path: Path, text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = tmp_path / "common"
    common.mkdir()
    (common / "GPL-2").write_text("GNU")
    monkeypatch.setattr(debian, "_COMMON", common)
    licences.write(tmp_path, [Part(name="zlib1g", version="1", texts={"copyright": text})])
    assert (tmp_path / "licenses/zlib1g/copyright").read_text() == text.read_text()
    assert (tmp_path / "licenses/common-licenses/GPL-2").read_text() == "GNU"


def test_a_package_is_found_by_either_name_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def query(*words: str) -> str | None:
        if words[0] == "--search":
            return f"zlib1g:amd64: {words[1]}\n" if words[1] == "/usr" + str(library) else None
        return "1:1.2.13" if words[-1] == "zlib1g:amd64" else None

    library = tmp_path / "libz.so.1"
    monkeypatch.setattr(debian, "_query", query)
    assert debian.package_of(library) == Package("zlib1g", "1:1.2.13")
    assert debian.package_of(tmp_path / "other") is None


def test_the_bill_names_each_version_and_the_folder_of_each_licence(
    tmp_path: Path, freeze: Freeze
) -> None:
    archived = tmp_path / "a.tar.gz"
    archived.write_text("an archive")
    zlib = Part(
        name="zlib1g",
        version="1:1.2.13",
        texts={},
        purl=PackageURL("deb", "debian", "zlib1g", "1:1.2.13"),
        files=("libz.so.1",),
    )
    click = Part(name="click", version="8.5", texts={}, licence="BSD-3-Clause")
    other = dataclasses.replace(click, name="rich", purl=PackageURL("pypi", name="rich"))
    bill = sbom.build(freeze("libz.so.1"), archived, [zlib, click, other])
    components = json.loads(bill.read_text())["components"]
    assert {each["name"]: each["version"] for each in components} == {
        "click": "8.5",
        "rich": "8.5",
        "libz.so.1": "1:1.2.13",
    }
    assert all(each["properties"][0]["name"] == "licenses" for each in components)
    (library,) = (each for each in components if each["name"] == "libz.so.1")
    assert library["properties"][0]["value"] == "licenses/zlib1g"
    assert len(library["hashes"][0]["content"]) == 64
