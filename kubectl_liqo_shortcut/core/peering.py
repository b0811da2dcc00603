"""Whether a link carries a peering: ``liqoctl peer`` reuses gateways that it finds."""

from __future__ import annotations

from kubectl_liqo_shortcut.core.model import Object

_NO_PEERING = ("", "Unknown")


def peering_on(foreign_cluster: Object | None) -> str:
    """How the leaf of this ForeignCluster is peered with the other leaf, in words; "" if it is not.

    A link alone leaves the role Unknown, and only the networking module on (liqo.md §6).
    """
    status = (foreign_cluster or {}).get("status") or {}
    role = str(status.get("role") or "")
    if role not in _NO_PEERING:
        return f"its ForeignCluster has the role {role}"
    modules = status.get("modules") or {}
    for module in ("authentication", "offloading"):
        if (modules.get(module) or {}).get("enabled"):
            return f"its ForeignCluster has the module {module} on"
    return ""
