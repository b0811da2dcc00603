"""The table of ``leaves``."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_liqo_shortcut.core.hub.leaves import Leaf
from kubectl_liqo_shortcut.output.tables import plain_table

_LEAF = ("LEAF", "VIA", "CAN-SERVE", "POD-CIDR", "ON-HUB", "DIRECT-SVC", "LIQO", "ACCESS")
_LEAF_WIDE = ("CONNECTION", "LATENCY", "TENANT-NAMESPACE", "EXTERNAL-CIDR")


def leaves_table(leaves: Sequence[Leaf], *, wide: bool, headers: bool = True) -> str:
    """One row for each leaf."""
    titles = _LEAF + (_LEAF_WIDE if wide else ())
    rows = [_leaf(each) + (_leaf_wide(each) if wide else ()) for each in leaves]
    return plain_table([titles, *rows] if headers else rows)


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
