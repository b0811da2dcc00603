"""What this program asks of each cluster, verb by verb: least privilege, checked beforehand.

What is needed stands in ``core/needs``; here it becomes questions about one cluster.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator

from kubectl_liqo_shortcut.core import needs
from kubectl_liqo_shortcut.core import resources as r
from kubectl_liqo_shortcut.core.model import Object
from kubectl_liqo_shortcut.core.needs import Need, On, Part, Place
from kubectl_liqo_shortcut.core.observe import gateway_kind
from kubectl_liqo_shortcut.core.probe import NAMESPACE as PROBE_NAMESPACE
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
class Question:
    """One access, the commands that need it, and whether all of them go on without it."""

    access: Access
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

    on: On
    peers: tuple[Peer, ...] = ()
    stored: tuple[Peer, ...] = ()
    services: tuple[str, ...] = ()
    adopt: bool = False
    verify: bool = False
    install: bool = False
    shortcut: str = ""  # the name of one record, "" for all
    liqo_namespace: str = r.LIQO_NAMESPACE

    def needs(self) -> Iterator[Need]:
        chosen = {Part.LINK}
        chosen |= {Part.ADOPT} if self.adopt else set()
        chosen |= {Part.SERVICE} if self.services else set()
        chosen |= {Part.VERIFY} if self.verify else set()
        chosen |= {Part.INSTALL} if self.install else set()
        chosen |= {Part.STORED} if self.stored else set()
        return (each for each in needs.NEEDS if each.on is self.on and each.part in chosen)

    def places(self, need: Need) -> Iterator[tuple[str, str]]:
        """Namespace and name of each place that *need* stands for; "" for all."""
        match need.place:
            case Place.TENANT:
                for peer in self.peers:
                    yield peer.namespace, self._name(need, peer)
            case Place.STORED:
                for leaf in self.stored:
                    yield leaf.namespace, self._name(need, leaf)
            case Place.SERVICES:
                for namespace in self.services:
                    yield namespace, need.name
            case Place.EVERYWHERE if "{peer}" in need.name:
                for peer in self.peers:
                    yield "", self._name(need, peer)
            case place:
                yield self._namespace(place), self._name(need)

    def _namespace(self, place: Place) -> str:
        known = {
            Place.LIQO: self.liqo_namespace,
            Place.EVENTS: "default",
            Place.PROBES: PROBE_NAMESPACE,
        }
        return known.get(place, "")

    def _name(self, need: Need, peer: Peer | None = None) -> str:
        if "{shortcut}" in need.name and not self.shortcut:
            return ""
        known = {"peer": peer.id, "namespace": peer.namespace} if peer else {}
        return need.name.format(shortcut=self.shortcut, **known)


def questions(scope: Scope) -> list[Question]:
    """Everything that the commands of *scope* ask of that cluster, each once."""
    found: dict[Access, Question] = {}
    for need in sorted(scope.needs(), key=lambda each: each.optional):
        for access in _accesses(need, scope):
            before = found.get(access, Question(access, (), need.optional))
            if need.optional == before.optional:  # else others do not go on without it
                by = tuple(dict.fromkeys((*before.by, *need.by)))
                found[access] = Question(access, by, need.optional)
    return list(found.values())


def _accesses(need: Need, scope: Scope) -> Iterator[Access]:
    for namespace, name in scope.places(need):
        for kind in need.kinds:
            for verb in need.verbs:
                here = namespace if kind.namespaced else ""
                yield Access(verb, kind, here, name, need.subresource)


def everything() -> Object:
    """The question whether the user may do all: administrators need not be asked verb by verb."""
    return _review({"verb": "*", "group": "*", "resource": "*"})


def is_allowed(review: Object) -> bool:
    return bool((review.get("status") or {}).get("allowed"))


def on_hub(shortcut: str, liqo_namespace: str) -> Iterator[Access]:
    """What ``create``, ``sync`` and ``delete`` need there, beside what a first look has read."""
    scope = Scope(on=On.HUB, shortcut=shortcut, liqo_namespace=liqo_namespace)
    return _needed(questions(scope), needs.REMOVE)


def on_leaf(side: Side, namespace: str, *, adopt: bool = False) -> Iterator[Access]:
    """What they need on a leaf, whose tenant namespace for its peer is *namespace*.

    With *adopt*, what that command needs too.
    """
    other = gateway_kind(side.role.other)
    scope = Scope(on=On.LEAF, peers=(Peer(side.peer, namespace),), adopt=adopt)
    asked = _needed(questions(scope), (*needs.REMOVE, *((needs.ADOPT,) if adopt else ())))
    return (each for each in asked if each.kind != other)


def of_leaf(peer: str, namespace: str, liqo_namespace: str) -> Iterator[Access]:
    """What a link with *peer* needs on a leaf, whichever of the two serves, from the first look."""
    peers = (Peer(peer, namespace),)
    scope = Scope(on=On.LEAF, peers=peers, liqo_namespace=liqo_namespace)
    wanted = {needs.PREFLIGHT, *needs.REMOVE}
    return (
        each.access
        for each in questions(scope)
        if not each.optional and not wanted.isdisjoint(each.by)
    )


def to_make_namespaces() -> Iterator[Access]:
    """What is needed on a leaf whose tenant namespace is not there yet."""
    scope = Scope(on=On.LEAF)
    for need in needs.NEEDS:
        if need.part is Part.NAMESPACES and need.place is Place.EVERYWHERE:
            yield from _accesses(need, scope)


def to_verify(*, make_namespace: bool) -> Iterator[Access]:
    """What the probe Pods need on a leaf, whose namespace for them may have to be made.

    Whether it is there has been asked for by then.
    """
    scope = Scope(on=On.LEAF, verify=True)
    for need in needs.NEEDS:
        if need.part is Part.VERIFY:
            yield from (each for each in _accesses(need, scope) if each.kind == r.POD)
    if make_namespace:
        yield from to_make_namespaces()


def _needed(asked: Iterable[Question], by: Collection[str]) -> Iterator[Access]:
    """Those that *by* need, but for what a first look has done: that was allowed."""
    for each in asked:
        seen = each.access.verb in ("get", "list") and needs.PREFLIGHT in each.by
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
