"""Templates are the plan: from a shortcut and what is known to the manifests it needs.

A manifest whose facts are all known is *ready*; one that still waits for a fact is *pending*, and
shows the fact's name in the value's place. A dry run prints both; the real run makes what is ready.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

import jinja2
import yaml

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.facts import Facts, LeafFacts
from kubectl_liqo_shortcut.core.link.shortcut import Shortcut, Side
from kubectl_liqo_shortcut.core.model import (
    HUB,
    ClusterID,
    GatewayRole,
    Manifest,
    Object,
    ObjectRef,
    ref_of,
)

ReadTemplate = Callable[[str], str]
"""Given a template's file name, its text."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# In the order of creation: the client's gateway needs the server's endpoint, a key needs both.
_LEAF_TEMPLATES: Final[Mapping[GatewayRole, tuple[tuple[r.Kind, str], ...]]] = {
    GatewayRole.SERVER: (
        (r.NAMESPACE, "namespace.yaml.j2"),
        (r.CONFIGURATION, "configuration.yaml.j2"),
        (r.GATEWAY_SERVER, "gateway-server.yaml.j2"),
        (r.PUBLIC_KEY, "public-key.yaml.j2"),
    ),
    GatewayRole.CLIENT: (
        (r.NAMESPACE, "namespace.yaml.j2"),
        (r.CONFIGURATION, "configuration.yaml.j2"),
        (r.GATEWAY_CLIENT, "gateway-client.yaml.j2"),
        (r.PUBLIC_KEY, "public-key.yaml.j2"),
    ),
}


class Unknown:
    """A fact that is not known yet; its parts are not known either."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __getattr__(self, name: str) -> Unknown:
        if name.startswith("__"):  # jinja2 and copy look for protocols
            raise AttributeError(name)
        return self

    def __str__(self) -> str:
        return self._what


@dataclasses.dataclass(frozen=True, slots=True)
class Pending:
    """A manifest that waits for facts, named in the places of their values."""

    manifest: Manifest
    waits_for: tuple[str, ...]

    def over(self, observed: Object) -> Manifest:
        """The manifest, with what is *observed* in the places of values that are not known."""
        unknown = [_placeholder(each) for each in self.waits_for]
        return Manifest(self.manifest.cluster, _over(self.manifest.body, observed, unknown))


@dataclasses.dataclass(frozen=True, slots=True)
class Rendered:
    """Every object of a link on the leaves, each either ready or pending."""

    ready: tuple[Manifest, ...]
    pending: tuple[Pending, ...]

    def of(self, cluster: ClusterID) -> Rendered:
        return Rendered(
            tuple(manifest for manifest in self.ready if manifest.cluster == cluster),
            tuple(each for each in self.pending if each.manifest.cluster == cluster),
        )


@functools.lru_cache(maxsize=8)
def _environment(read_template: ReadTemplate) -> jinja2.Environment:
    """One for each set of templates: to compile them takes longer than all else."""
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(read_template),
        undefined=jinja2.StrictUndefined,  # a misspelt variable fails, never renders as ""
        finalize=_quote,  # every value becomes a YAML scalar: no injection, no "no" -> false
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - YAML, not HTML: _quote escapes it
    )


@functools.lru_cache(maxsize=128)
def _documents(text: str) -> tuple[Any, ...]:
    """Read once: with each fact that comes most manifests stay as they are."""
    return tuple(yaml.load_all(text, Loader=_Loader))  # noqa: S506 - a safe loader


class Renderer:
    """Renders with one set of templates; the compiled ones are kept."""

    def __init__(self, read_template: ReadTemplate) -> None:
        self._environment = _environment(read_template)

    def record(self, shortcut: Shortcut, annotations: Mapping[str, str] | None = None) -> Manifest:
        """The Shortcut itself, for the hub."""
        ref = ObjectRef(HUB, r.SHORTCUT, "", shortcut.name)
        known = annotations or {}
        body, _ = self._render(
            "shortcut.yaml.j2",
            ref,
            shortcut=shortcut,
            gateway=shortcut.gateway,
            annotations=known,
        )
        return Manifest(HUB, body)

    def link(self, shortcut: Shortcut, facts: Facts) -> Rendered:
        """Everything *shortcut* puts on its two leaves, as far as *facts* go."""
        hub = facts.hub or Unknown("cluster ID of the hub")
        ready: list[Manifest] = []
        pending: list[Pending] = []
        for side in shortcut.sides:
            leaf, peer = facts.leaves[side.leaf], facts.leaves[side.peer]
            for kind, template in _LEAF_TEMPLATES[side.role]:
                ref = link_ref(kind, side, leaf)
                known = {"hub": hub, "leaf": leaf, "peer": _with_unknowns(peer)}
                made = self.one(template, ref, shortcut=shortcut, gateway=shortcut.gateway, **known)
                if isinstance(made, Pending):
                    pending.append(made)
                else:
                    ready.append(made)
        return Rendered(tuple(ready), tuple(pending))

    def one(self, template: str, ref: ObjectRef, **values: Any) -> Manifest | Pending:
        """The object *ref*, from a template and what it needs."""
        body, waits = self._render(template, ref, **values)
        manifest = Manifest(ref.cluster, body)
        return Pending(manifest, waits) if waits else manifest

    def text(self, template: str, ref: ObjectRef, **values: Any) -> str:
        """The object *ref* as the template has it, comments included, for people to read."""
        self._render(template, ref, **values)
        text = self._environment.get_template(template).render(waits=[], **values)
        return f"{text.rstrip()}\n"

    def _render(
        self, template: str, ref: ObjectRef, **values: Any
    ) -> tuple[Object, tuple[str, ...]]:
        waits: list[str] = []
        text = self._environment.get_template(template).render(waits=waits, **values)
        documents = copy.deepcopy(_documents(text))
        # A last guard: whatever a value held, it made no other object.
        if len(documents) != 1 or ref_of(ref.cluster, documents[0]) != ref:
            raise ValueError(f"template {template} did not render {ref} of {ref.cluster}")
        return documents[0], tuple(dict.fromkeys(waits))


@jinja2.pass_context
def _quote(context: jinja2.runtime.Context, value: Any) -> str:
    if isinstance(value, Unknown):
        context["waits"].append(str(value))
        value = _placeholder(str(value))
    return to_yaml_scalar(value)


def _placeholder(fact: str) -> str:
    return f"<{fact}>"


def _over(desired: Any, observed: Any, unknown: Collection[str]) -> Any:
    if isinstance(desired, Mapping) and isinstance(observed, Mapping):
        return {
            key: _over(value, observed[key], unknown) if key in observed else value
            for key, value in desired.items()
        }
    parts = desired if isinstance(desired, list) else [desired]
    return observed if any(each in unknown for each in parts) else desired


def link_ref(kind: r.Kind, side: Side, leaf: LeafFacts) -> ObjectRef:
    """Where *kind* of a link lives on *side*: named as the other cluster, as Liqo expects it."""
    if kind == r.NAMESPACE:
        return ObjectRef(side.leaf, kind, "", leaf.tenant_namespace)
    return ObjectRef(side.leaf, kind, leaf.tenant_namespace, side.peer)


@dataclasses.dataclass(frozen=True, slots=True)
class _Peer:
    """A leaf's facts for templates: what is not known is ``Unknown`` by a name for people."""

    id: ClusterID
    cidrs: Any
    endpoint: Any
    public_key: Any


def _with_unknowns(peer: LeafFacts) -> _Peer:
    return _Peer(
        id=peer.id,
        cidrs=peer.cidrs or Unknown(f"CIDRs of {peer.id}"),
        endpoint=peer.endpoint or Unknown(f"endpoint of {peer.id}'s gateway"),
        public_key=peer.public_key or Unknown(f"public key of {peer.id}'s gateway"),
    )


# JSON writes a character outside the basic plane as two escapes, which YAML does not join.
_SURROGATES = re.compile(r"\\ud([89ab][0-9a-f]{2})\\ud([c-f][0-9a-f]{2})")


def to_yaml_scalar(value: Any) -> str:
    """JSON that YAML 1.1 and 1.2 read as the same value, whatever text it holds."""
    if isinstance(value, jinja2.Undefined):
        str(value)  # StrictUndefined raises here, naming the variable
    return _SURROGATES.sub(_join, json.dumps(value, allow_nan=False)).replace("\x7f", "\\u007f")


def _join(pair: re.Match[str]) -> str:
    high, low = (int("d" + half, 16) for half in pair.groups())
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + low - 0xDC00:08x}"
