"""What leaves themselves hold of a link: whatever a record says, the leaves are asked too."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from functools import partial

from kubectl_liqo_shortcut.core import resources as r
from kubectl_liqo_shortcut.core.model import Object, labels_of
from kubectl_liqo_shortcut.core.observe import tenant_namespace
from kubectl_liqo_shortcut.core.ownership import Claim, inventory
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.core.record import Recorded
from kubectl_liqo_shortcut.core.shortcut import Side
from kubectl_liqo_shortcut.engine.parallel import Deadline, of_each, patiently, together
from kubectl_liqo_shortcut.errors import Gone, ShortcutError

KINDS = (r.GATEWAY_CLIENT, r.GATEWAY_SERVER, r.PUBLIC_KEY, r.CONFIGURATION)


@dataclasses.dataclass(frozen=True, slots=True)
class Labelled:
    """Of one leaf: the tenant namespaces of the peer, and all link objects with our labels."""

    claim: Claim
    found: tuple[Object, ...]

    def inventory(self, leaf: str, recorded: Iterable[Recorded]) -> list[Recorded]:
        """All of the link there, each with its owner."""
        return inventory(leaf, recorded, self.found, self.claim)


def look_for_labelled(
    sides: Collection[Side],
    marks: Mapping[str, str],
    leaves: Mapping[str, Cluster],
    deadline: Deadline,
) -> tuple[dict[str, Labelled], dict[str, ShortcutError]]:
    """Ask all *leaves* at once; what each holds, or why it did not say."""
    return of_each(
        {
            side.leaf: partial(_look, side, marks, leaves[side.leaf], deadline)
            for side in sides
            if side.leaf in leaves
        }
    )


def _look(side: Side, marks: Mapping[str, str], leaf: Cluster, deadline: Deadline) -> Labelled:
    labels = ",".join(f"{key}={value}" for key, value in marks.items())
    looks = [tenant_namespace(side), *(Selection(kind, labels=labels) for kind in KINDS)]
    namespaces, *others = together([partial(list_of, leaf, what, deadline) for what in looks])
    names = tuple(str(each["metadata"]["name"]) for each in namespaces)
    claim = Claim(marks, str(side.peer), names)
    ours = [each for each in namespaces if r.SHORTCUT_HUB in labels_of(each)]
    return Labelled(claim, (*ours, *(body for bodies in others for body in bodies)))


def list_of(cluster: Cluster, what: Selection, deadline: Deadline) -> tuple[Object, ...]:
    """All that is selected; of a kind that this Liqo does not have, nothing."""
    try:
        return patiently(lambda: cluster.list(what), deadline).items
    except Gone:
        return ()
