"""What is on record as ours and does not say so any more: it is left as it is, and that is told.

Somebody took a label off, or put another one on. An object without Liqo's own label is found by
none of the lists that look for it, so it is looked for by the name that is on record.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.inventory import Ownership, Recorded
from kubectl_liqo_shortcut.core.link.observe import End, kinds_of, link_objects
from kubectl_liqo_shortcut.core.link.ownership import Membership, membership_at, ownership_of
from kubectl_liqo_shortcut.core.model import (
    Object,
    ObjectRef,
    is_terminating,
    labels_of,
    ref_of,
    uid_of,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Lost:
    """An object that is on record as ours, and no step touches; *lacks* labels that it should bear.

    Where it lacks none, somebody else applies it, or its namespace is not the tenant's. Where it
    has those of *others*, nobody is told to take it from them.
    """

    ref: ObjectRef
    lacks: Mapping[str, str]
    others: Mapping[str, str]

    @property
    def seen(self) -> str:
        """In words."""
        if self.others:
            what = f"it says that somebody else has it ({_written(self.others, ', ')})"
        elif self.lacks:
            what = f"lost its labels ({_written(self.lacks, ', ')})"
        else:
            what = "its place or its owner is another one"
        return f"{self.ref} is on record as ours, but {what}: sync leaves it as it is"

    @property
    def remedy(self) -> str:
        """A command for that leaf."""
        at = f"-n {self.ref.namespace} " if self.ref.namespace else ""
        what = f"{at}{{}} {self.ref.kind.resource} {self.ref.name}"
        kubectl = f"kubectl --context {self.ref.cluster} {what}"
        if self.is_lost:
            return f"{kubectl.format('label')} --overwrite {_written(self.lacks, ' ')}"
        return f"{kubectl.format('get')} --show-managed-fields -o yaml"

    def __str__(self) -> str:
        then = "this puts them back" if self.is_lost else "this shows who changed it"
        return f"cluster {self.ref.cluster!r}: {self.seen}; {then}: {self.remedy}"

    @property
    def is_lost(self) -> bool:
        """Whether its labels are to be put back."""
        return bool(self.lacks) and not self.others

    @property
    def is_hidden(self) -> bool:
        """Whether Liqo itself does not find it any more."""
        return not {r.REMOTE_CLUSTER_ID, r.TENANT_NAMESPACE}.isdisjoint(self.lacks)


def _written(labels: Mapping[str, str], between: str) -> str:
    return between.join(f"{key}={value}" for key, value in labels.items())


def lost_objects(
    ends: Iterable[End], recorded: Mapping[ObjectRef, Recorded], labels: Mapping[str, str]
) -> Iterator[Lost]:
    """All of a link whose objects should bear *labels*, and those that Liqo gives a meaning."""
    for end in ends:
        if end.namespace is None:  # it may not be looked at, or is gone: whatever is in its place
            continue
        membership = membership_at(end, labels)
        for body in link_objects(end):
            entry = recorded.get(ref_of(end.side.leaf, body))
            if lost := lost_one(body, entry, membership):
                yield lost


def lost_one(body: Object, entry: Recorded | None, membership: Membership) -> Lost | None:
    """*body*, where the record calls that very object ours by *entry*, and it does not itself."""
    if entry is None or not entry.is_ours or entry.uid != uid_of(body) or is_terminating(body):
        return None
    if ownership_of(body, entry, membership) is not Ownership.REUSED:
        return None
    wanted = {r.REMOTE_CLUSTER_ID: membership.peer, **membership.labels}
    if entry.ref.kind == r.NAMESPACE:
        wanted[r.TENANT_NAMESPACE] = "true"
    there = labels_of(body)
    lacks = {key: text for key, text in wanted.items() if there.get(key) != text}
    others = {key: there[key] for key in lacks if key in membership.labels and there.get(key)}
    return Lost(entry.ref, lacks, others)


def unfound(ends: Iterable[End], recorded: Mapping[ObjectRef, Recorded]) -> Iterator[ObjectRef]:
    """What is on record as ours and was not found by its labels: where to look for it by name."""
    for end in ends:
        for ref, entry in recorded.items():
            mine = ref.cluster == end.side.leaf and ref.kind in kinds_of(end.side.role)
            if mine and entry.is_ours and end.of(ref.kind) is None:
                yield ref
