"""Finds the way to the hub and to each leaf."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from kubectl_liqo_shortcut.adapters.kubeconfig import contexts, load
from kubectl_liqo_shortcut.core.model import HUB
from kubectl_liqo_shortcut.core.ports import Cluster
from kubectl_liqo_shortcut.errors import ClusterError, ShortcutError


class Access:
    """Finds the way to the hub and to each leaf, and keeps it."""

    def __init__(
        self,
        *,
        kubeconfig: str | None = None,
        context: str | None = None,
        leaf_contexts: Mapping[str, str] | None = None,
        leaf_kubeconfigs: Mapping[str, str] | None = None,
    ) -> None:
        self._path = kubeconfig
        self._context = context
        self._leaf_contexts = leaf_contexts or {}
        self._leaf_kubeconfigs = leaf_kubeconfigs or {}
        self._files: dict[str | None, dict[str, Any]] = {}
        self._clusters: dict[str, Cluster] = {}
        self._lock = threading.Lock()  # several links at once share their clusters
        self._opening: dict[str, threading.Lock] = {}  # one each: a credential plugin may be slow

    def __call__(self, name: str) -> Cluster:
        """The cluster called *name*: a leaf's cluster ID, or ``HUB``."""
        with self._lock:
            opening = self._opening.setdefault(name, threading.Lock())
        with opening:
            if name not in self._clusters:
                self._clusters[name] = self._open(name)
            return self._clusters[name]

    def has_hub(self) -> bool:
        """Whether any kubeconfig names a context: without one, there is no hub to ask."""
        kubeconfig = self._load(self._path)
        return bool(self._context or kubeconfig.get("current-context"))

    def namespace(self) -> str:
        """The namespace that the hub's context is set to, as kubectl takes it."""
        kubeconfig = self._load(self._path)
        context = self._context or str(kubeconfig.get("current-context") or "")
        bodies = {each["name"]: each["context"] for each in kubeconfig.get("contexts") or ()}
        return str(bodies.get(context, {}).get("namespace") or "default")

    def how(self, leaf: str) -> str:
        """The context that leads to *leaf*, in words, unless the command line chose it."""
        given = leaf in self._leaf_contexts or leaf in self._leaf_kubeconfigs
        if given or leaf not in contexts(self._load(self._path)):
            return ""
        return f"using kubeconfig context {leaf!r} for leaf {leaf!r}"

    def via(self, leaf: str) -> str:
        """The way to *leaf* in short, such as ``context:milan``; empty where there is none."""
        file, context = self._leaf_kubeconfigs.get(leaf), self._leaf_contexts.get(leaf)
        if file is None and context is None and leaf in contexts(self._load(self._path)):
            context = leaf
        ways = (("file", file), ("context", context))
        return ",".join(f"{kind}:{value}" for kind, value in ways if value)

    def _open(self, name: str) -> Cluster:
        if name == HUB:
            return _connect(HUB, self._load(self._path), self._context)
        kubeconfig = self._load(self._leaf_kubeconfigs.get(name, self._path))
        context = self._leaf_contexts.get(name)
        if context is None and name not in self._leaf_kubeconfigs:
            if name not in contexts(kubeconfig):
                raise ClusterError(
                    name,
                    "no way to it: there is no kubeconfig context of that name",
                    hint=f"pass --leaf-context {name}=CONTEXT or --leaf-kubeconfig {name}=PATH",
                )
            context = name
        return _connect(name, kubeconfig, context)

    def _load(self, path: str | None) -> dict[str, Any]:
        if path not in self._files:
            self._files[path] = load(path)
        return self._files[path]


def _connect(name: str, kubeconfig: Mapping[str, Any], context: str | None) -> Cluster:
    context = context or str(kubeconfig.get("current-context") or "")
    if not context and name != HUB:
        raise ClusterError(
            name,
            "its kubeconfig has no current context",
            hint=f"pass --leaf-context {name}=CONTEXT",
        )
    if not context:
        raise ShortcutError(
            "no kubeconfig context leads to the hub", hint="pass --context, or set KUBECONFIG"
        )
    if context not in contexts(kubeconfig):
        raise ShortcutError(
            f"kubeconfig context {context!r} does not exist",
            hint=f"contexts: {', '.join(contexts(kubeconfig)) or 'none'}",
        )
    from kubectl_liqo_shortcut.adapters.connect import connect  # a quarter of a second, so here

    return connect(name, kubeconfig, context)
