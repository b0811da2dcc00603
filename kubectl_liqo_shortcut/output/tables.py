"""Tables of records, as ``kubectl get`` prints them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from kubectl_liqo_shortcut.core.facts import host_and_port
from kubectl_liqo_shortcut.core.model import Object
from kubectl_liqo_shortcut.core.record import condition_of
from kubectl_liqo_shortcut.output.text import age, printable

_NARROW = ("NAME", "SERVER", "CLIENT", "READY", "REASON", "LATENCY", "CHECKED", "AGE")
_WIDE = ("ENDPOINT", "MTU", "POD-ROUTES")


def records_table(
    records: Sequence[Object], now: datetime.datetime, *, wide: bool, headers: bool = True
) -> str:
    """One row for each record; ``CHECKED`` is the age of what the row says."""
    from tabulate import tabulate  # 50 ms, so only here

    titles = _NARROW + (_WIDE if wide else ())
    rows = [
        tuple(printable(cell) for cell in _narrow(each, now) + (_wide(each) if wide else ()))
        for each in records
    ]
    text = tabulate(
        [titles, *rows] if headers else rows,  # as titles proper, they would widen the columns
        tablefmt="plain",
        disable_numparse=True,
    )
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def _narrow(record: Object, now: datetime.datetime) -> tuple[str, ...]:
    spec, status = record["spec"], record.get("status") or {}
    ready = condition_of(record, "Ready")
    return (
        str(record["metadata"]["name"]),
        str(spec["server"]["clusterID"]),
        str(spec["client"]["clusterID"]),
        str(ready.get("status", "Unknown")),
        "Terminating"
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
        for route in status.get("routes") or ()
        if route.get("type") == "Pod"
    ]
    return (
        host_and_port(str(endpoint["address"]), endpoint["port"]) if endpoint else "<pending>",
        str((record["spec"].get("gateway") or {}).get("mtu", "<none>")),
        ",".join(routes) or "<pending>",
    )
