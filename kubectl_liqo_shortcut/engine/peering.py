"""Whether a leaf is peered with the other one, as it says itself."""

from __future__ import annotations

from kubectl_liqo_shortcut.core import resources as r
from kubectl_liqo_shortcut.core.model import ObjectRef
from kubectl_liqo_shortcut.core.peering import may_be_over, of_consumer, peering_on
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.core.shortcut import Side
from kubectl_liqo_shortcut.errors import Forbidden, Gone


def peered(side: Side, leaf: Cluster) -> str:
    """How, in words; "" if it is not."""
    found = leaf.get(ObjectRef(side.leaf, r.FOREIGN_CLUSTER, "", side.peer))
    said = peering_on(found)
    if (
        said
        and may_be_over(found)
        and not any(_holds(leaf, what) for what in of_consumer(side.peer))
    ):
        return ""
    return said


def _holds(leaf: Cluster, what: Selection) -> bool:
    try:
        return bool(leaf.list(what).items)
    except Gone:  # a kind that is not served has no objects
        return False
    except Forbidden:  # who may not look believes
        return True
