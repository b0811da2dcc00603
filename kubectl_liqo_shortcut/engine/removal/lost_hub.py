"""The hub's cluster ID where the hub itself does not tell it any more: Liqo was uninstalled there.

Without it nobody knows which labels the link's objects bear. So they are asked themselves: those
that the record knows by their UIDs say for which hub they were made.
"""

from __future__ import annotations

from collections.abc import Mapping

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.inventory import Ownership, objects_of
from kubectl_liqo_shortcut.core.link.shortcut import pair_of
from kubectl_liqo_shortcut.core.model import Object, labels_of, uid_of
from kubectl_liqo_shortcut.core.ports import Cluster
from kubectl_liqo_shortcut.engine.link.labelled import look_for_labelled
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline


def borne_hub_id(record: Object, leaves: Mapping[str, Cluster], deadline: Deadline) -> str | None:
    """The hub's ID that the objects of *record* on *leaves* bear; "" where nothing is left there.

    None where that cannot be told: what bears the link's name is not on record, or is of two hubs.
    """
    pair = pair_of(record)
    named = {r.MANAGED_BY: r.MANAGED_BY_US, r.SHORTCUT_NAME: pair.name}
    labelled, _ = look_for_labelled(pair.sides, named, leaves, deadline)
    recorded = objects_of(record).values()
    ours = {each.uid for each in recorded if each.uid and each.ownership is not Ownership.REUSED}
    found = [body for each in labelled.values() for body in each.found]
    hubs = {labels_of(body).get(r.SHORTCUT_HUB, "") for body in found if uid_of(body) in ours}
    if len(hubs) == 1:
        return hubs.pop() or None
    if not hubs and all(body["kind"] == r.NAMESPACE.kind for body in found):
        return ""
    return None
