"""Asks a leaf for the template that a gateway is to be made from, of whatever kind it is."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.shortcut import Shortcut, Side, TemplateRef
from kubectl_liqo_shortcut.core.model import Object, ObjectRef
from kubectl_liqo_shortcut.core.ports import Cluster
from kubectl_liqo_shortcut.core.preflight import gateway_template as of
from kubectl_liqo_shortcut.core.preflight.findings import Finding, FindingName
from kubectl_liqo_shortcut.errors import Forbidden

_MISSING, _UNUSABLE = FindingName.TEMPLATE_MISSING, FindingName.TEMPLATE_UNUSABLE


def look_at_template(side: Side, shortcut: Shortcut, leaf: Cluster) -> Iterator[Finding]:
    """What keeps Liqo from making the gateway of *side* as *shortcut* says.

    One question; of a kind that is not Liqo's own, discovery tells first where it is served.
    """
    ref = of.of_role(side.role, shortcut.gateway)
    namespace = ref.namespace or leaf.liqo_namespace
    told = f"{ref.kind} {namespace}/{ref.name}"
    found = _find(leaf, ref, namespace, told)
    if isinstance(found, Finding):
        yield found
        return
    wrong = _wrong(leaf, found)
    if wrong:
        words = f"cluster {leaf.name!r}: Liqo can make no gateway from {told}: {wrong}"
        yield Finding(_UNUSABLE, leaf.name, words, _UNUSABLE.remedy)
    ignored = list(of.ignored(side.role, shortcut.gateway, found))
    if ignored and not wrong:
        fields, variables = (", ".join(each) for each in zip(*ignored, strict=True))
        name = FindingName.TEMPLATE_IGNORES_OPTIONS
        words = f"{told} does not use {variables}: the shortcut's {fields} will not be heeded there"
        yield Finding(name, leaf.name, words, name.remedy)


def _find(leaf: Cluster, ref: TemplateRef, namespace: str, told: str) -> Object | Finding:
    """The template, or why there is none that Liqo could use."""
    where = f"cluster {leaf.name!r}: there is no {told}"
    if not of.can_be_there(ref):
        return Finding(_MISSING, leaf.name, where, _MISSING.remedy)
    kind = _kind(leaf, ref.api_version, ref.kind)
    if kind is None:
        words = f"{where}: the kind {ref.kind} of {ref.api_version} is not served there"
        hint = "install that network technology there first, or name another template"
        return Finding(_MISSING, leaf.name, words, hint)
    if not of.is_found_by_liqo(kind):
        served = _as_served(kind)
        words = f"cluster {leaf.name!r}: Liqo cannot find {told}: its kind is served as {served}"
        hint = "Liqo looks in a namespace, by the plural that it guesses: name another template"
        return Finding(_UNUSABLE, leaf.name, words, hint)
    resource = f"{kind.plural}.{kind.group}".rstrip(".")
    in_liqos = namespace == leaf.liqo_namespace
    try:
        found = leaf.get(ObjectRef(leaf.name, kind, namespace, ref.name))
    except Forbidden as error:
        if kind in (r.WG_SERVER_TEMPLATE, r.WG_CLIENT_TEMPLATE) and in_liqos:
            raise
        words = f"cannot tell whether there is a {told}: {error.message}"
        hint = f"beside what rbac print prints, give it get on {resource} in {namespace} there"
        return Finding(FindingName.UNCHECKED, leaf.name, words, hint)
    hint = f"kubectl --context {leaf.name} get {resource} -A lists those there are"
    return Finding(_MISSING, leaf.name, where, hint) if found is None else found


def _as_served(kind: r.Kind) -> str:
    return kind.plural + ("" if kind.namespaced else " without namespaces")


def _wrong(leaf: Cluster, template: Object) -> str:
    """Why Liqo can make nothing from *template*; "" if it can."""
    lacks = of.lacks(template)
    if lacks:
        return f"it has no {', '.join(lacks)}"
    api_version, kind = of.made_by(template)
    made = _kind(leaf, api_version, kind)
    if made is None:
        return f"the {kind} of {api_version} that it makes is not served there"
    if not of.is_found_by_liqo(made):
        return f"the {kind} that it makes is served as {_as_served(made)}"
    return ""


def _kind(leaf: Cluster, api_version: str, kind: str) -> r.Kind | None:
    """Where that kind is served; None if it is not. Liqo's own need not be asked for."""
    own = r.kind_of(api_version, kind)
    if own is not None or not of.is_api_version(api_version):
        return own
    return next((each for each in leaf.served(api_version) if each.kind == kind), None)
