"""All that could forbid or trouble a shortcut, asked of all three clusters at once.

A hub and two leaves that answer are looked at as ``create`` looks at them; where one does not, or
something stands in the way, the rest is looked at part by part, so that all of it is found.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Note
from kubectl_liqo_shortcut.core.link import observe
from kubectl_liqo_shortcut.core.link.facts import default_tenant_namespace
from kubectl_liqo_shortcut.core.link.plan import Observed, make_plan
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.request import Request
from kubectl_liqo_shortcut.core.link.shortcut import Side
from kubectl_liqo_shortcut.core.model import HUB
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster
from kubectl_liqo_shortcut.core.preflight import routed
from kubectl_liqo_shortcut.core.preflight.findings import Finding, FindingName, Severity
from kubectl_liqo_shortcut.core.preflight.rules import of_error, unequal_mtu
from kubectl_liqo_shortcut.core.rbac import access_review
from kubectl_liqo_shortcut.engine.hub.permissions import missing_rights
from kubectl_liqo_shortcut.engine.link.session import SurveySession, survey_link
from kubectl_liqo_shortcut.engine.link.survey import survey_hub, survey_leaf
from kubectl_liqo_shortcut.engine.preflight.checks import Check, checks
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, gather_each, retry_transient
from kubectl_liqo_shortcut.engine.runtime.lease import Lock
from kubectl_liqo_shortcut.engine.runtime.store import Store
from kubectl_liqo_shortcut.errors import (
    USELESS,
    ClusterError,
    ExitCode,
    Forbidden,
    Refused,
    ShortcutError,
    listing,
)


@dataclasses.dataclass(frozen=True, slots=True)
class PreflightReport:
    """What was found, errors first; *session* if all clusters answered and agree."""

    findings: tuple[Finding, ...]
    session: SurveySession | None = None

    @property
    def errors(self) -> list[Finding]:
        return [each for each in self.findings if each.severity is Severity.ERROR]


class PreflightFailed(Refused):
    """Several things forbid it."""

    def __init__(self, request: Request, errors: list[Finding]) -> None:
        super().__init__(
            listing(
                f"shortcut {request.name} is blocked by {len(errors)} problems:",
                (each.message for each in errors),
            ),
            hint="all at a glance, with what to do: "
            f"kubectl liqo-shortcut preflight {' '.join(request.pair)}",
        )
        self.findings = errors


def examine(
    request: Request, open_cluster: OpenCluster, renderer: Renderer, deadline: Deadline
) -> PreflightReport:
    """The whole report; nothing is written. The caller closes ``session``."""
    unlocked = Lock(open_cluster(HUB), request.name)
    try:
        session = survey_link(request, open_cluster, unlocked, renderer, deadline)
    except ShortcutError as error:
        return _report(apart(request, open_cluster, deadline, error))
    return _report([*conflicts(session), *checks(session, open_cluster(HUB), deadline)], session)


def refuse_or_warn(findings: Iterable[Finding], request: Request) -> list[Note]:
    """Refuses if there is an error among *findings*; else the warnings, to be said."""
    report = PreflightReport(tuple(findings))
    if len(report.errors) == 1:
        raise Refused(report.errors[0].message, hint=report.errors[0].hint or None)
    if report.errors:
        raise PreflightFailed(request, report.errors)
    return [Note(each.warning, request.name) for each in report.findings]


def look_or_refuse(
    request: Request, open_cluster: OpenCluster, lock: Lock, renderer: Renderer, deadline: Deadline
) -> SurveySession:
    """``survey_link``; what stands in its way is told whole, of all three clusters."""
    try:
        return survey_link(request, open_cluster, lock, renderer, deadline)
    except ShortcutError as error:
        raise refusal_of(error, request, open_cluster, deadline) from error


def refusal_of(
    error: ShortcutError, request: Request, open_cluster: OpenCluster, deadline: Deadline
) -> ShortcutError:
    """What a first look that ended with *error* is refused with: all there is, not the first."""
    if not isinstance(error, ClusterError | Refused):
        return error
    found = apart(request, open_cluster, deadline, error)
    if len(found) > 1:
        return PreflightFailed(request, found)
    error.exit_code = ExitCode.REFUSED  # nothing was changed
    return error


def apart(
    request: Request, open_cluster: OpenCluster, deadline: Deadline, first: ShortcutError
) -> list[Finding]:
    """*first*, and what else each cluster says when it is asked alone."""
    silent = first.cluster if isinstance(first, USELESS) else ""
    shortcut = request.shortcut_with(request.server or request.pair[0])
    named = shortcut.tenant_namespaces
    looks: dict[str, Check] = {
        side.leaf: partial(_alone, side, named, open_cluster, deadline) for side in shortcut.sides
    }
    looks[HUB] = partial(_hub_alone, request, open_cluster)
    looks.pop(silent, None)
    found, errors = gather_each(looks)
    findings = [
        of_error(first, HUB),
        *(of_error(error, cluster) for cluster, error in errors.items()),
        *(each for findings in found.values() for each in findings),
    ]
    return list({each.message: each for each in findings}.values())


def conflicts(session: SurveySession) -> Iterator[Finding]:
    """Every object of others that stands in the way, and all that must not be made at all."""
    link = session.link
    with contextlib.suppress(Refused):
        _, rendered, plan = session.planned()
        if not rendered.pending:  # else a gateway to come may meet a conflict too
            yield from unequal_mtu(link.shortcut.gateway.mtu, plan.reused, session.recorded)
            return
    ends = link.ends()
    yield from link.refusals(ends)
    rendered = link.renderer.link(link.shortcut, link.updated_facts(ends))
    pending = (each.manifest for each in rendered.pending)
    gateways = (each for each in pending if each.ref.kind in (r.GATEWAY_SERVER, r.GATEWAY_CLIENT))
    reused: list[Observed] = []
    for manifest in (*rendered.ready, *gateways):
        try:
            reused += make_plan([manifest], ends, link.status_writer.objects).reused
        except Refused as error:
            yield of_error(error, manifest.cluster, FindingName.CONFLICT)
    yield from unequal_mtu(link.shortcut.gateway.mtu, reused, session.recorded)


def _report(findings: Iterable[Finding], session: SurveySession | None = None) -> PreflightReport:
    return PreflightReport(tuple(sorted(findings, key=lambda each: each.severity)), session)


def _hub_alone(request: Request, open_cluster: OpenCluster) -> list[Finding]:
    """What the hub says, and what it says of the leaves' networks."""
    hub = open_cluster(HUB)
    facts = survey_hub(hub, request.pair).facts
    shortcut = request.shortcut_with(request.server or request.pair[0])
    return list(routed.forbidden(shortcut, facts, {}, {HUB: hub.host}))


def _alone(
    side: Side, named: Mapping[str, str], open_cluster: OpenCluster, deadline: Deadline
) -> list[Finding]:
    """What a leaf says when the others cannot be compared with it."""
    leaf = open_cluster(side.leaf)
    try:
        retry_transient(survey_leaf(leaf), deadline, first_look=True)
    except Forbidden as error:
        found = [of_error(error, side.leaf)]
        with contextlib.suppress(ShortcutError):  # it is enough that this one lacks
            found += missing_rights(leaf, _needed(side, named, leaf), deadline)
        return found
    store = Store()
    try:
        for what in observe.first_look(side):
            store.look(leaf, what)
        store.sync(deadline)
        observe.end(side, store.objects)
    except Refused as error:
        return [of_error(error, side.leaf, FindingName.CONFLICT)]
    finally:
        store.close()
    return []


def _needed(
    side: Side, named: Mapping[str, str], leaf: Cluster
) -> Iterator[access_review.PermissionAttributes]:
    """All that a link needs there, as far as that is known without a look."""
    namespace = named.get(side.leaf) or default_tenant_namespace(side.peer)
    return access_review.link_permissions(side.peer, namespace, leaf.liqo_namespace)
