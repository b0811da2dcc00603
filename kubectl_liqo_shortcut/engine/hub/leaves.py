"""What each leaf says itself, all asked at once; one that fails does not hide the others."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TypeVar

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.hub.leaves import LeafStatus, Reachability, refusal
from kubectl_liqo_shortcut.core.link.facts import default_tenant_namespace
from kubectl_liqo_shortcut.core.model import ClusterID
from kubectl_liqo_shortcut.core.ports import Cluster, Listing, OpenCluster, Selection
from kubectl_liqo_shortcut.core.preflight.findings import FindingName
from kubectl_liqo_shortcut.core.rbac import access_review
from kubectl_liqo_shortcut.engine.hub.identity import check_id, controller_manager
from kubectl_liqo_shortcut.engine.hub.permissions import missing_permissions
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, retry_transient
from kubectl_liqo_shortcut.engine.snapshot.fan_out import ask_each
from kubectl_liqo_shortcut.errors import Forbidden, ShortcutError, listing, together

T = TypeVar("T")

_TOLD = 3  # of the missing permissions, in a sentence


def ask_leaves(
    peers: Mapping[ClusterID, ClusterID | None], open_cluster: OpenCluster, deadline: Deadline
) -> dict[ClusterID, LeafStatus]:
    """What each leaf says; *peers* has for each the one that a link with it would be to."""
    asks = {leaf: partial(_ask, leaf, peer, open_cluster, deadline) for leaf, peer in peers.items()}
    return ask_each(asks, lambda _, error: refusal(error), deadline)


def _ask(
    leaf: ClusterID, peer: ClusterID | None, open_cluster: OpenCluster, deadline: Deadline
) -> LeafStatus:
    try:
        cluster = open_cluster(leaf)
    except ShortcutError as error:
        return LeafStatus(reach=Reachability.NO_WAY, message=error.message, hint=error.hint or "")
    return _hear(cluster, peer, deadline)


def _hear(cluster: Cluster, peer: ClusterID | None, deadline: Deadline) -> LeafStatus:
    """Four questions, one after the other: a connection costs more than an answer."""
    try:
        retry_transient(partial(check_id, cluster), deadline, first_look=True)
    except Forbidden as error:
        with contextlib.suppress(ShortcutError):  # to be told together with all else that lacks
            return _with_rights(refusal(error), cluster, peer, deadline)
        raise
    deployment = _if_allowed(lambda: cluster.get(controller_manager(cluster)), None, deadline)
    listed = _if_allowed(
        lambda: cluster.list(Selection(r.CONFIGURATION)), Listing((), ""), deadline
    )
    says = LeafStatus(reach=Reachability.OK, manager=deployment, configurations=listed.items)
    return _with_rights(says, cluster, peer, deadline)


def _with_rights(
    says: LeafStatus, cluster: Cluster, peer: ClusterID | None, deadline: Deadline
) -> LeafStatus:
    """*says*, and what lacks for a link with *peer*."""
    missing = missing_permissions(cluster, _needed(cluster, peer), deadline) if peer else []
    if not missing:
        return says
    told = [*map(str, missing[:_TOLD])]
    told += [f"and {len(missing) - _TOLD} more, which -o json lists"] if missing[_TOLD:] else []
    lacks = listing(f"cluster {cluster.name!r}: not allowed to", told, ", ")
    return dataclasses.replace(
        says,
        reach=Reachability.FORBIDDEN,
        message=together(filter(None, (says.message, lacks))),
        hint=FindingName.MISSING_PERMISSIONS.remedy,
        missing=tuple(map(str, missing)),
    )


def _needed(cluster: Cluster, peer: ClusterID) -> Iterator[access_review.PermissionAttributes]:
    """For a link with *peer*, whichever of the two serves."""
    return access_review.link_permissions(
        peer, default_tenant_namespace(peer), cluster.liqo_namespace
    )


def _if_allowed(look: Callable[[], T], otherwise: T, deadline: Deadline) -> T:
    """What one may not look at is only not told."""
    try:
        return retry_transient(look, deadline)
    except Forbidden:
        return otherwise
