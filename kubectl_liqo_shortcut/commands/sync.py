"""``sync``: bring reality to what the hub's records say, whatever interrupted whom."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import assert_never

from kubectl_liqo_shortcut.commands import create as making
from kubectl_liqo_shortcut.commands import delete as removing
from kubectl_liqo_shortcut.commands.delete_dry_run import plan_lines, service_lines
from kubectl_liqo_shortcut.core.events import Note, Outcome, Tell, Verb
from kubectl_liqo_shortcut.core.link.inventory import objects_of
from kubectl_liqo_shortcut.core.link.plan import Create, Recreate, Step, Update, differences
from kubectl_liqo_shortcut.core.link.preview import PlannedChange
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.request import of_record
from kubectl_liqo_shortcut.core.model import HUB, Object, is_terminating, name_of
from kubectl_liqo_shortcut.core.ports import OpenCluster
from kubectl_liqo_shortcut.core.preflight.findings import FindingName
from kubectl_liqo_shortcut.core.record.conditions import Condition, Reason, condition_of
from kubectl_liqo_shortcut.core.record.lifecycle import expired_at
from kubectl_liqo_shortcut.core.record.status import Cause
from kubectl_liqo_shortcut.engine.link.reading import survey_for_reading
from kubectl_liqo_shortcut.engine.link.records import note_cause, present_record
from kubectl_liqo_shortcut.engine.link.shared_look import SharedLook
from kubectl_liqo_shortcut.engine.preflight.report import PreflightFailed
from kubectl_liqo_shortcut.engine.removal.peering import InUseByPeering
from kubectl_liqo_shortcut.engine.removal.preview import find_removable
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken, Deadline
from kubectl_liqo_shortcut.engine.runtime.lease import Lock
from kubectl_liqo_shortcut.engine.runtime.store import utc_now
from kubectl_liqo_shortcut.engine.service.switch_back import NODES_FOLLOW
from kubectl_liqo_shortcut.errors import Nonsense, ShortcutError, Unreachable


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SyncOptions:
    timeout: float = 300.0  # seconds
    wait: bool = True
    recreate: bool = False  # also where somebody took the link away on a leaf
    nodes_follow: float = NODES_FOLLOW


def sync(
    record: Object,
    open_cluster: OpenCluster,
    renderer: Renderer,
    options: SyncOptions,
    cancel: CancelToken,
    tell: Tell,
    shared: SharedLook | None = None,
) -> None:
    """Complete, repair, change, switch off or finish deleting: what *record* asks for.

    A *shared* look settles most of many records: it was taken of all of them at once.
    """
    if is_terminating(record):
        limits = removing.DeleteOptions(timeout=options.timeout, nodes_follow=options.nodes_follow)
        removing.delete(record, open_cluster, limits, cancel, tell)
    elif expired_at(record, utc_now()):
        _switch_off(record, open_cluster, options, cancel, tell)
    else:
        wanted = making.CreateOptions(
            timeout=options.timeout,
            wait=options.wait,
            recorded_only=True,
            recreate=options.recreate,
        )
        try:
            making.create(of_record(record), open_cluster, renderer, wanted, cancel, tell, shared)
        except (Unreachable, Nonsense, PreflightFailed) as error:
            if is_about_silence(error):
                _note_unreachable(record, error, open_cluster, tell)
            raise


def next_steps(
    record: Object,
    open_cluster: OpenCluster,
    renderer: Renderer,
    timeout: float,
    shared: SharedLook | None = None,
) -> Iterator[str]:
    """What ``sync`` would do now, in sentences; nothing is written."""
    if is_terminating(record) or expired_at(record, utc_now()):
        yield from service_lines(record, open_cluster, timeout)
        yield from plan_lines(record)
        return
    with survey_for_reading(record, open_cluster, renderer, Deadline(timeout), shared) as session:
        for each in session.changes():
            if each.step is not None:
                ref = each.manifest.ref
                yield f"{ref.cluster}: {ref} would {_words(each.step)}" + _when(each)


def _words(step: Step) -> str:
    match step:
        case Create():
            return "be created"
        case Recreate():
            return f"be deleted and made anew: {step.why}"
        case Update():
            return f"be configured ({', '.join(differences(step.observed, step.manifest))})"
        case _:
            assert_never(step)


def _when(change: PlannedChange) -> str:
    if change.is_leaving:
        return ", once the present one is gone"
    return f", once it has {', '.join(change.waits_for)}" if change.waits_for else ""


def _switch_off(
    record: Object, open_cluster: OpenCluster, options: SyncOptions, cancel: CancelToken, tell: Tell
) -> None:
    name = name_of(record)
    if _is_off(record, open_cluster, options, tell):
        tell(Outcome(name, Verb.UNCHANGED, record))
        return
    hub, deadline = open_cluster(HUB), Deadline(options.timeout)
    with Lock(hub, name) as lock:
        lock.take(deadline, tell)
        present = present_record(hub, record, deadline)
        if present is not None and expired_at(present, utc_now()):
            tell(Note(f"expired at {expired_at(present, utc_now())}: its link is removed", name))
            limits = removing.DeleteOptions(
                timeout=deadline.left(), nodes_follow=options.nodes_follow
            )
            removing.switch_off(present, lock, open_cluster, limits, cancel, tell)
        tell(Outcome(name, Verb.CONFIGURED, present or record))


def _is_off(record: Object, open_cluster: OpenCluster, options: SyncOptions, tell: Tell) -> bool:
    """Whether its record says so, and no leaf that answers says otherwise."""
    ready = condition_of(record, Condition.READY)
    if ready.get("reason") != Reason.EXPIRED or objects_of(record):
        return False
    name = name_of(record)
    try:
        left = find_removable(record, open_cluster, Deadline(options.timeout))
    except InUseByPeering:
        return False
    except ShortcutError as error:  # such as a leaf that nobody has a way to any more
        tell(Note(f"switched off before; {error.message}", name))
        return True
    for each in left.errors.values():
        tell(Note(f"switched off before; {each.message}", name))
    return not left.found


def is_about_silence(error: ShortcutError) -> bool:
    """Whether a leaf did not answer, and the hub did."""
    if isinstance(error, PreflightFailed):
        silent = {each.cluster for each in error.findings if each.name is FindingName.UNREACHABLE}
        return bool(silent) and HUB not in silent
    return isinstance(error, Unreachable | Nonsense) and error.cluster != HUB


def _note_unreachable(
    record: Object, error: ShortcutError, open_cluster: OpenCluster, tell: Tell
) -> None:
    """Nobody knows how the link is: so the record must not go on saying Ready.

    What went wrong before matters more than what keeps this from being noted.
    """
    if condition_of(record, Condition.READY).get("reason") == Reason.LEAF_UNREACHABLE:
        return
    hub, deadline = open_cluster(HUB), Deadline(10.0)
    name = name_of(record)
    try:
        with Lock(hub, name) as lock:
            lock.take(deadline, tell)
            present = present_record(hub, record, deadline)
            if present is not None:
                cause = Cause(Reason.LEAF_UNREACHABLE, error.message, ready="Unknown")
                note_cause(lock.guard(hub), present, cause, deadline)
    except ShortcutError as second:
        tell(Note(f"the record is not up to date: {second.message}", name))
