"""All of a link that is there, by its record and by what the leaves themselves hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.inventory import Ownership, Recorded
from kubectl_liqo_shortcut.core.link.ownership import Membership, delete_command, ownership_labels
from kubectl_liqo_shortcut.core.link.shortcut import Shortcut
from kubectl_liqo_shortcut.core.model import ObjectRef
from kubectl_liqo_shortcut.core.ports import Cluster
from kubectl_liqo_shortcut.engine.link.labelled import look_for_labelled
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline
from kubectl_liqo_shortcut.errors import ClusterError, ShortcutError, listing


@dataclasses.dataclass(frozen=True, slots=True)
class Stock:
    """*strays* bear our labels, and nothing proves that they may be removed."""

    entries: Mapping[ObjectRef, Recorded]
    members: Mapping[str, Membership]
    strays: Collection[Recorded] = ()

    @property
    def has_ours(self) -> bool:
        return any(each.ownership is not Ownership.REUSED for each in self.entries.values())

    def stray_errors(self) -> dict[str, ShortcutError]:
        """For each leaf with strays: what a person has to look at there."""
        return {
            leaf: ClusterError(
                leaf,
                listing(
                    "objects there bear the labels of this shortcut, and nothing proves that it "
                    "made them. Look at them, and delete them there if they are of no use:",
                    (delete_command(each) for each in self.strays if each.ref.cluster == leaf),
                ),
            )
            for leaf in sorted({each.ref.cluster for each in self.strays})
        }


def take_stock(
    pair: Shortcut,
    hub: str,
    recorded: Mapping[ObjectRef, Recorded],
    leaves: Mapping[str, Cluster],
    rebuilt: Mapping[str, Cluster],
    deadline: Deadline,
) -> tuple[Stock, dict[str, ShortcutError]]:
    """What is recorded, put right by what the *leaves* of *pair* say; and which say nothing.

    On a *rebuilt* leaf nothing is ours, whatever it bears. A silent one keeps what is recorded.
    """
    asked = {**leaves, **rebuilt}
    labelled, silent = look_for_labelled(
        pair.sides, ownership_labels(pair.name, hub), asked, deadline
    )
    entries = {ref: each for ref, each in recorded.items() if ref.cluster not in rebuilt}
    strays: list[Recorded] = []
    for leaf, seen in labelled.items():
        for each in seen.inventory(leaf, entries.values()):
            if leaf in rebuilt or _is_unproven(each, entries.get(each.ref)):
                strays += [] if each.ref.kind == r.NAMESPACE else [each]
            else:
                entries[each.ref] = each
    members = {leaf: seen.membership for leaf, seen in labelled.items()}
    return Stock(entries, members, tuple(strays)), silent


def _is_unproven(found: Recorded, known: Recorded | None) -> bool:
    """Whether *found*, which bears our labels, is ours by no other sign.

    What is *known* as somebody else's may stay. What the record calls ours may not be forgotten:
    it came back from a backup, or its tenant namespace lost its labels.
    """
    theirs = known is not None and known.ownership is Ownership.REUSED
    return found.ownership is Ownership.REUSED and not theirs
