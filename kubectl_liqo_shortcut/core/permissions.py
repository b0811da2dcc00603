"""What this program asks of each cluster, verb by verb: least privilege, checked beforehand."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from kubectl_liqo_shortcut.core import resources as r
from kubectl_liqo_shortcut.core.model import Object
from kubectl_liqo_shortcut.core.observe import gateway_kind
from kubectl_liqo_shortcut.core.resources import Kind
from kubectl_liqo_shortcut.core.shortcut import Side


@dataclasses.dataclass(frozen=True, slots=True)
class Access:
    """One verb on one kind; without *namespace*, in all of them; without *name*, on all."""

    verb: str
    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    def review(self) -> Object:
        """The question whether the user may."""
        attributes = {
            "verb": self.verb,
            "group": self.kind.group,
            "resource": self.kind.plural,
            "subresource": self.subresource,
            "namespace": self.namespace,
            "name": self.name,
        }
        return _review({key: value for key, value in attributes.items() if value})

    def __str__(self) -> str:
        """As ``kubectl auth can-i`` takes it."""
        group = f".{self.kind.group}" if self.kind.group else ""
        part = f"/{self.subresource}" if self.subresource else ""
        name = f"/{self.name}" if self.name else ""
        where = f" -n {self.namespace}" if self.namespace else ""
        return f"{self.verb} {self.kind.plural}{group}{part}{name}{where}"


def everything() -> Object:
    """The question whether the user may do all: administrators need not be asked verb by verb."""
    return _review({"verb": "*", "group": "*", "resource": "*"})


def is_allowed(review: Object) -> bool:
    return bool((review.get("status") or {}).get("allowed"))


def on_hub(shortcut: str, liqo_namespace: str) -> Iterator[Access]:
    """What ``create``, ``sync`` and ``delete`` need there."""
    for verb in ("get", "list", "create", "patch", "delete"):
        yield Access(verb, r.SHORTCUT, name=shortcut if verb in ("get", "patch", "delete") else "")
    yield Access("patch", r.SHORTCUT, name=shortcut, subresource="status")
    for verb in ("get", "list", "watch", "create", "patch", "delete"):
        yield Access(verb, r.LEASE, liqo_namespace)


def to_look(liqo_namespace: str) -> Iterator[Access]:
    """What the first look at a leaf reads, before anything is decided."""
    yield Access("get", r.NAMESPACE, name="kube-system")
    for kind in (r.NAMESPACE, r.CONFIGURATION, r.GATEWAY_SERVER, r.GATEWAY_CLIENT):
        yield Access("list", kind)
    yield Access("list", r.NETWORK, liqo_namespace)


def on_leaf(side: Side, namespace: str) -> Iterator[Access]:
    """What they need on a leaf, whose tenant namespace for its peer is *namespace*."""
    gateway = gateway_kind(side.role)
    for kind in (r.CONFIGURATION, gateway, r.PUBLIC_KEY):
        yield Access("create", kind, namespace)
        yield Access("patch", kind, namespace, side.peer)
        yield Access("delete", kind, namespace, side.peer)
    for kind in (r.CONFIGURATION, gateway):
        yield Access("watch", kind)
    for kind in (r.PUBLIC_KEY, r.CONNECTION):
        yield Access("list", kind, namespace)
    yield Access("watch", r.CONNECTION, namespace)
    for verb in ("list", "watch"):
        yield Access(verb, r.SECRET, namespace, f"gw-{side.peer}")
    for kind in (r.POD, r.DEPLOYMENT, r.SERVICE, r.NETWORK):  # removal waits for them
        yield Access("list", kind, namespace)
    yield Access("get", r.FOREIGN_CLUSTER, name=side.peer)  # does a peering use the link?


def _review(attributes: Object) -> Object:
    kind = r.SELF_SUBJECT_ACCESS_REVIEW
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": ""},
        "spec": {"resourceAttributes": attributes},
    }
