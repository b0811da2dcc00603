"""What is left of a link after its objects were deleted: Liqo's own part goes a bit later."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Collection, Iterator

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.inventory import Recorded
from kubectl_liqo_shortcut.core.link.observe import is_owned_by
from kubectl_liqo_shortcut.core.link.shortcut import Side
from kubectl_liqo_shortcut.core.model import Object, name_of, uid_of
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, retry_transient
from kubectl_liqo_shortcut.engine.runtime.store import wait_for
from kubectl_liqo_shortcut.errors import Gone, TimedOut

_GATEWAYS = (r.GATEWAY_SERVER, r.GATEWAY_CLIENT)


@dataclasses.dataclass(frozen=True, slots=True)
class Leftovers:
    """Objects to wait for; with *uid* or *owner* (a UID), only that one, or those it owns."""

    what: Selection
    uid: str = ""
    owner: str = ""

    def includes(self, body: Object) -> bool:
        if self.uid and uid_of(body) != self.uid:
            return False
        return not self.owner or is_owned_by(body, self.owner)


def gone_from(
    side: Side, ours: Collection[Recorded], leaf: Cluster, deadline: Deadline
) -> Callable[[], None]:
    """Waits until nothing is left on *leaf* of *ours* and of what Liqo made of it."""
    return _gone_from(leaf, list(_of_side(side, ours)), deadline)


def _of_side(side: Side, ours: Collection[Recorded]) -> Iterator[Leftovers]:
    """The slowest first: a Pod has to end, the rest is gone by then."""
    here = [each for each in ours if each.ref.cluster == side.leaf]
    gateways = [each for each in here if each.ref.kind in _GATEWAYS]
    for each in gateways:
        yield from _of_gateway(side, each)
    for each in here:
        if each.ref.kind == r.CONFIGURATION:
            yield from _of_configuration(side, each, alone=not gateways)
    for each in here:
        if each.ref.kind != r.NAMESPACE and each.uid:
            yield Leftovers(
                Selection(each.ref.kind, each.ref.namespace, name=each.ref.name), each.uid
            )


def gateway_gone(
    side: Side, gateway: Recorded, leaf: Cluster, deadline: Deadline
) -> Callable[[], None]:
    """Waits until *gateway* and all that Liqo made of it is gone from *leaf*."""
    what = Selection(gateway.ref.kind, gateway.ref.namespace, name=gateway.ref.name)
    return _gone_from(leaf, [*_of_gateway(side, gateway), Leftovers(what, gateway.uid)], deadline)


def _of_gateway(side: Side, gateway: Recorded) -> Iterator[Leftovers]:
    namespace, name = gateway.ref.namespace, gateway.ref.name
    yield Leftovers(Selection(r.POD, namespace, labels=f"networking.liqo.io/gateway-name={name}"))
    for kind in (r.DEPLOYMENT, r.SERVICE, r.SECRET, r.CONNECTION):
        yield Leftovers(Selection(kind, namespace, name=f"gw-{name}"))
    for kind in (r.WG_GATEWAY_SERVER, r.WG_GATEWAY_CLIENT, r.SERVICE_ACCOUNT):
        yield Leftovers(Selection(kind, namespace, name=name))
    yield Leftovers(Selection(r.INTERNAL_FABRIC, namespace, labels=_by_peer(side)))


def _of_configuration(side: Side, entry: Recorded, *, alone: bool) -> Iterator[Leftovers]:
    """*alone*: the gateway is somebody else's, so its routes and rules stay."""
    for kind in (r.NETWORK, r.FIREWALL_CONFIGURATION, r.ROUTE_CONFIGURATION):
        what = Selection(kind, entry.ref.namespace, labels=_by_peer(side))
        yield Leftovers(what, owner=entry.uid if alone else "")


def _by_peer(side: Side) -> str:
    return f"{r.REMOTE_CLUSTER_ID}={side.peer}"


def _gone_from(
    cluster: Cluster, remains: Collection[Leftovers], deadline: Deadline
) -> Callable[[], None]:
    def wait() -> None:
        for each in remains:
            try:
                listing = retry_transient(functools.partial(cluster.list, each.what), deadline)
            except Gone:  # a kind this Liqo does not have
                continue
            if any(map(each.includes, listing.items)):
                _watch_until_gone(cluster, each, deadline)

    return wait


def _watch_until_gone(cluster: Cluster, remains: Leftovers, deadline: Deadline) -> None:
    def gone(found: Collection[Object]) -> bool:
        return not any(map(remains.includes, found))

    left = wait_for(cluster, remains.what, deadline, gone)
    if not gone(left):
        raise _still_there(cluster, remains.what, left)


def _still_there(cluster: Cluster, what: Selection, left: Collection[Object]) -> TimedOut:
    return TimedOut(
        f"cluster {cluster.name!r}: {what.kind} still there after the deadline: "
        + ", ".join(map(_words, left)),
        hint="delete again goes on waiting; Liqo's controllers there do the rest",
    )


def _words(body: Object) -> str:
    held = ", ".join(body["metadata"].get("finalizers") or ())
    return name_of(body) + (f" (finalizers {held})" if held else "")
