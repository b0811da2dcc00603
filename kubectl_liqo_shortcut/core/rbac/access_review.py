"""What this program asks of each cluster, verb by verb: least privilege, checked beforehand.

What is needed stands in ``core/rbac/permissions``; here it becomes questions about one cluster.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.kinds import Kind
from kubectl_liqo_shortcut.core.link.observe import gateway_kind
from kubectl_liqo_shortcut.core.link.shortcut import Side
from kubectl_liqo_shortcut.core.model import Object, dig
from kubectl_liqo_shortcut.core.rbac import permissions
from kubectl_liqo_shortcut.core.rbac.permissions import ClusterScope, Feature, PolicyRule, RuleScope
from kubectl_liqo_shortcut.core.verify.probe import NAMESPACE as PROBE_NAMESPACE


@dataclasses.dataclass(frozen=True, slots=True)
class PermissionAttributes:
    """One verb on one kind; without *namespace*, in all of them; without *name*, on all."""

    verb: str
    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    def review(self) -> Object:
        """The question whether the user may; a Namespace lies in itself for a server."""
        attributes = {
            "verb": self.verb,
            "group": self.kind.group,
            "resource": self.kind.plural,
            "subresource": self.subresource,
            "namespace": self.name if self.kind == r.NAMESPACE else self.namespace,
            "name": self.name,
        }
        return _review({key: value for key, value in attributes.items() if value})

    @property
    def resource(self) -> str:
        """As ``kubectl auth can-i`` takes it."""
        group = f".{self.kind.group}" if self.kind.group else ""
        part = f"/{self.subresource}" if self.subresource else ""
        name = f"/{self.name}" if self.name else ""
        return f"{self.kind.plural}{group}{part}{name}"

    def __str__(self) -> str:
        where = f" -n {self.namespace}" if self.namespace else ""
        return f"{self.verb} {self.resource}{where}"


@dataclasses.dataclass(frozen=True, slots=True)
class AccessReview:
    """One access, the commands that need it, and whether all of them go on without it."""

    access: PermissionAttributes
    by: tuple[str, ...]
    optional: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Peer:
    """A leaf, and the tenant namespace for it."""

    id: str
    namespace: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What somebody is to do on one cluster: links with *peers*, Services in namespaces, ...

    *stored* are the leaves that are reached by the identity that Liqo stored on the hub.
    """

    on: ClusterScope
    peers: tuple[Peer, ...] = ()
    stored: tuple[Peer, ...] = ()
    services: tuple[str, ...] = ()
    adopt: bool = False
    verify: bool = False
    install: bool = False
    shortcut: str = ""  # the name of one record, "" for all
    liqo_namespace: str = r.LIQO_NAMESPACE

    def needs(self) -> Iterator[PolicyRule]:
        chosen = {Feature.LINK}
        chosen |= {Feature.ADOPT} if self.adopt else set()
        chosen |= {Feature.SERVICE} if self.services else set()
        chosen |= {Feature.VERIFY} if self.verify else set()
        chosen |= {Feature.INSTALL} if self.install else set()
        chosen |= {Feature.STORED} if self.stored else set()
        return (each for each in permissions.NEEDS if each.on is self.on and each.part in chosen)

    def places(self, need: PolicyRule) -> Iterator[tuple[str, str]]:
        """Namespace and name of each place that *need* stands for; "" for all."""
        match need.place:
            case RuleScope.TENANT:
                for peer in self.peers:
                    yield peer.namespace, self._name(need, peer)
            case RuleScope.STORED:
                for leaf in self.stored:
                    yield leaf.namespace, self._name(need, leaf)
            case RuleScope.SERVICES:
                for namespace in self.services:
                    yield namespace, need.name
            case RuleScope.EVERYWHERE if "{peer}" in need.name:
                for peer in self.peers:
                    yield "", self._name(need, peer)
            case place:
                yield self._namespace(place), self._name(need)

    def _namespace(self, place: RuleScope) -> str:
        known = {
            RuleScope.LIQO: self.liqo_namespace,
            RuleScope.EVENTS: "default",
            RuleScope.PROBES: PROBE_NAMESPACE,
        }
        return known.get(place, "")

    def _name(self, need: PolicyRule, peer: Peer | None = None) -> str:
        if "{shortcut}" in need.name and not self.shortcut:
            return ""
        known = {"peer": peer.id, "namespace": peer.namespace} if peer else {}
        return need.name.format(shortcut=self.shortcut, **known)


def access_reviews(scope: Scope) -> list[AccessReview]:
    """Everything that the commands of *scope* ask of that cluster, each once."""
    found: dict[PermissionAttributes, AccessReview] = {}
    for need in sorted(scope.needs(), key=lambda each: each.optional):
        for access in _accesses(need, scope):
            before = found.get(access, AccessReview(access, (), need.optional))
            if need.optional == before.optional:  # else others do not go on without it
                by = tuple(dict.fromkeys((*before.by, *need.by)))
                found[access] = AccessReview(access, by, need.optional)
    return list(found.values())


def _accesses(need: PolicyRule, scope: Scope) -> Iterator[PermissionAttributes]:
    for namespace, name in scope.places(need):
        for kind in need.kinds:
            for verb in need.verbs:
                here = namespace if kind.namespaced else ""
                yield PermissionAttributes(verb, kind, here, name, need.subresource)


def unlimited_review() -> Object:
    """The question whether the user may do all: administrators need not be asked verb by verb."""
    return _review({"verb": "*", "group": "*", "resource": "*"})


def is_allowed(review: Object) -> bool:
    return bool(dig(review, "status", "allowed"))


def hub_permissions(shortcut: str, liqo_namespace: str) -> Iterator[PermissionAttributes]:
    """What ``create``, ``sync`` and ``delete`` need there, beside what a first look has read."""
    scope = Scope(on=ClusterScope.HUB, shortcut=shortcut, liqo_namespace=liqo_namespace)
    return _needed(access_reviews(scope), permissions.REMOVE)


def leaf_permissions(
    side: Side, namespace: str, *, adopt: bool = False
) -> Iterator[PermissionAttributes]:
    """What they need on a leaf, whose tenant namespace for its peer is *namespace*.

    With *adopt*, what that command needs too.
    """
    other = gateway_kind(side.role.other)
    scope = Scope(on=ClusterScope.LEAF, peers=(Peer(side.peer, namespace),), adopt=adopt)
    asked = _needed(
        access_reviews(scope), (*permissions.REMOVE, *((permissions.ADOPT,) if adopt else ()))
    )
    return (each for each in asked if each.kind != other)


def link_permissions(
    peer: str, namespace: str, liqo_namespace: str
) -> Iterator[PermissionAttributes]:
    """What a link with *peer* needs on a leaf, whichever of the two serves, from the first look."""
    peers = (Peer(peer, namespace),)
    scope = Scope(on=ClusterScope.LEAF, peers=peers, liqo_namespace=liqo_namespace)
    wanted = {permissions.PREFLIGHT, *permissions.REMOVE}
    return (
        each.access
        for each in access_reviews(scope)
        if not each.optional and not wanted.isdisjoint(each.by)
    )


def to_make_namespaces() -> Iterator[PermissionAttributes]:
    """What is needed on a leaf whose tenant namespace is not there yet."""
    scope = Scope(on=ClusterScope.LEAF)
    for need in permissions.NEEDS:
        if need.part is Feature.NAMESPACES and need.place is RuleScope.EVERYWHERE:
            yield from _accesses(need, scope)


def to_verify(*, make_namespace: bool) -> Iterator[PermissionAttributes]:
    """What the probe Pods need on a leaf, whose namespace for them may have to be made.

    Whether it is there has been asked for by then.
    """
    scope = Scope(on=ClusterScope.LEAF, verify=True)
    for need in permissions.NEEDS:
        if need.part is Feature.VERIFY:
            yield from (each for each in _accesses(need, scope) if each.kind == r.POD)
    if make_namespace:
        yield from to_make_namespaces()


def _needed(asked: Iterable[AccessReview], by: Collection[str]) -> Iterator[PermissionAttributes]:
    """Those that *by* need, but for what a first look has done: that was allowed."""
    for each in asked:
        seen = each.access.verb in ("get", "list") and permissions.PREFLIGHT in each.by
        if not (each.optional or seen or set(by).isdisjoint(each.by)):
            yield each.access


def _review(attributes: Object) -> Object:
    kind = r.SELF_SUBJECT_ACCESS_REVIEW
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": ""},
        "spec": {"resourceAttributes": attributes},
    }
