"""The nouns: immutable values that every other module speaks in."""

from __future__ import annotations

import dataclasses
import enum
import hashlib
from collections.abc import Mapping
from typing import Any, NewType

from kubectl_liqo_shortcut.core import validation
from kubectl_liqo_shortcut.core.kinds import REMOTE_CLUSTER_ID, Kind, kind_of
from kubectl_liqo_shortcut.errors import Invalid

# The identity Liqo gives a cluster. Not the name of a kubeconfig context.
ClusterID = NewType("ClusterID", str)


def cluster_id(text: str) -> ClusterID:
    """The only way to make a ``ClusterID``: past this line, a name is a good name."""
    if not validation.LABEL.fullmatch(text):
        raise Invalid(
            f"{text!r} is not a cluster ID",
            hint="a Liqo cluster ID has lower-case letters, digits and '-', at most 63",
        )
    return ClusterID(text)


def shortcut_name(first: ClusterID, second: ClusterID) -> str:
    """The record's name for a pair of leaves, at most 63 characters.

    The same for A-B and B-A, so two requests never make two links. An ID may contain "--" itself
    or be long: then a hash keeps the name unambiguous. The CRD checks the same rule.
    """
    pair = sorted((first, second))
    name = "--".join(pair)
    if len(name) <= 63 and not any("--" in each for each in pair):
        return name
    digest = hashlib.sha256("/".join(pair).encode()).hexdigest()[:10]
    return f"{name[:52]}-{digest}"


Object = Mapping[str, Any]
"""A Kubernetes object, as decoded from JSON or YAML."""


class GatewayRole(enum.StrEnum):
    """What a leaf is to a link: the client must be able to reach the server's UDP endpoint."""

    SERVER = "server"
    CLIENT = "client"

    @property
    def other(self) -> GatewayRole:
        return GatewayRole.CLIENT if self is GatewayRole.SERVER else GatewayRole.SERVER


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class ObjectRef:
    """Where an object lives: enough to read, watch or delete it. The hub's *cluster* is ``HUB``."""

    cluster: str
    kind: Kind
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind.kind.lower()}/{self.name}"


HUB = "the hub"
"""What the hub is called among the clusters of a link; no cluster ID can be spelt so."""


@dataclasses.dataclass(frozen=True, slots=True)
class Manifest:
    """One object we want, and the cluster we want it in."""

    cluster: str
    body: Object

    @property
    def ref(self) -> ObjectRef:
        return ref_of(self.cluster, self.body)


def ref_of(cluster: str, body: Object) -> ObjectRef:
    """The reference of a decoded object; its kind must be one of ours."""
    kind = kind_of(body["apiVersion"], body["kind"])
    if kind is None:
        raise ValueError(f"unexpected kind {body['apiVersion']} {body['kind']}")
    metadata = body["metadata"]  # not by the helpers below: this is called for every object of all
    return ObjectRef(cluster, kind, metadata.get("namespace") or "", metadata["name"])


def dig(body: Object | None, *path: str, default: Any = None) -> Any:
    """What stands under *path*; *default* where a part is missing, null, or no mapping."""
    found: Any = body
    try:  # faster than to look what each part is: it is called for every object of every link
        for key in path:
            if found is None:
                return default
            found = found.get(key)
    except AttributeError:
        return default
    return default if found is None else found


def name_of(body: Object) -> str:
    return str(body["metadata"]["name"])


def namespace_of(body: Object) -> str:
    """Empty for an object of the whole cluster."""
    return str(body["metadata"].get("namespace") or "")


def uid_of(body: Object) -> str:
    return str(body.get("metadata", {}).get("uid") or "")


def labels_of(body: Object) -> Mapping[str, str]:
    return body.get("metadata", {}).get("labels") or {}


def peer_of(body: Object) -> str:
    """The remote cluster that an object of Liqo is about; empty where its label is missing."""
    return labels_of(body).get(REMOTE_CLUSTER_ID) or ""


def is_terminating(body: Object) -> bool:
    return bool(body.get("metadata", {}).get("deletionTimestamp"))
