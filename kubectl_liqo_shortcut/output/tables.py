"""Tables of records, as ``kubectl get`` prints them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from kubectl_liqo_shortcut.core.model import Object, dig, name_of
from kubectl_liqo_shortcut.core.networks import host_and_port
from kubectl_liqo_shortcut.core.record.conditions import Condition, Reason, condition_of
from kubectl_liqo_shortcut.core.record.routes import remapped_to
from kubectl_liqo_shortcut.output.text import age, printable

_NARROW = ("NAME", "SERVER", "CLIENT", "READY", "REASON", "LATENCY", "CHECKED", "AGE")
_WIDE = ("ENDPOINT", "MTU", "POD-ROUTES", "EXPIRES")


def records_table(
    records: Sequence[Object],
    now: datetime.datetime,
    *,
    wide: bool,
    message: bool = False,
    headers: bool = True,
) -> str:
    """One row for each record; ``CHECKED`` is the age of what the row says.

    With *message*, the last column tells why one is not ready, and in which cluster.
    """
    titles = _NARROW + (_WIDE if wide else ()) + (("MESSAGE",) if message else ())
    rows = [
        _narrow(each, now) + (_wide(each) if wide else ()) + (_message(each) if message else ())
        for each in records
    ]
    return plain_table([titles, *rows] if headers else rows)


def plain_table(rows: Sequence[Sequence[str]]) -> str:
    """Aligned columns; titles are the first row: as titles proper, they would widen the columns."""
    from tabulate import tabulate  # 50 ms, so only here

    shown = [[printable(cell) for cell in row] for row in rows]
    text = tabulate(shown, tablefmt="plain", disable_numparse=True)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def _narrow(record: Object, now: datetime.datetime) -> tuple[str, ...]:
    spec, status = record["spec"], record.get("status") or {}
    ready = condition_of(record, Condition.READY)
    return (
        name_of(record),
        str(spec["server"]["clusterID"]),
        str(spec["client"]["clusterID"]),
        str(ready.get("status", "Unknown")),
        Reason.TERMINATING.value
        if record["metadata"].get("deletionTimestamp")
        else str(ready.get("reason", "<none>")),
        str(status.get("latency") or "<none>"),
        age(status.get("lastObservedTime"), now) if status.get("lastObservedTime") else "<never>",
        age(record["metadata"].get("creationTimestamp"), now),
    )


def _wide(record: Object) -> tuple[str, ...]:
    status = record.get("status") or {}
    endpoint = status.get("endpoint")
    routes = [
        f"{route['from']}->{route.get('reachableAs') or '<pending>'}"
        + (f"({route['cidr']})" if remapped_to(route) else "")
        for route in status.get("routes") or ()
        if route.get("type") == "Pod"
    ]
    return (
        host_and_port(str(endpoint["address"]), endpoint["port"]) if endpoint else "<pending>",
        str(status.get("mtu") or dig(record, "spec", "gateway", "mtu", default="<none>")),
        ",".join(routes) or "<pending>",
        str(record["spec"].get("expirationTime") or "<never>"),
    )


def _message(record: Object) -> tuple[str, ...]:
    ready = condition_of(record, Condition.READY)
    fine = ready.get("status") == "True" and ready.get("reason") == Reason.CONNECTED
    return ("" if fine else str(ready.get("message") or ""),)
