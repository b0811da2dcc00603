"""What happens while a command runs, as values.

The engine tells these; printers turn them into lines or JSON. Nothing else reports progress.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable

from kubectl_liqo_shortcut.core.model import Object, ObjectRef
from kubectl_liqo_shortcut.errors import ShortcutError


class Verb(enum.StrEnum):
    """kubectl's own words for what was done to an object."""

    CREATED = "created"
    CONFIGURED = "configured"
    UNCHANGED = "unchanged"
    DELETED = "deleted"
    REUSED = "reused"
    ADOPTED = "adopted"
    KEPT = "kept"


@dataclasses.dataclass(frozen=True, slots=True)
class Done:
    """One object of a link was changed, or deliberately left as it is."""

    ref: ObjectRef
    verb: Verb
    why: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """An object now says this of itself."""

    ref: ObjectRef
    says: str


@dataclasses.dataclass(frozen=True, slots=True)
class Waits:
    """What is waited for in a cluster from now on, in words; empty: nothing any more."""

    cluster: str
    what: str


@dataclasses.dataclass(frozen=True, slots=True)
class Note:
    """A sentence for people; *shortcut* is the record it is about."""

    text: str
    shortcut: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """The result for one Shortcut; *record* is its last known state on the hub."""

    name: str
    verb: Verb
    record: Object


Event = Done | Seen | Waits | Note | Outcome

Tell = Callable[[Event], None]
"""Where events go: to whoever shows them, from whatever thread the work is done on."""


@dataclasses.dataclass(frozen=True, slots=True)
class Failed:
    """The work on one Shortcut ended with an error."""

    error: ShortcutError
