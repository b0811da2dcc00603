"""All that one leaf shows of its links, by one list for each kind."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Sequence
from functools import partial

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.diagnosis.causes import CauseName
from kubectl_liqo_shortcut.core.diagnosis.observed import ObservedLeaf
from kubectl_liqo_shortcut.core.link import observe
from kubectl_liqo_shortcut.core.link.facts import default_tenant_namespace
from kubectl_liqo_shortcut.core.link.observe import Objects
from kubectl_liqo_shortcut.core.link.shortcut import Side
from kubectl_liqo_shortcut.core.model import ClusterID, Object, labels_of, ref_of
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster, Selection
from kubectl_liqo_shortcut.engine.hub.identity import checked_uid, recorded_uid
from kubectl_liqo_shortcut.engine.hub.queries import who_am_i
from kubectl_liqo_shortcut.engine.runtime.concurrency import (
    Deadline,
    Future,
    gather,
    retry_transient,
)
from kubectl_liqo_shortcut.errors import (
    ClusterError,
    Forbidden,
    Gone,
    NoLiqo,
    Refused,
    ShortcutError,
)

_BY_GATEWAY = "networking.liqo.io/component=gateway"
_GATEWAY_NAME = "networking.liqo.io/gateway-name"
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

_FEW = 4  # namespaces that are asked one by one: of more, one list of all is tried first


@dataclasses.dataclass(frozen=True, slots=True)
class LeafSnapshot:
    """What it shows of whatever link."""

    name: str
    uid: str  # of its kube-system namespace
    now: str  # by its API server's clock
    objects: Objects
    unseen: frozenset[str]  # kinds that the user may not look at


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
    """What it shows of its links with *peers*.

    Raises if it does not answer, or another cluster does.
    """
    cluster = open_cluster(name)
    uid = retry_transient(lambda: checked_uid(cluster), deadline, first_look=True)
    clock = Future(partial(retry_transient, partial(who_am_i, cluster), deadline))
    asked = (*_EVERYWHERE, *_TUNNELS)
    found = gather([partial(list_if_allowed, cluster, what, deadline) for what in asked])
    tenants = _tenants(found[0], peers)
    late = {
        what: partial(list_in_each, cluster, what, tenants, deadline)
        for what, items in zip(asked, found, strict=True)
        if items is None and what in _TUNNELS
    }
    late |= {what: partial(list_in, cluster, what, tenants, deadline) for what in _GATEWAYS}
    seen = dict(zip(asked, found, strict=True))
    seen |= zip(late, gather(late.values()), strict=True)
    now = str(clock.result()["metadata"].get("creationTimestamp") or "")
    bodies = (body for items in seen.values() for body in items or ())
    objects = {ref_of(name, each): each for each in bodies}
    unseen = frozenset(what.kind.kind for what, items in seen.items() if items is None)
    return LeafSnapshot(name, uid, now, objects, unseen)


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
    cluster: Cluster, what: Selection, namespaces: Iterable[str], deadline: Deadline
) -> Sequence[Object] | None:
    """The same, one by one."""
    narrow = [dataclasses.replace(what, namespace=each) for each in namespaces]
    found = gather([partial(list_if_allowed, cluster, each, deadline) for each in narrow])
    allowed = [items for items in found if items is not None]
    if narrow and not allowed:
        return None
    return [body for items in allowed for body in items]


def observed_leaf(
    side: Side, leaf: LeafSnapshot | UnreachableLeaf, record: Object | None
) -> ObservedLeaf:
    """What *leaf* shows of its end of one link, without its key."""
    if isinstance(leaf, UnreachableLeaf):
        return ObservedLeaf(leaf=side.leaf, reason=leaf.reason, error=leaf.message)
    recorded = recorded_uid(record, side.leaf)
    if recorded not in ("", leaf.uid):
        error = "it was rebuilt: it is not the cluster that the shortcut was made on"
        return ObservedLeaf(leaf=side.leaf, reason=CauseName.REBUILT, error=error)
    try:
        end = observe.end(side, _of_peer(side, leaf.objects))
    except Refused as refused:
        return ObservedLeaf(leaf=side.leaf, reason=CauseName.TWO_OF_A_KIND, error=refused.message)
    pods, services = (
        tuple(
            body
            for ref, body in leaf.objects.items()
            if ref.kind == kind and end.gateway is not None and _is_of(body, end.gateway)
        )
        for kind in (r.POD, r.SERVICE)
    )
    return ObservedLeaf(
        leaf=side.leaf,
        end=end,
        uid=leaf.uid,
        now=leaf.now,
        pods=pods,
        services=services,
        unseen=leaf.unseen,
    )


def _of_peer(side: Side, objects: Objects) -> Objects:
    return {
        ref: body
        for ref, body in objects.items()
        if labels_of(body).get(r.REMOTE_CLUSTER_ID) == side.peer
    }


def _is_of(body: Object, gateway: Object) -> bool:
    """Whether a Pod or Service was made for *gateway*, as its labels say."""
    at = gateway["metadata"]
    named = labels_of(body).get(_GATEWAY_NAME) == at["name"]
    return named and bool(body["metadata"].get("namespace") == at["namespace"])


def with_key(seen: ObservedLeaf, open_cluster: OpenCluster, deadline: Deadline) -> ObservedLeaf:
    """*seen*, with the Secret of its gateway: by name, so that no other one is read."""
    end = seen.end
    if end is None or end.gateway is None:
        return seen
    name = observe.key_secret_name(end.side, end.gateway)
    what = Selection(r.SECRET, end.gateway["metadata"]["namespace"], name=name)
    try:
        found = list_if_allowed(open_cluster(seen.leaf), what, deadline)
    except ClusterError:  # it has shown the rest: that is told
        found = None
    if found is None:
        return dataclasses.replace(seen, unseen=seen.unseen | {r.SECRET.kind})
    end = dataclasses.replace(end, secret=next(iter(found), None))
    return dataclasses.replace(seen, end=end, key_asked=True)
