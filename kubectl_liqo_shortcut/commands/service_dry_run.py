"""``service enable`` and ``disable`` with ``--dry-run``: what they would do."""

from __future__ import annotations

import dataclasses

from kubectl_liqo_shortcut.commands.service import ServiceRefused, verb_of
from kubectl_liqo_shortcut.core.events import Verb
from kubectl_liqo_shortcut.core.model import HUB, Object
from kubectl_liqo_shortcut.core.ports import OpenCluster
from kubectl_liqo_shortcut.core.service.model import Pair
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, retry_transient
from kubectl_liqo_shortcut.engine.service.assess import assess, find_service
from kubectl_liqo_shortcut.engine.service.switch import patch_of


@dataclasses.dataclass(frozen=True, slots=True)
class ServiceDryRun:
    """What ``enable`` would write, what that changes, and the shortcuts to make before."""

    body: Object
    verb: Verb
    missing: tuple[Pair, ...]


def dry_run_enable(
    namespace: str,
    name: str,
    open_cluster: OpenCluster,
    timeout: float,
    *,
    making: bool = False,
    send: bool = False,
) -> ServiceDryRun:
    """Refuses as ``enable`` does; nothing is kept.

    *making*: missing shortcuts are no reason to refuse; to *send* lets the hub judge it too.
    """
    deadline = Deadline(timeout)
    found = assess(namespace, name, open_cluster, deadline)
    missing = found.missing if making else ()
    if len(found.refusals) > len(missing):
        raise ServiceRefused(found.service, found.refusals)
    service = found.service
    if send:
        hub = open_cluster(HUB)
        retry_transient(
            lambda: hub.patch(service.ref, patch_of(service, True), dry_run=True), deadline
        )
    return ServiceDryRun(service.with_annotation(True).body, verb_of(found), missing)


def disabled_by(
    namespace: str, name: str, open_cluster: OpenCluster, timeout: float
) -> tuple[Object, Verb]:
    """What ``disable`` would leave, and whether that changes anything."""
    _, service = find_service(namespace, name, open_cluster, Deadline(timeout))
    verb = Verb.CONFIGURED if service.annotated else Verb.UNCHANGED
    return service.with_annotation(False).body, verb
