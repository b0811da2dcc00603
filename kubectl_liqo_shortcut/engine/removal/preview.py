"""What a removal would find and delete, by its own rules; nothing is written."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.inventory import Ownership, Recorded, objects_of
from kubectl_liqo_shortcut.core.link.ownership import Membership, ownership_labels
from kubectl_liqo_shortcut.core.link.plan import Observed
from kubectl_liqo_shortcut.core.link.shortcut import pair_of, reclaims_namespaces
from kubectl_liqo_shortcut.core.model import HUB, Object
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster
from kubectl_liqo_shortcut.engine.hub.identity import hub_id, not_identified
from kubectl_liqo_shortcut.engine.link.labelled import look_for_labelled
from kubectl_liqo_shortcut.engine.removal.peering import check_peering
from kubectl_liqo_shortcut.engine.removal.remove import Found, judge_removal
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, gather_each, retry_transient
from kubectl_liqo_shortcut.errors import ShortcutError


@dataclasses.dataclass(frozen=True, slots=True)
class Removable:
    """What would go, and for each leaf that was not looked at: why (``Rebuilt``: nothing there)."""

    found: tuple[Observed, ...] = ()
    errors: Mapping[str, ShortcutError] = dataclasses.field(default_factory=dict)


def find_removable(record: Object, open_cluster: OpenCluster, deadline: Deadline) -> Removable:
    """Look at both leaves for what *record* calls ours. Raises ``InUseByPeering``: nothing goes."""
    pair, hub = pair_of(record), open_cluster(HUB)
    leaves: dict[str, Cluster] = {side.leaf: open_cluster(side.leaf) for side in pair.sides}
    errors = not_identified(record, leaves, deadline)
    alive = {leaf: cluster for leaf, cluster in leaves.items() if leaf not in errors}
    marked = ownership_labels(
        pair.name, retry_transient(lambda: hub_id(hub), deadline, first_look=True)
    )
    labelled, failed = look_for_labelled(pair.sides, marked, alive, deadline)
    errors |= failed
    recorded = objects_of(record).values()
    going = {
        each.ref: partial(retry_transient, partial(_find, each, known.membership, alive), deadline)
        for leaf, known in labelled.items()
        for each in _going(record, known.inventory(leaf, recorded))
    }
    if going:
        there = {leaf: alive[leaf] for leaf in labelled}
        errors |= check_peering(pair.sides, there, deadline, first_look=True)
    found, failures = gather_each(
        {ref: look for ref, look in going.items() if ref.cluster not in errors}
    )
    errors |= {ref.cluster: error for ref, error in failures.items()}
    return Removable(
        tuple((ref.cluster, body) for ref, body in found.items() if body is not None), errors
    )


def _going(record: Object, entries: Iterable[Recorded]) -> Iterator[Recorded]:
    """What is ours and goes; tenant namespaces only where the record says so."""
    for each in entries:
        goes = each.ref.kind != r.NAMESPACE or reclaims_namespaces(record)
        if goes and each.ownership is not Ownership.REUSED:
            yield each


def _find(entry: Recorded, membership: Membership, leaves: Mapping[str, Cluster]) -> Object | None:
    found = leaves[entry.ref.cluster].get(entry.ref)
    return found if judge_removal(found, entry, membership) is Found.OURS else None
