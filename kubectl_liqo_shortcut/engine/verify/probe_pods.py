"""The probe Pods of one run: made, watched, and removed whatever happens."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Done, Event, Note, Tell, Verb
from kubectl_liqo_shortcut.core.model import (
    Manifest,
    Object,
    ObjectRef,
    is_terminating,
    ref_of,
    uid_of,
)
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.core.rbac.access_review import PermissionAttributes, to_verify
from kubectl_liqo_shortcut.core.verify.probe import ALL_RUNS, NAMESPACE, Probing
from kubectl_liqo_shortcut.core.verify.probe_result import Broken, PodState, is_left_over, pod_state
from kubectl_liqo_shortcut.engine.hub.permissions import missing_permissions
from kubectl_liqo_shortcut.engine.runtime.concurrency import (
    CancelToken,
    Deadline,
    gather,
    gather_each,
    retry_transient,
)
from kubectl_liqo_shortcut.engine.runtime.reflector import Made
from kubectl_liqo_shortcut.engine.runtime.store import Store, wait_for
from kubectl_liqo_shortcut.errors import (
    AlreadyExists,
    ClusterError,
    Forbidden,
    Gone,
    Invalid,
    Refused,
    TimedOut,
    listing,
    together,
)

_REMOVAL = 30.0  # seconds for taking away what was made
_HINT = (
    "nothing was made; ask that cluster's administrator for the roles of "
    "kubectl liqo-shortcut rbac print --leaf ID --peer ID --verify"
)
_NO_ACCOUNT_YET = 'serviceaccount "default" not found'


class ProbeFailed(ClusterError):
    """A probe Pod could not do its work, so nothing is proved."""


class Probes:
    def __init__(
        self, probing: Probing, leaves: Mapping[str, Cluster], deadline: Deadline, tell: Tell
    ) -> None:
        self._tell = tell
        self.probing = probing
        self.store = Store()
        self._leaves = leaves
        self._deadline = deadline
        self._without: list[Cluster] = []  # those that have no namespace for probe Pods yet
        self._seen: set[ObjectRef] = set()
        self._made: dict[str, str] = {}  # by leaf: the UID of the namespace that this run made

    def look(self, cancel: CancelToken) -> None:
        """Find out on each leaf what is there; raises ``Refused`` where no probe Pod may be made.

        Comes before ``open``, and writes nothing.
        """
        looks = {leaf: partial(self._look, each, cancel) for leaf, each in self._leaves.items()}
        found, errors = gather_each(looks)
        for error in errors.values():
            raise error
        lacks = {leaf: lacks for leaf, (_, lacks) in found.items() if lacks}
        if lacks:
            said = (
                listing(f"{leaf}: not allowed to", map(str, each), ", ")
                for leaf, each in lacks.items()
            )
            raise Refused(together(said), hint=_HINT)
        self._without = [
            self._leaves[leaf] for leaf, (is_there, _) in found.items() if not is_there
        ]

    def open(self) -> None:
        """See that there is a namespace on each leaf, and watch this run's Pods there."""
        made, errors = gather_each({each.name: partial(self._make, each) for each in self._without})
        for leaf, namespace in made.items():
            if namespace is not None:
                self._made[leaf] = uid_of(namespace)
                self._tell(Done(ref_of(leaf, namespace), Verb.CREATED))
        for error in errors.values():
            raise error
        for cluster in self._leaves.values():
            self.store.follow(cluster, self.probing.pods)

    def start(self, manifest: Manifest) -> None:
        """Make a Pod, while others are made; its end comes as an event of the store."""
        cluster = self._leaves[manifest.cluster]
        self.store.run(manifest.ref, partial(self._create, cluster, manifest))

    def state(self, ref: ObjectRef) -> PodState:
        pod = self.store.objects.get(ref)
        if pod is None and ref in self._seen:
            return Broken("somebody else removed it")
        if pod is not None:
            self._seen.add(ref)
        try:
            return pod_state(pod)
        except Invalid as error:
            raise ProbeFailed(ref.cluster, f"{ref}: {error.message}") from error

    def remove(self) -> None:
        """Take away all that this run made, Pods whose POST has lost its answer included."""
        deadline = Deadline(_REMOVAL)
        try:
            self.store.settle(deadline)
        finally:
            self.store.close()
            steps = {leaf: partial(self._remove, leaf, deadline) for leaf in self._leaves}
            events, errors = gather_each(steps)
            for each in events.values():
                for event in each:
                    self._tell(event)
            for leaf, error in errors.items():
                self._tell(self._left(leaf, error.message))

    def _look(
        self, cluster: Cluster, cancel: CancelToken
    ) -> tuple[bool, list[PermissionAttributes]]:
        """Whether the namespace is there, and what lacks for probe Pods in it."""
        is_there = self._has_namespace(cluster, cancel)
        needed = to_verify(make_namespace=not is_there)
        return is_there, missing_permissions(cluster, needed, self._deadline)

    def _has_namespace(self, cluster: Cluster, cancel: CancelToken) -> bool:
        wanted = self.probing.namespace(cluster.name)
        try:
            found = retry_transient(lambda: cluster.get(wanted.ref), self._deadline)
        except Forbidden:  # then it is to be there
            return True
        if found is not None and is_terminating(found):
            what, before = Selection(r.NAMESPACE, name=NAMESPACE), uid_of(found)
            left = wait_for(
                cluster,
                what,
                self._deadline,
                lambda now: before not in map(uid_of, now),
                check=cancel.check,
            )
            found = next(iter(left), None)
        return found is not None

    def _make(self, cluster: Cluster) -> Object | None:
        """The namespace, if it had to be made."""
        wanted = self.probing.namespace(cluster.name)
        try:
            return retry_transient(lambda: cluster.create(wanted), self._deadline)
        except AlreadyExists:  # another run was faster
            return None

    def _create(self, cluster: Cluster, manifest: Manifest) -> Made:
        while True:
            try:
                made = retry_transient(lambda: cluster.create(manifest), self._deadline)
                return Made(made, Verb.CREATED)
            except AlreadyExists:  # the answer to a first attempt was lost
                return Made(manifest.body, Verb.CREATED)
            except Forbidden as error:  # in a namespace just made there is no account yet
                if _NO_ACCOUNT_YET not in error.message or not self._deadline.left():
                    raise self._refused(manifest, error) from error
                time.sleep(0.2)
            except Gone as error:
                raise ProbeFailed(cluster.name, f"{manifest.ref}: {error.message}") from error

    def _refused(self, manifest: Manifest, error: ClusterError) -> ProbeFailed:
        said = error.message.removeprefix(f"cluster {error.cluster!r}: ")
        hint = error.hint
        if "cannot create resource" not in said:
            hint = (
                "that cluster lets no such Pod in, or has no room for it: "
                f"change that for namespace {NAMESPACE}"
            )
        return ProbeFailed(manifest.cluster, f"{manifest.ref}: {said}", hint=hint)

    def _remove(self, leaf: str, deadline: Deadline) -> list[Event]:
        cluster, pods = self._leaves[leaf], self.probing.pods
        found = retry_transient(lambda: cluster.list(ALL_RUNS), deadline).items
        ours = [each for each in found if self.probing.is_of_this_run(each)]
        old = list(_left_over(found, ours))
        deletions = [
            partial(cluster.delete, ref_of(leaf, each), uid_of(each)) for each in ours + old
        ]
        gather([partial(retry_transient, each, deadline) for each in deletions])
        state = "still terminating"
        try:
            left = wait_for(cluster, pods, deadline, lambda now: not now) if ours else ()
        except TimedOut:
            left, state = ours, "not seen to go"
        kept = [ref_of(leaf, each) for each in left]
        gone = [ref for ref in (ref_of(leaf, each) for each in ours) if ref not in kept]
        events: list[Event] = [Done(ref, Verb.DELETED) for ref in gone]
        why = "a run that was killed left it"
        events += [Done(ref_of(leaf, each), Verb.DELETED, why) for each in old]
        if kept:
            names = ", ".join(map(str, kept))
            return [*events, self._left(leaf, f"{names} {state}")]
        return events + self._remove_namespace(leaf, deadline)

    def _remove_namespace(self, leaf: str, deadline: Deadline) -> list[Event]:
        """Only the one that this run made, and only if no other run has come to use it."""
        cluster, uid = self._leaves[leaf], self._made.get(leaf)
        if uid is None:
            return []
        ref = self.probing.namespace(leaf).ref
        if retry_transient(lambda: cluster.list(Selection(r.POD, NAMESPACE)), deadline).items:
            return [Done(ref, Verb.KEPT, "it has other Pods")]
        retry_transient(lambda: cluster.delete(ref, uid), deadline)
        return [Done(ref, Verb.DELETED)]

    def _left(self, leaf: str, why: str) -> Note:
        command = f"kubectl delete pods -n {NAMESPACE} -l {r.VERIFY_RUN}={self.probing.run}"
        return Note(
            f"{leaf}: probe Pods may be left, which end by themselves: {why}; "
            f"to remove them there: {command}"
        )


def _left_over(found: Iterable[Object], ours: Sequence[Object]) -> Iterator[Object]:
    """Those of *found* whose run must be over; the newest of *ours* tells the cluster's time."""
    now = max((str(each["metadata"].get("creationTimestamp")) for each in ours), default="")
    for each in found:
        with contextlib.suppress(Invalid):
            if each not in ours and is_left_over(each, now):
                yield each
