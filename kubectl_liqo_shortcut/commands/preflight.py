"""``preflight`` and ``create --dry-run=server``: what would forbid a shortcut; nothing is kept."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_liqo_shortcut.core.link.plan import Create
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.request import Request
from kubectl_liqo_shortcut.core.model import HUB, Manifest
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster
from kubectl_liqo_shortcut.core.preflight.findings import Finding, FindingName
from kubectl_liqo_shortcut.engine.link.session import SurveySession
from kubectl_liqo_shortcut.engine.preflight.report import PreflightReport, examine
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, retry_transient
from kubectl_liqo_shortcut.errors import ShortcutError


def preflight(
    request: Request,
    open_cluster: OpenCluster,
    renderer: Renderer,
    timeout: float,
    *,
    send: bool = False,
) -> PreflightReport:
    """The whole report; to *send* lets the API servers judge what can be sent to them now."""
    deadline = Deadline(timeout)
    report = examine(request, open_cluster, renderer, deadline)
    if report.session is None:
        return report
    try:
        if not send or report.errors:
            return report
        found = _sent(report.session, open_cluster(HUB), deadline)
        return PreflightReport((*found, *report.findings), report.session)
    finally:
        report.session.close()


def _sent(session: SurveySession, hub: Cluster, deadline: Deadline) -> Iterable[Finding]:
    """What the API servers say to each object that is missing, none of which they keep."""
    link = session.link
    ends = link.ends()
    rendered, plan = link.plan(ends)
    record = link.renderer.record(session.shortcut, {})
    wanted = [] if session.view.record else [(hub, record)]
    wanted += [
        (link.leaves[step.manifest.cluster], step.manifest)
        for step in plan.steps
        if isinstance(step, Create)
    ]
    findings = [each for pair in wanted for each in _send(*pair, deadline)]
    sent = {manifest.ref for _, manifest in wanted}
    findings += [
        _unsent(manifest)
        for manifest in (*rendered.ready, *(each.manifest for each in rendered.pending))
        if manifest.ref not in sent and ends[manifest.cluster].of(manifest.ref.kind) is None
    ]
    return sorted(findings, key=lambda each: each.severity)


def _send(cluster: Cluster, manifest: Manifest, deadline: Deadline) -> Iterable[Finding]:
    try:
        retry_transient(lambda: cluster.create(manifest, dry_run=True), deadline)
    except ShortcutError as error:
        name = FindingName.REJECTED
        yield Finding(name, manifest.cluster, error.message, error.hint or name.remedy)


def _unsent(manifest: Manifest) -> Finding:
    why = "it depends on objects that do not exist yet"
    message = f"{manifest.ref} is not validated by the server: {why}"
    return Finding(FindingName.UNCHECKED, manifest.cluster, message)
