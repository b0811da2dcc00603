"""Tenant namespaces that are there already, and where no gateway can be made: they are on their
way out, or their labels keep its Pod out."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from kubectl_liqo_shortcut.core.link.observe import End
from kubectl_liqo_shortcut.core.model import Object, dig, is_terminating, labels_of, name_of
from kubectl_liqo_shortcut.core.preflight.findings import Finding, FindingName
from kubectl_liqo_shortcut.errors import clipped

_REMAINS = (
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionGroupVersionParsingFailure",
    "NamespaceDeletionContentFailure",
    "NamespaceContentRemaining",
    "NamespaceFinalizersRemaining",
)
"""Conditions by which Kubernetes says what it waits for, the causes first."""
_ENFORCE = "pod-security.kubernetes.io/enforce"
_NEEDED = "privileged"


def terminating(ends: Iterable[End]) -> Iterator[Finding]:
    """Tenant namespaces that are being deleted: the link waits until they are gone."""
    for end in ends:
        if end.namespace is not None and is_terminating(end.namespace):
            name = FindingName.TERMINATING_NAMESPACE
            yield Finding(
                name,
                end.side.leaf,
                f"its tenant namespace {leaving(end.namespace)}",
                f"{name.remedy}: kubectl get namespace {_quoted(end.namespace)} -o yaml there",
            )


def leaving(namespace: Object) -> str:
    """The name of a *namespace* that is being deleted, since when, and what holds it."""
    at = namespace["metadata"]
    held = list(at.get("finalizers") or ())
    says = {
        str(each.get("type")): str(each.get("message") or each.get("reason") or "")
        for each in dig(namespace, "status", "conditions") or ()
        if each.get("status") == "True"
    }
    why = [f"it has the finalizers {', '.join(held)}"] if held else []
    why += [says[each] for each in _REMAINS if says.get(each)]
    since = f"{at['name']} is being deleted since {at.get('deletionTimestamp')}"
    return f"{since}: {clipped('; '.join(why))}" if why else since


def restricted(ends: Iterable[End]) -> Iterator[Finding]:
    """Pod Security labels that refuse the gateway's Pod, which configures interfaces."""
    for end in ends:
        if end.namespace is None or is_terminating(end.namespace):
            continue
        level = labels_of(end.namespace).get(_ENFORCE, _NEEDED)
        if level != _NEEDED:
            there = name_of(end.namespace)
            yield Finding(
                FindingName.POD_SECURITY,
                end.side.leaf,
                f"its tenant namespace {there} has the label {_ENFORCE}={level}: "
                "the gateway's Pod is privileged, and would be refused",
                f"there: kubectl label namespace {_quoted(end.namespace)} {_ENFORCE}={_NEEDED} "
                "--overwrite",
            )


def _quoted(namespace: Object) -> str:
    """Its name, for a command that somebody pastes into a shell."""
    return shlex.quote(name_of(namespace))
