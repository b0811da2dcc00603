"""Going back after a failure: what this shortcut made so far is removed again."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_liqo_shortcut.core.events import Event, Note
from kubectl_liqo_shortcut.core.ports import Cluster
from kubectl_liqo_shortcut.core.record import Cause
from kubectl_liqo_shortcut.engine.link import Link
from kubectl_liqo_shortcut.engine.parallel import Deadline
from kubectl_liqo_shortcut.engine.records import end_record
from kubectl_liqo_shortcut.engine.remove import InUseByPeering, check_peering, remove
from kubectl_liqo_shortcut.errors import ShortcutError

_SECONDS = 60.0  # an undo has a deadline of its own: the command's may be over


def undo(link: Link, failure: ShortcutError, made_on: Cluster | None) -> Iterator[Event]:
    """Remove what is recorded as ours, then the record if this run made it (*made_on* the hub)."""
    journal, deadline = link.journal, Deadline(_SECONDS)
    link.world.settle(deadline)  # a POST under way would leave an orphan behind
    yield Note(f"undoing: {failure.message}", link.shortcut.name)
    try:
        check_peering(link.shortcut.sides, link.leaves)
        hub = str(link.facts.hub)
        recorded = journal.objects.values()
        yield from remove(link.shortcut, hub, recorded, link.leaves, deadline)
    except ShortcutError as error:
        reason = "InUseByPeering" if isinstance(error, InUseByPeering) else "CleanupPending"
        journal.write(link.status(link.ends(), Cause(reason, error.message, stalled=True)))
        yield Note(f"could not be undone: {error.message}", link.shortcut.name)
        return
    journal.forget(list(journal.objects))
    if made_on is not None:
        end_record(made_on, journal.record)
        yield Note("undone: nothing of it is left but tenant namespaces", link.shortcut.name)
    else:
        cause = Cause("Failed", failure.message, stalled=True)
        journal.write(link.status(link.ends(), cause))
