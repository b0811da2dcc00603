"""Our labels on objects that others made: put on when a link is adopted, taken off again if not."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from kubectl_liqo_shortcut.core.model import labels_of, uid_of
from kubectl_liqo_shortcut.core.ports import Cluster
from kubectl_liqo_shortcut.core.record import Recorded
from kubectl_liqo_shortcut.engine.parallel import Deadline, patiently
from kubectl_liqo_shortcut.errors import ClusterError, Conflict

_LOOKS = 5  # at an object that others change at the same time

Labels = Mapping[str, str | None]
"""None takes a label off."""


def put_labels(
    entry: Recorded, labels: Labels, cluster: Cluster, deadline: Deadline
) -> Mapping[str, str | None]:
    """Set *labels* on that very object, and nothing else; returns what they were before.

    Nothing to set, nothing written: empty then. Raises ``ClusterError`` if another object has
    its name by now.
    """
    look = 1
    while True:
        try:
            return patiently(partial(_put, entry, labels, cluster), deadline)
        except Conflict:
            look += 1
            if look > _LOOKS:
                raise


def _put(entry: Recorded, labels: Labels, cluster: Cluster) -> Mapping[str, str | None]:
    found = cluster.get(entry.ref)
    if found is None or uid_of(found) != entry.uid:
        raise ClusterError(
            entry.ref.cluster,
            f"{entry.ref} is not the one any more that was looked at",
            hint="somebody works on that link; try again when they are done",
        )
    before = {key: labels_of(found).get(key) for key in labels}
    if before == dict(labels):
        return {}
    metadata = {"resourceVersion": found["metadata"]["resourceVersion"], "labels": dict(labels)}
    cluster.patch(entry.ref, {"metadata": metadata})
    return before
