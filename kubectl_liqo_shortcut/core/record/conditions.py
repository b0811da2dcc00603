"""The words of a record's conditions, each with its meaning and what to do about it.

The reference pages are written from these, so the words and what is told of them cannot part.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Self

from kubectl_liqo_shortcut.core.model import Object, dig


class Word(enum.StrEnum):
    """A word on the wire; *remedy* is what to do, empty where there is nothing to do."""

    meaning: str
    remedy: str

    def __new__(cls, word: str, meaning: str, remedy: str = "") -> Self:
        member = str.__new__(cls, word)
        member._value_ = word
        member.meaning = meaning
        member.remedy = remedy
        return member


class Condition(Word):
    """The types of ``status.conditions``."""

    READY = "Ready", "the whole: both leaves report Connected; Unknown where nobody can tell"
    NETWORKS_CONFIGURED = (
        "NetworksConfigured",
        "Liqo on each leaf has answered under which CIDRs it knows the other one",
    )
    GATEWAYS_READY = (
        "GatewaysReady",
        "the gateway server has an endpoint, and Liqo has taken up the gateway client",
    )
    CONNECTED = "Connected", "the Connection on each leaf says Connected"
    RECONCILING = "Reconciling", "there, and True, while Ready may still come (as kstatus reads it)"
    STALLED = (
        "Stalled",
        "there, and True, while nothing goes on until somebody acts (as kstatus reads it)",
    )


class Reason(Word):
    """Why a condition is as it is, in one word."""

    CONNECTED = "Connected", "both leaves report that the tunnel is up"
    PROGRESSING = (
        "Progressing",
        "on its way; the message says what is waited for first",
        "wait; if the command has ended: the same one again, or kubectl liqo-shortcut sync NAME",
    )
    PENDING = (
        "Pending",
        "no command has worked on the record yet: it was applied by hand or from git",
        "kubectl liqo-shortcut sync NAME",
    )
    FAILED = (
        "Failed",
        "a command failed; the message is its error. What it made was undone, unless the link "
        "was up once or --keep-on-failure was given",
        "mend what the message names, then: kubectl liqo-shortcut sync NAME",
    )
    CLEANUP_PENDING = (
        "CleanupPending",
        "something could not be removed: the message says why, status.objects what is left",
        "later: kubectl liqo-shortcut delete NAME, or sync; to give up what is left: --forget",
    )
    IN_USE_BY_PEERING = (
        "InUseByPeering",
        "by now the two leaves are peered with each other over this link: nothing was removed",
        "end that peering first; or end the record alone: "
        "kubectl liqo-shortcut delete NAME --forget",
    )
    REMOVED_ON_LEAF = (
        "RemovedOnLeaf",
        "somebody took the link away on a leaf; it is not made again behind their back",
        "to make it again: kubectl liqo-shortcut sync NAME --recreate; "
        "to end it: kubectl liqo-shortcut delete NAME",
    )
    EXPIRED = (
        "Expired",
        "spec.expirationTime has passed and the link was removed; the record stays",
        "to make it again: kubectl liqo-shortcut create LEAF LEAF --ttl 30d; "
        "to end it: kubectl liqo-shortcut delete NAME",
    )
    LEAF_UNREACHABLE = (
        "LeafUnreachable",
        "a leaf did not answer the last sync, so the state of the link is not known",
        "once it answers: kubectl liqo-shortcut sync NAME",
    )
    TERMINATING = (
        "Terminating",
        "the record is being deleted; only the tables of get say so, in the reason's place",
        "to finish it: kubectl liqo-shortcut delete NAME, or sync",
    )
    CONFIGURED = "Configured", "Liqo on both leaves has taken up the other one's networks"
    ACCEPTED = "Accepted", "Liqo on both leaves has taken up its gateway"
    ERROR = (
        "Error",
        "a gateway gets no answer to its pings through the tunnel",
        "let UDP through from the client's cluster to status.endpoint; "
        "behind NAT, set spec.gateway.clientEndpoint",
    )


REASONS: Mapping[Condition, tuple[Reason, ...]] = {
    Condition.READY: (
        Reason.CONNECTED,
        Reason.PROGRESSING,
        Reason.PENDING,
        Reason.FAILED,
        Reason.CLEANUP_PENDING,
        Reason.IN_USE_BY_PEERING,
        Reason.REMOVED_ON_LEAF,
        Reason.EXPIRED,
        Reason.LEAF_UNREACHABLE,
    ),
    Condition.NETWORKS_CONFIGURED: (Reason.CONFIGURED, Reason.PROGRESSING),
    Condition.GATEWAYS_READY: (Reason.ACCEPTED, Reason.PROGRESSING),
    Condition.CONNECTED: (Reason.CONNECTED, Reason.PROGRESSING, Reason.ERROR),
    Condition.RECONCILING: (Reason.PROGRESSING,),
    Condition.STALLED: (
        Reason.FAILED,
        Reason.CLEANUP_PENDING,
        Reason.IN_USE_BY_PEERING,
        Reason.REMOVED_ON_LEAF,
        Reason.EXPIRED,
    ),
}
"""Which reasons each condition may have."""


def is_ready(record: Object | None) -> bool:
    return condition_of(record, Condition.READY).get("status") == "True"


def condition_of(body: Object | None, kind: str) -> Object:
    """A condition of a record, or of another object; empty if it has none of that type."""
    conditions = dig(body, "status", "conditions") or ()
    return next((each for each in conditions if each.get("type") == kind), {})
