"""``service enable --verify``: what packets say before a Service is turned, and after."""

from __future__ import annotations

from collections.abc import Callable

from kubectl_liqo_shortcut.core.events import Note, Tell
from kubectl_liqo_shortcut.core.model import ClusterID
from kubectl_liqo_shortcut.core.service.model import Service
from kubectl_liqo_shortcut.core.verify.verdict import PathKind, Verification
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken, Deadline
from kubectl_liqo_shortcut.errors import ShortcutError

Prove = Callable[[ClusterID, ClusterID, float, CancelToken, Tell], Verification]
"""Calls the Service from the first leaf, as far as it is on the second, in so many seconds."""


class NotVerified(ShortcutError):
    """The slices say direct, and packets do not."""


def verify_before(
    service: Service, prove: Prove, deadline: Deadline, cancel: CancelToken, tell: Tell
) -> None:
    """Only told: whatever it is, the Service is about to go another way."""
    for leaf, host in _ways(service):
        found = prove(leaf, host, deadline.left(), cancel, tell)
        tell(Note(f"before: calls from {leaf} to {host}: {_said(found)}", service.key))


def verify_after(
    service: Service, prove: Prove, deadline: Deadline, cancel: CancelToken, tell: Tell
) -> None:
    """Raises ``NotVerified`` at the first leaf whose calls do not go direct."""
    for leaf, host in _ways(service):
        found = prove(leaf, host, deadline.left(), cancel, tell)
        if found.path is not PathKind.DIRECT:
            raise NotVerified(
                f"calls from {leaf} to Service {service.key} on {host} do not go direct: "
                + _said(found),
                hint=f"kubectl liqo-shortcut why --service {service.key}",
            )
        tell(Note(f"after: calls from {leaf} to {host}: {_said(found)}", service.key))


def _ways(service: Service) -> list[tuple[ClusterID, ClusterID]]:
    """Each leaf that sees the Service, with each other one that has endpoints of it."""
    hosts = [host for host in service.hosts if host is not None]
    return [(leaf, host) for leaf in sorted(service.seen_on) for host in hosts if host != leaf]


def _said(found: Verification) -> str:
    why = "; ".join(found.remarks())
    way = found.path.words
    return f"{way}, {why}" if why and found.path is not PathKind.DIRECT else way
