from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from kubectl_liqo_shortcut.adapters.external_diff import VARIABLE, diff_command, differ
from kubectl_liqo_shortcut.errors import ShortcutError

pytestmark = pytest.mark.usefixtures("temporary")


def program(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shell script that compares, as the variable names it."""
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    monkeypatch.setenv(VARIABLE, str(path))
    return path


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, ["diff", "-u", "-N", "A", "B"]),
        ("", ["diff", "-u", "-N", "A", "B"]),
        ("colordiff", ["colordiff", "A", "B"]),
        ("colordiff -N -u", ["colordiff", "A", "B", "-N", "-u"]),
        ("/opt/my-diff --context=3", ["/opt/my-diff", "A", "B", "--context=3"]),
        ("diff  -u", ["diff", "A", "B", "-u"]),
        ("diff -u /etc/passwd ;reboot $(x) a_b é", ["diff", "A", "B", "-u"]),
        ("diff\t-u", ["diff\t-u", "A", "B"]),
        ("diff -u\n", ["diff", "A", "B"]),
    ],
    ids=[
        "not set",
        "empty",
        "a program",
        "with arguments",
        "with a path and a value",
        "two spaces",
        "arguments of other characters",
        "a tab is no space",
        "a line's end is another character",
    ],
)
def test_the_program_is_chosen_by_kubectls_rule(
    given: str | None, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if given is not None:
        monkeypatch.setenv(VARIABLE, given)
    assert diff_command("A", "B") == words


def test_files_that_differ_are_shown_by_diff(capfd: pytest.CaptureFixture[str]) -> None:
    assert differ({"a": "1\n", "gone": "x\n", "same": "s\n"}, {"a": "2\n", "same": "s\n"})
    shown = capfd.readouterr().out
    assert "\n-1\n+2\n" in shown
    assert "\n-x\n" in shown
    assert "same" not in shown


def test_files_that_are_the_same_are_not_shown(capfd: pytest.CaptureFixture[str]) -> None:
    assert not differ({"a": "1\n"}, {"a": "1\n"})
    assert capfd.readouterr() == ("", "")


@pytest.mark.process
@pytest.mark.parametrize(("code", "different"), [(0, False), (1, True)])
def test_the_program_says_whether_they_differ(
    code: int, different: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, f"exit {code}", monkeypatch)
    assert differ({"a": "1"}, {"a": "1"}) is different


@pytest.mark.process
def test_the_folders_are_for_the_user_alone_and_named_as_kubectls(
    tmp_path: Path,
    temporary: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    program(tmp_path, 'for each; do stat -c "%a %n" "$each"; ls "$each"; done', monkeypatch)
    differ({"a": "1"}, {"b": "1"})
    live, a, merged, b = capfd.readouterr().out.splitlines()
    assert live.startswith(f"700 {temporary}/LIVE-")
    assert merged.startswith(f"700 {temporary}/MERGED-")
    assert (a, b) == ("a", "b")


@pytest.mark.process
@pytest.mark.parametrize(
    ("ends", "said"),
    [("exit 2", "failed with exit code 2"), ("kill -9 $$", "was ended by signal 9")],
    ids=["exit code", "signal"],
)
def test_a_program_that_fails_is_trouble_and_nothing_is_left(
    ends: str, said: str, tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, ends, monkeypatch)
    with pytest.raises(ShortcutError, match=said):
        differ({"a": "1"}, {"a": "2"})
    assert os.listdir(temporary) == []


def test_a_program_in_a_relative_folder_of_the_path_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "exit 1", monkeypatch).rename(tmp_path / "diff")
    monkeypatch.delenv(VARIABLE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join(["", "."]))
    with pytest.raises(ShortcutError, match="'diff': it is in no absolute folder of PATH"):
        differ({"a": "1"}, {"a": "1"})


@pytest.mark.parametrize("given", [None, "no-such-program -u", " diff"])
def test_a_program_that_is_not_there_is_trouble_with_a_hint(
    given: str | None, tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    if given is not None:
        monkeypatch.setenv(VARIABLE, given)
    with pytest.raises(ShortcutError, match=r"cannot run '.*': ") as caught:
        differ({"a": "1"}, {"a": "2"})
    assert VARIABLE in str(caught.value.hint)
    assert os.listdir(temporary) == []


def test_a_file_that_cannot_be_written_is_trouble_and_nothing_is_left(temporary: Path) -> None:
    with pytest.raises(ShortcutError, match=r"cannot write .*name too long"):
        differ({"a" * 300: "1"}, {})
    assert os.listdir(temporary) == []


def test_no_place_for_temporary_files_is_trouble(temporary: Path) -> None:
    shutil.rmtree(temporary)
    with pytest.raises(ShortcutError, match=r"cannot write .*LIVE-.*: No such file"):
        differ({}, {})


@pytest.mark.process
def test_the_library_path_of_a_frozen_program_is_not_handed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    program(tmp_path, 'echo "[$LD_LIBRARY_PATH]"', monkeypatch)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setenv("LD_LIBRARY_PATH", "/of/the/frozen/one")
    differ({}, {})
    monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", "/of/the/user")
    differ({}, {})
    assert capfd.readouterr().out == "[]\n[/of/the/user]\n"
