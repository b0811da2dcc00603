"""``delete``: take a shortcut away, and nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from kubectl_liqo_shortcut.commands.delete_left import left_error, left_there, with_forget
from kubectl_liqo_shortcut.core.events import Note, Outcome, Tell, Verb
from kubectl_liqo_shortcut.core.link.inventory import objects_of
from kubectl_liqo_shortcut.core.link.shortcut import pair_of, reclaims_namespaces
from kubectl_liqo_shortcut.core.model import HUB, ClusterID, Object, name_of
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster
from kubectl_liqo_shortcut.core.record.conditions import Reason
from kubectl_liqo_shortcut.core.record.status import Cause
from kubectl_liqo_shortcut.engine.hub.identity import LiqoLost, Rebuilt, hub_id, not_identified
from kubectl_liqo_shortcut.engine.link.records import (
    end_record,
    misfit_notes,
    note_cause,
    present_record,
    request_deletion,
)
from kubectl_liqo_shortcut.engine.link.stock import Stock, take_stock
from kubectl_liqo_shortcut.engine.removal.lost_hub import borne_hub_id
from kubectl_liqo_shortcut.engine.removal.peering import InUseByPeering, check_peering
from kubectl_liqo_shortcut.engine.removal.remove import remove
from kubectl_liqo_shortcut.engine.runtime.concurrency import (
    CancelToken,
    Deadline,
    Future,
    retry_transient,
)
from kubectl_liqo_shortcut.engine.runtime.lease import Lock
from kubectl_liqo_shortcut.engine.service.switch_back import NODES_FOLLOW, free
from kubectl_liqo_shortcut.errors import (
    USELESS,
    AnotherCluster,
    NoLiqo,
    ShortcutError,
    together,
)

_LAST_WORDS = 10.0  # seconds to tell the hub what is left


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DeleteOptions:
    timeout: float = 300.0  # seconds
    forget: bool = False  # end the record, whatever is left on a leaf
    delete_namespaces: bool = False  # also where the record says Retain
    nodes_follow: float = NODES_FOLLOW


def delete(
    record: Object,
    open_cluster: OpenCluster,
    options: DeleteOptions,
    cancel: CancelToken,
    tell: Tell,
) -> None:
    """Remove what *record* calls ours from both leaves, then the record.

    Whatever stops it, the record says what is left, and the same command goes on. So it may be
    left at any moment once asked to stop.
    """
    deadline = Deadline(options.timeout)
    hub = open_cluster(HUB)
    name = name_of(record)
    with Lock(hub, name) as lock:
        lock.take(deadline, tell)
        present = present_record(hub, record, deadline)
        if present is not None:
            cleaning = _Cleaning(present, lock.guard(hub), options, deadline, tell)
            cleaning.run(open_cluster, lock, cancel)
        tell(Outcome(name, Verb.DELETED, present or record))


def switch_off(
    record: Object,
    lock: Lock,
    open_cluster: OpenCluster,
    options: DeleteOptions,
    cancel: CancelToken,
    tell: Tell,
) -> None:
    """Remove the link of a shortcut that has expired; the record stays, and says so."""
    deadline = Deadline(options.timeout)
    cleaning = _Cleaning(record, lock.guard(open_cluster(HUB)), options, deadline, tell)
    cleaning.run(open_cluster, lock, cancel, keep=Reason.EXPIRED)


class _Cleaning:
    """The removal of one shortcut's link, of which the record always tells what is left."""

    def __init__(
        self, record: Object, hub: Cluster, options: DeleteOptions, deadline: Deadline, tell: Tell
    ) -> None:
        self._tell = tell
        self._record = record
        self._hub = hub
        self._options = options
        self._deadline = deadline
        self._pair = pair_of(record)  # whatever else it holds, it can be taken away
        self._stock = Stock(objects_of(record), {})
        self._rebuilt: dict[str, Cluster] = {}
        self._hub_lost = False  # it has no Liqo any more

    def run(
        self, open_cluster: OpenCluster, lock: Lock, cancel: CancelToken, keep: Reason | None = None
    ) -> None:
        """Clean the leaves, then end the record, or let it say the reason *keep*."""
        for note in misfit_notes(self._pair.name, self._record):
            self._tell(note)
        leaves, left = self._open(open_cluster, lock)
        marked_by = Future(
            lambda: retry_transient(lambda: hub_id(self._hub), self._deadline, first_look=True)
        )
        left |= self._identify(leaves, left)
        left |= self._take_stock(leaves, marked_by)
        if self._stock.has_ours:
            left |= self._set_aside(leaves, self._gate(leaves))
            cancel.check()
            if leaves and self._free(open_cluster, cancel):  # which takes its time
                left |= self._set_aside(leaves, self._gate(leaves))
        if keep is None:
            request_deletion(self._hub, self._record, self._deadline)
        if self._stock.has_ours:
            left |= self._remove(leaves)
        left = self._stock.stray_errors() | left
        if left and not self._options.forget:
            raise self._keep_record_of(left)
        if keep is not None:
            message = f"the link was removed at {self._record['spec'].get('expirationTime')}"
            cause = Cause(keep, message, stalled=True)
            note_cause(self._hub, self._record, cause, self._deadline, ())
            return
        for each in left_there(self._stock, left):
            self._tell(Note(each, self._pair.name))
        end_record(self._hub, self._record, self._deadline)

    def _free(self, open_cluster: OpenCluster, cancel: CancelToken) -> bool:
        """Services first: what goes over a link that is gone leads nowhere."""
        name, pair = self._pair.name, (self._pair.server, self._pair.client)
        return free(
            name,
            pair,
            self._hub,
            open_cluster,
            self._deadline,
            cancel,
            self._tell,
            whatever=self._options.forget or self._hub_lost,  # no Liqo there to follow
            pause=self._options.nodes_follow,
        )

    def _open(
        self, open_cluster: OpenCluster, lock: Lock
    ) -> tuple[dict[str, Cluster], dict[str, ShortcutError]]:
        leaves: dict[str, Cluster] = {}
        left: dict[str, ShortcutError] = {}
        for side in self._pair.sides:
            try:
                leaves[side.leaf] = lock.guard(open_cluster(side.leaf))
            except ShortcutError as error:
                if not self._options.forget:
                    raise
                left[side.leaf] = error
        return leaves, left

    def _identify(
        self, leaves: dict[str, Cluster], left: Mapping[str, ShortcutError]
    ) -> Mapping[str, ShortcutError]:
        """Take out of *leaves* what does not answer, and what is another cluster by now."""
        silent = dict(left)
        for leaf, error in not_identified(self._record, leaves, self._deadline).items():
            cluster = leaves.pop(leaf)
            if isinstance(error, Rebuilt):
                self._tell(Note(f"{error.message}; {error.hint}", self._pair.name))
                self._rebuilt[leaf] = cluster
            elif isinstance(error, (LiqoLost, *USELESS)) or self._options.forget:
                silent[leaf] = error
            elif isinstance(error, NoLiqo | AnotherCluster):
                raise with_forget(error, self._pair.name)
            else:
                raise error
        return self._set_aside(leaves, silent)

    def _take_stock(
        self, leaves: dict[str, Cluster], marked_by: Future[ClusterID]
    ) -> Mapping[str, ShortcutError]:
        """Ask the leaves what they hold of the link: the record may have lost its status."""
        forget = self._options.forget
        try:
            hub = self._hub_id(marked_by, leaves)
        except ShortcutError as error:  # without its name nobody knows what bears it
            if not forget:
                error.hint = error.hint or "mend that first"
                with_forget(error, self._pair.name, "to give up what is on the leaves")
                raise
            return self._set_aside(leaves, dict.fromkeys(leaves, error))
        self._stock, silent = take_stock(
            self._pair, hub, self._stock.entries, leaves, self._rebuilt, self._deadline
        )
        for each in silent.values():
            if not (isinstance(each, USELESS) or forget):
                raise each
        return self._set_aside(leaves, silent)

    def _hub_id(self, marked_by: Future[ClusterID], leaves: Mapping[str, Cluster]) -> str:
        """The hub's own; where it has lost its Liqo, that which the link's objects bear."""
        try:
            return marked_by.result()
        except NoLiqo as error:
            found = borne_hub_id(self._record, leaves, self._deadline)
            if found is None:
                raise
            self._hub_lost = True
            says = f"the link's objects bear its cluster ID {found}" if found else "nothing is left"
            self._tell(Note(f"{error.message}; {says}", self._pair.name))
            return found

    def _set_aside(
        self, leaves: dict[str, Cluster], silent: Mapping[str, ShortcutError]
    ) -> Mapping[str, ShortcutError]:
        """Take the *silent* ones out of *leaves*."""
        for leaf in silent:
            leaves.pop(leaf, None)
        if silent and not leaves and not self._options.forget:
            error = next(iter(silent.values()))
            besides = error.hint if isinstance(error, LiqoLost) else None
            error.hint = "; ".join(filter(None, ("the link was left as it is", besides)))
            raise with_forget(error, self._pair.name)
        for leaf, error in silent.items():
            hint = f" ({error.hint})" if isinstance(error, LiqoLost) and error.hint else ""
            left = f"{error.message}; what is on {leaf} is left there{hint}"
            self._tell(Note(left, self._pair.name))
        return silent

    def _gate(self, leaves: Mapping[str, Cluster]) -> dict[str, ShortcutError]:
        sides = self._pair.sides
        try:
            return check_peering(sides, leaves, self._deadline, first_look=True)
        except InUseByPeering as error:
            if self._options.forget:
                return dict.fromkeys(leaves, error)
            cause = Cause(Reason.IN_USE_BY_PEERING, error.message)
            note_cause(self._hub, self._record, cause, self._deadline)
            raise

    def _remove(self, leaves: Mapping[str, Cluster]) -> dict[str, ShortcutError]:
        members, entries = self._stock.members, self._stock.entries.values()
        too = self._options.delete_namespaces or reclaims_namespaces(self._record)
        pair, deadline = self._pair, self._deadline
        return remove(pair, members, entries, leaves, deadline, self._tell, namespaces=too)

    def _keep_record_of(self, left: Mapping[str, ShortcutError]) -> ShortcutError:
        """Note on the record what is left; returns the error to end with."""
        kept = [each for each in self._stock.entries.values() if each.ref.cluster in left]
        cause = Cause(
            Reason.CLEANUP_PENDING, together(each.message for each in left.values()), stalled=True
        )
        try:
            note_cause(self._hub, self._record, cause, Deadline(_LAST_WORDS), kept)
        except ShortcutError as second:
            self._tell(Note(f"the record is not up to date: {second.message}", self._pair.name))
        return left_error(self._pair.name, left)
