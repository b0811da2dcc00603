"""``diff``: what the leaves hold beside what ``sync`` would make of it; nothing is written."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from functools import partial

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Note
from kubectl_liqo_shortcut.core.link.preview import Comparison, compare, removal
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.shortcut import pair_of
from kubectl_liqo_shortcut.core.model import Object, is_terminating, name_of
from kubectl_liqo_shortcut.core.ports import OpenCluster
from kubectl_liqo_shortcut.core.record.lifecycle import expired_at
from kubectl_liqo_shortcut.engine.hub.identity import Rebuilt
from kubectl_liqo_shortcut.engine.link.reading import survey_for_reading
from kubectl_liqo_shortcut.engine.link.session import SurveySession
from kubectl_liqo_shortcut.engine.link.shared_look import SharedLook, share
from kubectl_liqo_shortcut.engine.removal.preview import find_removable
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, gather_each, room
from kubectl_liqo_shortcut.engine.runtime.store import utc_now
from kubectl_liqo_shortcut.errors import ShortcutError


@dataclasses.dataclass(frozen=True, slots=True)
class Diff:
    """Of one record: the objects of its link, and why some could not be looked at."""

    compared: tuple[Comparison, ...] = ()
    notes: tuple[Note, ...] = ()
    errors: tuple[ShortcutError, ...] = ()


def diff(
    records: Sequence[Object], open_cluster: OpenCluster, renderer: Renderer, timeout: float
) -> dict[str, Diff]:
    """Each of *records*, by its name, all at once; one that fails does not keep the others."""
    names = [name_of(each) for each in records]
    shared = share([pair_of(each).leaves for each in records], open_cluster, timeout)
    looks = [partial(_diff, each, open_cluster, renderer, timeout, shared) for each in records]
    found, errors = gather_each(dict(zip(names, looks, strict=True)), room())
    failed = {name: Diff(errors=(error,)) for name, error in errors.items()}
    return {name: (found | failed)[name] for name in names}


def _diff(
    record: Object,
    open_cluster: OpenCluster,
    renderer: Renderer,
    timeout: float,
    shared: SharedLook | None,
) -> Diff:
    deadline = Deadline(timeout)  # of its own: it may have waited for its turn
    if why := _why_it_goes(record):
        return _removal(record, why, open_cluster, deadline)
    with survey_for_reading(record, open_cluster, renderer, deadline, shared) as session:
        return Diff(tuple(compare(session.changes())), tuple(_notes(session)))


def _why_it_goes(record: Object) -> str:
    if is_terminating(record):
        return "it is being deleted: sync takes its link away and ends the record"
    at = expired_at(record, utc_now())
    return f"it expired at {at}: sync takes its link away" if at else ""


def _notes(session: SurveySession) -> Iterator[Note]:
    if gone := session.taken_away_on():
        yield Note(
            f"somebody else deleted the link's objects on {' and '.join(gone)}: "
            "sync makes it again only with --recreate",
            session.shortcut.name,
        )
    for each in session.link.lost(session.link.ends()):
        yield Note(str(each), session.shortcut.name)


def _removal(record: Object, why: str, open_cluster: OpenCluster, deadline: Deadline) -> Diff:
    removable = find_removable(record, open_cluster, deadline)
    compared = tuple(removal(leaf, body) for leaf, body in removable.found)
    errors = removable.errors.values()
    rebuilt = [error.message for error in errors if isinstance(error, Rebuilt)]
    name = name_of(record)
    return Diff(
        compared,
        tuple(Note(text, name) for text in (why, *rebuilt, *_conditions(compared))),
        tuple(error for error in errors if not isinstance(error, Rebuilt)),
    )


def _conditions(compared: Sequence[Comparison]) -> Iterator[str]:
    for each in compared:
        if each.ref.kind == r.NAMESPACE:
            yield f"{each.ref.cluster}: {each.ref} goes only if nothing else is in it"
