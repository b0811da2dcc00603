"""Whether a link carries a peering: ``liqoctl peer`` reuses gateways that it finds."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import Object, dig
from kubectl_liqo_shortcut.core.ports import Selection

_NO_PEERING = ("", "Unknown")
_CONSUMED = "Provider"  # the role of the other leaf, where this one is the consumer


def peering_on(foreign_cluster: Object | None) -> str:
    """How the leaf of this ForeignCluster is peered with the other leaf, in words; "" if it is not.

    A link alone leaves the role Unknown, and only the networking module on: see
    docs/liqo-behaviour.md.
    """
    role = str(dig(foreign_cluster, "status", "role") or "")
    if role not in _NO_PEERING:
        return f"its ForeignCluster has the role {role}"
    for module in ("authentication", "offloading"):
        if dig(foreign_cluster, "status", "modules", module, "enabled"):
            return f"its ForeignCluster has the module {module} on"
    return ""


def may_be_over(foreign_cluster: Object | None) -> bool:
    """Whether what it tells may be of a peering that has ended.

    Liqo 1.2 calls the other leaf a provider as long as it finds the Secret of the identity there.
    After ``liqoctl unpeer`` that Secret can stay for ever (the provider withdraws permissions that
    its removal needs), and nobody tells the ForeignCluster when it goes.
    """
    return bool(dig(foreign_cluster, "status", "role") == _CONSUMED)


def of_consumer(peer: str) -> Iterator[Selection]:
    """What a consumer of *peer* has; one that has none of it consumes nothing."""
    for kind in (r.IDENTITY, r.RESOURCE_SLICE, r.VIRTUAL_NODE):
        yield Selection(kind, labels=f"{r.REMOTE_CLUSTER_ID}={peer}")
