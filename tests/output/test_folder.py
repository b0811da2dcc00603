"""What a git checkout may contain leads no write, and no read, out of the folder."""

from __future__ import annotations

import errno
import os
import pathlib
from typing import NoReturn

import pytest
import yaml

from kubectl_liqo_shortcut.errors import ShortcutError
from kubectl_liqo_shortcut.output.directory import manifest_file_name, write_folder
from tests.samples import LAUGHS

DOCUMENT = {"kind": "Configuration", "metadata": {"name": "rome"}}
FILE = manifest_file_name("Configuration", "rome")
HINT = "remove it, or choose the folder that it leads to"


@pytest.fixture
def checkout(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """The working folder; beside it lies what nobody may touch."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "theirs").write_text("theirs")
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    monkeypatch.chdir(checkout)
    return checkout


def is_unharmed(checkout: pathlib.Path) -> bool:
    outside = checkout.parent / "outside"
    names = [path.name for path in outside.iterdir()]
    return names == ["theirs"] and (outside / "theirs").read_text() == "theirs"


@pytest.mark.parametrize("name", [FILE, f"{FILE}.unfinished", "kustomization.yaml.unfinished"])
def test_a_link_in_the_place_of_a_file_is_not_followed(checkout: pathlib.Path, name: str) -> None:
    folder = checkout / "out" / "milan"
    folder.mkdir(parents=True)
    (folder / name).symlink_to(checkout.parent / "outside" / "theirs")
    write_folder("out", "milan", [DOCUMENT])
    assert is_unharmed(checkout)
    assert not (folder / FILE).is_symlink()
    assert yaml.safe_load((folder / FILE).read_text()) == DOCUMENT


def test_a_link_in_the_place_of_the_kustomization_is_refused(checkout: pathlib.Path) -> None:
    (checkout / "milan").mkdir()
    (checkout / "milan/kustomization.yaml").symlink_to(checkout.parent / "outside" / "theirs")
    with pytest.raises(ShortcutError, match=r"kustomization\.yaml is a link") as caught:
        write_folder(".", "milan", [DOCUMENT])
    assert caught.value.hint == HINT
    assert is_unharmed(checkout)


@pytest.mark.parametrize("link", ["a", "a/b", "a/b/milan"])
@pytest.mark.parametrize("named", ["a/b", "./a//b/", "a/b/."])
def test_a_folder_that_is_a_link_is_refused(checkout: pathlib.Path, link: str, named: str) -> None:
    (checkout / link).parent.mkdir(parents=True, exist_ok=True)
    (checkout / link).symlink_to(checkout.parent / "outside")
    with pytest.raises(ShortcutError, match=rf"{link} is a link") as caught:
        write_folder(named, "milan", [DOCUMENT])
    assert caught.value.hint == HINT
    assert is_unharmed(checkout)


def test_of_an_absolute_path_only_the_last_folder_must_be_no_link(checkout: pathlib.Path) -> None:
    (checkout.parent / "as-tmp").symlink_to(checkout)
    write_folder(str(checkout.parent / "as-tmp" / "out"), "milan", [DOCUMENT])
    assert (checkout / "out" / "milan" / FILE).exists()
    with pytest.raises(ShortcutError, match="as-tmp is a link"):
        write_folder(str(checkout.parent / "as-tmp"), "milan", [DOCUMENT])


def test_a_folder_above_the_working_folder_can_be_named(checkout: pathlib.Path) -> None:
    write_folder("../other", "milan", [DOCUMENT])
    assert (checkout.parent / "other" / "milan" / FILE).exists()


def test_a_name_never_leads_out_of_the_folder() -> None:
    assert manifest_file_name("Configuration", "../../x") == "configuration-..%2F..%2Fx.yaml"


def test_a_failed_write_leaves_nothing_behind_and_the_old_file_whole(
    checkout: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = checkout / "milan"
    folder.mkdir()
    (folder / FILE).write_text("old")

    def full(*_: object, **__: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ShortcutError, match=rf"^cannot write \./milan/{FILE}: No space left"):
        write_folder(".", "milan", [DOCUMENT])
    assert [path.name for path in folder.iterdir()] == [FILE]
    assert (folder / FILE).read_text() == "old"


def test_a_kustomization_that_is_no_file_is_not_waited_for(checkout: pathlib.Path) -> None:
    (checkout / "milan").mkdir()
    os.mkfifo(checkout / "milan/kustomization.yaml")
    with pytest.raises(ShortcutError, match=r"kustomization\.yaml is not a file"):
        write_folder(".", "milan", [DOCUMENT])


def test_a_kustomization_of_aliases_is_not_loaded(checkout: pathlib.Path) -> None:
    (checkout / "milan").mkdir()
    (checkout / "milan/kustomization.yaml").write_text(LAUGHS)
    with pytest.raises(ShortcutError, match=r"cannot read .*kustomization\.yaml: it has too many"):
        write_folder(".", "milan", [DOCUMENT])
