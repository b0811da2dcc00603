"""kubectl's completion protocol: it runs ``kubectl_complete-liqo_shortcut`` at a TAB press.

The arguments are the words so far, the last one is the word to complete. Each line of the answer
is a candidate, with its description after a tab; the last line, ``:N``, is for the shell.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NoReturn

from kubectl_liqo_shortcut.cli.params.types import spelt_out
from kubectl_liqo_shortcut.cli.root import PROGRAM, cli, leave
from kubectl_liqo_shortcut.errors import ExitCode

if TYPE_CHECKING:
    from kubectl_liqo_shortcut.core.ports import OpenCluster

# kubectl's directives, as bits (k8s.io/kubectl, cobra's ShellCompDirective).
_ERROR, _NO_SPACE, _NO_FILES, _FOLDERS = 1, 2, 4, 16


def main() -> NoReturn:
    """Print the candidates for the words on the command line; an error prints none."""
    be_quiet()
    try:
        text = "\n".join(completion_lines(sys.argv[1:]))
    except Exception:  # noqa: BLE001 - no traceback at a TAB press, whatever it is
        text = f":{_ERROR}"
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
    leave(ExitCode.OK)


def completion_lines(words: Sequence[str], access: OpenCluster | None = None) -> Iterator[str]:
    """The answer to kubectl, line by line; *words* ends with the incomplete one."""
    from click.shell_completion import ShellComplete

    *before, incomplete = words or ("",)
    asked = ShellComplete(cli, {"obj": access}, PROGRAM, "")
    items = asked.get_completions(list(spelt_out(before)), incomplete)
    kinds = {item.type for item in items}
    if "file" in kinds:
        yield ":0"
        return
    if "dir" in kinds:
        yield f":{_FOLDERS}"
        return
    for item in items:
        value, help_ = _one_line(item.value), _one_line(item.help or "")
        yield f"{value}\t{help_}" if help_ else value
    unfinished = bool(items) and all(str(item.value).endswith("=") for item in items)
    yield f":{_NO_FILES | (_NO_SPACE if unfinished else 0)}"


def be_quiet() -> None:
    """Nothing on the terminal and no question: not by us, nor by a credential plugin we start."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 2):
        os.dup2(null, stream)


def _one_line(text: object) -> str:
    """Without control characters, which would start another candidate."""
    return "".join(each if each.isprintable() else " " for each in str(text)).strip()
