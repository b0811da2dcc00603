"""The page of permissions, written from the table that the program itself asks by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kubectl_liqo_shortcut.core.rbac.permissions import NEEDS, ClusterScope, Feature, PolicyRule
from release.markdown import code, link, table, text

_TITLES = {
    (ClusterScope.LEAF, Feature.LINK): "On a leaf",
    (ClusterScope.LEAF, Feature.ADOPT): "On a leaf, for adopt",
    (ClusterScope.LEAF, Feature.SERVICE): "On a leaf, for Services",
    (ClusterScope.LEAF, Feature.VERIFY): "On a leaf, for verify",
    (ClusterScope.LEAF, Feature.NAMESPACES): "On a leaf whose namespaces are not made beforehand",
    (ClusterScope.HUB, Feature.LINK): "On the hub",
    (ClusterScope.HUB, Feature.SERVICE): "On the hub, for Services",
    (ClusterScope.HUB, Feature.STORED): "On the hub, for the identities that Liqo stored there",
    (ClusterScope.HUB, Feature.INSTALL): "On the hub, for crd install",
}
_HOW = {
    Feature.ADOPT: "Printed with `--adopt`; nothing else changes a namespace.",
    Feature.SERVICE: "Printed with `--service NAMESPACE`.",
    Feature.VERIFY: "Printed with `--verify`, as is the namespace.",
    Feature.INSTALL: "Printed with `--install`.",
    Feature.STORED: (
        "Printed with `--stored-identity LEAF`: nobody else is given Secrets of the hub. Where the "
        "tenant namespace of the leaf has another name, it is found by its labels: that needs "
        "`list` on `namespaces` too."
    ),
    Feature.NAMESPACES: (
        "Never printed, since the namespaces themselves are. Who has these rights too may leave "
        "the making of namespaces to the commands."
    ),
}


def render() -> Iterator[str]:
    yield "# Permissions"
    yield (
        "Everything that the commands ask of the API servers: the same table that "
        f"{link('rbac print', 'commands.md#rbac-print')} makes roles of, and that "
        f"{link('rbac check', 'commands.md#rbac-check')}, "
        f"{link('preflight', 'commands.md#preflight')} and the column ACCESS of "
        f"{link('leaves', 'commands.md#leaves')} ask by."
    )
    yield (
        "Where a row is marked *optional*, the commands go on without it, and tell less. Two more "
        "things every authenticated user may do in Kubernetes: ask what one may do "
        "(SelfSubjectAccessReview, SelfSubjectReview), and discovery."
    )
    yield (
        "In names, PEER is the other leaf of a link, TENANT the tenant namespace for it. A right "
        "for `list` or `watch` with a name is used with that name as the field selector."
    )
    for (on, part), title in _TITLES.items():
        yield f"## {title}"
        yield _HOW.get(part, "")
        yield _table(each for each in NEEDS if (each.on, each.part) == (on, part))


def _table(needs: Iterable[PolicyRule]) -> str:
    return table(("where", "verbs", "what", "needed by", "why"), map(_row, needs))


def _row(need: PolicyRule) -> tuple[str, ...]:
    why = text(need.why) + (" (*optional*)" if need.optional else "")
    what = ", ".join(code(each) for each in _resources(need))
    return need.place.value, ", ".join(need.verbs), what, ", ".join(need.by), why


def _resources(need: PolicyRule) -> Iterator[str]:
    words = {
        "peer": "PEER" if need.on is ClusterScope.LEAF else "LEAF",
        "namespace": "TENANT",
        "shortcut": "NAME",
    }
    part = f"/{need.subresource}" if need.subresource else ""
    name = need.name.format(**words)
    for kind in need.kinds:
        group = f".{kind.group}" if kind.group else ""
        yield f"{kind.plural}{group}{part}" + (f" {name}" if name and "NAME" not in name else "")
