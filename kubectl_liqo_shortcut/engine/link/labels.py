"""Our labels on objects that others made: put on when a link is adopted, taken off again if not."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from kubectl_liqo_shortcut.core.link.inventory import Recorded
from kubectl_liqo_shortcut.core.model import labels_of, uid_of
from kubectl_liqo_shortcut.core.ports import Cluster
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, retry_transient
from kubectl_liqo_shortcut.errors import ClusterError, Conflict

_LOOKS = 5  # at an object that others change at the same time

Labels = Mapping[str, str | None]
"""None takes a label off."""


class Replaced(ClusterError):
    """Another object has the name by now."""


def put_labels(entry: Recorded, labels: Labels, cluster: Cluster, deadline: Deadline) -> None:
    """Set *labels* on that very object, and nothing else; nothing to set, nothing written.

    Raises ``Replaced`` if another object has its name by now. After another error they may be
    set nevertheless: the answer may have been lost.
    """
    look = 1
    while True:
        try:
            retry_transient(partial(_put, entry, labels, cluster), deadline)
            return
        except Conflict:
            look += 1
            if look > _LOOKS:
                raise


def _put(entry: Recorded, labels: Labels, cluster: Cluster) -> None:
    found = cluster.get(entry.ref)
    if found is None or uid_of(found) != entry.uid:
        raise Replaced(
            entry.ref.cluster,
            f"{entry.ref} is not the one any more that was looked at",
            hint="somebody works on that link; try again when they are done",
        )
    if all(labels_of(found).get(key) == value for key, value in labels.items()):
        return
    metadata = {"resourceVersion": found["metadata"]["resourceVersion"], "labels": dict(labels)}
    cluster.patch(entry.ref, {"metadata": metadata})
