"""Sends the packets: for each leg a server Pod, then a client Pod that calls it, all at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from kubectl_liqo_shortcut.core.events import Done, Seen, Tell, Verb, Waits
from kubectl_liqo_shortcut.core.model import ClusterID, Manifest, ObjectRef
from kubectl_liqo_shortcut.core.networks import Networks
from kubectl_liqo_shortcut.core.verify.probe import NAMESPACE, ProbeRole
from kubectl_liqo_shortcut.core.verify.probe_result import (
    NOT_SEEN,
    Broken,
    Ended,
    PodState,
    ProbeResult,
    Running,
    Waiting,
    clip,
    result_of,
)
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken, Deadline
from kubectl_liqo_shortcut.engine.runtime.reflector import Made, StepEnded, WatchFailed
from kubectl_liqo_shortcut.engine.verify.probe_pods import ProbeFailed, Probes
from kubectl_liqo_shortcut.errors import Invalid


@dataclasses.dataclass(frozen=True, slots=True)
class Leg:
    """*source* calls a Pod of *target*, if it has a link to it, and *addresses* besides."""

    source: ClusterID
    target: ClusterID
    peer: Networks | None  # of the target, as the source sees it
    addresses: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """What the client Pod, whose own address is *client*, found where it *called*."""

    called: str
    client: str
    heard: ProbeResult | None
    addresses: tuple[ProbeResult, ...]


def run_probes(
    legs: Sequence[Leg], probes: Probes, deadline: Deadline, cancel: CancelToken, tell: Tell
) -> list[Result]:
    """The results of all *legs*, in their order. Whoever calls removes the Pods afterwards."""
    runs, teller = [_Run(leg, probes) for leg in legs], _Teller(tell)
    for each in runs:
        each.begin()
    while True:
        cancel.check()
        for each in runs:
            each.step()
        teller.report(runs)
        results = [each.result for each in runs if each.result is not None]
        if len(results) == len(runs):
            return results
        if not deadline.left():
            raise next(each.late() for each in runs if each.result is None)
        for news in probes.store.wait(deadline.left()):
            match news:
                case WatchFailed(error) | StepEnded(_, None, error) if error is not None:
                    raise error
                case StepEnded(ref, Made()):
                    tell(Done(ref, Verb.CREATED))
                case _:
                    pass


class _Run:
    """One leg under way."""

    def __init__(self, leg: Leg, probes: Probes) -> None:
        self.leg = leg
        self.server = probes.probing.ref(leg.target, ProbeRole.SERVER)
        self.client = probes.probing.ref(leg.source, ProbeRole.CLIENT)
        self.result: Result | None = None
        self._probes = probes
        self._called: str | None = None  # None: the client has not been started
        self._client = ""  # its own address, which an ended Pod may not tell any more

    def begin(self) -> None:
        if self.leg.peer is None:
            self._call("")
        else:
            self._probes.start(self._probes.probing.server(self.leg.target))

    def states(self) -> Iterator[tuple[ObjectRef, PodState]]:
        """Of the Pods that are there, or are being made."""
        if self.leg.peer is not None:
            yield self.server, self._probes.state(self.server)
        if self._called is not None:
            yield self.client, self._probes.state(self.client)

    def step(self) -> None:
        """Do what can be done by now; raises what cannot be mended by waiting."""
        if self.result is not None:
            return
        states = dict(self.states())
        for ref, state in states.items():
            if isinstance(state, Broken):
                raise self._failed(ref, state.why, image=state.image)
        match states.get(self.client), states.get(self.server):
            case Ended() as ended, _:
                self.result = self._read(ended)
            case Running(address), _:
                self._client = address
            case _, Ended(message, _, how):
                raise self._failed(self.server, f"ended early: {how}: {clip(message)}")
            case None, Running(address):
                self._call(self._seen(address))
            case _:
                pass

    def late(self) -> ProbeFailed:
        """What is waited for, when the time is over."""
        *_, (ref, state) = self.states()
        says = state.says if isinstance(state, Waiting) else "it runs, and has not ended"
        return ProbeFailed(
            ref.cluster,
            f"{ref} did not do its work in time: {says}",
            hint="the same command again, with a longer --timeout if it needs one; "
            "--toleration and --node-selector choose other nodes",
        )

    def _call(self, address: str) -> None:
        self._called = address
        client = self._probes.probing.client(self.leg.source, address, self.leg.addresses)
        assert isinstance(client, Manifest), "all is known"
        self._probes.start(client)

    def _seen(self, own: str) -> str:
        """How the source sees the server Pod."""
        assert self.leg.peer is not None, "without a link no server is made"
        seen = self.leg.peer.map_pod(own)
        if seen is None:
            networks = ", ".join(str(each) for each, _ in self.leg.peer.pod)
            why = f"its address {own} is not in {networks}, which {self.leg.source} knows"
            raise self._failed(self.server, why)
        return seen

    def _read(self, ended: Ended) -> Result:
        count = self._probes.probing.count
        try:
            peer, others = result_of(ended.message, count, len(self.leg.addresses))
        except Invalid as error:
            why = f"{ended.how}: {error.message}"
            raise self._failed(self.client, why, image=True) from error
        if (peer is None) != (self.leg.peer is None):
            raise self._failed(self.client, "its result is about something else")
        return Result(self._called or "", ended.address or self._client, peer, others)

    def _failed(self, ref: ObjectRef, why: str, *, image: bool = False) -> ProbeFailed:
        of_image = f"image {self._probes.probing.image}: " if image else ""
        hint = (
            "--image names another image with python3 that this cluster can pull, "
            f"--image-pull-secret a Secret of namespace {NAMESPACE} to pull it with"
        )
        return ProbeFailed(ref.cluster, f"{ref}: {of_image}{why}", hint=hint if image else None)


class _Teller:
    """Tells what has changed: what Pods say, and what is waited for in each cluster."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._said: dict[ObjectRef, str] = {}
        self._waited: dict[str, str] = {}

    def report(self, runs: Sequence[_Run]) -> None:
        waits: dict[str, list[str]] = {}
        for each in runs:
            for ref, state in each.states():
                if isinstance(state, Waiting) or (ref == each.client and each.result is None):
                    waits.setdefault(ref.cluster, []).append(str(ref))
                said = _words(state)
                if said != self._said.get(ref, NOT_SEEN):
                    self._said[ref] = said
                    self._tell(Seen(ref, said))
        for leaf in sorted({*waits, *self._waited}):
            what = ", ".join(waits.get(leaf, ()))
            if what != self._waited.get(leaf, ""):
                self._waited[leaf] = what
                self._tell(Waits(leaf, what))


def _words(state: PodState) -> str:
    match state:
        case Waiting(says):
            return says
        case Running(address):
            return f"runs as {address}"
        case Ended(_, _, how):
            return f"ended: {how}"
        case Broken(why, _):
            return why
