"""Leaves as documents, and what is to be said of them beside their table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from kubectl_liqo_shortcut.core.hub.leaves import Leaf
from kubectl_liqo_shortcut.core.kinds import API_VERSION
from kubectl_liqo_shortcut.output.text import paragraph

KIND = "Leaf"
"""A kind of documents, which no API server serves."""

_SERVES = {True: "yes", False: "no", None: "unknown"}


def leaf_name_document(leaf: str) -> dict[str, Any]:
    """A leaf of which only the name is told."""
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": leaf}}


def leaf_document(leaf: Leaf) -> dict[str, Any]:
    """All that is known of a leaf; null where nobody knows."""
    known, says = leaf.known, leaf.says
    answer, _, reason = leaf.direct.value.partition(": ")
    return {
        **leaf_name_document(known.id),
        "via": leaf.via or None,
        "canServe": {"answer": _SERVES[known.serves], "address": known.address},
        "podCIDR": list(known.cidrs.pod) if known.cidrs else None,
        "externalCIDR": list(known.cidrs.external) if known.cidrs else None,
        "onHub": {
            "podCIDR": list(known.on_hub) or None,
            "tenantNamespace": known.tenant_namespace,
            "connection": known.connection,
            "latency": known.latency,
        },
        "directServices": {"answer": answer, "reason": reason or None},
        "liqoVersion": leaf.version or None,
        "access": {
            "status": says.reach.value,  # a word of few, for programs
            "message": says.message or None,
            "hint": says.hint or None,
            "missingPermissions": list(says.missing),
        },
    }


def trouble_lines(leaves: Iterable[Leaf]) -> Iterator[str]:
    """Why ACCESS is not ok, and what to do."""
    for says in (leaf.says for leaf in leaves):
        if says.message:
            yield from paragraph("", says.message)
        if says.hint:
            yield from paragraph("Hint: ", says.hint)
