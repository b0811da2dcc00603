"""The program that compares two folders: ``diff``, or what ``KUBECTL_EXTERNAL_DIFF`` names."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping

from kubectl_liqo_shortcut.adapters.environment import for_programs, which
from kubectl_liqo_shortcut.errors import ShortcutError

VARIABLE = "KUBECTL_EXTERNAL_DIFF"
_ARGUMENT = re.compile(r"[A-Za-z0-9=-]+")


def differ(live: Mapping[str, str], merged: Mapping[str, str]) -> bool:
    """Whether two sets of files, each text by its name, differ; the program prints how.

    The files are for the user's eyes only, and gone whatever ends this.
    """
    try:
        with (
            tempfile.TemporaryDirectory(prefix="LIVE-") as before,
            tempfile.TemporaryDirectory(prefix="MERGED-") as after,
        ):
            _write(before, live)
            _write(after, merged)
            return _run(diff_command(before, after))
    except OSError as error:
        where = error.filename or "temporary files"
        raise ShortcutError(f"cannot write {where}: {error.strerror}") from error


def diff_command(before: str, after: str) -> list[str]:
    """The program and its arguments by kubectl's rule.

    The variable is split at each space; then come the folders, and only those arguments that
    consist of letters, digits, ``-`` and ``=``.
    """
    given = os.environ.get(VARIABLE)
    if not given:
        return ["diff", "-u", "-N", before, after]
    program, *arguments = given.split(" ")
    return [program, before, after, *filter(_ARGUMENT.fullmatch, arguments)]


def _write(folder: str, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


def _run(words: list[str]) -> bool:
    """Straight to our own output: the program may colour what goes to a terminal."""
    program, *arguments = words
    found = program if os.path.dirname(program) else which(program)
    if found is None:
        raise _cannot_run(program, "it is in no absolute folder of PATH")
    try:
        done = subprocess.run(  # noqa: S603 - the user's own program, without a shell
            [found, *arguments], stdin=subprocess.DEVNULL, env=for_programs(), check=False
        )
    except OSError as error:
        raise _cannot_run(program, str(error.strerror)) from error
    if done.returncode not in (0, 1):
        code = done.returncode
        how = f"failed with exit code {code}" if code > 0 else f"was ended by signal {-code}"
        raise ShortcutError(f"{words[0]!r} {how}", hint=f"{VARIABLE} names another program")
    return done.returncode == 1


def _cannot_run(program: str, why: str) -> ShortcutError:
    return ShortcutError(
        f"cannot run {program!r}: {why}",
        hint=f"install it, or name another program in {VARIABLE}",
    )
