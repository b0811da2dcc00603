"""The least roles for what somebody is to do on one cluster, as documents for ``kubectl apply``."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core import validation
from kubectl_liqo_shortcut.core.kinds import Kind
from kubectl_liqo_shortcut.core.model import ObjectRef
from kubectl_liqo_shortcut.core.rbac.access_review import Scope
from kubectl_liqo_shortcut.core.rbac.permissions import Feature, PolicyRule, RuleScope
from kubectl_liqo_shortcut.core.verify.probe import NAMESPACE as PROBE_NAMESPACE
from kubectl_liqo_shortcut.errors import Invalid

if TYPE_CHECKING:  # templates take a while to import, and the command's help needs none
    from kubectl_liqo_shortcut.core.link.render import Renderer

LIQO_GROUP = "liqo.io"
"""In which Liqo puts every consumer: what it may do, each hub may do."""

_ACCOUNT = "ServiceAccount"
_KINDS = ("User", "Group", _ACCOUNT)
_SUFFIXES = {
    RuleScope.EVENTS: "-events",
    RuleScope.SERVICES: "-services",
    RuleScope.PROBES: "-verify",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Subject:
    """Who gets the roles."""

    kind: str
    name: str
    namespace: str = ""

    @property
    def user(self) -> str:
        """What API servers call it, if it is no Group."""
        account = self.kind == _ACCOUNT
        return f"system:serviceaccount:{self.namespace}:{self.name}" if account else self.name

    @property
    def binding(self) -> str:
        """What its bindings are called: another subject's have another name."""
        words = ":".join(filter(None, (self.kind.lower(), self.namespace, self.name)))
        safe = re.sub(r"[^A-Za-z0-9._:@-]", "-", words)[:200]
        digest = hashlib.sha256(words.encode()).hexdigest()[:10]
        return words if safe == words else f"{safe}-{digest}"


def subject(text: str) -> Subject:
    """``User:NAME``, ``Group:NAME`` or ``ServiceAccount:NS/NAME``."""
    kind, _, name = validation.text(text, "--subject", longest=1024).partition(":")
    namespace, slash, account = name.partition("/") if kind == _ACCOUNT else ("", "/", name)
    if kind not in _KINDS or not (slash and account) or (kind == _ACCOUNT and not namespace):
        raise Invalid(
            f"{text!r} is no subject",
            hint="User:NAME, Group:NAME or ServiceAccount:NAMESPACE/NAME",
        )
    if (kind, account) == ("Group", LIQO_GROUP):
        raise Invalid(
            f"Group {LIQO_GROUP} has the identities of all hubs that a leaf is peered with",
            hint="give the roles to a User or a ServiceAccount of its own",
        )
    return Subject(kind, account, namespace)


def own_user(hub: str) -> Subject:
    """A user that is nobody else: not Liqo's stored identity."""
    return Subject("User", f"liqo-shortcut:{hub}")


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    group: str
    resources: list[str]
    name: str
    verbs: list[str]
    comments: list[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Role:
    """*kind* is Role or ClusterRole."""

    kind: Kind
    name: str
    namespace: str
    rules: list[Rule]

    @property
    def binding_kind(self) -> Kind:
        return r.CLUSTER_ROLE_BINDING if self.kind == r.CLUSTER_ROLE else r.ROLE_BINDING


def roles(scope: Scope) -> list[Role]:
    """What *scope* needs, place by place; the same role is always the same, whatever the options.

    So what was applied before is added to, never taken away.
    """
    found: dict[tuple[str, str], Role] = {}
    for need in scope.needs():
        for namespace, name in scope.places(need):
            role = _role(need, scope, namespace, name)
            rules = found.setdefault((role.namespace, role.name), role).rules
            if need.part is not Feature.SERVICE or need.place is not RuleScope.EVERYWHERE:
                _add(rules, need, name)
    return [each for each in found.values() if each.rules]


def _role(need: PolicyRule, scope: Scope, namespace: str, name: str) -> Role:
    base = f"liqo-shortcut-{scope.on}" + _SUFFIXES.get(need.place, "")
    base += "-adopt" if need.part is Feature.ADOPT else ""
    if namespace:
        return Role(r.ROLE, base, namespace, [])
    if need.part is Feature.INSTALL:
        return Role(r.CLUSTER_ROLE, "liqo-shortcut-install", "", [])
    own = f":{name}" if "{peer}" in need.name else ""
    return Role(r.CLUSTER_ROLE, base + own, "", [])


def _add(rules: list[Rule], need: PolicyRule, name: str) -> None:
    resources = [
        each.plural + (f"/{need.subresource}" if need.subresource else "") for each in need.kinds
    ]
    comment = f"{', '.join(need.verbs)}: {need.why} ({', '.join(need.by)})"
    for rule in rules:
        if (rule.group, rule.resources, rule.name) == (need.kinds[0].group, resources, name):
            rule.verbs.extend(verb for verb in need.verbs if verb not in rule.verbs)
            rule.comments.append(comment)
            return
    rules.append(Rule(need.kinds[0].group, resources, name, [*need.verbs], [comment]))


def role_documents(scope: Scope, subjects: Iterable[Subject], renderer: Renderer) -> Iterator[str]:
    """YAML documents for one cluster: namespaces, roles, and their bindings to *subjects*."""
    every_subject = tuple(dict.fromkeys(subjects))
    for peer in scope.peers:
        ref = ObjectRef("", r.NAMESPACE, "", peer.namespace)
        yield renderer.text("rbac-namespace.yaml.j2", ref, peer=peer)
    every = roles(scope)
    if any(each.namespace == PROBE_NAMESPACE for each in every):
        ref = ObjectRef("", r.NAMESPACE, "", PROBE_NAMESPACE)
        probe = {"namespace": PROBE_NAMESPACE}
        yield renderer.text("probe-namespace.yaml.j2", ref, probe=probe)
    for role in every:
        ref = ObjectRef("", role.kind, role.namespace, role.name)
        yield renderer.text("rbac-role.yaml.j2", ref, role=role)
        for who in every_subject:
            name = f"{role.name}:{who.binding}"
            ref = ObjectRef("", role.binding_kind, role.namespace, name)
            yield renderer.text("rbac-binding.yaml.j2", ref, role=role, name=name, subject=who)
