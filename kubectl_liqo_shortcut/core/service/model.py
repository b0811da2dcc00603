"""A Service of the hub's offloaded namespaces: its endpoints, and the leaves that see it.

Liqo reflects its EndpointSlices into every leaf that the namespace is offloaded to, without the
endpoints that run there: those have a slice of that leaf's own.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core import validation
from kubectl_liqo_shortcut.core.model import (
    HUB,
    ClusterID,
    Object,
    ObjectRef,
    dig,
    labels_of,
    name_of,
    namespace_of,
    peer_of,
)

Pair = tuple[ClusterID, ClusterID]
"""Two leaves, sorted."""


@dataclasses.dataclass(frozen=True, slots=True)
class ServiceEndpoint:
    """Addresses as the hub sees them, and where they are.

    *leaf*: None on the hub itself, or outside of all clusters. *told*: Liqo can tell other leaves
    where it is; what it cannot tell of, those get under the hub's own address.
    """

    addresses: tuple[str, ...]
    leaf: ClusterID | None
    told: bool
    ready: bool = True

    @property
    def direct(self) -> bool:
        """Whether another leaf could reach it over a link of its own."""
        return self.leaf is not None and self.told


@dataclasses.dataclass(frozen=True, slots=True)
class Slice:
    """One EndpointSlice of the hub, without what Liqo reflects to nobody."""

    name: str
    endpoints: tuple[ServiceEndpoint, ...]
    annotations: int  # bytes

    def payload(self, leaf: ClusterID) -> int:
        """Bytes of annotations on *leaf*, with what Liqo tells it there of direct connections."""
        told: dict[str, list[str]] = {}
        for each in self.endpoints:
            if each.direct and each.leaf != leaf:
                told.setdefault(str(each.leaf), []).extend(each.addresses)
        text = json.dumps({"clusterAddresses": told}, separators=(",", ":"))
        return len(r.DIRECT_DATA) + len(text) + self.annotations if told else self.annotations


@dataclasses.dataclass(frozen=True, slots=True)
class Service:
    """*seen_on* has for each leaf that it is offloaded to the namespace there."""

    body: Object
    slices: tuple[Slice, ...]
    seen_on: Mapping[ClusterID, str]

    @property
    def namespace(self) -> str:
        return namespace_of(self.body)

    @property
    def name(self) -> str:
        return name_of(self.body)

    @property
    def key(self) -> str:
        """``NS/NAME``."""
        return f"{self.namespace}/{self.name}"

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef(HUB, r.SERVICE, self.namespace, self.name)

    @property
    def annotated(self) -> bool:
        return is_annotated(self.body)

    @property
    def endpoints(self) -> Iterator[ServiceEndpoint]:
        return itertools.chain.from_iterable(each.endpoints for each in self.slices)

    @property
    def hosts(self) -> Mapping[ClusterID | None, int]:
        """How many endpoints there are on each leaf; None: elsewhere, such as on the hub."""
        counted: dict[ClusterID | None, int] = {}
        for each in self.endpoints:
            counted[each.leaf] = counted.get(each.leaf, 0) + 1
        return dict(sorted(counted.items(), key=lambda item: item[0] or ""))

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The leaves of which one sees endpoints on the other: each pair needs a shortcut."""
        found = {
            (min(leaf, host), max(leaf, host))
            for leaf in self.seen_on
            for host in self.hosts
            if host is not None and host != leaf
        }
        return tuple(sorted(found))

    @property
    def leaves(self) -> tuple[ClusterID, ...]:
        """All that have to do with it."""
        hosts = {host for host in self.hosts if host is not None}
        return tuple(sorted(hosts.union(self.seen_on)))

    def with_annotation(self, on: bool) -> Service:
        """The same, as if it were switched *on*, or off."""
        metadata = self.body["metadata"]
        annotations = dict(metadata.get("annotations") or {})
        annotations.pop(r.USE_DIRECT, None)
        annotations |= {r.USE_DIRECT: "true"} if on else {}
        body = {**self.body, "metadata": {**metadata, "annotations": annotations}}
        return dataclasses.replace(self, body=body)


def annotations_of(body: Object) -> Mapping[str, str]:
    return dig(body, "metadata", "annotations") or {}


def is_annotated(service: Object) -> bool:
    """Whether Liqo may let it go direct: it knows the one word only."""
    return annotations_of(service).get(r.USE_DIRECT) == "true"


def annotated_since(service: Object) -> tuple[str, str] | None:
    """When, and by which field manager, the annotation was set; None where nobody noted it."""
    for each in dig(service, "metadata", "managedFields") or ():
        metadata = dig(each, "fieldsV1", "f:metadata") or {}
        if f"f:{r.USE_DIRECT}" in (metadata.get("f:annotations") or {}):
            return str(each.get("time") or "an unknown time"), str(each.get("manager") or "unknown")
    return None


def remote_namespaces(maps: Iterable[Object]) -> dict[str, dict[ClusterID, str]]:
    """For each namespace of the hub that is offloaded: the one on each leaf that took it."""
    found: dict[str, dict[ClusterID, str]] = {}
    for each in maps:
        leaf = peer_of(each)
        mapping = dig(each, "status", "currentMapping") or {}
        for namespace, there in mapping.items():
            remote = str(there.get("remoteNamespace") or namespace)
            named = all(validation.LABEL.fullmatch(name) for name in (leaf, remote))
            if named and there.get("phase") == "Accepted":
                found.setdefault(namespace, {})[ClusterID(leaf)] = remote
    return found


def services_of(
    services: Iterable[Object],
    slices: Iterable[Object],
    places: Mapping[str, ClusterID | None],
    namespaces: Mapping[str, Mapping[ClusterID, str]],
) -> list[Service]:
    """Those of *services* that are in one of the offloaded *namespaces*, sorted."""
    by_service: dict[tuple[str, str], list[Slice]] = {}
    for each in sorted(slices, key=name_of):
        key = namespace_of(each), labels_of(each).get(r.SERVICE_NAME) or ""
        by_service.setdefault(key, []).append(slice_of(each, places))
    found = [
        Service(each, tuple(by_service.get(key_of(each), ())), namespaces[namespace_of(each)])
        for each in services
        if namespace_of(each) in namespaces
    ]
    return sorted(found, key=lambda each: (each.namespace, each.name))


def places_of(nodes: Iterable[Object]) -> dict[str, ClusterID | None]:
    """For each node of the hub the leaf that it stands for, or None."""
    return {name_of(each): _leaf_of(each) for each in nodes}


def slice_of(body: Object, places: Mapping[str, ClusterID | None]) -> Slice:
    size = sum(len(key) + len(value) for key, value in annotations_of(body).items())
    endpoints = tuple(_endpoints(body.get("endpoints") or (), places))
    return Slice(name_of(body), endpoints, size)


def _endpoints(
    bodies: Iterable[Object], places: Mapping[str, ClusterID | None]
) -> Iterator[ServiceEndpoint]:
    """An endpoint on a node that is not there is reflected to nobody."""
    for each in bodies:
        node = each.get("nodeName")
        if node is None or node in places:
            yield ServiceEndpoint(
                tuple(map(str, each.get("addresses") or ())),
                places[node] if node is not None else None,
                told=node is not None and bool(each.get("targetRef")),
                ready=dig(each, "conditions", "ready") is not False,
            )


def _leaf_of(node: Object) -> ClusterID | None:
    leaf = peer_of(node)
    virtual = labels_of(node).get(r.NODE_TYPE) == r.VIRTUAL_NODE_TYPE
    return ClusterID(leaf) if virtual and validation.LABEL.fullmatch(leaf) else None


def key_of(body: Object) -> tuple[str, str]:
    return namespace_of(body), name_of(body)
