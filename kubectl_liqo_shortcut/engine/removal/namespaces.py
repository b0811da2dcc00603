"""Tenant namespaces with our labels go only if asked to, and only if nothing else lives there."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.kinds import Kind
from kubectl_liqo_shortcut.core.link.field_managers import labelled_by
from kubectl_liqo_shortcut.core.link.inventory import Ownership, Recorded
from kubectl_liqo_shortcut.core.link.ownership import Membership, ownership_of
from kubectl_liqo_shortcut.core.model import Object, name_of, uid_of
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.core.preflight.namespaces import leaving
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, gather, retry_transient
from kubectl_liqo_shortcut.engine.runtime.store import wait_for
from kubectl_liqo_shortcut.errors import Forbidden, Gone, TimedOut

EXISTED = "it existed before this link"
_SHOWN = 5  # of what keeps a namespace


def remove_namespace(
    entry: Recorded, membership: Membership, cluster: Cluster, deadline: Deadline
) -> str:
    """Delete the namespace and wait until it is gone; or say why it is kept.

    Our labels are enough, whatever the record says, if nobody else is known to have set them: it
    stayed from an earlier life of the shortcut.

    It is looked through before, not locked: what somebody puts into it in the same moment goes
    with it.
    """
    found = retry_transient(lambda: cluster.get(entry.ref), deadline)
    if found is None:
        return ""
    if not membership.fits(found):
        known = entry.ownership is Ownership.REUSED
        return EXISTED if known else "somebody else made it anew, or it lost this shortcut's labels"
    if ownership_of(found, entry, membership) is Ownership.REUSED and (by := labelled_by(found)):
        return f"{by} set this shortcut's labels on it"
    try:
        held = sorted(_held(cluster, entry.ref.name, deadline))
    except Forbidden as error:
        return f"it cannot be told whether it is empty: {error.message}"
    if held:
        more = f" and {len(held) - _SHOWN} more" if len(held) > _SHOWN else ""
        return f"it still holds {', '.join(held[:_SHOWN])}{more}"
    retry_transient(lambda: cluster.delete(entry.ref, uid_of(found)), deadline)
    _wait(cluster, entry, uid_of(found), deadline)
    return ""


def _held(cluster: Cluster, namespace: str, deadline: Deadline) -> Iterator[str]:
    """What lives there, but for what Kubernetes puts into every namespace."""
    kinds = retry_transient(cluster.kinds, deadline)
    looks = (partial(_list, cluster, kind, namespace) for kind in kinds)
    found = gather([partial(retry_transient, look, deadline) for look in looks])
    for kind, items in zip(kinds, found, strict=True):
        for item in items:
            if not _comes_with_it(kind, item):
                yield f"{kind}/{name_of(item)}"


def _list(cluster: Cluster, kind: Kind, namespace: str) -> tuple[Object, ...]:
    try:
        return cluster.list(Selection(kind, namespace)).items
    except Gone:  # a kind that was removed since discovery
        return ()


def _comes_with_it(kind: Kind, item: Object) -> bool:
    name = name_of(item)
    if kind.kind == "Event":
        return True
    return (kind, name) in ((r.CONFIG_MAP, "kube-root-ca.crt"), (r.SERVICE_ACCOUNT, "default"))


def _wait(cluster: Cluster, entry: Recorded, uid: str, deadline: Deadline) -> None:
    what = Selection(r.NAMESPACE, name=entry.ref.name)

    def present(found: Collection[Object]) -> list[Object]:
        return [each for each in found if uid_of(each) == uid]

    left = present(wait_for(cluster, what, deadline, lambda found: not present(found)))
    if left:
        raise TimedOut(
            f"cluster {cluster.name!r}: namespace {leaving(left[0])}",
            hint=f"kubectl get namespace {entry.ref.name} -o yaml there says what it waits for",
        )
