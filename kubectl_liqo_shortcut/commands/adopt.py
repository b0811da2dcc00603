"""``adopt``: take over a link that was made by hand, without touching the link itself."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from kubectl_liqo_shortcut.commands.create import CREATED_BY, note_status
from kubectl_liqo_shortcut.commands.expiry import refuse_expired
from kubectl_liqo_shortcut.core.events import Done, Note, Outcome, Tell, Verb
from kubectl_liqo_shortcut.core.link import adoption
from kubectl_liqo_shortcut.core.link.inventory import Recorded
from kubectl_liqo_shortcut.core.link.ownership import ownership_labels
from kubectl_liqo_shortcut.core.link.preview import planned_changes
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.request import Request
from kubectl_liqo_shortcut.core.link.shortcut import Shortcut
from kubectl_liqo_shortcut.core.model import HUB, ClusterID, ObjectRef, labels_of, ref_of
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster
from kubectl_liqo_shortcut.engine.link.converge import converge
from kubectl_liqo_shortcut.engine.link.labels import Labels, Replaced, put_labels
from kubectl_liqo_shortcut.engine.link.records import end_record, open_record
from kubectl_liqo_shortcut.engine.link.session import SurveySession
from kubectl_liqo_shortcut.engine.preflight.checks import checks
from kubectl_liqo_shortcut.engine.preflight.report import look_or_refuse, refuse_or_warn
from kubectl_liqo_shortcut.engine.removal.peering import InUseByPeering, check_peering
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken, Deadline
from kubectl_liqo_shortcut.engine.runtime.lease import LeaseLost, Lock
from kubectl_liqo_shortcut.errors import Invalid, PartlyDone, Refused, ShortcutError

_UNDO = 30.0  # seconds to take labels off again


def adopt(
    request: Request,
    open_cluster: OpenCluster,
    renderer: Renderer,
    timeout: float,
    cancel: CancelToken,
    tell: Tell,
) -> None:
    """Make the link between the pair of *request* a shortcut; the last event is its ``Outcome``.

    A record is made that says what is there, and our labels are put on the link's objects;
    gateways, keys and Pods stay as they are. From then on ``delete`` and ``sync`` work on it.
    """
    deadline, hub = Deadline(timeout), open_cluster(HUB)
    with Lock(hub, request.name) as lock:
        session = look_or_refuse(request, open_cluster, lock, renderer, deadline)
        try:
            session, warnings = _examined(session, request, hub, deadline)
            for warning in warnings:
                tell(warning)
            waited = lock.take(deadline, tell)
            if waited or not session.is_current(hub, deadline):
                session.close()
                session = look_or_refuse(request, open_cluster, lock, renderer, deadline)
                session, _ = _examined(session, request, hub, deadline)
            _Adoption(session, request, lock.guard(hub), deadline, tell).run(cancel)
        finally:
            session.close()


def would_adopt(
    request: Request, open_cluster: OpenCluster, renderer: Renderer, timeout: float
) -> Iterator[str]:
    """What ``adopt`` would take over, in sentences; nothing is written."""
    deadline, hub = Deadline(timeout), open_cluster(HUB)
    session = look_or_refuse(request, open_cluster, Lock(hub, request.name), renderer, deadline)
    try:
        session, _ = _examined(session, request, hub, deadline)
        for each in _entries(session):
            if session.link.status_writer.objects.get(each.ref) != each:
                yield f"{each.ref.cluster}: {each.ref} would be adopted"
    finally:
        session.close()


def _examined(
    session: SurveySession, request: Request, hub: Cluster, deadline: Deadline
) -> tuple[SurveySession, list[Note]]:
    """*session*, the Shortcut being what is there, and what to warn of.

    Refuses what cannot be adopted as it is.
    """
    link = session.link
    ends = link.ends()
    refuse_expired(request, session)
    adoption.refuse_half(ends, request.name)
    adoption.refuse_misplaced(ends)
    adoption.refuse_foreign(ends, _marks(session))
    if session.view.record is None:
        spec = {**adoption.spec_of(ends, link.facts.leaves), **request.spec}
        there = _as_shortcut(request, spec, session.shortcut.server)
        link = dataclasses.replace(link, shortcut=there, _rendered=None)
        session = dataclasses.replace(session, link=link)
    refuse_or_warn(link.refusals(ends, "adopt"), request)
    rendered, _ = link.plan(ends)
    pretended = {each.ref: each for each in _entries(session)}
    labelled = adoption.as_labelled(ends, _marks(session))
    adoption.refuse_changes(planned_changes(rendered, labelled, pretended), request.name)
    _refuse_peering(session, deadline)
    return session, refuse_or_warn(checks(session, hub, deadline, adopt=True), request)


def _as_shortcut(request: Request, spec: Mapping[str, Any], server: ClusterID) -> Shortcut:
    try:
        return dataclasses.replace(request, spec=spec).shortcut_with(server)
    except Invalid as error:
        raise Refused(
            f"no shortcut can be like the link that is there: {error.message}",
            hint="correct its gateways first, or delete it and create a shortcut instead",
        ) from error


def _refuse_peering(session: SurveySession, deadline: Deadline) -> None:
    """A peering's link is the peering's: ``liqoctl unpeer`` takes it away with it."""
    link = session.link
    try:
        errors = check_peering(link.shortcut.sides, link.leaves, deadline, first_look=True)
    except InUseByPeering as error:
        raise Refused(error.message.replace("removed", "adopted"), hint=error.hint) from error
    for each in errors.values():
        raise each


def _marks(session: SurveySession) -> Mapping[str, str]:
    return ownership_labels(session.shortcut.name, str(session.link.facts.hub))


def _entries(session: SurveySession) -> list[Recorded]:
    return adoption.as_adopted(
        session.link.ends(), session.link.status_writer.objects, _marks(session)
    )


class _Adoption:
    """The writes of an adoption: the record names everything before the first label is put on."""

    def __init__(
        self, session: SurveySession, request: Request, hub: Cluster, deadline: Deadline, tell: Tell
    ) -> None:
        self._tell = tell
        self._session, self._link = session, session.link
        self._request = request
        self._hub = hub
        self._deadline = deadline
        self._bodies = {
            ref_of(leaf, body): body for leaf, body in adoption.taken(session.link.ends())
        }
        self._labelled: list[tuple[Recorded, Labels]] = []

    def run(self, cancel: CancelToken) -> None:
        link, found = self._link, self._session.view.record
        annotations = {**self._request.annotations, CREATED_BY: self._session.view.user}
        wanted = link.renderer.record(self._session.shortcut, annotations)
        cancel.arm(link.store.wake)
        record, made = open_record(self._hub, found, wanted, self._deadline)
        link.status_writer.begin(record)
        before = dict(link.status_writer.objects)
        entries = _entries(self._session)
        link.status_writer.objects |= {each.ref: each for each in entries}
        try:
            link.status_writer.write(link.status(link.ends()))
            for each in entries:
                self._label(each)
                if before.get(each.ref) != each:
                    self._tell(Done(each.ref, Verb.ADOPTED))
                cancel.check()
        except LeaseLost:
            raise  # somebody else may be at work: not even an undo
        except Exception as error:
            self._undo(error, before, made=made)
            raise
        self._complete(cancel)
        link.status_writer.write(link.status(link.ends()))
        changed = made or link.status_writer.objects != before
        self._tell(
            Outcome(
                self._request.name,
                Verb.ADOPTED if changed else Verb.UNCHANGED,
                link.status_writer.record,
            )
        )

    def _label(self, entry: Recorded) -> None:
        """What its labels were is noted first: of a lost answer nobody knows whether it is done."""
        marked = _marks(self._session)
        labels = labels_of(self._bodies[entry.ref])
        self._labelled.append((entry, {key: labels.get(key) for key in marked}))
        put_labels(entry, marked, self._link.leaves[entry.ref.cluster], self._deadline)

    def _complete(self, cancel: CancelToken) -> None:
        """Make what is missing of the link, such as a key; whatever stops it, it is adopted."""
        try:
            converge(self._link, self._deadline, cancel, self._tell, wait=False, only_create=True)
        except Exception:
            note_status(self._link, None, self._tell)
            raise

    def _undo(self, error: Exception, before: Mapping[ObjectRef, Recorded], *, made: bool) -> None:
        """Take our labels off again, then the record, if this run made it."""
        name, deadline = self._request.name, Deadline(_UNDO)
        said = error.message if isinstance(error, ShortcutError) else repr(error)
        self._tell(Note(f"undoing: {said}", name))
        try:
            for entry, was in reversed(self._labelled):
                with contextlib.suppress(Replaced):  # then it never was ours
                    put_labels(entry, was, self._link.leaves[entry.ref.cluster], deadline)
            self._link.status_writer.quiet()
            if made:
                end_record(self._hub, self._link.status_writer.record, deadline)
                return
            self._link.status_writer.objects = dict(before)
            self._link.status_writer.write(self._link.status(self._link.ends()))
        except ShortcutError as second:
            raise PartlyDone(
                f"{said}; and not everything could be undone: {second.message}",
                hint=f"the record says what was adopted: kubectl liqo-shortcut adopt {name} "
                "goes on",
            ) from error
