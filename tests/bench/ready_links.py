"""Puts ready links into simulated clusters, in much less time than ``create`` takes.

The pure core says what a link needs and how its record reads; each object is a plain POST, and
the simulated Liqo does its part. What comes of it is what ``create`` leaves, but for the order in
which a record names its objects.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.commands.create import CREATED_BY
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link import observe
from kubectl_liqo_shortcut.core.link.facts import Facts, LeafFacts, default_tenant_namespace
from kubectl_liqo_shortcut.core.link.health import health
from kubectl_liqo_shortcut.core.link.inventory import Recorded
from kubectl_liqo_shortcut.core.link.plan import Create, Plan, make_plan
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.shortcut import Shortcut
from kubectl_liqo_shortcut.core.model import (
    HUB,
    ClusterID,
    Object,
    ObjectRef,
    labels_of,
    ref_of,
    uid_of,
)
from kubectl_liqo_shortcut.core.networks import Cidrs, remote_cidrs
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster, Selection
from kubectl_liqo_shortcut.core.record.status import status_of
from kubectl_liqo_shortcut.engine.hub.identity import checked_uid, hub_id
from kubectl_liqo_shortcut.engine.hub.queries import find_configurations
from kubectl_liqo_shortcut.engine.runtime.concurrency import gather
from kubectl_liqo_shortcut.engine.runtime.store import utc_now

_AT_ONCE = 8
_LOOKS, _PAUSE = 100, 0.2  # Liqo is done long before that

Seen = Mapping[str, Mapping[str, Mapping[ObjectRef, Object]]]
"""The objects on each leaf, by the peer that they are about."""
Ends = Mapping[str, observe.End]


def make_ready(open_cluster: OpenCluster, shortcuts: Sequence[Shortcut]) -> None:
    """Make all *shortcuts*, with records that say Ready."""
    hub, renderer = open_cluster(HUB), Renderer(read_template)
    leaves = [open_cluster(leaf) for leaf in {side.leaf for s in shortcuts for side in s.sides}]
    cidrs = {
        labels_of(each)[r.REMOTE_CLUSTER_ID]: remote_cidrs(each)
        for each in find_configurations(hub)
    }
    known = partial(_facts, hub=hub_id(hub), cidrs=cidrs)
    wanted = [renderer.record(each, {CREATED_BY: "tester"}) for each in shortcuts]
    records = gather([partial(hub.create, each) for each in wanted], _AT_ONCE)
    for _ in range(_LOOKS):
        looks = gather([partial(_look, leaf) for leaf in leaves], _AT_ONCE)
        seen = {leaf.name: look for leaf, look in zip(leaves, looks, strict=True)}
        ends = [_ends(each, seen) for each in shortcuts]
        plans = [
            make_plan(renderer.link(each, known(each, end)).ready, end, {})
            for each, end in zip(shortcuts, ends, strict=True)
        ]
        steps = [step.manifest for plan in plans for step in plan.steps if isinstance(step, Create)]
        gather([partial(open_cluster(each.ref.cluster).create, each) for each in steps], _AT_ONCE)
        if all(health(each.values()).ready for each in ends):
            break
        time.sleep(_PAUSE)
    else:
        raise SystemExit("the simulated Liqo does not connect all leaves")
    uids = {leaf.name: checked_uid(leaf) for leaf in leaves}
    write = partial(_write_status, hub, uids)
    gather([partial(write, *each) for each in zip(records, ends, plans, strict=True)], _AT_ONCE)


def _look(leaf: Cluster) -> Mapping[str, Mapping[ObjectRef, Object]]:
    found: dict[str, dict[ObjectRef, Object]] = defaultdict(dict)
    for kind in (*r.LINK_KINDS, r.SECRET, r.CONNECTION):
        for body in leaf.list(Selection(kind, labels=r.REMOTE_CLUSTER_ID)).items:
            found[labels_of(body)[r.REMOTE_CLUSTER_ID]][ref_of(leaf.name, body)] = body
    return found


def _ends(shortcut: Shortcut, seen: Seen) -> Ends:
    return {
        side.leaf: observe.end(side, seen[side.leaf].get(side.peer, {})) for side in shortcut.sides
    }


def _facts(shortcut: Shortcut, ends: Ends, *, hub: ClusterID, cidrs: Mapping[str, Cidrs]) -> Facts:
    leaves = {}
    for side in shortcut.sides:
        known = LeafFacts(
            id=side.leaf,
            cidrs=cidrs[side.leaf],
            tenant_namespace=default_tenant_namespace(side.peer),
            serves_hub=True,
        )
        leaves[side.leaf] = observe.update_facts(known, ends[side.leaf])
    return Facts(hub, leaves)


def _write_status(
    hub: Cluster, uids: Mapping[str, str], record: Object, ends: Ends, plan: Plan
) -> None:
    ours = [
        Recorded(ref_of(leaf, body), uid_of(body), ownership) for leaf, body, ownership in plan.ours
    ]
    status = status_of(record, ends.values(), ours, cluster_uids=uids, now=utc_now())
    hub.patch(ref_of(HUB, record), {"status": status}, subresource="status")
