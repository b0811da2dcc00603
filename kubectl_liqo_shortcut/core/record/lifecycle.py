"""What time and administrators do to a shortcut: it expires, or its link is taken away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core import validation
from kubectl_liqo_shortcut.core.link.inventory import Ownership, Recorded, objects_of
from kubectl_liqo_shortcut.core.link.observe import End, gateway_kind
from kubectl_liqo_shortcut.core.model import Object, ObjectRef, dig


def expired_at(record: Object | None, now: str) -> str:
    """When the shortcut expired, an RFC 3339 time like *now*; "" if it has not."""
    given = dig(record, "spec", "expirationTime")
    if given is None:
        return ""
    moment = validation.moment(given, "spec.expirationTime")
    return str(given) if moment <= validation.moment(now, "now") else ""


def was_ready(record: Object | None) -> bool:
    """Whether both leaves reported Connected once: from then on a failure undoes nothing."""
    return bool(dig(record, "status", "firstReadyTime"))


def is_in_use(record: Object | None) -> bool:
    """Whether its link may carry traffic that a failure must not cut: it was up once, or it was
    there, made by others, before it was adopted."""
    return was_ready(record) or any(
        each.ownership is Ownership.ADOPTED for each in objects_of(record).values()
    )


def removed_on(ends: Mapping[str, End], recorded: Mapping[ObjectRef, Recorded]) -> Iterator[str]:
    """The leaves that lost both Configuration and gateway of ours.

    One of them may get lost; both are gone where an administrator ran ``liqoctl network reset``.
    """
    for leaf, end in ends.items():
        ours = {
            each.ref.kind for each in recorded.values() if each.ref.cluster == leaf and each.is_ours
        }
        kinds = {r.CONFIGURATION, gateway_kind(end.side.role)}
        if kinds <= ours and end.configuration is None and end.gateway is None:
            yield leaf
