"""Why a link is as it is: a chain of checks from the hub down to the tunnel.

Each check trusts that those before it held, so the first one that fails is the cause. ``why``
prints the chain; ``get --live`` and ``describe`` tell its end.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator

from kubectl_liqo_shortcut.core.diagnosis import as_recorded, leaf_checks
from kubectl_liqo_shortcut.core.diagnosis.causes import CauseName
from kubectl_liqo_shortcut.core.diagnosis.check import Check, CheckStatus, failed, ok
from kubectl_liqo_shortcut.core.diagnosis.gateway_checks import TUNNEL
from kubectl_liqo_shortcut.core.diagnosis.observed import ObservedLink
from kubectl_liqo_shortcut.core.model import HUB, Object, dig, is_terminating
from kubectl_liqo_shortcut.core.record.conditions import Condition, condition_of
from kubectl_liqo_shortcut.core.record.lifecycle import expired_at
from kubectl_liqo_shortcut.errors import Invalid


class Ready(enum.StrEnum):
    """Whether packets pass, as far as can be told now."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


@dataclasses.dataclass(frozen=True, slots=True)
class Diagnosis:
    """The checks up to the first cause, the last of which tells whether all is well."""

    checks: tuple[Check, ...]

    @property
    def cause(self) -> Check | None:
        """The first check that failed; if none did, the first that could not be made."""
        wrong = [each for each in self.checks if each.verdict is not CheckStatus.OK]
        failures = [each for each in wrong if each.verdict is CheckStatus.FAIL]
        return next(iter(failures or wrong), None)

    @property
    def ready(self) -> Ready:
        """Both gateways' own word counts, whatever else could not be looked at."""
        failed = next((each for each in self.checks if each.verdict is CheckStatus.FAIL), None)
        if failed is not None and failed.reason not in _WHATEVER_THE_TUNNEL:
            return Ready.UNKNOWN if failed.reason in _NOBODY_KNOWS else Ready.FALSE
        tunnel = [each.verdict for each in self.checks if each.name == TUNNEL]
        return Ready.TRUE if tunnel == [CheckStatus.OK, CheckStatus.OK] else Ready.UNKNOWN


_WHATEVER_THE_TUNNEL = (CauseName.LABELS_LOST, CauseName.DRIFTED, CauseName.RECORD_STALE)
"""Causes that keep no packet from passing."""

_NOBODY_KNOWS = (CauseName.LEAF_UNREACHABLE, CauseName.FORBIDDEN, CauseName.ANOTHER_CLUSTER)
"""Causes on our side: the tunnel may be up."""


def diagnose(evidence: ObservedLink) -> Diagnosis:
    """All checks in their order, up to the first that fails."""
    made: list[Check] = []
    for check in _chain(evidence):
        made.append(check)
        if check.verdict is CheckStatus.FAIL:
            break
    return Diagnosis(tuple(made))


def _chain(evidence: ObservedLink) -> Iterator[Check]:
    yield _hub(evidence)
    for leaf in evidence.sides:
        yield leaf_checks.reached(leaf, evidence)
    yield _record(evidence)
    yield from leaf_checks.leaf_chain(evidence)
    for leaf in evidence.sides:
        yield as_recorded.as_recorded(leaf, evidence)
    yield _up_to_date(evidence)


def _hub(evidence: ObservedLink) -> Check:
    for leaf in evidence.leaves:
        if leaf not in evidence.known:
            known = ", ".join(sorted(evidence.known)) or "none"
            return failed(
                "hub",
                HUB,
                CauseName.NOT_A_LEAF,
                f"{evidence.hub} has no Configuration for {leaf}; its leaves: {known}",
                "liqoctl network connect, or liqoctl peer, between the hub and that leaf",
            )
    return ok("hub", HUB, f"{evidence.hub} answers, both are its leaves")


def _record(evidence: ObservedLink) -> Check:
    name, record = evidence.shortcut.name, evidence.record
    pair = f"{evidence.shortcut.server} {evidence.shortcut.client}"
    if record is None:
        return _no_record(evidence, pair)
    if is_terminating(record):
        return failed(
            "record",
            HUB,
            CauseName.TERMINATING,
            f"{name} is being deleted",
            f"kubectl liqo-shortcut delete {name}",
        )
    if at := _expired_at(record, evidence.sides[0].now):
        return failed(
            "record",
            HUB,
            CauseName.EXPIRED,
            f"{name} expired at {at}",
            f"kubectl edit shortcut {name}, then kubectl liqo-shortcut sync {name}",
        )
    said = f"{name}: {evidence.shortcut.server} serves, {evidence.shortcut.client} dials"
    return ok("record", HUB, said)


def _expired_at(record: Object, now: str) -> str:
    """An expiration that nobody can read is told by ``sync``; it must not end what only looks."""
    try:
        return expired_at(record, now) if now else ""
    except Invalid:
        return ""


def _no_record(evidence: ObservedLink, pair: str) -> Check:
    """A pair without a shortcut; a link made by hand is told as such."""
    if any(end.gateway is not None for end in evidence.ends):
        return failed(
            "record",
            HUB,
            CauseName.NO_SHORTCUT,
            "the leaves have a link that this hub has no record of",
            f"kubectl liqo-shortcut adopt {pair}",
        )
    return failed(
        "record",
        HUB,
        CauseName.NO_SHORTCUT,
        "there is no shortcut between them: they reach each other through the hub",
        f"kubectl liqo-shortcut create {pair}",
    )


def _up_to_date(evidence: ObservedLink) -> Check:
    """The tunnel is up: does the hub's record say so?"""
    record: Object = evidence.record or {}
    ready = condition_of(record, Condition.READY)
    at = dig(record, "status", "lastObservedTime") or "never"
    if ready.get("status") != "True":
        return failed(
            "record up to date",
            HUB,
            CauseName.RECORD_STALE,
            f"the link is up, but the record says {ready.get('reason') or 'nothing'} "
            f"(looked at: {at})",
            f"kubectl liqo-shortcut sync {evidence.shortcut.name}",
        )
    observed = dig(record, "status", "observedGeneration")
    if observed != record["metadata"].get("generation"):
        return failed(
            "record up to date",
            HUB,
            CauseName.RECORD_STALE,
            "the record was edited, and that is not applied yet",
            f"kubectl liqo-shortcut diff {evidence.shortcut.name}, then sync",
        )
    return ok("record up to date", HUB, f"it matches the leaves (last checked {at})")
