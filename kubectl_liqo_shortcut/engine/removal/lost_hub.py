"""The hub's cluster ID where the hub itself does not tell it any more: Liqo was uninstalled there.

Without it nobody knows which labels the link's objects bear. So they are asked themselves: those
that the record knows by their UIDs say for which hub they were made.

A record's status is input. So a hub to which a leaf has its tunnel is not taken for this one: it
lives, and what bears its ID is another hub's, or this one has Liqo in another namespace.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.inventory import Ownership, objects_of
from kubectl_liqo_shortcut.core.link.shortcut import pair_of
from kubectl_liqo_shortcut.core.model import Object, labels_of, uid_of
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.core.readiness import readiness
from kubectl_liqo_shortcut.engine.link.labelled import list_of, look_for_labelled
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, gather
from kubectl_liqo_shortcut.errors import Refused


def borne_hub_id(record: Object, leaves: Mapping[str, Cluster], deadline: Deadline) -> str | None:
    """The hub's ID that the objects of *record* on *leaves* bear; "" where nothing is left there.

    None where that cannot be told: what bears the link's name is not on record, or is of two hubs.
    Refuses a hub that lives.
    """
    pair = pair_of(record)
    named = {r.MANAGED_BY: r.MANAGED_BY_US, r.SHORTCUT_NAME: pair.name}
    labelled, _ = look_for_labelled(pair.sides, named, leaves, deadline)
    recorded = objects_of(record).values()
    ours = {each.uid for each in recorded if each.uid and each.ownership is not Ownership.REUSED}
    found = [body for each in labelled.values() for body in each.found]
    hubs = {labels_of(body).get(r.SHORTCUT_HUB, "") for body in found if uid_of(body) in ours}
    if len(hubs) == 1:
        (hub,) = hubs
        answering = [leaves[leaf] for leaf in labelled]
        if hub and _lives(hub, answering, deadline):
            raise Refused(
                f"the hub does not tell its cluster ID, the link's objects bear {hub}, and a "
                f"leaf's tunnel to {hub} is Connected: that is another hub, or a hub with Liqo in "
                "another namespace",
                hint="--context leads to the hub, --liqo-namespace says where its Liqo is; where "
                "Liqo was uninstalled there and its gateways stayed, delete those there first",
            )
        return hub or None
    if not hubs and all(body["kind"] == r.NAMESPACE.kind for body in found):
        return ""
    return None


def _lives(hub: str, leaves: Iterable[Cluster], deadline: Deadline) -> bool:
    what = Selection(r.CONNECTION, labels=f"{r.REMOTE_CLUSTER_ID}={hub}")
    found = gather([partial(list_of, leaf, what, deadline) for leaf in leaves])
    return any(readiness(each) for tunnels in found for each in tunnels)
