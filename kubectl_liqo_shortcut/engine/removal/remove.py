"""Taking a link away: only what the record calls ours, in order, until Liqo has cleaned up too."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import TypeVar

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Done, Tell, Verb, Waits
from kubectl_liqo_shortcut.core.link.inventory import Ownership, Recorded
from kubectl_liqo_shortcut.core.link.ownership import Membership, delete_command, ownership_of
from kubectl_liqo_shortcut.core.link.shortcut import Shortcut, Side
from kubectl_liqo_shortcut.core.model import Object, ObjectRef, ref_of, uid_of
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.engine.removal.leftovers import gateway_gone, gone_from
from kubectl_liqo_shortcut.engine.removal.namespaces import EXISTED, remove_namespace
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, gather_each, retry_transient
from kubectl_liqo_shortcut.engine.runtime.store import wait_for
from kubectl_liqo_shortcut.errors import (
    ClusterError,
    Gone,
    ShortcutError,
    TimedOut,
)

T = TypeVar("T")
_CHILD = {r.GATEWAY_CLIENT: r.WG_GATEWAY_CLIENT, r.GATEWAY_SERVER: r.WG_GATEWAY_SERVER}
_TAKING_UP = 5.0  # seconds that Liqo may need for a new gateway; it takes some milliseconds
_STAYS = "tenant namespaces stay, as Liqo's own commands leave them"
_ORDER = (r.GATEWAY_CLIENT, r.GATEWAY_SERVER, r.PUBLIC_KEY, r.CONFIGURATION)


def remove(
    shortcut: Shortcut,
    members: Mapping[str, Membership],
    entries: Iterable[Recorded],
    leaves: Mapping[str, Cluster],
    deadline: Deadline,
    tell: Tell,
    *,
    namespaces: bool = False,
) -> dict[str, ShortcutError]:
    """Delete what is ours on *leaves*, both at once, kind after kind; then wait for Liqo's part.

    *entries* say whose each object is, the leaf's *members* whether it can be so.
    ``check_peering`` comes first. A leaf that fails does not keep the other one from being cleaned;
    returns what went wrong on which. Without *namespaces* tenant namespaces stay, as Liqo's own
    commands leave them.
    """
    removal = _Removal(members, leaves, deadline, tell)
    for leaf in leaves:
        tell(Waits(leaf, "Liqo to clean up"))
    here = [each for each in entries if each.ref.cluster in leaves]
    ours = [each for each in here if each.ownership is not Ownership.REUSED]
    foreign: list[Recorded] = []
    for kind in _ORDER:
        batch = [each for each in ours if each.ref.kind == kind]
        for each, what in removal.delete(batch):
            if what is Found.OURS:
                tell(Done(each.ref, Verb.DELETED))
            elif what is not Found.NOTHING:
                ours.remove(each)  # and what Liqo made of it is not ours to wait for
                foreign += [each] if what is Found.FOREIGN else []
                tell(Done(each.ref, Verb.KEPT, what.value))
    for each in here:
        if each.ownership is Ownership.REUSED and each.ref.kind != r.NAMESPACE:
            tell(Done(each.ref, Verb.KEPT, EXISTED))
        elif each.ref.kind == r.NAMESPACE and not namespaces:
            tell(Done(each.ref, Verb.KEPT, _STAYS if each in ours else EXISTED))
    removal.wait(shortcut.sides, ours)
    for leaf in leaves:
        tell(Waits(leaf, ""))
    if namespaces:
        removal.namespaces([each for each in here if each.ref.kind == r.NAMESPACE])
    return _unproven(foreign) | removal.errors


def _unproven(entries: Iterable[Recorded]) -> dict[str, ShortcutError]:
    """What the record calls ours and the object does not: a person has to decide."""
    return {
        each.ref.cluster: ClusterError(
            each.ref.cluster,
            f"{each.ref} is on record, but {Found.FOREIGN.value}; "
            f"to delete it all the same, there: {delete_command(each)}",
        )
        for each in entries
    }


class _Removal:
    """The steps of a removal; a leaf on which one failed is left alone from then on."""

    def __init__(
        self,
        members: Mapping[str, Membership],
        leaves: Mapping[str, Cluster],
        deadline: Deadline,
        tell: Tell,
    ) -> None:
        self._tell = tell
        self._members = members
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
        self.errors |= gather_each(waits)[1]

    def namespaces(self, batch: Iterable[Recorded]) -> None:
        entries = {each.ref: each for each in batch}
        kept = self._run(entries, lambda each: partial(remove_namespace, each, *self._of(each)))
        for ref, why in kept.items():
            self._tell(Done(ref, Verb.KEPT, why) if why else Done(ref, Verb.DELETED))

    def _of(self, entry: Recorded) -> tuple[Membership, Cluster, Deadline]:
        leaf = entry.ref.cluster
        return self._members[leaf], self._leaves[leaf], self._deadline

    def _is_alive(self, leaf: str) -> bool:
        return leaf in self._leaves and leaf not in self.errors

    def _run(
        self,
        entries: Mapping[ObjectRef, Recorded],
        action: Callable[[Recorded], Callable[[], T]],
    ) -> dict[ObjectRef, T]:
        found, errors = gather_each(
            {ref: action(each) for ref, each in entries.items() if self._is_alive(ref.cluster)}
        )
        self.errors |= {ref.cluster: error for ref, error in errors.items()}
        return found


class Found(enum.Enum):
    """What stood under the name of a recorded object."""

    NOTHING = "nothing"
    OURS = "ours"
    ANOTHER = "somebody else made it anew"
    FOREIGN = "it does not bear the labels of this shortcut, or is not where they belong"


def judge_removal(found: Object | None, entry: Recorded, membership: Membership) -> Found:
    """Whether the object that stands under *entry*'s name is the one it means, and ours."""
    if found is None:
        return Found.NOTHING
    if ownership_of(found, entry, membership) is not Ownership.REUSED:
        return Found.OURS
    return Found.ANOTHER if uid_of(found) != entry.uid else Found.FOREIGN


def _deletion(
    entry: Recorded, membership: Membership, cluster: Cluster, deadline: Deadline
) -> Callable[[], Found]:
    """Delete *entry*, if it is that. Without a UID its creation was only intended: look."""

    def delete() -> Found:
        found = cluster.get(entry.ref)
        what = judge_removal(found, entry, membership)
        if found is not None and what is Found.OURS:
            cluster.delete(entry.ref, uid_of(found))
        return what

    return lambda: retry_transient(delete, deadline)


def remove_gateway(
    side: Side, gateway: Object, membership: Membership, leaf: Cluster, deadline: Deadline
) -> None:
    """Delete a gateway of ours and wait until all that Liqo made of it is gone."""
    entry = Recorded(ref_of(side.leaf, gateway), uid_of(gateway), Ownership.CREATED)
    _taken_up(entry, membership, leaf, deadline)()
    _deletion(entry, membership, leaf, deadline)()
    gateway_gone(side, entry, leaf, deadline)()


def _taken_up(
    entry: Recorded, membership: Membership, cluster: Cluster, deadline: Deadline
) -> Callable[[], None]:
    """Waits until Liqo has taken up a gateway that was made just now.

    Liqo makes a ClusterRoleBinding for it before it sets the finalizer that removes it again: a
    gateway deleted in between leaves that binding behind for ever.
    """

    def wait() -> None:
        if entry.ref.kind not in _CHILD:
            return
        found = retry_transient(lambda: cluster.get(entry.ref), deadline)
        if judge_removal(found, entry, membership) is not Found.OURS:
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
