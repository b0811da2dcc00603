"""``why --service``: which way a Service goes from each leaf, and what keeps it from another."""

from __future__ import annotations

from kubectl_liqo_shortcut.commands.why import hub_failed
from kubectl_liqo_shortcut.core.diagnosis.chain import Diagnosis
from kubectl_liqo_shortcut.core.model import HUB
from kubectl_liqo_shortcut.core.ports import OpenCluster
from kubectl_liqo_shortcut.core.service.diagnosis import no_service, service_chain
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline
from kubectl_liqo_shortcut.engine.service.assess import assess_service
from kubectl_liqo_shortcut.engine.service.inspect import list_hub_services
from kubectl_liqo_shortcut.errors import ShortcutError


def why_service(namespace: str, name: str, open_cluster: OpenCluster, timeout: float) -> Diagnosis:
    """All checks, from the Service on the hub down to the slices of the leaves."""
    deadline = Deadline(timeout)
    try:
        hub = list_hub_services(open_cluster(HUB), deadline, namespace, name)
    except ShortcutError as error:
        return hub_failed(error)
    if not hub.services:
        return Diagnosis((no_service(namespace, name),))
    found = assess_service(hub, hub.services[0], open_cluster, deadline)
    checks = service_chain(
        found.service, found.on_leaves, found.refusals, found.diagnoses, found.to_hub
    )
    return Diagnosis(tuple(checks))
