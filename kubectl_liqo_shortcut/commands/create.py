"""``create``: make a shortcut and wait until it carries traffic, or leave everything as it was."""

from __future__ import annotations

import dataclasses

from kubectl_liqo_shortcut.commands.expiry import refuse_expired, renewed
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Done, Event, Note, Outcome, Tell, Verb
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.request import Request
from kubectl_liqo_shortcut.core.model import HUB, ref_of
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster
from kubectl_liqo_shortcut.core.record.conditions import Reason
from kubectl_liqo_shortcut.core.record.lifecycle import is_in_use
from kubectl_liqo_shortcut.core.record.routes import remaps
from kubectl_liqo_shortcut.core.record.status import Cause
from kubectl_liqo_shortcut.engine.link.converge import converge
from kubectl_liqo_shortcut.engine.link.link import Link
from kubectl_liqo_shortcut.engine.link.records import (
    misfit_notes,
    note_cause,
    open_record,
    refresh_status,
    renew_record,
)
from kubectl_liqo_shortcut.engine.link.session import SurveySession, no_record_any_more, survey_link
from kubectl_liqo_shortcut.engine.link.shared_look import SharedLook
from kubectl_liqo_shortcut.engine.link.undo import undo
from kubectl_liqo_shortcut.engine.preflight.checks import checks
from kubectl_liqo_shortcut.engine.preflight.report import (
    conflicts,
    look_or_refuse,
    refuse_or_warn,
)
from kubectl_liqo_shortcut.engine.removal.peering import InUseByPeering
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken, Deadline
from kubectl_liqo_shortcut.engine.runtime.lease import LeaseLost, Lock
from kubectl_liqo_shortcut.errors import Interrupted, PartlyDone, ShortcutError, TimedOut

CREATED_BY = f"{r.GROUP}/created-by"
_CHANGES = (Verb.CREATED, Verb.CONFIGURED, Verb.DELETED)


class RemovedOnLeaf(PartlyDone):
    """Somebody took the link away on a leaf: it is not made again behind their back."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CreateOptions:
    timeout: float = 300.0  # seconds
    wait: bool = True  # until Connected; else until all link objects exist
    keep_on_failure: bool = False
    undo_on_timeout: bool = False
    recorded_only: bool = False  # what has no record by now is not made
    recreate: bool = True  # also where somebody took the link away on a leaf


def create(
    request: Request,
    open_cluster: OpenCluster,
    renderer: Renderer,
    options: CreateOptions,
    cancel: CancelToken,
    tell: Tell,
    shared: SharedLook | None = None,
) -> None:
    """Make what *request* asks for; the last event is its ``Outcome``.

    What the *shared* look shows to be as it should be is not looked at again.
    """
    deadline = Deadline(options.timeout)
    hub = open_cluster(HUB)
    if shared is not None and _is_seen_settled(
        request, shared, renderer, options, hub, deadline, tell
    ):
        return
    with Lock(hub, request.name) as lock:
        session = look_or_refuse(request, open_cluster, lock, renderer, deadline)
        try:
            _refuse(request, session, options, hub, deadline, tell)
            if _stays(session, options, hub, deadline, tell):
                return
            waited = lock.take(deadline, tell)
            if waited or not session.is_current(hub, deadline):
                session.close()
                session = survey_link(request, open_cluster, lock, renderer, deadline)
                _refuse(request, session, options, hub, deadline, tell)
            _make(request, session, lock.guard(hub), options, deadline, cancel, tell)
        finally:
            session.close()


def _is_seen_settled(
    request: Request,
    shared: SharedLook,
    renderer: Renderer,
    options: CreateOptions,
    hub: Cluster,
    deadline: Deadline,
    tell: Tell,
) -> bool:
    """Whether the shared look is enough. Where it is not, nothing is told: all will be, later."""
    told: list[Event] = []
    try:
        session = shared.session(request, renderer, deadline)
        if renewed(session) or not session.is_settled(wait=options.wait):
            return False
        _refuse(request, session, options, hub, deadline, told.append)
        if not _stays(session, options, hub, deadline, told.append):
            return False
    except ShortcutError:  # whatever it is, a look of its own tells it whole
        return False
    for event in told:
        tell(event)
    return True


def _stays(
    session: SurveySession, options: CreateOptions, hub: Cluster, deadline: Deadline, tell: Tell
) -> bool:
    """True if nothing is to be done: then its status is brought up to date, without a Lease.

    The Lease keeps writers apart; this write is bound to the record that was read instead.
    """
    link = session.link
    tell(Note(f"gateway server: {link.shortcut.server} ({session.why})", link.shortcut.name))
    if renewed(session) or not session.is_settled(wait=options.wait):
        return False
    seen = link.status(link.ends())
    record = refresh_status(hub, link.status_writer.record, seen, deadline)
    if record is not None:
        tell(Outcome(session.shortcut.name, Verb.UNCHANGED, record))
    return record is not None


def _refuse(
    request: Request,
    session: SurveySession,
    options: CreateOptions,
    hub: Cluster,
    deadline: Deadline,
    tell: Tell,
) -> None:
    """What stands in the way is said before anything is written."""
    record = session.view.record
    if record is None and options.recorded_only:
        raise no_record_any_more(request)
    for note in misfit_notes(request.name, record):
        tell(note)
    refuse_expired(request, session)
    findings = list(conflicts(session))
    # A link that is as it should be need not be examined.
    if findings or session.plan().steps or session.plan().leaving:
        findings += checks(session, hub, deadline)
    for warning in refuse_or_warn(findings, request):
        tell(warning)


def _make(
    request: Request,
    session: SurveySession,
    hub: Cluster,
    options: CreateOptions,
    deadline: Deadline,
    cancel: CancelToken,
    tell: Tell,
) -> None:
    link, found = session.link, session.view.record
    # What was ready once, was adopted, or was there before its record, is nobody's to undo.
    gone = session.taken_away_on()
    if found is not None and gone and not options.recreate:
        said = f"somebody else deleted the link's objects on {' and '.join(gone)}"
        note_cause(hub, found, Cause(Reason.REMOVED_ON_LEAF, said, stalled=True), deadline)
        raise RemovedOnLeaf(
            f"shortcut {request.name}: {said}",
            hint=f"to make it again: kubectl liqo-shortcut sync {request.name} --recreate; "
            f"to end it: kubectl liqo-shortcut delete {request.name}",
        )
    annotations = {**request.annotations, CREATED_BY: session.view.user}
    wanted = link.renderer.record(session.shortcut, annotations)
    cancel.arm(link.store.wake)
    record, made = open_record(hub, found, wanted, deadline)
    until = renewed(session)
    if until:
        record = renew_record(hub, record, until, deadline)
        tell(Done(ref_of(HUB, record), Verb.CONFIGURED, f"it expires at {until}"))
    link.status_writer.begin(record)
    in_use = is_in_use(link.status_writer.record) or session.is_restored() or session.is_up()
    limits = dataclasses.replace(options, keep_on_failure=options.keep_on_failure or in_use)
    changed = _converge(link, limits, deadline, cancel, hub, tell, made=made) or bool(until)
    link.status_writer.write(link.status(link.ends()))
    verb = Verb.CREATED if made else Verb.CONFIGURED if changed else Verb.UNCHANGED
    if verb is not Verb.UNCHANGED:
        for each in remaps(link.status_writer.record):
            tell(Note(each, request.name))
    tell(Outcome(request.name, verb, link.status_writer.record))


def _converge(
    link: Link,
    options: CreateOptions,
    deadline: Deadline,
    cancel: CancelToken,
    hub: Cluster,
    tell: Tell,
    *,
    made: bool,
) -> bool:
    """Run the loop; on failure undo, unless the link is to be kept.

    *made*: the record is of this run. Returns whether anything was changed.
    """
    keep = options.keep_on_failure
    changed = False

    def told(event: Event) -> None:
        nonlocal changed
        changed = changed or (isinstance(event, Done) and event.verb in _CHANGES)
        tell(event)

    try:
        converge(link, deadline, cancel, told, wait=options.wait)
    except LeaseLost:
        raise  # somebody else may be at work: not even an undo
    except TimedOut as error:
        if keep or not options.undo_on_timeout:
            note_status(link, None, tell)
            raise
        _undone(link, error, hub, tell, made=made)
        error.hint = "it was undone, as --undo-on-timeout asks"
        raise
    except Exception as error:
        if keep:
            note_status(link, _cause(error), tell)
            raise
        _undone(link, error, hub, tell, made=made)
        raise
    return changed


def _undone(link: Link, error: Exception, hub: Cluster, tell: Tell, *, made: bool) -> None:
    """Undo what the run made; what is left turns *error* into ``PartlyDone``."""
    undone = undo(link, _words(error), hub, tell, made=made)
    if undone or not isinstance(error, ShortcutError) or isinstance(error, Interrupted):
        return
    raise PartlyDone(
        f"{error.message}; and not everything could be undone",
        hint=f"the record says what is left: kubectl liqo-shortcut delete {link.shortcut.name}",
    ) from error


def _cause(error: Exception) -> Cause:
    peered = isinstance(error, InUseByPeering)
    reason = Reason.IN_USE_BY_PEERING if peered else Reason.FAILED
    return Cause(reason, _words(error))


def _words(error: Exception) -> str:
    return error.message if isinstance(error, ShortcutError) else f"unforeseen: {error!r}"


def note_status(link: Link, cause: Cause | None, tell: Tell) -> None:
    """Bring the record up to date on the way out: what went wrong before matters more."""
    try:
        link.status_writer.quiet()
        link.status_writer.write(link.status(link.ends(), cause))
    except ShortcutError as error:
        tell(Note(f"the record is not up to date: {error.message}", link.shortcut.name))
