"""What Liqo itself still has of a leaf, on the hub and on others: it stays, none of it is ours."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import HUB, ClusterID, ObjectRef, ref_of
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, gather_each, retry_transient
from kubectl_liqo_shortcut.errors import Gone, ShortcutError

_ON_HUB = (
    *(r.VIRTUAL_NODE, r.RESOURCE_SLICE, r.IDENTITY),
    *(r.GATEWAY_CLIENT, r.GATEWAY_SERVER, r.CONFIGURATION),
)
"""In the order in which they are taken away; a leaf has of another one no more than a link."""


@dataclasses.dataclass(frozen=True, slots=True)
class Remains:
    """Of one cluster: what is *found* there, and why others could not be looked at."""

    cluster: str
    found: tuple[ObjectRef, ...] = ()
    unseen: tuple[str, ...] = ()


def find_remains(
    leaf: ClusterID, clusters: Mapping[str, Cluster], deadline: Deadline
) -> list[Remains]:
    """What each of *clusters* has of *leaf*."""
    looks = {name: partial(_look, leaf, cluster, deadline) for name, cluster in clusters.items()}
    found, errors = gather_each(looks)
    silent = [Remains(name, unseen=(error.message,)) for name, error in errors.items()]
    return [*found.values(), *silent]


def _look(leaf: ClusterID, cluster: Cluster, deadline: Deadline) -> Remains:
    looks: dict[r.Kind, Callable[[], list[ObjectRef]]] = {
        kind: partial(
            retry_transient, partial(_refs, leaf, cluster, kind), deadline, first_look=True
        )
        for kind in _kinds(cluster)
    }
    found, errors = gather_each(looks)
    refs = tuple(ref for each in found.values() for ref in each)
    return Remains(cluster.name, refs, tuple(dict.fromkeys(map(_message, errors.values()))))


def _kinds(cluster: Cluster) -> Iterator[r.Kind]:
    yield from _ON_HUB if cluster.name == HUB else ()
    yield r.NAMESPACE
    yield r.FOREIGN_CLUSTER


def _refs(leaf: ClusterID, cluster: Cluster, kind: r.Kind) -> list[ObjectRef]:
    if kind == r.FOREIGN_CLUSTER:
        ref = ObjectRef(cluster.name, kind, "", leaf)
        return [ref] if cluster.get(ref) else []
    tenant = f",{r.TENANT_NAMESPACE}" if kind == r.NAMESPACE else ""
    what = Selection(kind, labels=f"{r.REMOTE_CLUSTER_ID}={leaf}{tenant}")
    try:
        return [ref_of(cluster.name, body) for body in cluster.list(what).items]
    except Gone:  # a kind that is not served there
        return []


def _message(error: ShortcutError) -> str:
    return error.message
