"""What is not needed to plan a link, but for it to succeed, asked of all clusters at once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from functools import partial

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.shortcut import Side
from kubectl_liqo_shortcut.core.liqo import version_of
from kubectl_liqo_shortcut.core.model import HUB, GatewayRole, ObjectRef, name_of
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.core.preflight.findings import Finding, FindingName
from kubectl_liqo_shortcut.core.preflight.namespaces import restricted, terminating
from kubectl_liqo_shortcut.core.preflight.node_ports import node_ports_taken, wanted_node_port
from kubectl_liqo_shortcut.core.preflight.reachability import not_taken, reachability_warnings
from kubectl_liqo_shortcut.core.preflight.routed import doubtful
from kubectl_liqo_shortcut.core.preflight.rules import (
    exhausted,
    limited,
    other_mtu,
    outdated,
    overlaps,
    remapped,
    skewed,
)
from kubectl_liqo_shortcut.core.rbac import access_review
from kubectl_liqo_shortcut.engine.hub.identity import controller_manager
from kubectl_liqo_shortcut.engine.hub.permissions import missing_rights
from kubectl_liqo_shortcut.engine.hub.queries import find_records
from kubectl_liqo_shortcut.engine.link.session import SurveySession
from kubectl_liqo_shortcut.engine.preflight.gateway_template import look_at_template
from kubectl_liqo_shortcut.engine.runtime.concurrency import (
    Deadline,
    gather,
    gather_each,
    retry_transient,
)
from kubectl_liqo_shortcut.errors import ClusterError, Forbidden, ShortcutError

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
        side.leaf: partial(_check_leaf, side, session, hub, versions, deadline, adopt)
        for side in link.shortcut.sides
    }
    asked[HUB] = partial(_check_hub, hub, session, versions, deadline)
    found, errors = gather_each(asked)
    cidrs = {leaf: facts.cidrs for leaf, facts in link.facts.leaves.items()}
    ends = link.ends()
    return [
        *terminating(ends.values()),
        *restricted(ends.values()),
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
            hub, access_review.hub_permissions(shortcut.name, hub.liqo_namespace), deadline
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
    side: Side,
    session: SurveySession,
    hub: Cluster,
    versions: dict[str, str],
    deadline: Deadline,
    adopt: bool,
) -> list[Finding]:
    link = session.link
    leaf, end = link.leaves[side.leaf], link.ends()[side.leaf]
    there = name_of(end.namespace) if end.namespace else ""
    serves = link.shortcut.gateway.service.type if side.role is GatewayRole.SERVER else None

    def template() -> Iterable[Finding]:
        return look_at_template(side, link.shortcut, leaf)

    def quotas() -> Iterable[Finding]:
        return exhausted(side.leaf, serves, leaf.list(Selection(r.RESOURCE_QUOTA, there)).items)

    def ranges() -> Iterable[Finding]:
        return limited(side.leaf, leaf.list(Selection(r.LIMIT_RANGE, there)).items)

    def may() -> Iterable[Finding]:
        namespace = there or link.facts.leaves[side.leaf].tenant_namespace
        needed = [*access_review.leaf_permissions(side, namespace, adopt=adopt)]
        needed += [] if there else access_review.to_make_namespaces()
        return missing_rights(leaf, needed, deadline)

    def node_port() -> Iterable[Finding]:
        port = wanted_node_port(link.shortcut, end)
        if port is None:
            return ()
        servers, records = leaf.list(Selection(r.GATEWAY_SERVER)).items, find_records(hub)
        return node_ports_taken(
            port, link.shortcut, servers, records, recorded=bool(session.recorded)
        )

    room = (quotas, ranges) if there and end.gateway is None else ()
    halves = (template, node_port, partial(_note_version, leaf, versions)), (may, *room)
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
