"""The options that were given, in the commands that hints name: they work when pasted."""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Mapping
from typing import Any

import click

from kubectl_liqo_shortcut.errors import in_lines, lines_of

_KEY = f"{__name__}.given"

_HUB_OPTIONS = {
    "kubeconfig": "--kubeconfig",
    "context": "--context",
    "as_user": "--as",
    "as_groups": "--as-group",
    "as_uid": "--as-uid",
}
"""Those that kubectl has too: they lead to the hub."""

_OUR_OPTIONS = {
    "leaf_contexts": "--leaf-context",
    "leaf_kubeconfigs": "--leaf-kubeconfig",
    "liqo_namespace": "--liqo-namespace",
    "leaf_liqo_namespaces": "--leaf-liqo-namespace",
    "allow_local_identity": "--allow-local-identity",
}

# completion, version and crd print ask no cluster; the same command again is spelt out whole.
_OURS = re.compile(
    r"(?<!to go on: )kubectl liqo-shortcut (?!completion\b|version\b|crd print\b)"
    r"((?:rbac|service|crd) )?[a-z]+(?![a-z-])"
)
_ON_HUB = re.compile(r"kubectl (?:edit|get|describe|patch|label|annotate)(?= shortcuts?\b)")
_ON_LEAF = re.compile(r"kubectl --context (\S+)")


@dataclasses.dataclass(frozen=True, slots=True)
class GivenOptions:
    """How the clusters are reached, as it was said on the command line."""

    hub: str = ""  # as kubectl takes it
    all: str = ""  # as this program takes it
    leaves: Mapping[str, str] = dataclasses.field(default_factory=dict)  # as kubectl takes it

    def within(self, text: str) -> str:
        """*text*, with these options in each command that it names."""
        return in_lines(self._line(text), map(self._line, lines_of(text)))

    def _line(self, line: str) -> str:
        line = _ON_LEAF.sub(self._on_leaf, line)
        line = _ON_HUB.sub(lambda found: found[0] + self.hub, line)
        return _OURS.sub(lambda found: found[0] + self.all, line)

    def _on_leaf(self, found: re.Match[str]) -> str:
        options = self.leaves.get(found[1])
        return found[0] if options is None else f"kubectl{options}"


def given_options(params: Mapping[str, Any]) -> GivenOptions:
    """What the values of ``access_options`` say."""
    hub = "".join(_spelt(option, params.get(name)) for name, option in _HUB_OPTIONS.items())
    ours = "".join(_spelt(option, params.get(name)) for name, option in _OUR_OPTIONS.items())
    leaves: dict[str, str] = {}
    for name, option in (("leaf_kubeconfigs", "--kubeconfig"), ("leaf_contexts", "--context")):
        for leaf, value in dict(params.get(name) or ()).items():
            leaves[leaf] = leaves.get(leaf, "") + _spelt(option, value)
    contexts = dict(params.get("leaf_contexts") or ())
    if params.get("kubeconfig"):  # a leaf's context is looked for in that file
        for leaf in set(contexts) - set(dict(params.get("leaf_kubeconfigs") or ())):
            leaves[leaf] = _spelt("--kubeconfig", params["kubeconfig"]) + leaves[leaf]
    return GivenOptions(hub, hub + ours, leaves)


def _spelt(option: str, value: Any) -> str:
    match value:
        case None | "" | False | () | {}:
            return ""
        case True:
            return f" {option}"
        case dict():
            return "".join(f" {option} {shlex.quote(f'{k}={v}')}" for k, v in value.items())
        case tuple():
            pairs = ("=".join(each) if isinstance(each, tuple) else str(each) for each in value)
            return "".join(f" {option} {shlex.quote(each)}" for each in pairs)
        case _:
            return f" {option} {shlex.quote(str(value))}"


def remember(params: Mapping[str, Any]) -> None:
    """Keep what the present command line says: errors are told after the command."""
    click.get_current_context().meta[_KEY] = given_options(params)


def pasteable(text: str) -> str:
    """*text*, with the options that were given in each command that it names."""
    context = click.get_current_context(silent=True)
    given: GivenOptions | None = context.meta.get(_KEY) if context else None
    return text if given is None else given.within(text)
