"""Looking at links without touching them: what ``get --live``, ``describe`` and ``why`` tell of.

Each leaf is asked once for each kind, whatever the number of links; all leaves at once.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Mapping
from functools import partial

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.diagnosis.causes import CauseName
from kubectl_liqo_shortcut.core.diagnosis.observed import ObservedLeaf, ObservedLink
from kubectl_liqo_shortcut.core.link import observe
from kubectl_liqo_shortcut.core.link.inventory import objects_of
from kubectl_liqo_shortcut.core.link.lost import unfound
from kubectl_liqo_shortcut.core.link.shortcut import Shortcut, Side
from kubectl_liqo_shortcut.core.model import (
    ClusterID,
    Object,
    ObjectRef,
    labels_of,
    name_of,
    namespace_of,
    ref_of,
)
from kubectl_liqo_shortcut.core.networks import Cidrs
from kubectl_liqo_shortcut.core.ports import OpenCluster, Selection
from kubectl_liqo_shortcut.engine.hub.identity import recorded_uid
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, gather, room
from kubectl_liqo_shortcut.engine.snapshot.leaf import (
    LeafSnapshot,
    UnreachableLeaf,
    list_if_allowed,
)
from kubectl_liqo_shortcut.errors import ClusterError, Refused

_GATEWAY_NAME = "networking.liqo.io/gateway-name"


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """Two leaves, the link that they have or should have, and its record, if there is one."""

    shortcut: Shortcut
    record: Object | None


def observe_links(
    hub: ClusterID,
    networks: Mapping[str, Cidrs | None],
    pairs: Mapping[str, Pair],
    leaves: Mapping[str, LeafSnapshot | UnreachableLeaf],
    open_cluster: OpenCluster,
    deadline: Deadline,
    *,
    every_key: bool = True,
) -> dict[str, ObservedLink]:
    """What is to be seen of each of *pairs*; *networks* are the leaves', as the *hub* knows them.

    Without *every_key*, keys are compared only where a tunnel is not up: each is asked for by
    name, by one request.
    """
    seen = {
        (name, side.leaf): observed_leaf(side, leaves[side.leaf], pair.record)
        for name, pair in pairs.items()
        for side in pair.shortcut.sides
    }
    hidden = {
        (name, side.leaf): partial(_with_unseen, side, leaf, pair.record, open_cluster, deadline)
        for name, pair in pairs.items()
        for side in pair.shortcut.sides
        for leaf in (leaves[side.leaf],)
        if isinstance(leaf, LeafSnapshot) and _lacks(seen[name, side.leaf], pair.record)
    }
    seen |= dict(zip(hidden, gather(hidden.values(), room()), strict=True))
    wanted = {
        (name, side.leaf): partial(with_key, seen[name, side.leaf], open_cluster, deadline)
        for name, pair in pairs.items()
        for side in pair.shortcut.sides
        if seen[name, side.leaf].end is not None and (every_key or not _is_up(seen, name, pair))
    }
    seen |= dict(zip(wanted, gather(wanted.values(), room()), strict=True))
    return {
        name: ObservedLink(
            hub=hub,
            shortcut=pair.shortcut,
            record=pair.record,
            known=networks,
            leaves={side.leaf: seen[name, side.leaf] for side in pair.shortcut.sides},
        )
        for name, pair in pairs.items()
    }


def _is_up(seen: Mapping[tuple[str, ClusterID], ObservedLeaf], name: str, pair: Pair) -> bool:
    return all(seen[name, side.leaf].is_connected for side in pair.shortcut.sides)


def _lacks(seen: ObservedLeaf, record: Object | None) -> list[ObjectRef]:
    """What is on record as ours and was not found by its labels."""
    ends = [seen.end] if seen.end else []
    return [ref for ref in unfound(ends, objects_of(record)) if ref.kind.kind not in seen.unseen]


def _with_unseen(
    side: Side,
    leaf: LeafSnapshot,
    record: Object | None,
    open_cluster: OpenCluster,
    deadline: Deadline,
) -> ObservedLeaf:
    """What *leaf* shows, also of objects without the label that Liqo finds them by."""
    found: list[Object] = []
    for ref in _lacks(observed_leaf(side, leaf, record), record):
        what = Selection(ref.kind, ref.namespace, name=ref.name)
        with contextlib.suppress(ClusterError):  # it has shown the rest: that is told
            found += list_if_allowed(open_cluster(side.leaf), what, deadline) or ()
    return observed_leaf(side, leaf, record, found)


def observed_leaf(
    side: Side,
    leaf: LeafSnapshot | UnreachableLeaf,
    record: Object | None,
    unlabelled: Iterable[Object] = (),
) -> ObservedLeaf:
    """What *leaf* shows of its end of one link, without its key."""
    if isinstance(leaf, UnreachableLeaf):
        return ObservedLeaf(leaf=side.leaf, reason=leaf.reason, error=leaf.message)
    recorded = recorded_uid(record, side.leaf)
    if recorded not in ("", leaf.uid):
        error = "it was rebuilt: it is not the cluster that the shortcut was made on"
        return ObservedLeaf(leaf=side.leaf, reason=CauseName.REBUILT, error=error)
    try:
        others = {ref_of(side.leaf, body): body for body in unlabelled}
        end = observe.end(side, {**leaf.of_peer(side.peer), **others})
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


def _is_of(body: Object, gateway: Object) -> bool:
    """Whether a Pod or Service was made for *gateway*, as its labels say."""
    named = labels_of(body).get(_GATEWAY_NAME) == name_of(gateway)
    return named and namespace_of(body) == namespace_of(gateway)


def with_key(seen: ObservedLeaf, open_cluster: OpenCluster, deadline: Deadline) -> ObservedLeaf:
    """*seen*, with the Secret of its gateway: by name, so that no other one is read."""
    end = seen.end
    if end is None or end.gateway is None:
        return seen
    what = observe.key_secret(end.side, namespace_of(end.gateway), end.gateway)
    try:
        found = list_if_allowed(open_cluster(seen.leaf), what, deadline)
    except ClusterError:  # it has shown the rest: that is told
        found = None
    if found is None:
        return dataclasses.replace(seen, unseen=seen.unseen | {r.SECRET.kind})
    end = dataclasses.replace(end, secret=next(iter(found), None))
    return dataclasses.replace(seen, end=end, key_asked=True)
