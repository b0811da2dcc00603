"""Going back after a failure: what this shortcut made so far is removed again."""

from __future__ import annotations

from kubectl_liqo_shortcut.core.events import Note, Tell
from kubectl_liqo_shortcut.core.link.inventory import Ownership
from kubectl_liqo_shortcut.core.link.ownership import ownership_labels
from kubectl_liqo_shortcut.core.ports import Cluster
from kubectl_liqo_shortcut.core.record.conditions import Reason
from kubectl_liqo_shortcut.core.record.status import Cause
from kubectl_liqo_shortcut.engine.link.labelled import look_for_labelled
from kubectl_liqo_shortcut.engine.link.link import Link
from kubectl_liqo_shortcut.engine.link.records import end_record, note_cause
from kubectl_liqo_shortcut.engine.removal.peering import InUseByPeering, check_peering
from kubectl_liqo_shortcut.engine.removal.remove import remove
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline
from kubectl_liqo_shortcut.errors import ShortcutError

_SECONDS = 60.0  # an undo has a deadline of its own: the command's may be over


def undo(link: Link, failure: str, hub: Cluster, tell: Tell, *, made: bool) -> bool:
    """Remove what is recorded as ours, then the record, if this run *made* it.

    A leaf that does not answer does not keep the other one from being cleaned. Returns whether
    nothing is left; if something is, the record says why, if the hub lets us.
    """
    status_writer, deadline = link.status_writer, Deadline(_SECONDS)
    name = link.shortcut.name
    link.store.settle(deadline)  # a POST under way would leave an orphan behind
    tell(Note(f"undoing: {failure}", name))
    left = list(status_writer.objects.values())
    made_here = [each for each in left if each.ownership is Ownership.CREATED]
    reason, message = Reason.CLEANUP_PENDING, ""
    try:
        status_writer.quiet()
        silent = check_peering(link.shortcut.sides, link.leaves, deadline)
        alive = {leaf: cluster for leaf, cluster in link.leaves.items() if leaf not in silent}
        marked = ownership_labels(name, str(link.facts.hub))
        labelled, failed = look_for_labelled(link.shortcut.sides, marked, alive, deadline)
        alive = {leaf: cluster for leaf, cluster in alive.items() if leaf in labelled}
        members = {leaf: each.membership for leaf, each in labelled.items()}
        errors = remove(link.shortcut, members, made_here, alive, deadline, tell)
        errors |= silent | failed
        adopted = [each for each in left if each.ownership is Ownership.ADOPTED]
        left = [each for each in left if each.ref.cluster in errors or each in adopted]
        message = "; ".join(error.message for error in errors.values())
        if not errors:
            if made:
                end_record(hub, status_writer.record, deadline)
            else:
                cause = Cause(Reason.FAILED, failure, stalled=True)
                note_cause(hub, status_writer.record, cause, deadline, adopted)
            tell(Note("rolled back; only tenant namespaces remain", name))
            return True
    except InUseByPeering as error:
        reason, message = Reason.IN_USE_BY_PEERING, error.message
    except ShortcutError as error:
        message = error.message
    tell(Note(f"could not be undone: {message}", name))
    cause = Cause(reason, message, stalled=True)
    try:
        note_cause(hub, status_writer.record, cause, Deadline(_SECONDS), left)
    except ShortcutError as second:
        tell(Note(f"and the record does not say so: {second.message}", name))
    return False
