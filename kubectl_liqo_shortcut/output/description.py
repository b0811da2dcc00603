"""``describe``: everything about one shortcut, in the sections of ``kubectl describe``."""

from __future__ import annotations

import base64
import datetime
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from kubectl_liqo_shortcut.core.diagnosis.chain import Diagnosis
from kubectl_liqo_shortcut.core.diagnosis.observed import ObservedLeaf, ObservedLink
from kubectl_liqo_shortcut.core.kinds import GROUP
from kubectl_liqo_shortcut.core.link.inventory import objects_of
from kubectl_liqo_shortcut.core.link.observe import End
from kubectl_liqo_shortcut.core.model import GatewayRole, Object, dig, is_terminating, name_of
from kubectl_liqo_shortcut.core.readiness import endpoint_of, parse_endpoint, readiness
from kubectl_liqo_shortcut.output.explanation import chain_lines
from kubectl_liqo_shortcut.output.text import age, printable

_NONE = "<none>"
_UNSEEN = "<may not be looked at>"
_BY, _WHY = f"{GROUP}/created-by", f"{GROUP}/reason"

Line = tuple[int, str, str]
"""How deep it stands, its title, and its value."""


def description(
    evidence: ObservedLink,
    diagnosis: Diagnosis,
    events: Sequence[Object] | None,
    now: datetime.datetime,
) -> str:
    """The whole text; *evidence* has a record. It ends with what is wrong and what to do."""
    record = evidence.record or {}
    sections = [
        _aligned(_head(record, now)),
        *(_aligned(_side(each, evidence)) for each in evidence.sides),
        _table("Routes", ("FROM", "TO", "TYPE", "CIDR", "REACHABLE-AS"), _routes(record)),
        _table(
            "Conditions",
            ("TYPE", "STATUS", "REASON", "SINCE", "MESSAGE"),
            _conditions(record, now),
        ),
        _table("Objects", ("CLUSTER", "KIND", "NAME", "OWNERSHIP"), _objects(record)),
        _events_section(events, now),
        _verdict(diagnosis),
    ]
    return "".join(sections)


def _head(record: Object, now: datetime.datetime) -> Iterator[Line]:
    metadata, spec = record["metadata"], record["spec"]
    given = metadata.get("annotations") or {}
    status = record.get("status") or {}
    yield 0, "Name", metadata["name"]
    yield 0, "Created", f"{age(metadata.get('creationTimestamp'), now)} ago"
    yield 0, "Created By", given.get(_BY) or _NONE
    yield 0, "Reason", given.get(_WHY) or _NONE
    if is_terminating(record):
        yield 0, "Terminating Since", f"{age(metadata['deletionTimestamp'], now)} ago"
    checked = status.get("lastObservedTime")
    yield 0, "Record Checked", f"{age(checked, now)} ago" if checked else "never"
    yield 0, "Spec", ""
    yield 1, "Server", spec["server"]["clusterID"]
    yield 1, "Client", spec["client"]["clusterID"]
    gateway = spec.get("gateway") or {}
    yield 1, "MTU", f"{gateway.get('mtu', _NONE)} bytes"
    service = gateway.get("service") or {}
    yield 1, "Service", f"{service.get('type', _NONE)}, UDP port {service.get('port', _NONE)}"
    if dialled := gateway.get("clientEndpoint"):
        yield 1, "Client Dials", ", ".join(f"{key} {value}" for key, value in dialled.items())
    for role in ("server", "client"):
        ref = gateway.get(f"{role}TemplateRef") or {}
        at = "/".join(filter(None, (ref.get("namespace"), ref.get("name"))))
        yield 1, f"{role.capitalize()} Template", f"{ref.get('kind')} {at}"
    yield 1, "Expires", spec.get("expirationTime") or "never"
    yield 1, "Tenant Namespaces", spec.get("tenantNamespaceReclaimPolicy") or _NONE


def _side(leaf: ObservedLeaf, evidence: ObservedLink) -> Iterator[Line]:
    role = "server" if leaf.leaf == evidence.shortcut.server else "client"
    yield 0, f"Leaf {leaf.leaf} ({role})", ""
    if leaf.end is None:
        yield 1, "Shows Nothing", leaf.error
        return
    end = leaf.end
    yield 1, "Tenant Namespace", _name(end.namespace)
    yield 1, "Networks", readiness(end.configuration).message
    yield 1, "Gateway", f"{_name(end.gateway)} ({readiness(end.gateway).message})"
    yield 1, "Gateway Pod", _pods(leaf)
    yield 1, "Endpoint" if end.side.role is GatewayRole.SERVER else "Dials", _endpoint(end)
    yield 1, "Public Key", fingerprint(leaf.key)
    yield 1, "Connection", _connection(leaf)


def _name(body: Object | None) -> str:
    return name_of(body) if body else _NONE


def _pods(leaf: ObservedLeaf) -> str:
    if "Pod" in leaf.unseen:
        return _UNSEEN
    return ", ".join(map(_pod, leaf.pods)) or _NONE


def _pod(pod: Object) -> str:
    containers = dig(pod, "status", "containerStatuses") or ()
    ready = sum(bool(each.get("ready")) for each in containers)
    restarts = sum(int(each.get("restartCount") or 0) for each in containers)
    node = dig(pod, "spec", "nodeName") or "no node"
    said = f"{_name(pod)} on {node}, {ready}/{len(containers)} containers ready"
    return f"{said}, {restarts} restarts" if restarts else said


def _endpoint(end: End) -> str:
    if end.gateway is None:
        return _NONE
    if end.side.role is GatewayRole.SERVER:
        return str(endpoint_of(end.gateway) or "<pending>")
    return str(parse_endpoint(dig(end.gateway, "spec", "endpoint")) or _NONE)


def fingerprint(key: str | None) -> str:
    """A public key, short enough to compare by eye; the key itself is told nowhere."""
    if key is None:
        return _NONE
    digest = base64.b64encode(hashlib.sha256(base64.b64decode(key)).digest()).decode()
    return f"SHA256:{digest.rstrip('=')}"


def _connection(leaf: ObservedLeaf) -> str:
    said = readiness(leaf.end.connection if leaf.end else None).message
    silence = leaf.silence()
    return said if silence is None else f"{said}, heard {silence:.0f}s ago"


def _routes(record: Object) -> Iterator[tuple[str, ...]]:
    for each in dig(record, "status", "routes") or ():
        known = each.get("reachableAs") or "<pending>"
        yield each["from"], each["to"], each["type"], each["cidr"], known


def _conditions(record: Object, now: datetime.datetime) -> Iterator[tuple[str, ...]]:
    for each in dig(record, "status", "conditions") or ():
        since = age(each.get("lastTransitionTime"), now)
        yield each["type"], each["status"], each["reason"], since, each["message"]


def _objects(record: Object) -> Iterator[tuple[str, ...]]:
    for ref, each in objects_of(record).items():
        place = f"{ref.namespace}/{ref.name}" if ref.namespace else ref.name
        yield ref.cluster, ref.kind.kind, place, each.ownership.value


def _events_section(events: Sequence[Object] | None, now: datetime.datetime) -> str:
    if events is None:
        return f"Events:  {_UNSEEN}\n"
    return _table("Events", ("TYPE", "REASON", "AGE", "MESSAGE"), _events(events, now))


def _events(events: Iterable[Object], now: datetime.datetime) -> Iterator[tuple[str, ...]]:
    for each in events:
        at = age(each.get("lastTimestamp"), now)
        yield (
            str(each.get("type")),
            str(each.get("reason")),
            at,
            str(each.get("message")),
        )


def _verdict(diagnosis: Diagnosis) -> str:
    cause = diagnosis.cause
    if cause is None:
        return "Nothing is wrong.\n"
    return "What is wrong:\n" + chain_lines(Diagnosis((cause,)))


def _aligned(lines: Iterable[Line]) -> str:
    made = list(lines)
    width = max((2 * depth + len(title) for depth, title, _ in made), default=0) + 3
    return "".join(
        f"{'  ' * depth + title + ':':<{width}}{printable(value)}".rstrip() + "\n"
        for depth, title, value in made
    )


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    found = [tuple(printable(str(cell)) for cell in row) for row in rows]
    if not found:
        return f"{title}:  {_NONE}\n"
    from tabulate import tabulate  # 50 ms, so only here

    text = tabulate([head, *found], tablefmt="plain", disable_numparse=True)
    body = "".join(f"  {line.rstrip()}\n" for line in text.splitlines())
    return f"{title}:\n{body}"
