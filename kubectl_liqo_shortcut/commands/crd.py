"""``crd``: the kind Shortcut itself, on the hub only."""

from __future__ import annotations

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Verb
from kubectl_liqo_shortcut.core.model import HUB, Manifest, Object, name_of
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.core.record.conditions import condition_of
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, retry_transient
from kubectl_liqo_shortcut.engine.runtime.store import wait_for
from kubectl_liqo_shortcut.errors import TimedOut


def install(hub: Cluster, crd: Object, timeout: float) -> Verb:
    """Apply the CRD and wait until the API server serves it."""
    manifest = Manifest(HUB, crd)
    before = hub.get(manifest.ref)
    applied = hub.apply(manifest)
    deadline = Deadline(timeout)
    _wait_until_served(hub, name_of(crd), deadline)
    retry_transient(
        lambda: hub.list(Selection(r.SHORTCUT)), deadline
    )  # its storage begins a bit later
    if before is None:
        return Verb.CREATED
    same = before["metadata"].get("generation") == applied["metadata"].get("generation")
    return Verb.UNCHANGED if same else Verb.CONFIGURED


def _wait_until_served(hub: Cluster, name: str, deadline: Deadline) -> None:
    what = Selection(r.CRD, name=name)
    found = wait_for(hub, what, deadline, lambda found: any(map(_established, found)))
    if not any(map(_established, found)):
        raise TimedOut(f"{name} is installed but not served yet", hint="try again in a moment")


def _established(crd: Object) -> bool:
    return condition_of(crd, "Established").get("status") == "True"
