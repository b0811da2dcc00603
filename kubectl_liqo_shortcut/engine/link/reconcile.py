"""One step towards a link: observe, render, plan, begin what can be done now. It never waits."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial

from kubectl_liqo_shortcut.core.events import Done, Note, Seen, Tell, Verb, Waits
from kubectl_liqo_shortcut.core.link.health import health
from kubectl_liqo_shortcut.core.link.inventory import Ownership
from kubectl_liqo_shortcut.core.link.observe import End
from kubectl_liqo_shortcut.core.link.plan import Create, Plan, Recreate, Step, Update
from kubectl_liqo_shortcut.core.link.render import Rendered
from kubectl_liqo_shortcut.core.model import Manifest, ObjectRef, ref_of, uid_of
from kubectl_liqo_shortcut.core.ports import Cluster
from kubectl_liqo_shortcut.core.readiness import readiness
from kubectl_liqo_shortcut.engine.link.gateway_service import (
    PendingEndpoint,
    lacks_service,
)
from kubectl_liqo_shortcut.engine.link.link import Link
from kubectl_liqo_shortcut.engine.removal.peering import check_peering
from kubectl_liqo_shortcut.engine.removal.remove import remove_gateway
from kubectl_liqo_shortcut.engine.runtime import concurrency
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline
from kubectl_liqo_shortcut.engine.runtime.reflector import Made, StepEnded, WatchEvent, WatchFailed
from kubectl_liqo_shortcut.errors import (
    AlreadyExists,
    ClusterError,
    Conflict,
    Contended,
    PartlyDone,
    Transient,
)

_RETRY_PAUSE = 0.5  # seconds, doubled with each attempt


class Reconciliation:
    """The work on one link, step by step: it plans from what the store holds, begins what can be
    done now, and tells what happens. It never waits for a cluster to act."""

    def __init__(
        self,
        link: Link,
        tell: Tell,
        deadline: Deadline,
        *,
        wait: bool,
        only_create: bool = False,
    ) -> None:
        self._tell = tell
        self._link = link
        self._deadline = deadline  # of what is begun
        self._wait = wait
        self._only_create = only_create  # what is there stays as it is
        self._under_way: dict[ObjectRef, Step] = {}
        self._not_before: dict[ObjectRef, float] = {}  # by concurrency.now
        self._attempts: dict[ObjectRef, int] = {}
        self._failures: dict[ObjectRef, ClusterError] = {}  # of steps that are tried again
        self._changes: dict[ObjectRef, int] = {}
        self._removed: set[str] = set()  # UIDs, which a watch may still show
        self._moment = 0.0  # of the step, by concurrency.now: one for all that is decided in it
        self._suspect: PendingEndpoint | None = None
        self._lost: set[ObjectRef] = set()
        self._said: dict[ObjectRef, str] = {}
        self._waits: dict[str, str] = {}

    def step(self) -> bool:
        """Do what can be done now; whether the link is finished.

        That is, up; or, without *wait*, all its objects exist.
        """
        link, ends, self._moment = self._link, self._link.ends(), concurrency.now()
        if not link.store.synced:
            return False
        rendered, plan = self._plan(ends)
        self._settle(plan, ends)
        self._start(plan, rendered, ends)
        self._report(ends)
        link.status_writer.offer(link.status(ends))
        return self._is_finished(plan, rendered, ends)

    def heed(self, news: Iterable[WatchEvent]) -> None:
        """Take note of what happened; raises what nobody can mend by trying again."""
        for each in news:
            match each:
                case WatchFailed(error):
                    raise error
                case StepEnded():
                    self._ended(each)
                case _:
                    pass

    def pause(self) -> float:
        """Seconds until there may be something to do though nothing happens.

        What was too early for the last step counts, also if its time has come since.
        """
        later = [moment for moment in self._not_before.values() if moment > self._moment]
        if self._suspect:
            later.append(self._suspect.due_after(self._moment))
        return max(0.0, min(later, default=float("inf")) - concurrency.now())

    @property
    def failures(self) -> Collection[ClusterError]:
        """Why steps failed that are tried again."""
        return self._failures.values()

    def _plan(self, ends: Mapping[str, End]) -> tuple[Rendered, Plan]:
        """The next steps; a gateway that the run found stuck is made anew."""
        rendered, plan = self._link.plan(ends)
        if self._only_create:
            self._refuse_changes(plan)
            return rendered, plan
        self._suspect = self._suspect or PendingEndpoint(ends)
        steps = (*plan.steps, *self._suspect.steps(plan, rendered, ends, self._moment))
        return rendered, dataclasses.replace(plan, steps=steps)

    def _refuse_changes(self, plan: Plan) -> None:
        for step in plan.steps:
            if not isinstance(step, Create):
                raise PartlyDone(
                    f"cluster {step.manifest.cluster!r}: {step.manifest.ref} is not as the record "
                    "says; it was left as it is",
                    hint=f"kubectl liqo-shortcut diff {self._link.shortcut.name} shows how sync "
                    "would change it",
                )

    def _settle(self, plan: Plan, ends: Mapping[str, End]) -> None:
        status_writer = self._link.status_writer
        for cluster, body, ownership in plan.ours:
            status_writer.settle(cluster, body, ownership)
        for cluster, body in plan.reused:
            ref = ref_of(cluster, body)
            if status_writer.settle(cluster, body, Ownership.REUSED):
                self._tell(Done(ref, Verb.REUSED, "it existed before this link"))
        if not self._only_create:
            self._tell_lost(ends)

    def _tell_lost(self, ends: Mapping[str, End]) -> None:
        for each in self._link.lost(ends):
            if each.ref not in self._lost:
                self._lost.add(each.ref)
                self._tell(Note(str(each), self._link.shortcut.name))

    def _start(self, plan: Plan, rendered: Rendered, ends: Mapping[str, End]) -> None:
        steps = {
            step.manifest.ref: step
            for step in plan.steps
            if step.manifest.ref not in self._under_way
            and self._not_before.get(step.manifest.ref, 0.0) <= self._moment
            and not (isinstance(step, Recreate) and uid_of(step.observed) in self._removed)
        }
        if not steps:
            return
        # The intention to make all that is missing is recorded by one write, before the first POST.
        missing = (
            manifest.ref
            for manifest in (*rendered.ready, *(each.manifest for each in rendered.pending))
            if ends[manifest.cluster].of(manifest.ref.kind) is None
        )
        if self._link.status_writer.intend(missing):
            self._link.status_writer.write(self._link.status(ends))
        for ref, step in steps.items():
            self._under_way[ref] = step
            self._link.store.run(ref, self._action(step))

    def _action(self, step: Step) -> Callable[[], Made]:
        cluster, manifest = self._link.leaves[step.manifest.cluster], step.manifest
        match step:
            case Create():
                return lambda: _create(cluster, manifest)
            case Update():
                self._count(manifest)
                return lambda: Made(cluster.patch(manifest.ref, step.patch()), Verb.CONFIGURED)
            case Recreate():
                self._count(manifest)
                return partial(self._remove, step, cluster)

    def _count(self, manifest: Manifest) -> None:
        """Nobody fights over an object: the third time ends the run."""
        times = self._changes[manifest.ref] = self._changes.get(manifest.ref, 0) + 1
        if times > 2:
            raise Contended(
                manifest.cluster,
                f"another controller keeps reverting {manifest.ref}",
                hint=f"kubectl get {manifest.ref.kind} {manifest.ref.name} "
                f"-n {manifest.ref.namespace} --show-managed-fields -o yaml names who does",
            )

    def _remove(self, step: Recreate, cluster: Cluster) -> Made:
        link, deadline = self._link, self._deadline
        if step.suspected and not lacks_service(cluster, step.observed):
            return Made(step.observed, None)
        for error in check_peering(link.shortcut.sides, link.leaves, deadline).values():
            raise error
        side = next(side for side in link.shortcut.sides if side.leaf == step.manifest.cluster)
        remove_gateway(side, step.observed, step.membership, cluster, deadline)
        return Made(step.observed, Verb.DELETED)

    def _ended(self, news: StepEnded) -> None:
        step = self._under_way.pop(news.ref)
        match news.error:
            case None:
                self._attempts.pop(news.ref, None)
                self._failures.pop(news.ref, None)
                if isinstance(step, Recreate) and news.made and news.made.verb:
                    self._removed.add(uid_of(step.observed))
                    self._tell(Done(news.ref, Verb.DELETED, f"made anew, since {step.why}"))
                elif isinstance(step, Recreate) and self._suspect:
                    self._suspect.settle()
                elif news.made and news.made.verb:
                    self._tell(Done(news.ref, news.made.verb))
            case Transient() | Conflict() as error:
                attempt = self._attempts[news.ref] = self._attempts.get(news.ref, 0) + 1
                pause = min(_RETRY_PAUSE * 2**attempt, 10.0)
                pause = max(pause, getattr(error, "retry_after", 0.0))
                self._not_before[news.ref] = concurrency.now() + pause
                self._failures[news.ref] = error
                self._tell(Seen(news.ref, f"{error.message}; trying again"))
            case error:
                raise error

    def _report(self, ends: Mapping[str, End]) -> None:
        for leaf, end in ends.items():
            for body in (end.configuration, end.gateway, end.connection):
                if body is None:
                    continue
                says, ref = readiness(body).message, ref_of(leaf, body)
                if says and self._said.get(ref) != says.partition(",")[0]:
                    self._said[ref] = says.partition(",")[0]  # a changing latency is no news
                    self._tell(Seen(ref, says))
        state = health(ends.values())
        for leaf in ends:
            what = state.first_wait(leaf)
            if self._waits.get(leaf, "") != what:
                self._waits[leaf] = what
                self._tell(Waits(leaf, what))

    def _is_finished(self, plan: Plan, rendered: Rendered, ends: Mapping[str, End]) -> bool:
        if plan.steps or plan.leaving or self._under_way or rendered.pending:
            return False
        return health(ends.values()).ready or not self._wait


def _create(cluster: Cluster, manifest: Manifest) -> Made:
    try:
        return Made(cluster.create(manifest), Verb.CREATED)
    except AlreadyExists:
        # Somebody was faster, or an answer got lost: the next plan looks whose it is.
        found = cluster.get(manifest.ref)
        if found is None:
            raise
        return Made(found, None)
