"""All that one leaf shows of its links, by one list for each kind."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Self

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.diagnosis.causes import CauseName
from kubectl_liqo_shortcut.core.link.facts import default_tenant_namespace
from kubectl_liqo_shortcut.core.link.observe import Objects
from kubectl_liqo_shortcut.core.model import (
    ClusterID,
    Object,
    ObjectRef,
    name_of,
    namespace_of,
    peer_of,
    ref_of,
)
from kubectl_liqo_shortcut.core.networks import Cidrs
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster, Selection
from kubectl_liqo_shortcut.engine.hub.identity import checked_uid
from kubectl_liqo_shortcut.engine.hub.queries import who_am_i
from kubectl_liqo_shortcut.engine.runtime.concurrency import (
    Deadline,
    Future,
    gather,
    retry_transient,
)
from kubectl_liqo_shortcut.engine.snapshot.networks import own_cidrs
from kubectl_liqo_shortcut.errors import Forbidden, Gone, NoLiqo, Refused, ShortcutError

_BY_GATEWAY = "networking.liqo.io/component=gateway"
_EVERYWHERE = (
    Selection(r.NAMESPACE, labels=f"{r.REMOTE_CLUSTER_ID},{r.TENANT_NAMESPACE}"),
    *(
        Selection(kind, labels=r.REMOTE_CLUSTER_ID)
        for kind in (r.CONFIGURATION, r.GATEWAY_SERVER, r.GATEWAY_CLIENT)
    ),
)
_TUNNELS = (
    Selection(r.CONNECTION, labels=r.REMOTE_CLUSTER_ID),
    Selection(r.PUBLIC_KEY, labels=r.REMOTE_CLUSTER_ID),
)
"""Where these may not be listed everywhere, they are in the tenant namespaces."""

_GATEWAYS = (Selection(r.POD, labels=_BY_GATEWAY), Selection(r.SERVICE, labels=_BY_GATEWAY))
"""Only in the tenant namespaces that matter: nobody needs to see the Pods of others."""

_AT_ONCE = 3  # lists of one leaf: a connection costs more than an answer
_FEW = 4  # namespaces that are asked one by one: of more, one list of all is tried first


@dataclasses.dataclass(frozen=True, slots=True)
class LeafSnapshot:
    """What it shows of whatever link."""

    name: str
    uid: str  # of its kube-system namespace
    objects: Objects
    unseen: frozenset[str]  # kinds that the user may not look at
    now: str = ""  # by its API server's clock; to explain
    cidrs: Cidrs | None = None  # its own; to plan
    _by_peer: Mapping[str, Objects] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(
        cls,
        name: str,
        uid: str,
        bodies: Iterable[Object],
        unseen: frozenset[str] = frozenset(),
        *,
        now: str = "",
        cidrs: Cidrs | None = None,
    ) -> Self:
        """The snapshot that holds *bodies*."""
        objects = {ref_of(name, each): each for each in bodies}
        by_peer: dict[str, dict[ObjectRef, Object]] = {}
        for ref, body in objects.items():
            if peer := peer_of(body):
                by_peer.setdefault(peer, {})[ref] = body
        return cls(name, uid, objects, unseen, now, cidrs, by_peer)

    def of_peer(self, peer: str) -> Objects:
        """What there is of a link with *peer*."""
        return self._by_peer.get(peer, {})

    def has(self, kind: r.Kind, peer: str) -> bool:
        """Whether there is such an object for *peer*."""
        return any(ref.kind == kind for ref in self.of_peer(peer))


@dataclasses.dataclass(frozen=True, slots=True)
class UnreachableLeaf:
    """Why a leaf shows nothing: in one word, and in a sentence."""

    reason: CauseName
    message: str

    @classmethod
    def of(cls, error: ShortcutError) -> UnreachableLeaf:
        words = {
            NoLiqo: CauseName.NO_LIQO,
            Forbidden: CauseName.FORBIDDEN,
            Refused: CauseName.ANOTHER_CLUSTER,
        }
        reasons = (word for kind, word in words.items() if isinstance(error, kind))
        return cls(next(reasons, CauseName.LEAF_UNREACHABLE), error.message)


def snapshot_leaf(
    open_cluster: OpenCluster, name: str, peers: Collection[str], deadline: Deadline
) -> LeafSnapshot:
    """What it shows of its links with *peers*, to explain them: also their gateways' Pods.

    Raises if it does not answer, or another cluster does.
    """
    cluster = open_cluster(name)
    uid = retry_transient(lambda: checked_uid(cluster), deadline, first_look=True)
    clock = Future(partial(retry_transient, partial(who_am_i, cluster), deadline))
    asked = (*_EVERYWHERE, *_TUNNELS)
    found = gather([partial(list_if_allowed, cluster, what, deadline) for what in asked], _AT_ONCE)
    tenants = _tenants(found[0], peers)
    late = {
        what: partial(list_in_each, cluster, what, tenants, deadline)
        for what, items in zip(asked, found, strict=True)
        if items is None and what in _TUNNELS
    }
    late |= {what: partial(list_in, cluster, what, tenants, deadline) for what in _GATEWAYS}
    seen = dict(zip(asked, found, strict=True))
    seen |= zip(late, gather(late.values()), strict=True)
    bodies = (body for items in seen.values() for body in items or ())
    unseen = frozenset(what.kind.kind for what, items in seen.items() if items is None)
    now = str(clock.result()["metadata"].get("creationTimestamp") or "")
    return LeafSnapshot.of(name, uid, bodies, unseen, now=now)


def snapshot_leaf_to_plan(
    open_cluster: OpenCluster, name: str, peers: Collection[str], deadline: Deadline
) -> LeafSnapshot:
    """The same, to plan its links: with its own networks.

    Raises too where it does not show all: what is not seen must not count as not there.
    """
    cluster = open_cluster(name)
    uid = retry_transient(lambda: checked_uid(cluster), deadline, first_look=True)
    cidrs = Future(partial(retry_transient, partial(own_cidrs, cluster), deadline))

    def ask(what: Selection) -> Sequence[Object]:
        return retry_transient(lambda: cluster.list(what), deadline).items

    def ask_or_narrow(what: Selection) -> Sequence[Object] | None:
        with contextlib.suppress(Forbidden):
            return ask(what)
        return None

    asks: list[Callable[[], Sequence[Object] | None]] = [
        *(partial(ask, what) for what in _EVERYWHERE),
        *(partial(ask_or_narrow, what) for what in _TUNNELS),
    ]
    found = gather(asks, _AT_ONCE)
    narrow = [
        dataclasses.replace(what, namespace=each)
        for what, items in zip(_TUNNELS, found[len(_EVERYWHERE) :], strict=True)
        if items is None
        for each in _tenants(found[0], peers)
    ]
    found += gather([partial(ask, what) for what in narrow], _AT_ONCE)
    bodies = (body for items in found for body in items or ())
    return LeafSnapshot.of(name, uid, bodies, cidrs=cidrs.result())


def _tenants(namespaces: Sequence[Object] | None, peers: Collection[str]) -> list[str]:
    """The tenant namespaces for *peers*, by their labels; else as Liqo names them."""
    if namespaces is None:
        return [default_tenant_namespace(ClusterID(peer)) for peer in sorted(peers)]
    return [name_of(each) for each in namespaces if peer_of(each) in peers]


def list_if_allowed(
    cluster: Cluster, what: Selection, deadline: Deadline
) -> Sequence[Object] | None:
    """None if the user may not."""
    try:
        return retry_transient(lambda: cluster.list(what), deadline).items
    except Forbidden:
        return None
    except Gone:  # a kind this Liqo does not have
        return ()


def list_in(
    cluster: Cluster, what: Selection, namespaces: Collection[str], deadline: Deadline
) -> Sequence[Object] | None:
    """*what*, in *namespaces* alone; None if that is not allowed in any of them.

    Where they are few, no right on others is needed; of many, a list of all is one question.
    """
    everything = None
    if len(namespaces) > _FEW:
        everything = list_if_allowed(cluster, what, deadline)
    if everything is None:
        return list_in_each(cluster, what, namespaces, deadline)
    return [each for each in everything if namespace_of(each) in namespaces]


def list_in_each(
    cluster: Cluster, what: Selection, namespaces: Iterable[str], deadline: Deadline
) -> Sequence[Object] | None:
    """The same, one by one."""
    narrow = [dataclasses.replace(what, namespace=each) for each in namespaces]
    found = gather([partial(list_if_allowed, cluster, each, deadline) for each in narrow])
    allowed = [items for items in found if items is not None]
    if narrow and not allowed:
        return None
    return [body for items in allowed for body in items]
