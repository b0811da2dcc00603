"""Rows on a terminal, redrawn in their place: the only module that knows rich.

No markup is read and nothing is highlighted: what a cluster says is only text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from kubectl_liqo_shortcut.output.view import Row, Size, ViewStyle

_STYLES = {
    ViewStyle.TITLE: "bold",
    ViewStyle.CLUSTER: "cyan",
    ViewStyle.DONE: "default",
    ViewStyle.WAITS: "yellow",
    ViewStyle.TOTAL: "dim",
}


class _Console(Console):
    def show_cursor(self, show: bool = True) -> bool:  # noqa: ARG002 - rich's signature
        """The cursor is never hidden: a killed program could not show it again."""
        return False


class Drawing:
    """The part of a terminal where rows stand; between ``hide`` and ``show`` it is others'."""

    def __init__(self, stream: TextIO) -> None:
        self._console = _Console(
            file=stream,
            force_terminal=True,  # it was looked at
            force_interactive=True,
            force_jupyter=False,
            markup=False,
            emoji=False,
            highlight=False,
        )
        self._live: Live | None = None

    def show(self, rows: Sequence[Row], size: Size) -> None:
        self._console.size = size.width, size.height
        if self._live is None:
            self._live = Live(
                console=self._console,
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        self._live.update(Group(*map(self._text, rows)), refresh=True)

    def hide(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def _text(self, row: Row) -> Text:
        encoding = self._console.encoding
        overflow = "ellipsis" if encoding.startswith("utf") else "crop"
        text = Text(no_wrap=True, overflow=overflow)  # type: ignore[arg-type]  # a Literal
        for words, look in row:
            safe = words.encode(encoding, "backslashreplace").decode(encoding)
            text.append(safe, _STYLES[look])
        return text
