"""The loop around the steps of a link, for a command: until it is up, or too late."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_liqo_shortcut.core.events import Tell
from kubectl_liqo_shortcut.core.link.health import health
from kubectl_liqo_shortcut.core.preflight.namespaces import terminating
from kubectl_liqo_shortcut.engine.link.first_cause import first_cause
from kubectl_liqo_shortcut.engine.link.gateway_service import missing_service
from kubectl_liqo_shortcut.engine.link.link import Link
from kubectl_liqo_shortcut.engine.link.load_balancer import last_warning, port_conflict
from kubectl_liqo_shortcut.engine.link.reconcile import Reconciliation
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken, Deadline
from kubectl_liqo_shortcut.errors import ClusterError, ShortcutError, TimedOut

_SYNC = "kubectl liqo-shortcut sync"


def converge(
    link: Link,
    deadline: Deadline,
    cancel: CancelToken,
    tell: Tell,
    *,
    wait: bool,
    only_create: bool = False,
) -> None:
    """Until *link* is up (or, without *wait*, until all its objects exist).

    With *only_create*, what is there stays as it is. Raises ``TimedOut`` with all that is still
    waited for.
    """
    work = Reconciliation(link, tell, deadline, wait=wait, only_create=only_create)
    while not work.step():  # at the first look it may be finished: then nothing is ever watched
        link.follow(link.ends())
        cancel.check()
        if not deadline.left():
            raise _timed_out(link, work.failures, deadline)
        work.heed(link.store.wait(min(deadline.left(), work.pause())))


def _timed_out(link: Link, failures: Iterable[ClusterError], deadline: Deadline) -> ShortcutError:
    ends, failures = link.ends(), (*link.store.silent.values(), *failures)
    said = dict.fromkeys(error.message for error in failures)
    going = (f"{each.cluster}: {each.message}" for each in terminating(ends.values()))
    waits = [*said, *going, *health(ends.values()).waits()]
    hint = "changes are kept: rerun the command to continue, or delete the shortcut"
    if rival := port_conflict(link, ends):
        waits.append(rival)
        hint = f"--gw-server-service-port chooses another port; {hint}"
    elif warning := last_warning(link, ends):
        waits.append(warning)
    if missing := missing_service(link.leaves, ends):
        waits.append(missing)
    if not failures and (cause := first_cause(link)):
        waits.append(f"first cause ({cause.reason}): {cause.cluster}: {cause.seen}")
        if _SYNC not in cause.next:  # to be run again is what the hint says anyway
            hint = f"{hint}; what to do about the first cause: {cause.next}"
    return TimedOut(
        f"timed out after {deadline.seconds:g}s waiting for: "
        + ("; ".join(waits) or "changes that are still being made"),
        hint=hint,
    )
