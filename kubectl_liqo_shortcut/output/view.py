"""The live view as rows of words: what stands where, and what gives way when there is no room."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator

from kubectl_liqo_shortcut.core.model import HUB
from kubectl_liqo_shortcut.core.progress import ClusterProgress, Progress, Stage, Work
from kubectl_liqo_shortcut.output.text import duration, printable

_WIDE = 100  # columns: from here on, what was done and what is waited for share a row


class ViewStyle(enum.Enum):
    """What a piece of a row is; how that looks is the terminal's affair."""

    TITLE = enum.auto()
    CLUSTER = enum.auto()
    DONE = enum.auto()
    WAITS = enum.auto()
    TOTAL = enum.auto()


Row = tuple[tuple[str, ViewStyle], ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Clock:
    """Seconds since the command began, and until the deadline, where all have the same one."""

    passed: float
    left: float | None

    def __str__(self) -> str:
        passed = duration(int(self.passed))
        return passed if self.left is None else f"{passed}, {duration(int(self.left))} left"


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    width: int
    height: int


def rows(progress: Progress, clock: Clock, size: Size) -> list[Row]:
    """What is under way, at most ``size.height`` rows; none before anything was heard of it.

    A shortcut is shown whole or only counted, the first ones first; the last row is the sum.
    """
    shown: list[Row] = []
    hidden = 0
    if all(work.stage is Stage.BEFORE for work in progress.values()):
        return shown
    for name, work in progress.items():
        if work.has_ended:
            continue
        block = list(_block(name, work, size.width))
        if hidden or len(shown) + len(block) >= size.height:
            hidden += 1
        else:
            shown += block
    return [*shown, ((_total(progress, clock, hidden), ViewStyle.TOTAL),)]


def _block(name: str, work: Work, width: int) -> Iterator[Row]:
    yield ((name, ViewStyle.TITLE),)
    clusters = sorted(work.places, key=lambda each: (each != HUB, each))
    column = min(max(map(len, clusters), default=0), width // 3)
    if not clusters:
        yield (("  looking at the clusters", ViewStyle.WAITS),)
    for cluster in clusters:
        yield from _place(f"  {cluster[:column]:{column}}  ", work.places[cluster], width)


def _place(label: str, place: ClusterProgress, width: int) -> Iterator[Row]:
    last, waits = printable(place.last), f"waits for {printable(place.waits)}"
    name = (label, ViewStyle.CLUSTER)
    if not place.waits:
        yield name, (last, ViewStyle.DONE)
    elif not last:
        yield name, (waits, ViewStyle.WAITS)
    elif width >= _WIDE:
        yield name, (f"{last}; ", ViewStyle.DONE), (waits, ViewStyle.WAITS)
    else:
        yield name, (last, ViewStyle.DONE)
        yield (" " * len(label), ViewStyle.CLUSTER), (waits, ViewStyle.WAITS)


def _total(progress: Progress, clock: Clock, hidden: int) -> str:
    stages = [work.stage for work in progress.values()]
    counted = {
        "more under way": hidden,
        f"of {len(stages)} done": stages.count(Stage.DONE),
        "failed": stages.count(Stage.FAILED),
    }
    said = ", ".join(f"{number} {what}" for what, number in counted.items() if number)
    return f"{clock}; {said}" if said else str(clock)
