"""What is known of the work under way, as a value: events are folded into it, a view shows it."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Mapping
from typing import assert_never

from kubectl_liqo_shortcut.core.events import Done, Event, Failed, Note, Outcome, Seen, Waits
from kubectl_liqo_shortcut.core.model import HUB


@dataclasses.dataclass(frozen=True, slots=True)
class ClusterProgress:
    """How far the work on one shortcut is in one cluster, in words."""

    last: str = ""  # what was just done, or seen, there
    waits: str = ""


class Stage(enum.Enum):
    BEFORE = enum.auto()  # nothing has been heard of it yet
    UNDER_WAY = enum.auto()
    DONE = enum.auto()
    FAILED = enum.auto()


@dataclasses.dataclass(frozen=True, slots=True)
class Work:
    """The work on one shortcut."""

    stage: Stage = Stage.BEFORE
    places: Mapping[str, ClusterProgress] = dataclasses.field(default_factory=dict)  # by cluster

    @property
    def has_ended(self) -> bool:
        return self.stage in (Stage.DONE, Stage.FAILED)


Progress = Mapping[str, Work]
"""By the shortcut's name, in the order in which they were asked for."""


def begin(shortcuts: Iterable[str]) -> Progress:
    return {name: Work() for name in shortcuts}


def advance(progress: Progress, shortcut: str, event: Event | Failed) -> Progress:
    """*progress* after *event*; a sentence about a shortcut stands where its record is."""
    work = progress[shortcut]
    match event:
        case Done(ref, verb):
            new = _at(work, ref.cluster, last=f"{ref} {verb}")
        case Seen(ref, says):
            new = _at(work, ref.cluster, last=f"{ref} {says}")
        case Waits(cluster, what):
            new = _at(work, cluster, waits=what)
        case Note(text):
            new = _at(work, HUB, last=text)
        case Outcome():
            new = dataclasses.replace(work, stage=Stage.DONE)
        case Failed():
            new = dataclasses.replace(work, stage=Stage.FAILED)
        case _:
            assert_never(event)
    return {**progress, shortcut: new}


def _at(work: Work, cluster: str, **news: str) -> Work:
    """*work* with *news* of a cluster; of what has ended, nothing is news."""
    place = dataclasses.replace(work.places.get(cluster, ClusterProgress()), **news)
    stage = work.stage if work.has_ended else Stage.UNDER_WAY
    return dataclasses.replace(work, stage=stage, places={**work.places, cluster: place})
