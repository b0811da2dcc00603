"""What a signal leaves of the work on several shortcuts, told once: what is done, what is left, and
the command that goes on."""

from __future__ import annotations

from collections.abc import Collection

from kubectl_liqo_shortcut.cli.params.given import same_command
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Done, Event, Failed, Outcome
from kubectl_liqo_shortcut.errors import Interrupted, listing, together

_OFF = f"without {r.USE_DIRECT}"


class Interruption:
    """Listens to what *jobs* tell. *goes_on*: an interrupted one is finished by the same command,
    also where it is the only one; others are undone. *besides*: what that command needs once some
    are done."""

    def __init__(self, jobs: Collection[str], *, goes_on: bool, besides: str = "") -> None:
        self._all = len(jobs)
        self._goes_on = goes_on
        self._besides = f" {besides}" if besides else ""
        self._done: set[str] = set()
        self._left: dict[str, Interrupted] = {}
        self._off: dict[str, str] = {}  # Services that were switched back, and for which shortcut

    def takes(self, name: str, event: Event | Failed) -> bool:
        """Whether *event* need not be told by itself: it is one of those that ``error`` tells."""
        match event:
            case Outcome():
                self._done.add(name)
            case Done(ref, why=why) if ref.kind == r.SERVICE and why == _OFF and "/" not in name:
                self._off[f"{ref.namespace}/{ref.name}"] = name  # not what was asked for by itself
            case Failed(Interrupted() as error) if self._all > 1 or self._goes_on:
                self._left[name] = error
                return True
            case _:
                pass
        return False

    def error(self) -> Interrupted | None:
        """What to end with; None where no signal came."""
        if not self._left:
            return None
        error = Interrupted(next(iter(self._left.values())).exit_code - 128)
        if self._all > 1:
            done = f"interrupted: {len(self._done)} of {self._all} done, left:"
            error.message = listing(done, sorted(self._left), between=", ")
        off = sorted(key for key, name in self._off.items() if name in self._left)
        error.hint = together(
            [
                f"to go on: {same_command()}{self._besides if self._done else ''}",
                *(
                    f"Service {each} goes through the hub now; to leave it direct instead: "
                    f"kubectl liqo-shortcut service enable {each}"
                    for each in off
                ),
            ]
        )
        return error
