"""Every way this program fails, and what it tells the user.

A message says where and what went wrong; a hint says what to do next; the exit code lets a script
tell the cases apart. Turning these into text and a process status happens in one place, ``cli``.
"""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Collection, Iterable, Iterator
from typing import Self


class Lines(str):
    """One line, as programs and records take it; *lines* say the same on a terminal."""

    lines: tuple[str, ...] = ()


def in_lines(text: str, lines: Iterable[str]) -> Lines:
    made = Lines(text)
    made.lines = tuple(lines)
    return made


def lines_of(text: str) -> tuple[str, ...]:
    """What a cluster sends is one line, whatever it holds: only ``Lines`` are several."""
    return (text.lines if isinstance(text, Lines) else ()) or (text,)


def together(texts: Iterable[str], between: str = "; ") -> Lines:
    """Several texts, each on lines of its own."""
    found = list(texts)
    return in_lines(between.join(found), (line for each in found for line in lines_of(each)))


def listing(head: str, items: Iterable[str], between: str = "; ") -> Lines:
    """What *head* says of *items*: where they are several, each below it."""
    found = list(items)
    below = [f"  {line}" for each in found for line in lines_of(each)]
    text = f"{head} {between.join(found)}"
    return in_lines(text, (f"{head.removesuffix(':')}:", *below) if len(below) > 1 else (text,))


def prefixed(head: str, text: str) -> Lines:
    first, *others = lines_of(text)
    return in_lines(f"{head}: {text}", (f"{head}: {first}", *others))


class ExitCode(enum.IntEnum):
    """What the program ends with; help and reference pages tell *meaning* and *remedy*."""

    meaning: str
    remedy: str

    def __new__(cls, code: int, meaning: str = "", remedy: str = "") -> Self:
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        member.remedy = remedy
        return member

    OK = 0, "done, or nothing to do"
    FAILED = (
        1,
        "failed, undone where possible",
        "mend what the error names, then the same command again",
    )
    # 2 is click's own code for a bad command line
    USAGE = 2, "wrong command line or file", "the hint says how it is meant, or --help"
    # 3 is reserved by kubectl's conventions for "nothing was changed"
    REFUSED = (
        4,
        "refused before anything was changed",
        "to see all that stands in the way: kubectl liqo-shortcut preflight",
    )
    TIMED_OUT = (
        5,
        "timed out: changes kept, rerun the command to continue",
        "the same command again, with a longer --timeout if it needs one",
    )
    VIA_HUB = (
        6,
        "verify: it goes through the hub",
        "for a Service: kubectl liqo-shortcut service enable NS/NAME",
    )
    UNREACHABLE = (
        7,
        "verify: no packet arrives",
        "to find the cause: kubectl liqo-shortcut why LEAF LEAF",
    )
    PARTLY = (
        8,
        "partly done, the record says what is left",
        "mend what the error names, then: kubectl liqo-shortcut sync NAME, or delete",
    )
    HUNG_UP = 129, "its terminal was closed (SIGHUP), after undoing", "the same command again"
    INTERRUPTED = 130, "interrupted (Ctrl-C), after undoing", "the same command again"
    TERMINATED = 143, "ended by SIGTERM, after undoing", "the same command again"


class ShortcutError(Exception):
    """Base of every failure we foresee; anything else is a bug."""

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def no_refusal(error: ShortcutError) -> None:
    """*error* came after something was written, undone or not: refusing promises no change."""
    if error.exit_code is ExitCode.REFUSED:
        error.exit_code = ExitCode.FAILED


@contextlib.contextmanager
def after_writing(wrote: bool = True) -> Iterator[None]:
    """For what is done after something was written, if it was."""
    try:
        yield
    except ShortcutError as error:
        if wrote:
            no_refusal(error)
        raise


class Invalid(ShortcutError):
    """The request itself makes no sense; no cluster was contacted."""

    exit_code = ExitCode.USAGE


class Refused(ShortcutError):
    """What was found forbids going on; nothing was changed."""

    exit_code = ExitCode.REFUSED


class NoServer(Refused):
    """No leaf is known to be reachable from outside, and none was named as gateway server."""


class TimedOut(ShortcutError):
    """The deadline passed; what was made is kept and the same command goes on."""

    exit_code = ExitCode.TIMED_OUT


class PartlyDone(ShortcutError):
    """Something is left to do; the record on the hub says what."""

    exit_code = ExitCode.PARTLY


class Interrupted(ShortcutError):
    """A signal asked us to stop."""

    def __init__(self, signal_number: int) -> None:
        super().__init__("interrupted")
        self.exit_code = ExitCode(128 + signal_number)


class SomeFailed(ShortcutError):
    """Of several shortcuts; why was told for each."""

    def __init__(self, failed: Collection[str], of: int, done: str, exit_code: ExitCode) -> None:
        head = f"{len(failed)} of {of} failed{f' ({done})' if done else ''}:"
        super().__init__(listing(head, failed, ", "))
        self.exit_code = exit_code


LONGEST = 1024
"""Characters of what a cluster says that are told: its words must fit into a record."""


def clipped(text: str) -> str:
    """*text*, if it is not too long, else its beginning."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


class ClusterError(ShortcutError):
    """One cluster refused or did not answer; *cluster* is how the user knows it."""

    def __init__(self, cluster: str, message: str, *, hint: str | None = None) -> None:
        where = cluster if " " in cluster else f"cluster {cluster!r}"  # "the hub" has no quotes
        super().__init__(prefixed(where, clipped(message)), hint=hint)
        self.cluster = cluster


class Transient(ClusterError):
    """Likely to pass by itself: the same request may be sent again after *retry_after* seconds."""

    def __init__(
        self, cluster: str, message: str, *, hint: str | None = None, retry_after: float = 0.0
    ) -> None:
        super().__init__(cluster, message, hint=hint)
        self.retry_after = retry_after


class Unreachable(Transient):
    """No answer at all: the cluster may be down, or the way to it wrong."""


class Nonsense(ClusterError):
    """It answered what cannot be understood: it is of no more use than one that is silent."""


USELESS = (Transient, Nonsense)
"""What a cluster says that is as good as silent: the others are worked on."""


class Forbidden(ClusterError):
    """The identity in use lacks a permission."""


class AnotherCluster(Refused):
    """The way to a leaf leads to another one."""


class NoLiqo(ClusterError):
    """Liqo is not installed there, or not where it is looked for."""

    exit_code = ExitCode.REFUSED


class Conflict(ClusterError):
    """The object is not as it was when it was last looked at (HTTP 409)."""


class Contended(ClusterError):
    """Somebody else wants an object otherwise and sets it back."""


class AlreadyExists(Conflict):
    """Somebody made an object of that name first."""


class Gone(ClusterError):
    """The kind asked for is not served (its CRD is not installed)."""


class Expired(ClusterError):
    """A watch is too far behind (HTTP 410): list again."""
