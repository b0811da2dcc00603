"""What packets proved, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kubectl_liqo_shortcut.core.kinds import API_VERSION
from kubectl_liqo_shortcut.core.verify.probe_result import ProbeResult
from kubectl_liqo_shortcut.core.verify.verdict import (
    LARGEST_TRIED,
    Called,
    Direction,
    ServiceCheck,
    Verification,
)
from kubectl_liqo_shortcut.output.tables import plain_table
from kubectl_liqo_shortcut.output.text import printable

_DIRECTION = ("FROM", "TO", "PATH", "CALLER-SEEN", "CONNECTS", "MEDIAN", "MTU")
_ADDRESS = ("SERVICE", "ADDRESS", "PATH", "CONNECTS", "MEDIAN")


def verification_text(found: Verification) -> str:
    """A row for each direction, and for each address of a Service; then what is to be said."""
    text = plain_table([_DIRECTION, *map(_direction_row, found.directions)])
    if found.service is not None and found.service.addresses:
        rows = [_address_row(found.service, each) for each in found.service.addresses]
        text += "\n" + plain_table([_ADDRESS, *rows])
    remarks = [*found.remarks()]
    if remarks:
        text += "\n" + "".join(f"{printable(each)}\n" for each in remarks)
    if found.next:
        text += f"-> {printable(found.next)}\n"
    return text


def _direction_row(each: Direction) -> tuple[str, ...]:
    heard = each.heard
    callers = ",".join(heard.callers) if heard else ""
    return (
        each.source,
        each.target,
        each.verdict.path.words,
        callers or "<none>",
        *_calls(heard),
        _mtu(heard),
    )


def _address_row(service: ServiceCheck, called: Called) -> tuple[str, ...]:
    return (
        str(service.service),
        str(called.target),
        called.verdict.path.words,
        *_calls(called.heard),
    )


def _calls(heard: ProbeResult | None) -> Iterator[str]:
    yield f"{heard.ok}/{heard.of}" if heard else "<none>"
    yield f"{heard.latency.median:.2f}ms" if heard and heard.latency else "<none>"


def _mtu(heard: ProbeResult | None) -> str:
    if heard is None or not heard.mtu:
        return "<unknown>"
    return f">={heard.mtu}" if heard.mtu >= LARGEST_TRIED else str(heard.mtu)


def verification_document(found: Verification) -> dict[str, Any]:
    """The same as a document; null where there is nothing to tell."""
    service = found.service
    return {
        "apiVersion": API_VERSION,
        "kind": "Verification",
        "metadata": {"name": found.name},
        "run": found.run,
        "path": found.path.value,
        "exitCode": int(found.exit_code),
        "recordMTU": found.mtu,
        "directions": [
            {
                "from": each.source,
                "to": each.target,
                "path": each.verdict.path.value,
                "reason": each.verdict.reason or None,
                "called": each.called or None,
                "callersSeen": list(each.heard.callers) if each.heard else [],
                **_heard(each.heard),
                "mtu": (each.heard.mtu if each.heard else 0) or None,
            }
            for each in found.directions
        ],
        "service": None
        if service is None
        else {
            "namespace": service.service.namespace,
            "name": service.service.name,
            "remoteNamespace": service.remote,
            "path": service.verdict.path.value,
            "reason": service.verdict.reason or None,
            "addresses": [
                {
                    "address": each.target.address,
                    "port": each.target.port,
                    "path": each.verdict.path.value,
                    "reason": each.verdict.reason or None,
                    **_heard(each.heard),
                }
                for each in service.addresses
            ],
        },
        "remarks": list(found.remarks()),
        "next": found.next or None,
    }


def _heard(heard: ProbeResult | None) -> dict[str, Any]:
    latency = heard.latency if heard else None
    return {
        "connects": {"ok": heard.ok, "of": heard.of, "error": heard.error or None}
        if heard
        else None,
        "connectMilliseconds": {"min": latency.min, "median": latency.median, "max": latency.max}
        if latency
        else None,
    }
