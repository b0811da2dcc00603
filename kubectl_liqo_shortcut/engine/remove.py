"""Taking a link away: only what the record calls ours, in order, until Liqo has cleaned up too."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from kubectl_liqo_shortcut.core import resources as r
from kubectl_liqo_shortcut.core.events import Done, Event, Verb
from kubectl_liqo_shortcut.core.model import Object, ObjectRef, labels_of, uid_of
from kubectl_liqo_shortcut.core.peering import peering_on
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.core.record import Ownership, Recorded
from kubectl_liqo_shortcut.core.shortcut import Side
from kubectl_liqo_shortcut.engine.parallel import Deadline, patiently, together
from kubectl_liqo_shortcut.engine.world import Changed, Listed, WatchFailed, World
from kubectl_liqo_shortcut.errors import Gone, PartlyDone, TimedOut

_ORDER = (r.GATEWAY_CLIENT, r.GATEWAY_SERVER, r.PUBLIC_KEY, r.CONFIGURATION)


class InUseByPeering(PartlyDone):
    """The link carries a peering now: nothing is removed."""


def check_peering(sides: Collection[Side], leaves: Mapping[str, Cluster]) -> None:
    """The gate before every removal: raises ``InUseByPeering`` if either leaf says so."""

    def ask(side: Side) -> str:
        ref = ObjectRef(side.leaf, r.FOREIGN_CLUSTER, "", side.peer)
        return peering_on(leaves[side.leaf].get(ref))

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
    sides: Collection[Side],
    recorded: Collection[Recorded],
    leaves: Mapping[str, Cluster],
    deadline: Deadline,
) -> Iterator[Event]:
    """Delete what is ours, of both leaves at once, kind after kind; then wait for Liqo's part.

    ``check_peering`` comes first. Tenant namespaces stay, as Liqo's own commands leave them.
    """
    ours = [each for each in recorded if each.ownership is not Ownership.REUSED]
    for kind in _ORDER:
        batch = [each for each in ours if each.ref.kind == kind]
        deleted = together([_deletion(each, leaves[each.ref.cluster], deadline) for each in batch])
        for each, uid in zip(batch, deleted, strict=True):
            if uid:
                yield Done(each.ref, Verb.DELETED)
    for each in recorded:
        if each.ownership is Ownership.REUSED and each.ref.kind != r.NAMESPACE:
            yield Done(each.ref, Verb.KEPT, "made by somebody else")
        elif each.ref.kind == r.NAMESPACE:
            yield Done(
                each.ref, Verb.KEPT, "tenant namespaces stay, as Liqo's own commands leave them"
            )
    _wait_until_gone(sides, ours, leaves, deadline)


def _deletion(entry: Recorded, cluster: Cluster, deadline: Deadline) -> Callable[[], str]:
    """Delete *entry*; the UID of what was there. Without one its creation was only intended: look."""

    def delete() -> str:
        found = cluster.get(entry.ref)
        if found is None or not _is_meant(found, entry):
            return ""
        cluster.delete(entry.ref, uid_of(found))
        return uid_of(found)

    return lambda: patiently(delete, deadline)


def _is_meant(found: Object, entry: Recorded) -> bool:
    if entry.uid:
        return uid_of(found) == entry.uid
    return labels_of(found).get(r.MANAGED_BY) == r.FIELD_MANAGER


def _wait_until_gone(
    sides: Collection[Side],
    ours: Collection[Recorded],
    leaves: Mapping[str, Cluster],
    deadline: Deadline,
) -> None:
    together(
        [
            _gone_from(leaves[side.leaf], _remains(side, ours), deadline)
            for side in sides
            if any(each.ref.cluster == side.leaf for each in ours)
        ]
    )


def _remains(side: Side, ours: Collection[Recorded]) -> list[Selection]:
    """What we made and what Liqo made of it, the slowest first (a Pod has to end)."""
    selections: list[Selection] = []
    for each in ours:
        if each.ref.cluster != side.leaf or each.ref.kind == r.NAMESPACE:
            continue
        namespace, name = each.ref.namespace, each.ref.name
        if each.ref.kind in (r.GATEWAY_SERVER, r.GATEWAY_CLIENT):
            pods = f"networking.liqo.io/gateway-name={name}"
            selections.append(Selection(r.POD, namespace, labels=pods))
            selections += [
                Selection(kind, namespace, name=f"gw-{name}")
                for kind in (r.DEPLOYMENT, r.SERVICE, r.SECRET, r.CONNECTION)
            ]
            selections += [
                Selection(kind, namespace, name=name)
                for kind in (r.WG_GATEWAY_SERVER, r.WG_GATEWAY_CLIENT, r.SERVICE_ACCOUNT)
            ]
            selections.append(
                Selection(r.INTERNAL_FABRIC, namespace, labels=f"{r.REMOTE_CLUSTER_ID}={side.peer}")
            )
        elif each.ref.kind == r.CONFIGURATION:
            by_peer = f"{r.REMOTE_CLUSTER_ID}={side.peer}"
            selections += [
                Selection(kind, namespace, labels=by_peer)
                for kind in (r.NETWORK, r.FIREWALL_CONFIGURATION, r.ROUTE_CONFIGURATION)
            ]
        selections.append(Selection(each.ref.kind, namespace, name=name))
    return selections


def _gone_from(
    cluster: Cluster, selections: list[Selection], deadline: Deadline
) -> Callable[[], None]:
    def wait() -> None:
        for what in selections:
            try:
                if patiently(lambda what=what: cluster.list(what), deadline).items:  # type: ignore[misc]
                    _watch_until_gone(cluster, what, deadline)
            except Gone:  # a kind this Liqo does not have
                continue

    return wait


def _watch_until_gone(cluster: Cluster, what: Selection, deadline: Deadline) -> None:
    world = World()
    world.follow(cluster, what)
    try:
        while True:
            for news in world.wait(deadline.left()):
                match news:
                    case WatchFailed(error):
                        raise error
                    case Listed() | Changed() if not world.objects:
                        return
                    case _:
                        pass
            if not deadline.left():
                raise _still_there(cluster, what, list(world.objects.values()))
    finally:
        world.close()


def _still_there(cluster: Cluster, what: Selection, left: list[Object]) -> TimedOut:
    names = ", ".join(
        str(body["metadata"]["name"])
        + (
            f" (finalizers {', '.join(held)})"
            if (held := body["metadata"].get("finalizers"))
            else ""
        )
        for body in left
    )
    return TimedOut(
        f"cluster {cluster.name!r}: {what.kind} still there after the deadline: {names}",
        hint="delete again goes on waiting; Liqo's controllers there do the rest",
    )
