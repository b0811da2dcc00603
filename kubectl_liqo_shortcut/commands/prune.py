"""``sync --prune``: objects that bear this hub's label and that no record knows."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Tell
from kubectl_liqo_shortcut.core.link.field_managers import labelled_by_us
from kubectl_liqo_shortcut.core.link.inventory import Ownership, Recorded, objects_of
from kubectl_liqo_shortcut.core.link.ownership import ownership_labels
from kubectl_liqo_shortcut.core.link.shortcut import Shortcut
from kubectl_liqo_shortcut.core.model import (
    HUB,
    Object,
    ObjectRef,
    cluster_id,
    labels_of,
    name_of,
    ref_of,
    shortcut_name,
    uid_of,
)
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster, Selection
from kubectl_liqo_shortcut.engine.hub.identity import check_identity, hub_id
from kubectl_liqo_shortcut.engine.hub.queries import find_records, leaves_of
from kubectl_liqo_shortcut.engine.link.labelled import KINDS, list_of, look_for_labelled
from kubectl_liqo_shortcut.engine.removal.peering import check_peering
from kubectl_liqo_shortcut.engine.removal.remove import remove
from kubectl_liqo_shortcut.engine.runtime.concurrency import (
    CancelToken,
    Deadline,
    gather,
    gather_each,
    retry_transient,
)
from kubectl_liqo_shortcut.engine.runtime.lease import Lock
from kubectl_liqo_shortcut.errors import Invalid, PartlyDone, ShortcutError, together


@dataclasses.dataclass(frozen=True, slots=True)
class Orphan:
    """An object on a leaf that was made for *shortcut* of this hub, which does not know it."""

    shortcut: str
    peer: str
    entry: Recorded


@dataclasses.dataclass(frozen=True, slots=True)
class Orphans:
    """What was found, and the leaves that could not be asked. Tenant namespaces are none."""

    hub: str  # its cluster ID
    found: tuple[Orphan, ...]
    silent: Mapping[str, ShortcutError]

    @property
    def shortcuts(self) -> list[str]:
        return sorted({each.shortcut for each in self.found})


def find_orphans(open_cluster: OpenCluster, timeout: float) -> Orphans:
    """Ask every leaf of the hub at once."""
    hub, deadline = open_cluster(HUB), Deadline(timeout)
    identity = str(retry_transient(lambda: hub_id(hub), deadline, first_look=True))
    leaves = retry_transient(lambda: leaves_of(hub), deadline)
    found, silent = gather_each(
        {leaf: partial(_labelled, open_cluster, leaf, identity, deadline) for leaf in leaves}
    )
    known = _known(hub, deadline)  # after the leaves: what is made meanwhile is on record first
    orphans = [each for bodies in found.values() for each in bodies if not _is_known(each, known)]
    return Orphans(identity, tuple(orphans), silent)


def prune(
    name: str,
    orphans: Orphans,
    open_cluster: OpenCluster,
    timeout: float,
    cancel: CancelToken,
    tell: Tell,
) -> None:
    """Remove the orphans of the shortcut *name*, if no record has come to know them."""
    hub, deadline = open_cluster(HUB), Deadline(timeout)
    with Lock(hub, name) as lock:
        lock.take(deadline, tell)
        known = _known(hub, deadline)
        of_name = (each for each in orphans.found if each.shortcut == name)
        batch = [each for each in of_name if not _is_known(each, known)]
        if batch:
            _remove(batch, orphans.hub, lock, open_cluster, deadline, cancel, tell)


def _remove(
    batch: Sequence[Orphan],
    hub: str,
    lock: Lock,
    open_cluster: OpenCluster,
    deadline: Deadline,
    cancel: CancelToken,
    tell: Tell,
) -> None:
    entries = [each.entry for each in batch]
    names = sorted({entry.ref.cluster for entry in entries})
    leaves = {leaf: lock.guard(open_cluster(leaf)) for leaf in names}
    first = batch[0]
    pair = Shortcut(server=cluster_id(first.entry.ref.cluster), client=cluster_id(first.peer))
    errors = check_peering(pair.sides, leaves, deadline, first_look=True)
    cancel.check()
    labelled, failed = look_for_labelled(
        pair.sides, ownership_labels(pair.name, hub), leaves, deadline
    )
    errors |= failed
    if not errors:
        members = {leaf: each.membership for leaf, each in labelled.items()}
        errors = remove(pair, members, entries, leaves, deadline, tell)
    if errors:
        raise PartlyDone(
            together(error.message for error in errors.values()),
            hint="the same command goes on: kubectl liqo-shortcut sync --prune",
        )


def _labelled(open_cluster: OpenCluster, leaf: str, hub: str, deadline: Deadline) -> list[Orphan]:
    """All that bears our label and *hub*'s on *leaf*."""
    cluster = open_cluster(leaf)
    retry_transient(check_identity(cluster, ""), deadline, first_look=True)
    labels = f"{r.MANAGED_BY}={r.MANAGED_BY_US},{r.SHORTCUT_HUB}={hub}"
    lists = [partial(list_of, cluster, Selection(kind, labels=labels), deadline) for kind in KINDS]
    bodies = (body for items in gather(lists) for body in items)
    return [orphan for body in bodies for orphan in _orphan(leaf, body)]


def _orphan(leaf: str, body: Object) -> Iterator[Orphan]:
    """*body*, if its labels agree with each other and this program set them.

    Others may put labels on things too, and what git applies bears ours.
    """
    labels = labels_of(body)
    name, peer = labels.get(r.SHORTCUT_NAME, ""), labels.get(r.REMOTE_CLUSTER_ID, "")
    with contextlib.suppress(Invalid):
        ours = name == shortcut_name(cluster_id(leaf), cluster_id(peer)) and labelled_by_us(body)
        if ours and name_of(body) == peer:
            yield Orphan(name, peer, Recorded(ref_of(leaf, body), uid_of(body), Ownership.CREATED))


@dataclasses.dataclass(frozen=True, slots=True)
class LiveObjects:
    """The names of all records, and what they name."""

    names: frozenset[str]
    objects: Mapping[ObjectRef, Recorded]


def _known(hub: Cluster, deadline: Deadline) -> LiveObjects:
    records = retry_transient(lambda: find_records(hub), deadline)
    objects = {ref: each for record in records for ref, each in objects_of(record).items()}
    return LiveObjects(frozenset(name_of(each) for each in records), objects)


def _is_known(orphan: Orphan, known: LiveObjects) -> bool:
    """Also where its record names nothing at all in its place.

    That one lost its status, or somebody emptied it: ``sync`` and ``delete`` know what it has.
    """
    entry = known.objects.get(orphan.entry.ref)
    if entry is None:
        return orphan.shortcut in known.names
    return entry.uid in ("", orphan.entry.uid)
