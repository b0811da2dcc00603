"""What is not needed to plan a link, but for it to succeed, asked of all clusters at once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from kubectl_liqo_shortcut.core import permissions
from kubectl_liqo_shortcut.core import resources as r
from kubectl_liqo_shortcut.core.findings import Finding, FindingName
from kubectl_liqo_shortcut.core.liqo import version_of
from kubectl_liqo_shortcut.core.model import HUB, GatewayRole, Object, ObjectRef
from kubectl_liqo_shortcut.core.permissions import PermissionAttributes
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.core.preflight import (
    exhausted,
    limited,
    other_mtu,
    outdated,
    overlaps,
    remapped,
    skewed,
)
from kubectl_liqo_shortcut.core.roles import not_taken, reachability_warnings
from kubectl_liqo_shortcut.core.routed import doubtful
from kubectl_liqo_shortcut.core.shortcut import Side
from kubectl_liqo_shortcut.engine.gateway_template import look_at_template
from kubectl_liqo_shortcut.engine.identity import controller_manager
from kubectl_liqo_shortcut.engine.look import SurveySession
from kubectl_liqo_shortcut.engine.parallel import Deadline, gather, gather_each, retry_transient
from kubectl_liqo_shortcut.errors import ClusterError, Forbidden, ShortcutError

_CONNECTIONS = 8  # for questions about permissions

Check = Callable[[], Iterable[Finding]]


def checks(
    session: SurveySession,
    hub: Cluster,
    deadline: Deadline,
    *,
    adopt: bool = False,
) -> list[Finding]:
    """What is not needed to plan, but to succeed: permissions, templates, quotas, the CRD, and
    that the server of a new link can be reached.

    To *adopt* needs more permissions than to create.
    """
    link = session.link
    versions: dict[str, str] = dict.fromkeys((HUB, *link.leaves), "")
    asked: dict[str, Check] = {
        side.leaf: partial(_check_leaf, side, session, versions, deadline, adopt)
        for side in link.shortcut.sides
    }
    asked[HUB] = partial(_check_hub, hub, session, versions, deadline)
    found, errors = gather_each(asked)
    cidrs = {leaf: facts.cidrs for leaf, facts in link.facts.leaves.items()}
    ends = link.ends()
    return [
        *overlaps(cidrs),
        *doubtful(link.shortcut, link.updated_facts(ends), ends, session.view.gateway_clients),
        *not_taken(link.shortcut.server, ends[link.shortcut.server].gateway),
        *(each for findings in found.values() for each in findings),
        *(_unchecked(cluster, error) for cluster, error in errors.items()),
        *skewed(versions),
        *(reachability_warnings(session.spec, link.shortcut, link.facts) if session.is_new else ()),
    ]


def _unchecked(cluster: str, error: ShortcutError) -> Finding:
    return Finding(FindingName.UNCHECKED, cluster, error.message, error.hint or "")


def _check_hub(
    hub: Cluster, session: SurveySession, versions: dict[str, str], deadline: Deadline
) -> list[Finding]:
    shortcut, view = session.shortcut, session.view
    pair = shortcut.server, shortcut.client

    def gateways() -> Iterable[Finding]:
        servers = hub.list(Selection(r.GATEWAY_SERVER)).items
        known = (*view.gateway_clients, *servers)
        return other_mtu(shortcut.gateway.mtu, pair, known, session.recorded)

    def crd() -> Iterable[Finding]:
        name = f"{r.SHORTCUT.plural}.{r.SHORTCUT.group}"
        return outdated(hub.get(ObjectRef(hub.name, r.CRD, "", name)))

    def may() -> Iterable[Finding]:
        return missing_rights(
            hub, permissions.hub_reviews(shortcut.name, hub.liqo_namespace), deadline
        )

    halves = (gateways, crd), (partial(_note_version, hub, versions), may)
    found = _side_by_side(hub.name, halves, deadline)
    return [*remapped(pair, view.configurations), *found]


def _note_version(cluster: Cluster, versions: dict[str, str]) -> Iterable[Finding]:
    """Liqo's version goes into *versions*, of all clusters; who may not look compares nothing."""
    with contextlib.suppress(Forbidden):
        versions[cluster.name] = version_of(cluster.get(controller_manager(cluster)))
    return ()


def _check_leaf(
    side: Side, session: SurveySession, versions: dict[str, str], deadline: Deadline, adopt: bool
) -> list[Finding]:
    link = session.link
    leaf, end = link.leaves[side.leaf], link.ends()[side.leaf]
    there = end.namespace["metadata"]["name"] if end.namespace else ""
    serves = link.shortcut.gateway.service.type if side.role is GatewayRole.SERVER else None

    def template() -> Iterable[Finding]:
        return look_at_template(side, link.shortcut, leaf)

    def quotas() -> Iterable[Finding]:
        return exhausted(side.leaf, serves, leaf.list(Selection(r.RESOURCE_QUOTA, there)).items)

    def ranges() -> Iterable[Finding]:
        return limited(side.leaf, leaf.list(Selection(r.LIMIT_RANGE, there)).items)

    def may() -> Iterable[Finding]:
        namespace = there or link.facts.leaves[side.leaf].tenant_namespace
        needed = [*permissions.leaf_reviews(side, namespace, adopt=adopt)]
        needed += [] if there else permissions.to_make_namespaces()
        return missing_rights(leaf, needed, deadline)

    room = (quotas, ranges) if there and end.gateway is None else ()
    halves = (template, partial(_note_version, leaf, versions)), (may, *room)
    return _side_by_side(side.leaf, halves, deadline)


def _side_by_side(
    cluster: str, halves: Iterable[Iterable[Check]], deadline: Deadline
) -> list[Finding]:
    """On as many connections as the first look has left, at least."""
    found = gather([partial(_all, cluster, half, deadline) for half in halves])
    return [each for half in found for each in half]


def _all(cluster: str, questions: Iterable[Check], deadline: Deadline) -> list[Finding]:
    """The answers to all *questions*; one that gets none hides no other, and is said."""
    findings: list[Finding] = []
    for ask in questions:
        try:
            findings += retry_transient(partial(_listed, ask), deadline)
        except ClusterError as error:
            findings.append(_unchecked(cluster, error))
    return findings


def _listed(ask: Check) -> list[Finding]:
    return list(ask())


def missing_permissions(
    cluster: Cluster, needed: Iterable[PermissionAttributes], deadline: Deadline
) -> list[PermissionAttributes]:
    """Those of *needed* that we lack there; who may do all is asked one question.

    They are asked in parallel, on a few connections: one costs more than an answer.
    """

    def allowed(review: Object) -> bool:
        made = retry_transient(lambda: cluster.ask(review), deadline)
        return permissions.is_allowed(made)

    if allowed(permissions.every_access_review()):
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
            f"{cluster.name}: not allowed to {', '.join(map(str, missing))}",
            FindingName.MISSING_PERMISSIONS.remedy,
        )
