"""Taking a link away: only what the record calls ours, in order, until Liqo has cleaned up too."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Callable, Collection, Iterator, Mapping

from kubectl_liqo_shortcut.core import resources as r
from kubectl_liqo_shortcut.core.events import Done, Event, Verb
from kubectl_liqo_shortcut.core.model import Object, ObjectRef, uid_of
from kubectl_liqo_shortcut.core.peering import peering_on
from kubectl_liqo_shortcut.core.plan import is_meant, marks
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.core.record import Ownership, Recorded
from kubectl_liqo_shortcut.core.shortcut import Shortcut, Side
from kubectl_liqo_shortcut.engine.parallel import Deadline, patiently, together
from kubectl_liqo_shortcut.engine.remains import wait_until_gone
from kubectl_liqo_shortcut.engine.world import wait_for
from kubectl_liqo_shortcut.errors import Gone, PartlyDone

_CHILD = {r.GATEWAY_CLIENT: r.WG_GATEWAY_CLIENT, r.GATEWAY_SERVER: r.WG_GATEWAY_SERVER}
_TAKING_UP = 5.0  # seconds that Liqo may need for a new gateway; it takes some milliseconds
_ORDER = (r.GATEWAY_CLIENT, r.GATEWAY_SERVER, r.PUBLIC_KEY, r.CONFIGURATION)


class InUseByPeering(PartlyDone):
    """The link carries a peering now: nothing is removed."""


def check_peering(
    sides: Collection[Side], leaves: Mapping[str, Cluster], deadline: Deadline
) -> None:
    """The gate before every removal: raises ``InUseByPeering`` if either leaf says so."""

    def ask(side: Side) -> str:
        ref = ObjectRef(side.leaf, r.FOREIGN_CLUSTER, "", side.peer)
        return peering_on(patiently(lambda: leaves[side.leaf].get(ref), deadline))

    for side, found in zip(sides, together([_ask(ask, side) for side in sides]), strict=True):
        if found:
            raise InUseByPeering(
                f"cluster {side.leaf!r} is peered with {side.peer!r} ({found}): "
                "the peering uses this link, nothing was removed",
                hint=f"end the peering first: liqoctl unpeer, between {side.leaf} and {side.peer}",
            )


def _ask(ask: Callable[[Side], str], side: Side) -> Callable[[], str]:
    return lambda: ask(side)


def remove(
    shortcut: Shortcut,
    hub: str,
    recorded: Collection[Recorded],
    leaves: Mapping[str, Cluster],
    deadline: Deadline,
) -> Iterator[Event]:
    """Delete what is ours, of both leaves at once, kind after kind; then wait for Liqo's part.

    *hub* is the hub's cluster ID. ``check_peering`` comes first. Tenant namespaces stay, as Liqo's
    own commands leave them.
    """
    marked = marks(shortcut.name, hub)
    recorded = list(recorded)
    ours = [each for each in recorded if each.ownership is not Ownership.REUSED]
    for kind in _ORDER:
        batch = [each for each in ours if each.ref.kind == kind]
        if kind in _CHILD:
            together(
                [_taken_up(each, marked, leaves[each.ref.cluster], deadline) for each in batch]
            )
        found = together(
            [_deletion(each, marked, leaves[each.ref.cluster], deadline) for each in batch]
        )
        for each, what in zip(batch, found, strict=True):
            if what is Found.OURS:
                yield Done(each.ref, Verb.DELETED)
            elif what is Found.ANOTHER:
                ours.remove(each)  # and what Liqo made of it is not ours to wait for
                yield Done(each.ref, Verb.KEPT, "somebody else made it anew")
    for each in recorded:
        if each.ownership is Ownership.REUSED and each.ref.kind != r.NAMESPACE:
            yield Done(each.ref, Verb.KEPT, "made by somebody else")
        elif each.ref.kind == r.NAMESPACE:
            yield Done(
                each.ref, Verb.KEPT, "tenant namespaces stay, as Liqo's own commands leave them"
            )
    wait_until_gone(shortcut.sides, ours, leaves, deadline)


class Found(enum.Enum):
    """What stood under the name of a recorded object."""

    NOTHING = enum.auto()
    OURS = enum.auto()
    ANOTHER = enum.auto()


def _deletion(
    entry: Recorded, marked: Mapping[str, str], cluster: Cluster, deadline: Deadline
) -> Callable[[], Found]:
    """Delete *entry*, if it is that. Without a UID its creation was only intended: look."""

    def delete() -> Found:
        found = cluster.get(entry.ref)
        if found is None:
            return Found.NOTHING
        if not is_meant(found, entry, marked):
            return Found.ANOTHER
        cluster.delete(entry.ref, uid_of(found))
        return Found.OURS

    return lambda: patiently(delete, deadline)


def _taken_up(
    entry: Recorded, marked: Mapping[str, str], cluster: Cluster, deadline: Deadline
) -> Callable[[], None]:
    """Waits until Liqo has taken up a gateway that was made just now.

    Liqo makes a ClusterRoleBinding for it before it sets the finalizer that removes it again: a
    gateway deleted in between leaves that binding behind for ever.
    """

    def wait() -> None:
        found = patiently(lambda: cluster.get(entry.ref), deadline)
        if found is None or not is_meant(found, entry, marked):
            return
        child = ObjectRef(cluster.name, _CHILD[entry.ref.kind], *_place(entry.ref))
        what = Selection(child.kind, child.namespace, name=child.name)
        limit = Deadline(min(_TAKING_UP, deadline.left()))
        with contextlib.suppress(Gone):  # another network technology
            wait_for(cluster, what, limit, lambda found: any(map(_has_finalizer, found)))

    return wait


def _place(ref: ObjectRef) -> tuple[str, str]:
    return ref.namespace, ref.name


def _has_finalizer(body: Object) -> bool:
    return bool(body["metadata"].get("finalizers"))
