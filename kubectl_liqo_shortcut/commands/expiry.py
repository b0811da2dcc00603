"""What ``create`` and ``adopt`` make of a time at which a shortcut ends."""

from __future__ import annotations

from kubectl_liqo_shortcut.core.link.request import Request
from kubectl_liqo_shortcut.core.link.shortcut import parse_record
from kubectl_liqo_shortcut.core.record.lifecycle import expired_at
from kubectl_liqo_shortcut.engine.link.session import SurveySession
from kubectl_liqo_shortcut.engine.runtime.store import utc_now
from kubectl_liqo_shortcut.errors import Refused


def renewed(session: SurveySession) -> str:
    """When the shortcut is to expire, where its record says something else; else empty."""
    record, until = session.view.record, session.shortcut.expiration_time
    return until if record and until and parse_record(record).expiration_time != until else ""


def refuse_expired(request: Request, session: SurveySession) -> None:
    """What has expired is switched off by the next ``sync``: it is not made, nor taken over."""
    wanted = {"spec": {"expirationTime": session.shortcut.expiration_time}}
    if at := expired_at(wanted, utc_now()):
        first, second = request.pair
        renewal = f"kubectl liqo-shortcut create {first} {second} --ttl 30d"
        raise Refused(
            f"shortcut {request.name} expired at {at}",
            hint=f"to renew it, for as long as you say: {renewal}"
            if session.view.record
            else "give a time to come",
        )
