"""What leaves themselves hold of a link: whatever a record says, the leaves are asked too."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from functools import partial

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.inventory import Recorded
from kubectl_liqo_shortcut.core.link.observe import tenant_namespace
from kubectl_liqo_shortcut.core.link.ownership import Membership, inventory
from kubectl_liqo_shortcut.core.link.shortcut import Side
from kubectl_liqo_shortcut.core.model import Object, labels_of, name_of
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.engine.runtime.concurrency import (
    Deadline,
    gather,
    gather_each,
    retry_transient,
)
from kubectl_liqo_shortcut.errors import Gone, ShortcutError

KINDS = (r.GATEWAY_CLIENT, r.GATEWAY_SERVER, r.PUBLIC_KEY, r.CONFIGURATION)


@dataclasses.dataclass(frozen=True, slots=True)
class Labelled:
    """Of one leaf: the tenant namespaces of the peer, and all link objects with our labels."""

    membership: Membership
    found: tuple[Object, ...]

    def inventory(self, leaf: str, recorded: Iterable[Recorded]) -> list[Recorded]:
        """All of the link there, each with its owner."""
        return inventory(leaf, recorded, self.found, self.membership)


def look_for_labelled(
    sides: Collection[Side],
    labels: Mapping[str, str],
    leaves: Mapping[str, Cluster],
    deadline: Deadline,
) -> tuple[dict[str, Labelled], dict[str, ShortcutError]]:
    """Ask all *leaves* at once; what each holds, or why it did not say."""
    return gather_each(
        {
            side.leaf: partial(_look, side, labels, leaves[side.leaf], deadline)
            for side in sides
            if side.leaf in leaves
        }
    )


def _look(side: Side, own: Mapping[str, str], leaf: Cluster, deadline: Deadline) -> Labelled:
    labels = ",".join(f"{key}={value}" for key, value in own.items())
    looks = [tenant_namespace(side), *(Selection(kind, labels=labels) for kind in KINDS)]
    namespaces, *others = gather([partial(list_of, leaf, what, deadline) for what in looks])
    names = tuple(name_of(each) for each in namespaces)
    membership = Membership(own, str(side.peer), names)
    ours = [each for each in namespaces if r.SHORTCUT_HUB in labels_of(each)]
    return Labelled(membership, (*ours, *(body for bodies in others for body in bodies)))


def list_of(cluster: Cluster, what: Selection, deadline: Deadline) -> tuple[Object, ...]:
    """All that is selected; of a kind that this Liqo does not have, nothing."""
    try:
        return retry_transient(lambda: cluster.list(what), deadline).items
    except Gone:
        return ()
