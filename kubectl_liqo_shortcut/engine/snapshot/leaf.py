"""All that one leaf shows of its links, by one list for each kind."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Self

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.diagnosis.causes import CauseName
from kubectl_liqo_shortcut.core.link.facts import default_tenant_namespace
from kubectl_liqo_shortcut.core.link.observe import Objects
from kubectl_liqo_shortcut.core.model import ClusterID, Object, ObjectRef, labels_of, ref_of
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


class Purpose(enum.Enum):
    """What a snapshot is for: it holds no more than that needs."""

    EXPLAIN = "to explain links: with their gateways' Pods and Services, and the leaf's clock"
    PLAN = "to plan links: with the leaf's own networks"


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
            if peer := labels_of(body).get(r.REMOTE_CLUSTER_ID):
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
    open_cluster: OpenCluster,
    name: str,
    peers: Collection[str],
    purpose: Purpose,
    deadline: Deadline,
) -> LeafSnapshot:
    """What it shows of its links with *peers*.

    Raises if it does not answer, or another cluster does.
    """
    cluster = open_cluster(name)
    uid = retry_transient(lambda: checked_uid(cluster), deadline, first_look=True)
    if purpose is Purpose.EXPLAIN:
        clock = Future(partial(retry_transient, partial(who_am_i, cluster), deadline))
        seen = _look(cluster, peers, purpose, deadline)
        now = str(clock.result()["metadata"].get("creationTimestamp") or "")
        return _snapshot(name, uid, seen, now=now)
    cidrs = Future(partial(retry_transient, partial(own_cidrs, cluster), deadline))
    seen = _look(cluster, peers, purpose, deadline)
    return _snapshot(name, uid, seen, cidrs=cidrs.result())


def _look(
    cluster: Cluster, peers: Collection[str], purpose: Purpose, deadline: Deadline
) -> dict[Selection, Sequence[Object] | None]:
    """Everywhere what links consist of, and in the tenant namespaces what only matters there."""
    asked = (*_EVERYWHERE, *_TUNNELS)
    found = gather([partial(list_if_allowed, cluster, what, deadline) for what in asked], _AT_ONCE)
    tenants = _tenants(found[0], peers)
    to_plan = purpose is Purpose.PLAN
    late = {
        what: partial(list_in_each, cluster, what, tenants, deadline, whole=to_plan)
        for what, items in zip(asked, found, strict=True)
        if items is None and what in _TUNNELS
    }
    if not to_plan:
        late |= {what: partial(list_in, cluster, what, tenants, deadline) for what in _GATEWAYS}
    seen = dict(zip(asked, found, strict=True))
    seen |= zip(late, gather(late.values()), strict=True)
    return seen


def _snapshot(
    name: str,
    uid: str,
    seen: Mapping[Selection, Sequence[Object] | None],
    *,
    now: str = "",
    cidrs: Cidrs | None = None,
) -> LeafSnapshot:
    bodies = (body for items in seen.values() for body in items or ())
    unseen = frozenset(what.kind.kind for what, items in seen.items() if items is None)
    return LeafSnapshot.of(name, uid, bodies, unseen, now=now, cidrs=cidrs)


def _tenants(namespaces: Sequence[Object] | None, peers: Collection[str]) -> list[str]:
    """The tenant namespaces for *peers*, by their labels; else as Liqo names them."""
    if namespaces is None:
        return [default_tenant_namespace(ClusterID(peer)) for peer in sorted(peers)]
    return [
        str(each["metadata"]["name"])
        for each in namespaces
        if labels_of(each).get(r.REMOTE_CLUSTER_ID) in peers
    ]


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
    return [each for each in everything if each["metadata"]["namespace"] in namespaces]


def list_in_each(
    cluster: Cluster,
    what: Selection,
    namespaces: Iterable[str],
    deadline: Deadline,
    *,
    whole: bool = False,
) -> Sequence[Object] | None:
    """The same, one by one; a *whole* list is None if it is not allowed in one of them."""
    narrow = [dataclasses.replace(what, namespace=each) for each in namespaces]
    found = gather([partial(list_if_allowed, cluster, each, deadline) for each in narrow])
    allowed = [items for items in found if items is not None]
    if narrow and (not allowed or (whole and len(allowed) < len(narrow))):
        return None
    return [body for items in allowed for body in items]
