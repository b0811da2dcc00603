"""Questions to the hub that several commands ask."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import HUB, ClusterID, Object, peer_of
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster, Selection
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, retry_transient
from kubectl_liqo_shortcut.errors import ClusterError, Gone, NoLiqo, Refused


def leaves_of(hub: Cluster) -> list[str]:
    """The IDs of the clusters that *hub* has a Configuration for."""
    configurations = find_configurations(hub)
    remotes = (peer_of(each) for each in configurations)
    return sorted(filter(None, remotes))


def find_configurations(hub: Cluster) -> tuple[Object, ...]:
    """One for each leaf of the hub."""
    try:
        return hub.list(Selection(r.CONFIGURATION)).items
    except Gone as error:
        raise NoLiqo(
            hub.name,
            f"Liqo is not there: it does not know the kind {r.CONFIGURATION.kind}",
            hint="is this the right kubeconfig context?",
        ) from error


def find_records(
    hub: Cluster, name: str = "", *, labels: str = "", crd_needed: bool = True
) -> list[Object]:
    """All Shortcuts of the hub, or the one called *name*, or those with *labels*."""
    try:
        return list(hub.list(Selection(r.SHORTCUT, labels=labels, name=name)).items)
    except Gone as error:
        if not crd_needed:
            return []
        raise Refused(
            "the hub does not know the kind Shortcut",
            hint="install it once: kubectl liqo-shortcut crd install",
        ) from error


def no_leaf(name: str, leaves: Iterable[str]) -> Refused:
    """*name* is none of the hub's *leaves*."""
    import difflib  # nobody else needs it

    known = sorted(leaves)
    meant = [f"did you mean {each}?" for each in difflib.get_close_matches(name, known, n=1)]
    return Refused(
        f"{name!r} is not a leaf of this hub: the hub has no Configuration for it",
        hint=" ".join((*meant, f"leaves of this hub: {', '.join(known) or 'none'}")),
    )


def open_leaves(
    names: Iterable[ClusterID], open_cluster: OpenCluster, deadline: Deadline
) -> dict[str, Cluster]:
    """Each of *names*; of one that no way leads to, the hub may say that it is no leaf at all."""
    opened: dict[str, Cluster] = {}
    for name in names:
        try:
            opened[name] = open_cluster(name)
        except ClusterError as error:
            with contextlib.suppress(ClusterError):  # the first error says more
                leaves = retry_transient(
                    lambda: leaves_of(open_cluster(HUB)), deadline, first_look=True
                )
                if name not in leaves:
                    raise no_leaf(name, leaves) from error
            raise
    return opened


def who_am_i(cluster: Cluster) -> Object:
    """A SelfSubjectReview; its creationTimestamp is the API server's clock."""
    kind = r.SELF_SUBJECT_REVIEW
    body = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": ""}}
    return cluster.ask(body)
