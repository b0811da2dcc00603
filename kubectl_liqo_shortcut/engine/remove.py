"""Taking a link away: only what the record calls ours, in order, until Liqo has cleaned up too."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from functools import partial
from typing import TypeVar

from kubectl_liqo_shortcut.core import resources as r
from kubectl_liqo_shortcut.core.events import Done, Event, Verb, Waits
from kubectl_liqo_shortcut.core.model import Object, ObjectRef, ref_of, uid_of
from kubectl_liqo_shortcut.core.plan import is_meant, marks
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.core.record import Ownership, Recorded
from kubectl_liqo_shortcut.core.shortcut import Shortcut, Side
from kubectl_liqo_shortcut.engine.namespaces import remove_namespace
from kubectl_liqo_shortcut.engine.parallel import Deadline, of_each, patiently
from kubectl_liqo_shortcut.engine.peering import peered
from kubectl_liqo_shortcut.engine.remains import gateway_gone, gone_from
from kubectl_liqo_shortcut.engine.world import wait_for
from kubectl_liqo_shortcut.errors import (
    USELESS,
    Gone,
    PartlyDone,
    ShortcutError,
    TimedOut,
)

T = TypeVar("T")
_CHILD = {r.GATEWAY_CLIENT: r.WG_GATEWAY_CLIENT, r.GATEWAY_SERVER: r.WG_GATEWAY_SERVER}
_TAKING_UP = 5.0  # seconds that Liqo may need for a new gateway; it takes some milliseconds
_STAYS = "tenant namespaces stay, as Liqo's own commands leave them"
_ORDER = (r.GATEWAY_CLIENT, r.GATEWAY_SERVER, r.PUBLIC_KEY, r.CONFIGURATION)


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
            patiently, partial(peered, side, leaves[side.leaf]), deadline, first_look=first_look
        )
        for side in sides
        if side.leaf in leaves
    }
    found, errors = of_each(questions)
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


def remove(
    shortcut: Shortcut,
    hub: str,
    recorded: Iterable[Recorded],
    leaves: Mapping[str, Cluster],
    deadline: Deadline,
    *,
    namespaces: bool = False,
) -> Generator[Event, None, dict[str, ShortcutError]]:
    """Delete what is ours on *leaves*, both at once, kind after kind; then wait for Liqo's part.

    *hub* is the hub's cluster ID. ``check_peering`` comes first. A leaf that fails does not keep
    the other one from being cleaned; returns what went wrong on which. Without *namespaces*
    tenant namespaces stay, as Liqo's own commands leave them.
    """
    removal = _Removal(marks(shortcut.name, hub), leaves, deadline)
    yield from (Waits(leaf, "Liqo to clean up") for leaf in leaves)
    here = [each for each in recorded if each.ref.cluster in leaves]
    ours = [each for each in here if each.ownership is not Ownership.REUSED]
    for kind in _ORDER:
        batch = [each for each in ours if each.ref.kind == kind]
        for each, what in removal.delete(batch):
            if what is Found.OURS:
                yield Done(each.ref, Verb.DELETED)
            elif what is Found.ANOTHER:
                ours.remove(each)  # and what Liqo made of it is not ours to wait for
                yield Done(each.ref, Verb.KEPT, "somebody else made it anew")
    for each in here:
        if each.ownership is Ownership.REUSED and each.ref.kind != r.NAMESPACE:
            yield Done(each.ref, Verb.KEPT, "it was there before")
        elif each.ref.kind == r.NAMESPACE and not (namespaces and each in ours):
            yield Done(each.ref, Verb.KEPT, _STAYS if each in ours else "it was there before")
    removal.wait(shortcut.sides, ours)
    yield from (Waits(leaf, "") for leaf in leaves)
    if namespaces:
        yield from removal.namespaces([each for each in ours if each.ref.kind == r.NAMESPACE])
    return removal.errors


class _Removal:
    """The steps of a removal; a leaf on which one failed is left alone from then on."""

    def __init__(
        self, marked: Mapping[str, str], leaves: Mapping[str, Cluster], deadline: Deadline
    ) -> None:
        self._marked = marked
        self._leaves = leaves
        self._deadline = deadline
        self.errors: dict[str, ShortcutError] = {}

    def delete(self, batch: Iterable[Recorded]) -> Iterator[tuple[Recorded, Found]]:
        entries = {each.ref: each for each in batch}
        self._run(entries, lambda each: _taken_up(each, *self._of(each)))
        found = self._run(entries, lambda each: _deletion(each, *self._of(each)))
        return ((entries[ref], what) for ref, what in found.items())

    def wait(self, sides: Collection[Side], ours: Collection[Recorded]) -> None:
        def gone(side: Side) -> Callable[[], None]:
            here = [each for each in ours if each.ref.cluster == side.leaf]
            return gone_from(side, here, self._leaves[side.leaf], self._deadline)

        waits: dict[str, Callable[[], None]] = {
            side.leaf: gone(side) for side in sides if self._is_alive(side.leaf)
        }
        self.errors |= of_each(waits)[1]

    def namespaces(self, batch: Iterable[Recorded]) -> Iterator[Event]:
        entries = {each.ref: each for each in batch}
        kept = self._run(entries, lambda each: partial(remove_namespace, each, *self._of(each)))
        for ref, why in kept.items():
            yield Done(ref, Verb.KEPT, why) if why else Done(ref, Verb.DELETED)

    def _of(self, entry: Recorded) -> tuple[Mapping[str, str], Cluster, Deadline]:
        return self._marked, self._leaves[entry.ref.cluster], self._deadline

    def _is_alive(self, leaf: str) -> bool:
        return leaf in self._leaves and leaf not in self.errors

    def _run(
        self,
        entries: Mapping[ObjectRef, Recorded],
        action: Callable[[Recorded], Callable[[], T]],
    ) -> dict[ObjectRef, T]:
        found, errors = of_each(
            {ref: action(each) for ref, each in entries.items() if self._is_alive(ref.cluster)}
        )
        self.errors |= {ref.cluster: error for ref, error in errors.items()}
        return found


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


def remove_gateway(
    side: Side, gateway: Object, marked: Mapping[str, str], leaf: Cluster, deadline: Deadline
) -> None:
    """Delete a gateway of ours and wait until all that Liqo made of it is gone."""
    entry = Recorded(ref_of(side.leaf, gateway), uid_of(gateway), Ownership.CREATED)
    _taken_up(entry, marked, leaf, deadline)()
    _deletion(entry, marked, leaf, deadline)()
    gateway_gone(side, entry, leaf, deadline)()


def _taken_up(
    entry: Recorded, marked: Mapping[str, str], cluster: Cluster, deadline: Deadline
) -> Callable[[], None]:
    """Waits until Liqo has taken up a gateway that was made just now.

    Liqo makes a ClusterRoleBinding for it before it sets the finalizer that removes it again: a
    gateway deleted in between leaves that binding behind for ever.
    """

    def wait() -> None:
        if entry.ref.kind not in _CHILD:
            return
        found = patiently(lambda: cluster.get(entry.ref), deadline)
        if found is None or not is_meant(found, entry, marked):
            return
        child = ObjectRef(cluster.name, _CHILD[entry.ref.kind], *_place(entry.ref))
        what = Selection(child.kind, child.namespace, name=child.name)
        limit = Deadline(min(_TAKING_UP, deadline.left()))
        with contextlib.suppress(Gone, TimedOut):  # another network technology; a silent cluster
            wait_for(cluster, what, limit, lambda found: any(map(_has_finalizer, found)))

    return wait


def _place(ref: ObjectRef) -> tuple[str, str]:
    return ref.namespace, ref.name


def _has_finalizer(body: Object) -> bool:
    return bool(body["metadata"].get("finalizers"))
