"""``service list``, ``enable`` and ``disable``: let a Service use direct connections, or not."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Sequence

from kubectl_liqo_shortcut.commands.service_verify import Prove, verify_after, verify_before
from kubectl_liqo_shortcut.core.events import Note, Outcome, Tell, Verb
from kubectl_liqo_shortcut.core.model import HUB, shortcut_name
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster
from kubectl_liqo_shortcut.core.record.conditions import is_ready
from kubectl_liqo_shortcut.core.service.endpoints import service_name
from kubectl_liqo_shortcut.core.service.model import Pair, Service
from kubectl_liqo_shortcut.core.service.path import LeafPath, as_wanted, is_out_of_date, path_on
from kubectl_liqo_shortcut.core.service.refusals import Refusal, of_hub
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken, Deadline
from kubectl_liqo_shortcut.engine.runtime.lease import LeaseLost, Lock
from kubectl_liqo_shortcut.engine.service.assess import Assessment, assess, find_service
from kubectl_liqo_shortcut.engine.service.inspect import (
    list_hub_services,
    list_leaf_services,
    remote_of,
)
from kubectl_liqo_shortcut.engine.service.switch import Switch
from kubectl_liqo_shortcut.engine.service.switch_back import switch_back
from kubectl_liqo_shortcut.errors import (
    Gone,
    Interrupted,
    Invalid,
    PartlyDone,
    Refused,
    ShortcutError,
    TimedOut,
    after_writing,
    listing,
    together,
)

_WAY_BACK = 60.0  # seconds to go back to the hub's path after a failure


@dataclasses.dataclass(frozen=True, slots=True)
class ServiceRow:
    """A Service, the pairs that have no Ready shortcut, and the way it goes on each leaf.

    *remapped*: leaves with endpoints that cannot go direct, since the hub remapped their Pods.
    """

    service: Service
    missing: tuple[Pair, ...]
    paths: tuple[LeafPath, ...]
    remapped: frozenset[str] = frozenset()


class ServiceRefused(Refused):
    """Several things may forbid it: all are told."""

    def __init__(self, service: Service, refusals: Sequence[Refusal]) -> None:
        what = f"Service {service.key} cannot go direct"
        if len(refusals) > 1:
            what = f"{len(refusals)} things keep Service {service.key} from going direct"
        super().__init__(
            listing(f"{what}:", map(str, refusals)),
            hint=together(dict.fromkeys(each.hint for each in refusals if each.hint)),
        )
        self.refusals = tuple(refusals)


def service_named(word: str, namespace: str | None, default: Callable[[], str]) -> tuple[str, str]:
    """Namespace and name that ``NS/NAME``, or ``NAME`` with a *namespace*, mean."""
    written = word.removeprefix("service/").removeprefix("svc/")
    full = "/" in written
    found = service_name(written if full else f"{namespace or default()}/{written}")
    if full and namespace not in (None, found.namespace):
        raise Invalid(f"{word!r} is in another namespace than -n {namespace}", hint="leave out -n")
    return found.namespace, found.name


def list_services(open_cluster: OpenCluster, namespace: str, timeout: float) -> list[ServiceRow]:
    """All Services that leaves see, of one *namespace*, or ("") of all; *timeout* is the leaves'.

    Each cluster is asked once for each kind; a leaf that does not answer is only unknown.
    """
    hub = list_hub_services(open_cluster(HUB), Deadline(timeout), namespace)
    on_leaves = list_leaf_services(
        remote_of(hub.services), open_cluster, hub.on_hub.id, Deadline(timeout)
    )
    ready = {name for name, each in hub.on_hub.records.items() if is_ready(each)}
    return [
        ServiceRow(
            each,
            tuple(pair for pair in each.pairs if shortcut_name(*pair) not in ready),
            tuple(path_on(each, on_leaves[leaf]) for leaf in each.seen_on),
            frozenset(refusal.cluster for refusal in of_hub(each, hub.on_hub.configurations)),
        )
        for each in hub.services
    ]


def enable(
    namespace: str,
    name: str,
    open_cluster: OpenCluster,
    timeout: float,
    cancel: CancelToken,
    tell: Tell,
    *,
    prove: Prove | None = None,
) -> None:
    """Annotate the Service, and wait until all leaves go direct; else back to the hub's path.

    *prove* sends packets before and after: it goes back also where those do not go direct. From
    the first of them on, nobody else works on the links.
    """
    deadline = Deadline(timeout)
    found = assess(namespace, name, open_cluster, deadline)
    if found.refusals:
        raise ServiceRefused(found.service, found.refusals)
    if verb_of(found) is Verb.UNCHANGED:
        if prove is not None:
            verify_after(found.service, prove, deadline, cancel, tell)
        tell(Outcome(name, Verb.UNCHANGED, found.service.body))
        return
    for on_leaf in found.on_leaves.values():
        if on_leaf.unseen and on_leaf.leaf in found.service.seen_on:
            what = f"whether Liqo on {on_leaf.leaf} denies direct connections cannot be seen"
            tell(Note(f"{what}: {on_leaf.unseen}", found.service.key))
    hub = open_cluster(HUB)
    with contextlib.ExitStack() as holds:
        waited = False
        for pair in found.service.pairs:
            lock = holds.enter_context(Lock(hub, shortcut_name(*pair)))
            hub = lock.guard(hub)
            waited = lock.take(deadline, tell, cancel) or waited
        if prove is not None:
            verify_before(found.service, prove, deadline, cancel, tell)
        if waited or prove is not None:  # much may have happened since
            with after_writing(prove is not None):  # probe Pods, which are gone again
                found = assess(namespace, name, open_cluster, deadline)
                if found.refusals:
                    raise ServiceRefused(found.service, found.refusals)
        _turn_on(found, hub, open_cluster, deadline, cancel, prove, tell)


def _turn_on(
    found: Assessment,
    hub: Cluster,
    open_cluster: OpenCluster,
    deadline: Deadline,
    cancel: CancelToken,
    prove: Prove | None,
    tell: Tell,
) -> None:
    service = found.service
    leaves = {leaf: open_cluster(leaf) for leaf in service.seen_on}
    switch = Switch(service, hub, leaves, found.on_leaves, found.hub.places, tell)
    ours = not service.annotated
    try:
        switch.watch(deadline, cancel)
        began = time.monotonic()
        try:
            if ours:
                switch.annotate(True, deadline)
                switch.wait(deadline, cancel)
            else:  # it is, and slices have not followed
                switch.wait(deadline, cancel, pause=0.0)
            took = f"all leaves go direct {time.monotonic() - began:.1f}s after it was asked for"
            tell(Note(took, service.key))
            if prove is not None:
                verify_after(switch.service, prove, deadline, cancel, tell)
        except LeaseLost:
            raise
        except Exception as error:
            if switch.touched:
                _back(switch, error, tell)
            raise
        tell(Outcome(service.name, Verb.CONFIGURED, switch.service.body))
    finally:
        switch.close()


def _back(switch: Switch, error: Exception, tell: Tell) -> None:
    """Undo, patiently; what is left turns *error* into ``PartlyDone``."""
    key, limit = switch.service.key, Deadline(_WAY_BACK)
    tell(Note("going back to the hub's path", key))
    try:
        switch.annotate(False, limit)
        switch.wait(limit)
    except Gone:
        tell(Note("it is gone", key))
        return
    except ShortcutError as second:
        tell(Note(f"not back on the hub's path: {second.message}", key))
        if isinstance(error, ShortcutError) and not isinstance(error, Interrupted):
            raise PartlyDone(
                f"{error.message}; and it is not back on the hub's path: {second.message}",
                hint=f"kubectl liqo-shortcut service disable {key}",
            ) from error
        return
    tell(Note("it is back on the hub's path", key))
    if isinstance(error, TimedOut):
        error.hint = f"it went back to the hub's path; {error.hint}"


def disable(
    namespace: str,
    name: str,
    open_cluster: OpenCluster,
    timeout: float,
    cancel: CancelToken,
    tell: Tell,
) -> None:
    """Take the annotation off, and wait where leaves can be asked; again: for those that lag."""
    deadline = Deadline(timeout)
    found, service = find_service(namespace, name, open_cluster, deadline)
    remote = {leaf: [there] for leaf, there in service.seen_on.items()}
    on_leaves = list_leaf_services(remote, open_cluster, found.on_hub.id, deadline)
    if not service.annotated:
        on_leaves = {
            leaf: on_leaf
            for leaf, on_leaf in on_leaves.items()
            if on_leaf.error or is_out_of_date(service, on_leaf)
        }
    if service.annotated or any(not on_leaf.error for on_leaf in on_leaves.values()):
        hub = open_cluster(HUB)
        service = switch_back(
            service, on_leaves, found.places, hub, open_cluster, deadline, cancel, tell
        )
        tell(Outcome(name, Verb.CONFIGURED, service.body))
    else:
        tell(Outcome(name, Verb.UNCHANGED, service.body))
    unchecked = {leaf: on_leaf.error for leaf, on_leaf in on_leaves.items() if on_leaf.error}
    if unchecked:
        raise PartlyDone(
            listing(
                f"Service {service.key}: annotation removed, but its path is unverified on "
                f"{', '.join(unchecked)}:",
                unchecked.values(),
            ),
            hint="Liqo updates them on its own; kubectl liqo-shortcut service list shows it",
        )


def verb_of(found: Assessment) -> Verb:
    """What enabling it would do."""
    service = found.service
    right = all(as_wanted(service, found.on_leaves[leaf]) for leaf in service.seen_on)
    return Verb.UNCHANGED if service.annotated and right else Verb.CONFIGURED
