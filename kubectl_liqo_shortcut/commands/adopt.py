"""``adopt``: take over a link that was made by hand, without touching the link itself."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from kubectl_liqo_shortcut.commands.create import CREATED_BY, note_status, refuse_expired
from kubectl_liqo_shortcut.core import adoption
from kubectl_liqo_shortcut.core.events import Done, Event, Note, Outcome, Verb
from kubectl_liqo_shortcut.core.model import HUB, ClusterID, ObjectRef, labels_of, ref_of
from kubectl_liqo_shortcut.core.ownership import marks
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster
from kubectl_liqo_shortcut.core.prospect import prospects
from kubectl_liqo_shortcut.core.record import Recorded
from kubectl_liqo_shortcut.core.render import Renderer
from kubectl_liqo_shortcut.core.request import Request
from kubectl_liqo_shortcut.core.shortcut import Shortcut
from kubectl_liqo_shortcut.engine.checks import checks
from kubectl_liqo_shortcut.engine.converge import Convergence
from kubectl_liqo_shortcut.engine.labels import Labels, Replaced, put_labels
from kubectl_liqo_shortcut.engine.lease import Hold, LeaseLost
from kubectl_liqo_shortcut.engine.look import Looked
from kubectl_liqo_shortcut.engine.parallel import Deadline, Stop
from kubectl_liqo_shortcut.engine.peering import InUseByPeering, check_peering
from kubectl_liqo_shortcut.engine.preflight import judge, look_or_refuse
from kubectl_liqo_shortcut.engine.records import end_record, open_record
from kubectl_liqo_shortcut.errors import Invalid, PartlyDone, Refused, ShortcutError

_UNDO = 30.0  # seconds to take labels off again


def adopt(
    request: Request, open_cluster: OpenCluster, renderer: Renderer, timeout: float, stop: Stop
) -> Iterator[Event]:
    """Make the link between the pair of *request* a shortcut; the last event is its ``Outcome``.

    A record is made that says what is there, and our labels are put on the link's objects;
    gateways, keys and Pods stay as they are. From then on ``delete`` and ``sync`` work on it.
    """
    deadline, hub = Deadline(timeout), open_cluster(HUB)
    with Hold(hub, request.name) as hold:
        looked = look_or_refuse(request, open_cluster, hold, renderer, deadline)
        try:
            looked, warnings = _examined(looked, request, hub, deadline)
            yield from warnings
            waited = yield from hold.take(deadline)
            if waited or not looked.is_current(hub, deadline):
                looked.close()
                looked = look_or_refuse(request, open_cluster, hold, renderer, deadline)
                looked, _ = _examined(looked, request, hub, deadline)
            yield from _Adoption(looked, request, hold.guard(hub), deadline).run(stop)
        finally:
            looked.close()


def would_adopt(
    request: Request, open_cluster: OpenCluster, renderer: Renderer, timeout: float
) -> Iterator[str]:
    """What ``adopt`` would take over, in sentences; nothing is written."""
    deadline, hub = Deadline(timeout), open_cluster(HUB)
    looked = look_or_refuse(request, open_cluster, Hold(hub, request.name), renderer, deadline)
    try:
        looked, _ = _examined(looked, request, hub, deadline)
        for each in _entries(looked):
            if looked.link.journal.objects.get(each.ref) != each:
                yield f"{each.ref.cluster}: {each.ref} would be adopted"
    finally:
        looked.close()


def _examined(
    looked: Looked, request: Request, hub: Cluster, deadline: Deadline
) -> tuple[Looked, list[Note]]:
    """*looked*, the Shortcut being what is there, and what to warn of.

    Refuses what cannot be adopted as it is.
    """
    link = looked.link
    ends = link.ends()
    refuse_expired(request, looked)
    adoption.refuse_half(ends, request.name)
    adoption.refuse_misplaced(ends)
    adoption.refuse_foreign(ends, _marks(looked))
    if looked.view.record is None:
        spec = {**adoption.spec_of(ends, link.facts.leaves), **request.spec}
        there = _as_shortcut(request, spec, looked.shortcut.server)
        link = dataclasses.replace(link, shortcut=there, _rendered=None)
        looked = dataclasses.replace(looked, link=link)
    judge(link.refusals(ends, "adopt"), request)
    rendered, _ = link.plan(ends)
    pretended = {each.ref: each for each in _entries(looked)}
    labelled = adoption.as_labelled(ends, _marks(looked))
    adoption.refuse_changes(prospects(rendered, labelled, pretended), request.name)
    _refuse_peering(looked, deadline)
    return looked, judge(checks(looked, hub, deadline, adopt=True), request)


def _as_shortcut(request: Request, spec: Mapping[str, Any], server: ClusterID) -> Shortcut:
    try:
        return dataclasses.replace(request, spec=spec).shortcut_with(server)
    except Invalid as error:
        raise Refused(
            f"no shortcut can be like the link that is there: {error.message}",
            hint="correct its gateways first, or delete it and create a shortcut instead",
        ) from error


def _refuse_peering(looked: Looked, deadline: Deadline) -> None:
    """A peering's link is the peering's: ``liqoctl unpeer`` takes it away with it."""
    link = looked.link
    try:
        errors = check_peering(link.shortcut.sides, link.leaves, deadline, first_look=True)
    except InUseByPeering as error:
        raise Refused(error.message.replace("removed", "adopted"), hint=error.hint) from error
    for each in errors.values():
        raise each


def _marks(looked: Looked) -> Mapping[str, str]:
    return marks(looked.shortcut.name, str(looked.link.facts.hub))


def _entries(looked: Looked) -> list[Recorded]:
    return adoption.as_adopted(looked.link.ends(), looked.link.journal.objects, _marks(looked))


class _Adoption:
    """The writes of an adoption: the record names everything before the first label is put on."""

    def __init__(self, looked: Looked, request: Request, hub: Cluster, deadline: Deadline) -> None:
        self._looked, self._link = looked, looked.link
        self._request = request
        self._hub = hub
        self._deadline = deadline
        self._bodies = {
            ref_of(leaf, body): body for leaf, body in adoption.taken(looked.link.ends())
        }
        self._labelled: list[tuple[Recorded, Labels]] = []

    def run(self, stop: Stop) -> Iterator[Event]:
        link, found = self._link, self._looked.view.record
        annotations = {**self._request.annotations, CREATED_BY: self._looked.view.user}
        wanted = link.renderer.record(self._looked.shortcut, annotations)
        stop.arm(link.world.wake)
        record, made = open_record(self._hub, found, wanted, self._deadline)
        link.journal.begin(record)
        before = dict(link.journal.objects)
        entries = _entries(self._looked)
        link.journal.objects |= {each.ref: each for each in entries}
        try:
            link.journal.write(link.status(link.ends()))
            for each in entries:
                self._label(each)
                if before.get(each.ref) != each:
                    yield Done(each.ref, Verb.ADOPTED)
                stop.check()
        except LeaseLost:
            raise  # somebody else may be at work: not even an undo
        except Exception as error:
            yield from self._undo(error, before, made=made)
            raise
        yield from self._complete(stop)
        link.journal.write(link.status(link.ends()))
        changed = made or link.journal.objects != before
        yield Outcome(
            self._request.name,
            Verb.ADOPTED if changed else Verb.UNCHANGED,
            link.journal.record,
        )

    def _label(self, entry: Recorded) -> None:
        """What its labels were is noted first: of a lost answer nobody knows whether it is done."""
        marked = _marks(self._looked)
        labels = labels_of(self._bodies[entry.ref])
        self._labelled.append((entry, {key: labels.get(key) for key in marked}))
        put_labels(entry, marked, self._link.leaves[entry.ref.cluster], self._deadline)

    def _complete(self, stop: Stop) -> Iterator[Event]:
        """Make what is missing of the link, such as a key; whatever stops it, it is adopted."""
        try:
            loop = Convergence(self._link, wait=False, only_create=True)
            yield from loop.run(self._deadline, stop)
        except Exception:
            yield from note_status(self._link, None)
            raise

    def _undo(
        self, error: Exception, before: Mapping[ObjectRef, Recorded], *, made: bool
    ) -> Iterator[Event]:
        """Take our labels off again, then the record, if this run made it."""
        name, deadline = self._request.name, Deadline(_UNDO)
        said = error.message if isinstance(error, ShortcutError) else repr(error)
        yield Note(f"undoing: {said}", name)
        try:
            for entry, was in reversed(self._labelled):
                with contextlib.suppress(Replaced):  # then it never was ours
                    put_labels(entry, was, self._link.leaves[entry.ref.cluster], deadline)
            self._link.journal.quiet()
            if made:
                end_record(self._hub, self._link.journal.record, deadline)
                return
            self._link.journal.objects = dict(before)
            self._link.journal.write(self._link.status(self._link.ends()))
        except ShortcutError as second:
            raise PartlyDone(
                f"{said}; and not everything could be undone: {second.message}",
                hint=f"the record says what was adopted: kubectl liqo-shortcut adopt {name} "
                "goes on",
            ) from error
