"""One check of a diagnosis: what was looked at, what was seen, and what to do next."""

from __future__ import annotations

import dataclasses
import enum

from kubectl_liqo_shortcut.core.diagnosis.causes import CauseName
from kubectl_liqo_shortcut.core.record.conditions import Word


class CheckStatus(enum.StrEnum):
    OK = "ok"
    FAIL = "FAIL"
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True, slots=True)
class Check:
    """*reason* is the cause in one word, for programs; *next* is a command, or a deed."""

    name: str
    verdict: CheckStatus
    cluster: str
    seen: str
    reason: Word | None = None
    next: str = ""


def ok(name: str, cluster: str, seen: str) -> Check:
    return Check(name, CheckStatus.OK, cluster, seen)


def failed(name: str, cluster: str, reason: Word, seen: str, then: str) -> Check:
    return Check(name, CheckStatus.FAIL, cluster, seen, reason, then)


def unknown(name: str, cluster: str, seen: str, then: str = "") -> Check:
    """It could not be looked at: the chain goes on."""
    return Check(name, CheckStatus.UNKNOWN, cluster, seen, CauseName.UNSEEN, then)
