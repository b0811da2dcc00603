"""Tenant namespaces that somebody else may have labelled as such.

Liqo takes a namespace for a leaf's by two labels, whatever its name. Whoever may label a namespace
of their own would be given the gateway and its private key.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from kubectl_liqo_shortcut.core import validation
from kubectl_liqo_shortcut.core.link.facts import default_tenant_namespace
from kubectl_liqo_shortcut.core.link.inventory import Recorded
from kubectl_liqo_shortcut.core.link.observe import End
from kubectl_liqo_shortcut.core.link.shortcut import Shortcut
from kubectl_liqo_shortcut.core.model import (
    Object,
    ObjectRef,
    is_terminating,
    name_of,
    namespace_of,
    ref_of,
    uid_of,
)
from kubectl_liqo_shortcut.core.preflight.findings import Finding, FindingName


def unnamed(
    shortcut: Shortcut,
    ends: Mapping[str, End],
    recorded: Mapping[ObjectRef, Recorded],
    remedy: str,
) -> Iterator[Finding]:
    """Namespaces that the link would go to, though nobody named them and nothing of it is there.

    *remedy* tells how they are named.
    """
    for end in ends.values():
        found, side = end.namespace, end.side
        if found is None or is_terminating(found):
            continue
        name, named = name_of(found), shortcut.tenant_namespaces.get(side.leaf)
        at = f"cluster {side.leaf!r}: its tenant namespace for {side.peer} is {name!r}"
        if named not in (None, name):
            said = f"{at}, but the shortcut names {named!r}"
        elif named or name == default_tenant_namespace(side.peer) or _is_known(end, recorded):
            continue
        else:
            said = f"{at} by its labels alone, not {default_tenant_namespace(side.peer)!r}"
        yield Finding(FindingName.UNNAMED_NAMESPACE, side.leaf, said, f"if it is meant: {remedy}")


def naming(command: str, shortcut: Shortcut, ends: Mapping[str, End], *, recorded: bool) -> str:
    """What to do to have the present ones named: the record is edited, or *command* called anew."""
    names = _to_name(ends)
    if recorded:
        patch = json.dumps({"spec": {"tenantNamespaces": names}})
        return (
            f"kubectl patch shortcut {shortcut.name} --type merge -p '{patch}' "
            f"&& kubectl liqo-shortcut sync {shortcut.name}"
        )
    options = " ".join(f"--tenant-namespace {leaf}={name}" for leaf, name in names.items())
    return (
        f"in a file, spec.tenantNamespaces: {json.dumps(names)}; else "
        f"kubectl liqo-shortcut {command} {shortcut.server} {shortcut.client} {options}"
    )


def _to_name(ends: Mapping[str, End]) -> dict[str, str]:
    """Those that have another name than Liqo would give them.

    What no namespace can be called stands in no command that somebody pastes into a shell.
    """
    there = {
        leaf: (name_of(end.namespace), default_tenant_namespace(end.side.peer))
        for leaf, end in ends.items()
        if end.namespace
    }
    return {
        leaf: name
        for leaf, (name, usual) in there.items()
        if name != usual and validation.LABEL.fullmatch(name)
    }


def _is_known(end: End, recorded: Mapping[ObjectRef, Recorded]) -> bool:
    """Whether this very namespace is on record, or Liqo works with it for that leaf already."""
    found = end.namespace
    assert found is not None
    entry = recorded.get(ref_of(end.side.leaf, found))
    if entry is not None and entry.uid == uid_of(found):
        return True
    return any(_is_in(found, body) for body in (end.configuration, end.gateway))


def _is_in(namespace: Object, body: Object | None) -> bool:
    if body is None or is_terminating(body):
        return False
    return namespace_of(body) == name_of(namespace)
