"""Tables of records and of leaves, as ``kubectl get`` prints them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from kubectl_liqo_shortcut.core.hub.leaves import Leaf
from kubectl_liqo_shortcut.core.model import Object, dig, name_of
from kubectl_liqo_shortcut.core.networks import host_and_port
from kubectl_liqo_shortcut.core.record.conditions import Condition, Reason, condition_of
from kubectl_liqo_shortcut.core.record.routes import remapped_to
from kubectl_liqo_shortcut.output.text import age, printable

_NARROW = ("NAME", "SERVER", "CLIENT", "READY", "REASON", "LATENCY", "CHECKED", "AGE")
_WIDE = ("ENDPOINT", "MTU", "POD-ROUTES", "EXPIRES")
_LEAF = ("LEAF", "VIA", "CAN-SERVE", "POD-CIDR", "ON-HUB", "DIRECT-SVC", "LIQO", "ACCESS")
_LEAF_WIDE = ("CONNECTION", "LATENCY", "TENANT-NAMESPACE", "EXTERNAL-CIDR")


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


def leaves_table(leaves: Sequence[Leaf], *, wide: bool, headers: bool = True) -> str:
    """One row for each leaf."""
    titles = _LEAF + (_LEAF_WIDE if wide else ())
    rows = [_leaf(each) + (_leaf_wide(each) if wide else ()) for each in leaves]
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
        str(dig(record, "spec", "gateway", "mtu", default="<none>")),
        ",".join(routes) or "<pending>",
        str(record["spec"].get("expirationTime") or "<never>"),
    )


def _message(record: Object) -> tuple[str, ...]:
    ready = condition_of(record, Condition.READY)
    return ("" if ready.get("status") == "True" else str(ready.get("message") or ""),)


def _leaf(leaf: Leaf) -> tuple[str, ...]:
    known = leaf.known
    return (
        known.id,
        leaf.via or "<none>",
        _can_serve(leaf),
        ",".join(known.cidrs.pod) if known.cidrs else "<unknown>",
        ",".join(known.on_hub) or "<pending>",
        leaf.direct.value,
        leaf.version or "<unknown>",
        leaf.says.access,
    )


def _can_serve(leaf: Leaf) -> str:
    match leaf.known.serves:
        case True:
            return leaf.known.address or "<pending>"
        case False:
            return "no"
        case None:
            return "unknown"


def _leaf_wide(leaf: Leaf) -> tuple[str, ...]:
    known = leaf.known
    return (
        known.connection or "<none>",
        known.latency or "<none>",
        known.tenant_namespace or "<none>",
        ",".join(known.cidrs.external) if known.cidrs else "<unknown>",
    )
