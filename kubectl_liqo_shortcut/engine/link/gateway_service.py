"""A gateway that Liqo began and does not end: a Deployment, and no Service in front of it.

That is what a refused Service leaves (its node port is taken, say). Liqo tries again after ever
longer pauses, up to a quarter of an hour; a gateway that is made anew is tried at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.observe import End, end_of
from kubectl_liqo_shortcut.core.link.plan import Plan, Recreate
from kubectl_liqo_shortcut.core.link.render import Rendered
from kubectl_liqo_shortcut.core.model import (
    GatewayRole,
    Object,
    is_terminating,
    uid_of,
)
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.core.readiness import endpoint_of
from kubectl_liqo_shortcut.engine.runtime import concurrency
from kubectl_liqo_shortcut.errors import ShortcutError

_NO_SERVICE = "Liqo has made no Service for it"
GRACE = 3.0  # seconds: the run before may have made it a moment ago


class PendingEndpoint:
    """The gateway server that a run found without an endpoint; one made by the run is none."""

    def __init__(self, ends: Mapping[str, End]) -> None:
        gateway = waiting_server(ends)
        self._uid = uid_of(gateway) if gateway else ""
        self._due = concurrency.now() + GRACE

    def due_after(self, moment: float) -> float:
        """When it is time to ask, by ``concurrency.now``; never, where that was at *moment*."""
        return self._due if self._uid and self._due > moment else float("inf")

    def steps(
        self, plan: Plan, rendered: Rendered, ends: Mapping[str, End], moment: float
    ) -> Iterator[Recreate]:
        """Make it anew, once it had its time, as long as it has no endpoint and is ours.

        Whether it lacks its Service is asked by who does it.
        """
        gateway, leaf = waiting_server(ends), end_of(GatewayRole.SERVER, ends.values()).side.leaf
        if gateway is None or uid_of(gateway) != self._uid or moment < self._due:
            return
        others = {step.manifest.ref for step in plan.steps}
        for manifest in rendered.ready:
            place = (manifest.cluster, manifest.ref.kind)
            wanted = place == (leaf, r.GATEWAY_SERVER) and plan.is_ours(leaf, gateway)
            if wanted and manifest.ref not in others:
                yield Recreate(manifest, gateway, _NO_SERVICE, suspected=True)

    def settle(self) -> None:
        """It was asked: nobody makes it anew again and again."""
        self._uid = ""


def lacks_service(leaf: Cluster, gateway: Object) -> bool:
    """Whether its Deployment is there and its Service is not."""
    at = gateway["metadata"]
    deployments, services = (
        leaf.list(Selection(kind, at["namespace"], name=f"gw-{at['name']}")).items
        for kind in (r.DEPLOYMENT, r.SERVICE)
    )
    return bool(deployments) and not services


def missing_service(leaves: Mapping[str, Cluster], ends: Mapping[str, End]) -> str:
    """In words: the Service that Liqo could not make; "" where that is not so."""
    gateway, leaf = waiting_server(ends), end_of(GatewayRole.SERVER, ends.values()).side.leaf
    try:
        if gateway is None or not lacks_service(leaves[leaf], gateway):
            return ""
    except ShortcutError:  # it is only a hint
        return ""
    at = gateway["metadata"]
    return (
        f"{leaf}: Liqo could not make Service {at['namespace']}/gw-{at['name']}, "
        "as the log of its controller manager there says"
    )


def waiting_server(ends: Mapping[str, End]) -> Object | None:
    """The gateway server, if it waits for its endpoint."""
    gateway = end_of(GatewayRole.SERVER, ends.values()).gateway
    if gateway is None or is_terminating(gateway) or endpoint_of(gateway) is not None:
        return None
    return gateway
