"""``verify``: prove by packets which way two leaves' Pods, or a Service's calls, go."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Mapping, Sequence
from functools import partial

from kubectl_liqo_shortcut.commands.create_dry_run import leaf_manifests
from kubectl_liqo_shortcut.commands.get import find
from kubectl_liqo_shortcut.core.events import Note, Tell
from kubectl_liqo_shortcut.core.link.naming import link_named
from kubectl_liqo_shortcut.core.link.render import Pending, Rendered, Renderer, Unknown
from kubectl_liqo_shortcut.core.link.shortcut import DEFAULT_MTU, pair_of, shown_by
from kubectl_liqo_shortcut.core.model import HUB, ClusterID, Object, cluster_id, name_of
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster
from kubectl_liqo_shortcut.core.service.endpoints import ServiceName, Target
from kubectl_liqo_shortcut.core.verify.probe import ANYWHERE, IMAGE, Placement, Probing
from kubectl_liqo_shortcut.core.verify.verdict import (
    Called,
    Direction,
    PathKind,
    ServiceCheck,
    Verdict,
    Verification,
    expected,
    judge_call,
    judge_direction,
    judge_service,
    place,
)
from kubectl_liqo_shortcut.engine.hub.queries import find_records, open_leaves
from kubectl_liqo_shortcut.engine.runtime.concurrency import (
    CancelToken,
    Deadline,
    Future,
    retry_transient,
)
from kubectl_liqo_shortcut.engine.verify.inspect import (
    LeafNetworks,
    ServiceTarget,
    inspect_networks,
    inspect_service,
)
from kubectl_liqo_shortcut.engine.verify.probe_pods import Probes
from kubectl_liqo_shortcut.engine.verify.run import Leg, Result, run_probes
from kubectl_liqo_shortcut.errors import Invalid

MOST_ADDRESSES = 36
"""Of a Service: what a termination message has room for."""

Pair = tuple[ClusterID, ClusterID]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOptions:
    program: str  # what the probe Pods run
    service: ServiceName | None = None
    image: str = IMAGE
    placement: Placement = ANYWHERE
    count: int = 50
    timeout: float = 120.0  # seconds


def named(words: Sequence[str], service: ServiceName | None) -> Pair | None:
    """The two leaves that are named, in that order; None: the record's name is given instead."""
    link_named(words)  # a wrong command line is an error before anybody is asked
    if len(words) == 2:
        first, second = (cluster_id(each) for each in words)
        return first, second
    if service is not None:
        raise Invalid(
            "--service needs both leaves, the calling one first",
            hint="for example: kubectl liqo-shortcut verify milan rome --service shop/web",
        )
    return None


def plan(
    words: Sequence[str], open_cluster: OpenCluster, renderer: Renderer, options: VerifyOptions
) -> list[Object]:
    """``--dry-run``: the probe Pods of each leaf. Nobody is asked, but for a record's pair."""
    pair, name = named(words, options.service), link_named(words)
    if pair is None:
        record = retry_transient(lambda: find(name, open_cluster), Deadline(options.timeout))
        pair, name = _pair_of(record), name_of(record)
    probing = _probing(name, "dry-run", DEFAULT_MTU, renderer, options)
    legs = _ways(pair, options.service)
    addresses = [Unknown(f"addresses of {options.service}")] if options.service else []
    documents = []
    for leaf in pair:
        ready = [probing.namespace(leaf)]
        ready += [probing.server(leaf) for _, to in legs if to == leaf]
        clients = [
            probing.client(leaf, Unknown(f"address of {to}'s probe Pod"), addresses)
            for by, to in legs
            if by == leaf
        ]
        pending = tuple(each for each in clients if isinstance(each, Pending))
        documents.append(leaf_manifests(leaf, Rendered(tuple(ready), pending)))
    return documents


def verify(
    words: Sequence[str],
    open_cluster: OpenCluster,
    renderer: Renderer,
    options: VerifyOptions,
    cancel: CancelToken,
    tell: Tell,
) -> Verification:
    """Send the packets and judge; the Pods that did it are gone at the end, whatever happens."""
    deadline, pair = Deadline(options.timeout), named(words, options.service)
    name, hub = link_named(words), open_cluster(HUB)
    record, pair = _record(name, pair, open_cluster, deadline)
    name = name if record is None else name_of(record)
    leaves = open_leaves(pair, open_cluster, deadline)
    looking = _look_at_service(options.service, hub, leaves[pair[0]], deadline)
    on_leaves = inspect_networks(pair, leaves, record, hub, deadline)
    service = looking.result()
    mtu = shown_by(record).gateway.mtu if record is not None else None
    probing = _probing(name, secrets.token_hex(4), mtu or DEFAULT_MTU, renderer, options)
    legs = _legs(pair, on_leaves, service)
    results: dict[Leg, Result] = {}
    if any(leg.peer or leg.addresses for leg in legs):
        tell(Note(f"run {probing.run}: probe Pods are made, and removed at the end", name))
        found = _run(legs, Probes(probing, leaves, deadline, tell), deadline, cancel, tell)
        results = dict(zip(legs, found, strict=True))
    directions = tuple(_direction(leg, on_leaves, results.get(leg)) for leg in legs)
    return Verification(
        name=name,
        directions=directions,
        service=_service(service, directions[0], on_leaves[pair[0]], results.get(legs[0])),
        mtu=mtu,
        run=probing.run,
    )


def _run(
    legs: Sequence[Leg], probes: Probes, deadline: Deadline, cancel: CancelToken, tell: Tell
) -> list[Result]:
    cancel.arm(probes.store.wake)
    try:
        probes.look(cancel)
        try:
            probes.open()
            return run_probes(legs, probes, deadline, cancel, tell)
        finally:
            probes.remove()
    finally:
        cancel.disarm()


def _record(
    name: str, pair: Pair | None, open_cluster: OpenCluster, deadline: Deadline
) -> tuple[Object | None, Pair]:
    if pair is None:
        record = retry_transient(lambda: find(name, open_cluster), deadline, first_look=True)
        return record, _pair_of(record)
    look = partial(find_records, open_cluster(HUB), name, crd_needed=False)
    records = retry_transient(look, deadline, first_look=True)
    return (records[0] if records else None), pair


def _pair_of(record: Object) -> Pair:
    shortcut = pair_of(record)
    return shortcut.client, shortcut.server


def _look_at_service(
    service: ServiceName | None, hub: Cluster, leaf: Cluster, deadline: Deadline
) -> Future[ServiceTarget | None]:
    if service is None:
        return Future(lambda: None)
    return Future(lambda: inspect_service(service, hub, leaf, deadline))


def _probing(name: str, run: str, mtu: int, renderer: Renderer, options: VerifyOptions) -> Probing:
    return Probing(
        renderer=renderer,
        program=options.program,
        shortcut=name,
        run=run,
        seconds=int(options.timeout) + 60,
        image=options.image,
        placement=options.placement,
        count=options.count,
        mtu=mtu,
    )


def _ways(pair: Pair, service: object | None) -> list[Pair]:
    """Who calls whom: both each other, or with a *service* the first one alone."""
    source, peer = pair
    return [(source, peer)] if service else [(source, peer), (peer, source)]


def _legs(
    pair: Pair, on_leaves: Mapping[ClusterID, LeafNetworks], service: ServiceTarget | None
) -> list[Leg]:
    """A link has two ends, or is none."""
    linked = all(on_leaf.peer for on_leaf in on_leaves.values())
    addresses = tuple(map(str, _tried(service, on_leaves[pair[0]]))) if service else ()
    return [
        Leg(by, to, on_leaves[by].peer if linked else None, addresses)
        for by, to in _ways(pair, service)
    ]


def _tried(service: ServiceTarget, on_leaf: LeafNetworks) -> list[Target]:
    """As many as there is room for; what leads elsewhere comes last."""
    ready = [each for each in service.targets if each.ready]
    return sorted(ready, key=lambda each: not _concerns(each, on_leaf))[:MOST_ADDRESSES]


def _concerns(target: Target, on_leaf: LeafNetworks) -> bool:
    return place(target, on_leaf.peer, on_leaf.hub) is not PathKind.ELSEWHERE


def _direction(
    leg: Leg, on_leaves: Mapping[ClusterID, LeafNetworks], result: Result | None
) -> Direction:
    of_source = on_leaves[leg.target].peer
    if result is None or result.heard is None or of_source is None:
        without = [leaf for leaf, on_leaf in on_leaves.items() if on_leaf.peer is None]
        peers = {leg.source: leg.target, leg.target: leg.source}
        said = " and ".join(f"{leaf} has no Configuration for {peers[leaf]}" for leaf in without)
        verdict = Verdict(PathKind.UNREACHABLE, f"there is no link: {said}")
        return Direction(source=leg.source, target=leg.target, verdict=verdict)
    may_be = expected(result.client, of_source, on_leaves[leg.target].hub)
    return Direction(
        source=leg.source,
        target=leg.target,
        verdict=judge_direction(result.heard, may_be),
        called=result.called,
        heard=result.heard,
    )


def _service(
    seen: ServiceTarget | None, pods: Direction, on_leaf: LeafNetworks, result: Result | None
) -> ServiceCheck | None:
    if seen is None:
        return None
    if not seen.targets:
        what = "has no TCP address" if seen.has_slice else "has no EndpointSlice of it"
        verdict = Verdict(PathKind.UNREACHABLE, f"{on_leaf.cluster.name} {what} in {seen.remote}")
        return ServiceCheck(seen.service, seen.remote, verdict)
    heard = dict(zip(_tried(seen, on_leaf), result.addresses if result else (), strict=True))
    calls: list[Called] = []
    for each in seen.targets:
        if each.ready and each not in heard and _concerns(each, on_leaf):
            why = f"not called: only {MOST_ADDRESSES} results fit"
            calls.append(Called(each, Verdict(PathKind.UNKNOWN, why)))
        else:
            by_address = place(each, on_leaf.peer, on_leaf.hub)
            calls.append(judge_call(each, by_address, heard.get(each), pods))
    verdict = judge_service(tuple(calls), pods.target)
    return ServiceCheck(seen.service, seen.remote, verdict, tuple(calls))
