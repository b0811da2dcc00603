"""One look at the hub and at all leaves, for every link of a run: what is as it should be costs no
request of its own.

What this look cannot settle, such as a silent leaf, is left to ``survey_link``, which tells all.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Collection, Iterable
from functools import partial

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link import observe
from kubectl_liqo_shortcut.core.link.facts import Facts, with_liqo_in, with_tenant_namespaces
from kubectl_liqo_shortcut.core.link.lost import unfound
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.request import Request
from kubectl_liqo_shortcut.core.link.shortcut import Shortcut
from kubectl_liqo_shortcut.core.model import HUB, ClusterID, Object, ObjectRef, namespace_of, ref_of
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster
from kubectl_liqo_shortcut.engine.link.link import Link
from kubectl_liqo_shortcut.engine.link.session import (
    SurveySession,
    choose_roles,
    no_record_any_more,
)
from kubectl_liqo_shortcut.engine.link.status_writer import StatusWriter
from kubectl_liqo_shortcut.engine.link.survey import (
    SurveyedHub,
    SurveyedLeaf,
    check_leaf,
    facts_of,
)
from kubectl_liqo_shortcut.engine.runtime import concurrency
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, Future, retry_transient, room
from kubectl_liqo_shortcut.engine.runtime.lease import Lock
from kubectl_liqo_shortcut.engine.runtime.store import Store, utc_now
from kubectl_liqo_shortcut.engine.snapshot.hub import HubSnapshot, snapshot_hub
from kubectl_liqo_shortcut.engine.snapshot.leaf import LeafSnapshot, snapshot_leaf_to_plan
from kubectl_liqo_shortcut.engine.snapshot.leaves import peers_in
from kubectl_liqo_shortcut.errors import Refused

_FRESH = 30.0  # seconds: what was seen before that is looked at again


@dataclasses.dataclass(frozen=True, slots=True)
class _Look:
    """One that is under way, or over."""

    hub: Future[HubSnapshot]
    leaves: dict[str, Future[LeafSnapshot]]  # those that a link asked for
    deadline: Deadline
    at: str  # an RFC 3339 time
    since: float  # by concurrency.now


class SharedLook:
    """Sessions for the links of *pairs*, from snapshots that they share.

    The snapshots are taken when the first link asks, and anew when they are old. Each link waits
    for those of its own leaves alone.
    """

    def __init__(
        self, pairs: Iterable[Collection[str]], open_cluster: OpenCluster, timeout: float
    ) -> None:
        self._peers = peers_in(pairs)
        self._open_cluster = open_cluster
        self._timeout = timeout
        self._lock = threading.Lock()
        self._latest: _Look | None = None
        self._turns = threading.BoundedSemaphore(room())  # each leaf takes some connections

    def session(self, request: Request, renderer: Renderer, deadline: Deadline) -> SurveySession:
        """What was found of one link, to read from.

        Raises what ``survey_link`` raises, and no less often: also where there is no record, since
        such a link is not there yet. Takes half the time that is left, at most: the other half is
        for ``survey_link``.
        """
        look, deadline = self._look(), Deadline(min(_FRESH, deadline.left() / 2))
        seen = look.hub.in_time(HUB, deadline)
        if request.name not in seen.records:
            raise no_record_any_more(request)
        asked = {leaf: self._leaf(look, leaf) for leaf in request.pair}
        leaves = {leaf: answer.in_time(leaf, deadline) for leaf, answer in asked.items()}
        # Only to read from: the Lease that would allow a write is never taken.
        nobody = Lock(self._open_cluster(HUB), request.name)
        clusters = {str(leaf): nobody.guard(self._open_cluster(leaf)) for leaf in leaves}
        view = _view(request, seen, clusters)
        for leaf, each in leaves.items():
            assert each.cidrs is not None, "it was taken to plan"
            check_leaf(leaf, SurveyedLeaf(each.uid, each.cidrs), view)
        objects: observe.Objects = {
            ref: body
            for leaf, peer in (request.pair, request.pair[::-1])
            for ref, body in leaves[leaf].of_peer(peer).items()
        }
        shortcut, why = choose_roles(request, view, objects)
        facts = with_tenant_namespaces(view.facts, shortcut.tenant_namespaces)
        objects = _in_tenants(shortcut, facts, objects)
        vouched, secrets = _keys(shortcut, objects, clusters, deadline)
        hub = nobody.guard(self._open_cluster(HUB))
        link = Link(
            shortcut=shortcut,
            renderer=renderer,
            facts=facts,
            leaves=clusters,
            servers={name: each.host for name, each in {HUB: hub, **clusters}.items()},
            cluster_uids={leaf: each.uid for leaf, each in leaves.items()},
            store=Store({**objects, **secrets}),
            status_writer=StatusWriter(hub, view.record or renderer.record(shortcut, {}).body),
            vouched=vouched,
            seen_at=look.at,
        )
        for ref in unfound(link.ends().values(), link.status_writer.objects):
            raise Refused(f"cluster {ref.cluster!r}: {ref} is to be looked for by its name")
        return SurveySession(view, why, link, request.spec)

    def _look(self) -> _Look:
        """The present one, which may still be under way."""
        with self._lock:
            if self._latest is None or concurrency.now() - self._latest.since > _FRESH:
                self._latest = self._begin()
            return self._latest

    def _begin(self) -> _Look:
        """The records are read before the leaves: else a record could be newer than what was seen
        of its leaves, and nobody would notice that it was changed in between."""
        since, at, deadline = concurrency.now(), utc_now(), Deadline(min(_FRESH, self._timeout))
        asked = partial(snapshot_hub, records=True, gateway_clients=True)
        hub = Future(lambda: asked(self._open_cluster(HUB), deadline))
        return _Look(hub, {}, deadline, at, since)

    def _leaf(self, look: _Look, leaf: str) -> Future[LeafSnapshot]:
        """What the leaf shows, to all that ask."""
        with self._lock:
            if leaf not in look.leaves:
                look.leaves[leaf] = Future(partial(self._snapshot, look, leaf))
            return look.leaves[leaf]

    def _snapshot(self, look: _Look, leaf: str) -> LeafSnapshot:
        with self._turns:
            peers = self._peers[leaf]
            return snapshot_leaf_to_plan(self._open_cluster, leaf, peers, look.deadline)


def share(
    pairs: Collection[Collection[str]], open_cluster: OpenCluster, timeout: float
) -> SharedLook | None:
    """A look that the links of *pairs* share; None where there is only one, which asks for less."""
    return SharedLook(pairs, open_cluster, timeout) if len(pairs) > 1 else None


def _in_tenants(shortcut: Shortcut, facts: Facts, objects: observe.Objects) -> observe.Objects:
    """*objects*, without the keys and Connections of other namespaces: Liqo does not use them."""
    names = {leaf: facts.leaves[leaf].tenant_namespace for leaf in shortcut.leaves}
    names |= {ClusterID(ref.cluster): ref.name for ref in objects if ref.kind == r.NAMESPACE}
    return {
        ref: body
        for ref, body in objects.items()
        if ref.kind not in (r.PUBLIC_KEY, r.CONNECTION)
        or ref.namespace == names[ClusterID(ref.cluster)]
    }


def _view(request: Request, hub: HubSnapshot, leaves: dict[str, Cluster]) -> SurveyedHub:
    facts = facts_of(request.pair, hub.id, hub.configurations, hub.gateway_clients)
    there = {leaf: cluster.liqo_namespace for leaf, cluster in leaves.items()}
    return SurveyedHub(
        record=hub.records.get(request.name),
        facts=with_liqo_in(facts, there.get),
        user="",  # who only reads need not know
        configurations=hub.configurations,
        gateway_clients=hub.gateway_clients,
    )


def _keys(
    shortcut: Shortcut, objects: observe.Objects, leaves: dict[str, Cluster], deadline: Deadline
) -> tuple[dict[str, str], dict[ObjectRef, Object]]:
    """The gateways' own keys that a ping proves; the Secrets of the others, each by its name."""
    ends = {side.leaf: observe.end(side, objects) for side in shortcut.sides}
    vouched: dict[str, str] = {}
    secrets: dict[ObjectRef, Object] = {}
    for leaf, end in ends.items():
        if key := observe.vouched_key(end, ends[end.side.peer]):
            vouched[leaf] = key
        elif end.gateway is not None:
            what = observe.key_secret(end.side, namespace_of(end.gateway), end.gateway)
            found = retry_transient(partial(leaves[leaf].list, what), deadline).items
            secrets |= {ref_of(leaf, body): body for body in found}
    return vouched, secrets
