"""Finds the way to the hub and to each leaf."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kubectl_liqo_shortcut.adapters.kubeconfig.files import (
    IN_CLUSTER,
    Entry,
    contexts,
    entry_for,
    in_cluster,
    load_kubeconfig,
    missing_files,
)
from kubectl_liqo_shortcut.adapters.kubeconfig.impersonation import Impersonation
from kubectl_liqo_shortcut.core.model import HUB, dig
from kubectl_liqo_shortcut.core.ports import Cluster
from kubectl_liqo_shortcut.errors import ClusterError, Forbidden, ShortcutError

if TYPE_CHECKING:
    from kubectl_liqo_shortcut.adapters.kube import KubeCluster


class ClusterAccess:
    """Finds the way to the hub and to each leaf, and keeps it."""

    def __init__(
        self,
        *,
        kubeconfig: str | None = None,
        context: str | None = None,
        impersonation: Impersonation | None = None,
        leaf_contexts: Mapping[str, str] | None = None,
        leaf_kubeconfigs: Mapping[str, str] | None = None,
        liqo_namespace: str = "",
        leaf_liqo_namespaces: Mapping[str, str] | None = None,
        allow_local_identity: bool = False,
    ) -> None:
        self._path = kubeconfig
        self._context = context
        self._impersonation = impersonation or Impersonation()
        self._leaf_contexts = leaf_contexts or {}
        self._leaf_kubeconfigs = leaf_kubeconfigs or {}
        self._liqo_namespace = liqo_namespace
        self._leaf_liqo_namespaces = leaf_liqo_namespaces or {}
        self._allow_local_identity = allow_local_identity
        self._files: dict[str | None, dict[str, Any]] = {}
        self._clusters: dict[str, KubeCluster] = {}
        self._stored: set[str] = set()  # leaves for which the hub has an identity
        self._lock = threading.Lock()  # several links at once share their clusters
        self._opening: dict[str, threading.Lock] = {}  # one each: a credential plugin may be slow

    def __call__(self, name: str) -> Cluster:
        """The cluster called *name*: a leaf's cluster ID, or ``HUB``."""
        return self._cluster(name)

    def _cluster(self, name: str) -> KubeCluster:
        with self._lock:
            opening = self._opening.setdefault(name, threading.Lock())
        with opening:
            if name not in self._clusters:
                self._clusters[name] = self._open(name)
            return self._clusters[name]

    def has_hub(self) -> bool:
        """Whether any kubeconfig names a context: without one, there is no hub to ask."""
        return bool(self._hub_context())

    def no_hub(self) -> ShortcutError:
        """What to say where ``has_hub`` is false."""
        gone = "" if self._path else missing_files()
        if not gone:
            hint = "pass --context, or set KUBECONFIG"
            return ShortcutError("no kubeconfig context leads to the hub", hint=hint)
        return ShortcutError(
            f"no kubeconfig context leads to the hub: {gone}",
            hint="set KUBECONFIG to a file that is there, or pass --kubeconfig",
        )

    def liqo_namespace_of(self, leaf: str) -> str:
        """The namespace of Liqo on *leaf*, as the command line says; empty: the usual one."""
        return self._leaf_liqo_namespaces.get(leaf, self._liqo_namespace)

    def namespace(self) -> str:
        """The namespace that the hub's context is set to, as kubectl takes it."""
        kubeconfig = self._load(self._path)
        context = self._context or str(kubeconfig.get("current-context") or "")
        bodies = {each["name"]: each["context"] for each in kubeconfig.get("contexts") or ()}
        return str(dig(bodies, context, "namespace") or "default")

    def how(self, leaf: str) -> str:
        """The way to *leaf*, in words, unless the command line chose it; nobody is asked."""
        if self._is_given(leaf):
            return ""
        if self._has_context(leaf):
            return f"using kubeconfig context {leaf!r} for leaf {leaf!r}"
        from kubectl_liqo_shortcut.adapters.kubeconfig.liqo_secret import identity_secret_name

        return (
            f"no kubeconfig context {leaf!r}: trying the hub's stored identity for leaf {leaf!r} "
            f"(Secret {identity_secret_name(leaf)})"
        )

    def via(self, leaf: str) -> str:
        """The way to *leaf* in short, such as ``context:milan``; empty where there is none.

        Whether the hub has an identity for it is known once it was opened.
        """
        file, context = self._leaf_kubeconfigs.get(leaf), self._leaf_contexts.get(leaf)
        if file is None and context is None:
            if not self._has_context(leaf):
                return "stored" if leaf in self._stored else ""
            context = leaf
        ways = (("file", file), ("context", context))
        return ",".join(f"{kind}:{value}" for kind, value in ways if value)

    def _is_given(self, leaf: str) -> bool:
        return leaf in self._leaf_contexts or leaf in self._leaf_kubeconfigs

    def _has_context(self, leaf: str) -> bool:
        return leaf in contexts(self._load(self._path))

    def _open(self, name: str) -> KubeCluster:
        if name == HUB:
            return _connect(HUB, self._hub_entry(), self._liqo_namespace)
        entry = self._leaf_entry(name)
        return _connect(name, entry, self.liqo_namespace_of(name))

    def _leaf_entry(self, leaf: str) -> Entry:
        if not self._is_given(leaf) and not self._has_context(leaf):
            return self._stored_entry(leaf)
        kubeconfig = self._load(self._leaf_kubeconfigs.get(leaf, self._path))
        context = self._leaf_contexts.get(leaf)
        if context is None and leaf not in self._leaf_kubeconfigs:
            context = leaf
        return _entry(kubeconfig, context or _current(leaf, kubeconfig))

    def _stored_entry(self, leaf: str) -> Entry:
        from kubectl_liqo_shortcut.adapters.kubeconfig.liqo_secret import other_way, stored_entry

        hint = other_way(leaf)
        no_way = f"no credentials: no kubeconfig context {leaf!r}"
        if not self.has_hub():
            raise ClusterError(leaf, no_way, hint=hint)
        try:
            hub, allow_local = self._cluster(HUB), self._allow_local_identity
            entry = stored_entry(hub, leaf, allow_local=allow_local)
        except Forbidden as error:
            raise ClusterError(
                leaf,
                f"{no_way}, and the hub's stored identity may not be read: {error.message}",
                hint=f"{hint}, or ask the hub's administrator for that one Secret: "
                f"kubectl liqo-shortcut rbac print --hub --stored-identity {leaf}",
            ) from error
        except ShortcutError as error:
            if isinstance(error, ClusterError) and error.cluster == leaf:
                self._stored.add(leaf)  # there is one, and it is refused
                raise
            raise ClusterError(
                leaf, f"{no_way}, and the hub cannot be asked: {error.message}", hint=hint
            ) from error
        if entry is None:
            raise ClusterError(leaf, no_way, hint=hint)
        self._stored.add(leaf)
        return entry

    def _hub_context(self) -> str:
        """Empty where there is none."""
        kubeconfig = self._load(self._path)
        named = self._context or str(kubeconfig.get("current-context") or "")
        return named or (IN_CLUSTER if self._pod() else "")

    def _hub_entry(self) -> Entry:
        kubeconfig, context = self._load(self._path), self._hub_context()
        if not context:
            raise self.no_hub()
        pod = None if self._context or kubeconfig.get("current-context") else self._pod()
        entry = _entry(pod or kubeconfig, context, "" if self._path else missing_files())
        return dataclasses.replace(entry, user=self._impersonation.over(entry.user))

    def _pod(self) -> dict[str, Any] | None:
        """What a Pod has of its own, where no kubeconfig says anything."""
        return None if self._path or contexts(self._load(None)) else in_cluster()

    def _load(self, path: str | None) -> dict[str, Any]:
        if path not in self._files:
            self._files[path] = load_kubeconfig(path)
        return self._files[path]


def _current(leaf: str, kubeconfig: Mapping[str, Any]) -> str:
    context = str(kubeconfig.get("current-context") or "")
    if not context:
        raise ClusterError(
            leaf,
            "its kubeconfig has no current context",
            hint=f"pass --leaf-context {leaf}=CONTEXT",
        )
    return context


def _entry(kubeconfig: Mapping[str, Any], context: str, gone: str = "") -> Entry:
    """What *context* leads to; where there is none, *gone* says which files are missing."""
    if context not in contexts(kubeconfig):
        why = f": {gone}" if gone else ""
        raise ShortcutError(
            f"kubeconfig context {context!r} does not exist{why}",
            hint=f"contexts: {', '.join(contexts(kubeconfig)) or 'none'}",
        )
    return entry_for(kubeconfig, context)


def _connect(name: str, entry: Entry, liqo_namespace: str) -> KubeCluster:
    from kubectl_liqo_shortcut.adapters.connect import connect  # takes a while, so here

    return connect(name, entry, liqo_namespace)
