"""Which of the permissions that a command needs are missing: access reviews, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from kubectl_liqo_shortcut.core.model import Object
from kubectl_liqo_shortcut.core.ports import Cluster
from kubectl_liqo_shortcut.core.preflight.findings import Finding, FindingName
from kubectl_liqo_shortcut.core.rbac import access_review
from kubectl_liqo_shortcut.core.rbac.access_review import PermissionAttributes
from kubectl_liqo_shortcut.engine.runtime.concurrency import (
    Deadline,
    gather,
    retry_transient,
)
from kubectl_liqo_shortcut.errors import listing

_CONNECTIONS = 8  # for questions about permissions


def missing_permissions(
    cluster: Cluster, needed: Iterable[PermissionAttributes], deadline: Deadline
) -> list[PermissionAttributes]:
    """Those of *needed* that we lack there; who may do all is asked one question.

    They are asked in parallel, on a few connections: one costs more than an answer.
    """

    def allowed(review: Object) -> bool:
        made = retry_transient(lambda: cluster.ask(review), deadline)
        return access_review.is_allowed(made)

    if allowed(access_review.unlimited_review()):
        return []

    def lacking(asked: Sequence[PermissionAttributes]) -> list[PermissionAttributes]:
        return [each for each in asked if not allowed(each.review())]

    needs = list(dict.fromkeys(needed))
    answers = gather([partial(lacking, needs[at::_CONNECTIONS]) for at in range(_CONNECTIONS)])
    lacked = {each for answer in answers for each in answer}
    return [each for each in needs if each in lacked]


def missing_rights(
    cluster: Cluster, needed: Iterable[PermissionAttributes], deadline: Deadline
) -> Iterator[Finding]:
    """One finding for all of *needed* that we may not do there."""
    missing = missing_permissions(cluster, needed, deadline)
    if missing:
        yield Finding(
            FindingName.MISSING_PERMISSIONS,
            cluster.name,
            listing(f"{cluster.name}: not allowed to", map(str, missing), ", "),
            FindingName.MISSING_PERMISSIONS.remedy,
        )
