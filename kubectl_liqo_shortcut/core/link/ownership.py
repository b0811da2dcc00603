"""Whose an object on a leaf is: what the record says counts only where the object says so too.

A record's status is input: whoever may write it must not be able to have anything else changed or
deleted. So an object is a link's own only if it bears our three labels, is named as the peer, and
is in the peer's tenant namespace. That alone proves nothing either, since manifests printed by a
dry run and applied from git bear all of it: besides, the record has its UID, or its API server
noted that this program set those labels.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.field_managers import (
    applied_by_others,
    labelled_by_us,
    made_by_us,
)
from kubectl_liqo_shortcut.core.link.inventory import Ownership, Recorded
from kubectl_liqo_shortcut.core.link.observe import End
from kubectl_liqo_shortcut.core.model import Object, labels_of, name_of, ref_of, uid_of


def ownership_labels_of(body: Object) -> Mapping[str, str]:
    """The labels that say for which shortcut of which hub an object was made."""
    keys = (r.MANAGED_BY, r.SHORTCUT_NAME, r.SHORTCUT_HUB)
    return {key: value for key, value in labels_of(body).items() if key in keys}


def ownership_labels(shortcut_name: str, hub: str) -> Mapping[str, str]:
    """The labels that the templates give an object."""
    return {
        r.MANAGED_BY: r.MANAGED_BY_US,
        r.SHORTCUT_NAME: shortcut_name,
        r.SHORTCUT_HUB: hub,
    }


@dataclasses.dataclass(frozen=True, slots=True)
class Membership:
    """What the objects of a link on one leaf bear, and where they are."""

    labels: Mapping[str, str]
    peer: str
    tenants: Collection[str]  # the names of the leaf's tenant namespaces of the peer

    def fits(self, body: Object) -> bool:
        """Whether *body* can be an object of the link at all."""
        labels, metadata = labels_of(body), body["metadata"]
        if labels.get(r.REMOTE_CLUSTER_ID) != self.peer or ownership_labels_of(body) != self.labels:
            return False
        if body["kind"] == r.NAMESPACE.kind:
            return r.TENANT_NAMESPACE in labels
        return metadata["name"] == self.peer and metadata.get("namespace") in self.tenants


def membership_at(end: End, labels: Mapping[str, str]) -> Membership:
    """What an object of the link at that *end* must bear, and where it must be."""
    tenants = (name_of(end.namespace),) if end.namespace else ()
    return Membership(labels, str(end.side.peer), tenants)


def ownership_of(body: Object, entry: Recorded | None, membership: Membership) -> Ownership:
    """Whose *body* is, of which the record says *entry*."""
    if not membership.fits(body):
        return Ownership.REUSED
    # What git keeps is git's, whatever a record says.
    theirs = applied_by_others(body) and not labelled_by_us(body)
    known = entry is not None and entry.uid == uid_of(body) != ""
    if entry and known and entry.ownership is not Ownership.REUSED and not theirs:
        return entry.ownership
    if made_by_us(body):
        return Ownership.CREATED
    return Ownership.ADOPTED if labelled_by_us(body) else Ownership.REUSED


def was_ours(body: Object) -> bool:
    """Whether *body* bears a trace of this program, though it may not be ours any more."""
    return not {r.SHORTCUT_NAME, r.SHORTCUT_HUB}.isdisjoint(labels_of(body)) or made_by_us(body)


def inventory(
    leaf: str, recorded: Iterable[Recorded], found: Iterable[Object], membership: Membership
) -> list[Recorded]:
    """What the record names on *leaf*, put right and completed by what was *found* there.

    A record may have lost its status, or come back from a backup without one. What was found and is
    nobody's of ours is Reused.
    """
    entries = {each.ref: each for each in recorded if each.ref.cluster == leaf}
    for body in found:
        ref = ref_of(leaf, body)
        ownership = ownership_of(body, entries.get(ref), membership)
        entries[ref] = Recorded(ref, uid_of(body), ownership)
    return list(entries.values())


def delete_command(entry: Recorded) -> str:
    """What a person runs on that leaf to delete the object."""
    ref = entry.ref
    return f"kubectl delete {ref.kind.resource} {ref.name} -n {ref.namespace}"
