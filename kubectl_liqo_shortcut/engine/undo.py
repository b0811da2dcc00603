"""Going back after a failure: what this shortcut made so far is removed again."""

from __future__ import annotations

from collections.abc import Generator

from kubectl_liqo_shortcut.core.events import Event, Note
from kubectl_liqo_shortcut.core.ports import Cluster
from kubectl_liqo_shortcut.core.record import Cause
from kubectl_liqo_shortcut.engine.link import Link
from kubectl_liqo_shortcut.engine.parallel import Deadline
from kubectl_liqo_shortcut.engine.records import end_record, note_cause
from kubectl_liqo_shortcut.engine.remove import InUseByPeering, check_peering, remove
from kubectl_liqo_shortcut.errors import ShortcutError

_SECONDS = 60.0  # an undo has a deadline of its own: the command's may be over


def undo(link: Link, failure: str, hub: Cluster, *, made: bool) -> Generator[Event, None, bool]:
    """Remove what is recorded as ours, then the record, if this run *made* it.

    Returns whether nothing is left; if something is, the record says why, if the hub lets us.
    """
    journal, deadline, name = link.journal, Deadline(_SECONDS), link.shortcut.name
    link.world.settle(deadline)  # a POST under way would leave an orphan behind
    yield Note(f"undoing: {failure}", name)
    objects = journal.objects
    try:
        journal.quiet()
        check_peering(link.shortcut.sides, link.leaves, deadline)
        recorded = list(objects.values())
        yield from remove(link.shortcut, str(link.facts.hub), recorded, link.leaves, deadline)
        if made:
            end_record(hub, journal.record, deadline)
        else:
            cause = Cause("Failed", failure, stalled=True)
            note_cause(hub, journal.record, cause, deadline, ())
    except ShortcutError as error:
        yield Note(f"could not be undone: {error.message}", name)
        reason = "InUseByPeering" if isinstance(error, InUseByPeering) else "CleanupPending"
        cause = Cause(reason, error.message, stalled=True)
        try:
            note_cause(hub, journal.record, cause, Deadline(_SECONDS), objects.values())
        except ShortcutError as second:
            yield Note(f"and the record does not say so: {second.message}", name)
        return False
    yield Note("undone: nothing of it is left but tenant namespaces", name)
    return True
