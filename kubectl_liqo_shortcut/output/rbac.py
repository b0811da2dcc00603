"""What an identity may do on a cluster, as a table and as a document."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from kubectl_liqo_shortcut.core.kinds import API_VERSION
from kubectl_liqo_shortcut.core.rbac.access_review import AccessReview, PermissionAttributes
from kubectl_liqo_shortcut.output.tables import plain_table

_SHOWN = 3  # of the commands that need a permission: -o json has all
_TITLES = ("CLUSTER", "VERB", "RESOURCE", "NAMESPACE", "NEEDED-BY", "ALLOWED")


def access_table(
    cluster: str,
    asked: Sequence[AccessReview],
    lacks: Collection[AccessReview],
    *,
    headers: bool = True,
) -> str:
    """One row for each permission; nothing where there is none."""
    if not asked:
        return ""
    rows = [
        (
            cluster.removeprefix("the "),
            each.access.verb,
            each.access.resource,
            _where(each.access),
            _some(each.by),
            _allowed(each, lacks),
        )
        for each in asked
    ]
    return plain_table([_TITLES, *rows] if headers else rows)


def summary(
    cluster: str, user: str, asked: Collection[AccessReview], lacks: Collection[AccessReview]
) -> str:
    """One line for people."""
    if not lacks:
        return f"{cluster}: {user} has all {len(asked)} permissions"
    optional = sum(each.optional for each in lacks)
    without = f", {optional} of them optional" if optional else ""
    return f"{cluster}: {user} lacks {len(lacks)} of {len(asked)} permissions{without}"


def _some(commands: Sequence[str]) -> str:
    """The first of *commands*, and how many more."""
    more = len(commands) - _SHOWN
    return ",".join(commands[:_SHOWN]) + (f",+{more}" if more > 0 else "")


def _where(access: PermissionAttributes) -> str:
    if access.namespace:
        return access.namespace
    return "<all>" if access.kind.namespaced else "<none>"


def _allowed(question: AccessReview, lacks: Collection[AccessReview]) -> str:
    if question not in lacks:
        return "yes"
    return "no (optional)" if question.optional else "no"


def access_document(
    cluster: str, user: str, asked: Sequence[AccessReview], lacks: Collection[AccessReview]
) -> dict[str, Any]:
    """The same for programs."""
    return {
        "apiVersion": API_VERSION,
        "kind": "AccessReport",
        "metadata": {"name": cluster.removeprefix("the ")},
        "user": user,
        "permissions": [
            {
                "verb": each.access.verb,
                "group": each.access.kind.group,
                "resource": each.access.kind.plural,
                "subresource": each.access.subresource,
                "name": each.access.name,
                "namespace": each.access.namespace,
                "neededBy": list(each.by),
                "optional": each.optional,
                "allowed": each not in lacks,
            }
            for each in asked
        ],
    }
