"""Whether a leaf is peered with the other one, as it says itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.peering import may_be_over, of_consumer, peering_on
from kubectl_liqo_shortcut.core.link.shortcut import Side
from kubectl_liqo_shortcut.core.model import ObjectRef
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, gather_each, retry_transient
from kubectl_liqo_shortcut.errors import USELESS, Forbidden, Gone, PartlyDone, ShortcutError


class InUseByPeering(PartlyDone):
    """The link carries a peering now: nothing is removed."""


def check_peering(
    sides: Collection[Side],
    leaves: Mapping[str, Cluster],
    deadline: Deadline,
    *,
    first_look: bool = False,
) -> dict[str, ShortcutError]:
    """The gate before every removal: raises ``InUseByPeering`` if a leaf says so.

    Returns why a leaf did not answer; a definite refusal is raised.
    """
    questions: dict[str, Callable[[], str]] = {
        side.leaf: partial(
            retry_transient,
            partial(peered, side, leaves[side.leaf]),
            deadline,
            first_look=first_look,
        )
        for side in sides
        if side.leaf in leaves
    }
    found, errors = gather_each(questions)
    for side in sides:
        if found.get(side.leaf):
            raise InUseByPeering(
                f"cluster {side.leaf!r} is peered with {side.peer!r} ({found[side.leaf]}): "
                "the peering uses this link, nothing was removed",
                hint=f"end the peering first: liqoctl unpeer, between {side.leaf} and {side.peer}",
            )
    for error in errors.values():
        if not isinstance(error, USELESS):
            raise error
    return errors


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
