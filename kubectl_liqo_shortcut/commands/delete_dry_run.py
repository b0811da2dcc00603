"""``delete --dry-run``: what it would do."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.inventory import Ownership, misfits_of, objects_of
from kubectl_liqo_shortcut.core.link.shortcut import pair_of, reclaims_namespaces
from kubectl_liqo_shortcut.core.model import HUB, Object
from kubectl_liqo_shortcut.core.ports import OpenCluster
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline
from kubectl_liqo_shortcut.engine.service.switch_back import dependents


def plan_lines(record: Object, *, delete_namespaces: bool = False) -> Iterator[str]:
    """What ``delete`` would do with each link object, in sentences."""
    namespaces = delete_namespaces or reclaims_namespaces(record)
    for each in objects_of(record).values():
        says = "be deleted"
        if each.ref.kind == r.NAMESPACE:
            says = "be deleted if nothing else is in it" if namespaces else "be kept"
        if each.ownership is Ownership.REUSED:
            ours = "be deleted if it bears this shortcut's labels and nothing else is in it"
            says = ours if namespaces and each.ref.kind == r.NAMESPACE else "be kept"
        yield f"{each.ref.cluster}: {each.ref} would {says}"
    for misfit in misfits_of(record):
        yield f"no object of this link, left alone: {misfit}"


def service_lines(record: Object, open_cluster: OpenCluster, timeout: float) -> Iterator[str]:
    """What ``delete`` would do with Services before, in sentences."""
    pair = pair_of(record)
    leaves = pair.server, pair.client
    found = dependents(open_cluster(HUB), leaves, open_cluster, Deadline(timeout))
    if found.note:
        yield found.note
    for each in found.services:
        todo = "switched back to the hub's path" if each.annotated else "waited for"
        yield f"{HUB}: service {each.key} would be {todo} first"
