from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.commands.create import CreateOptions, RemovedOnLeaf, create
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Done, Event, Note, Outcome, Seen, Verb, Waits
from kubectl_liqo_shortcut.core.link.inventory import Ownership, objects_of
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.request import Request
from kubectl_liqo_shortcut.core.model import Manifest, Object, ObjectRef, cluster_id
from kubectl_liqo_shortcut.core.record.conditions import condition_of, is_ready
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken, Deadline
from kubectl_liqo_shortcut.engine.runtime.lease import LeaseLost, Lock
from kubectl_liqo_shortcut.errors import (
    LONGEST,
    ClusterError,
    ExitCode,
    Forbidden,
    Interrupted,
    PartlyDone,
    Refused,
    TimedOut,
    Transient,
    Unreachable,
)
from tests.clock import Clock
from tests.fakes import Body, FakeCluster, FakeWorld
from tests.samples import an_object
from tests.told import ignore, step_by_step

MILAN, ROME = cluster_id("milan"), cluster_id("rome")
_FLAGS = {field.name for field in dataclasses.fields(CreateOptions)}
LINK = {"Configuration", "GatewayServer", "GatewayClient", "PublicKey"}


def events(
    world: FakeWorld,
    pair: tuple[str, str] = ("milan", "rome"),
    *,
    timeout: float = 10,
    wait: bool = True,
    cancel: CancelToken | None = None,
    **wanted: Any,
) -> Iterator[Event]:
    given = {key: wanted.pop(key) for key in list(wanted) if key in _FLAGS}
    request = Request(pair=(cluster_id(pair[0]), cluster_id(pair[1])), **wanted)
    options = CreateOptions(timeout=timeout, wait=wait, **given)
    return step_by_step(
        create, request, world, Renderer(read_template), options, cancel or CancelToken()
    )


def waits_for_an_endpoint(event: Event) -> bool:
    """What a run says when it can go no further without the server's endpoint."""
    return isinstance(event, Waits) and event.what == "gateway: no endpoint yet"


def outcome(happened: Iterator[Event]) -> Outcome:
    *_, last = happened
    assert isinstance(last, Outcome)
    return last


def link_objects(world: FakeWorld) -> list[str]:
    return sorted(
        f"{leaf} {ref}"
        for leaf, cluster in world.leaves.items()
        for ref in cluster.objects
        if ref.kind.kind in LINK
    )


def records(world: FakeWorld) -> list[Body]:
    return list(world.hub.of(r.SHORTCUT))


def foreign(kind: r.Kind, leaf: str, peer: str, spec: Body) -> Body:
    labels = {r.REMOTE_CLUSTER_ID: peer}
    metadata = {"name": peer, "namespace": f"liqo-tenant-{peer}", "labels": labels}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec}


def put_tenant_namespace(cluster: FakeCluster, peer: str, name: str = "") -> None:
    labels = {r.REMOTE_CLUSTER_ID: peer, r.TENANT_NAMESPACE: "true"}
    metadata = {"name": name or f"liqo-tenant-{peer}", "labels": labels}
    cluster.put({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})


def test_both_leaves_end_up_connected_and_the_record_ready(world: FakeWorld) -> None:
    done = outcome(events(world))
    assert done.verb is Verb.CREATED
    assert is_ready(done.record)
    assert link_objects(world) == [
        "milan configuration/rome",
        "milan gatewayserver/rome",
        "milan publickey/rome",
        "rome configuration/milan",
        "rome gatewayclient/milan",
        "rome publickey/milan",
    ]


def test_the_record_names_each_object_with_its_uid_as_created(world: FakeWorld) -> None:
    done = outcome(events(world))
    there = {
        ref: body["metadata"]["uid"]
        for cluster in world.leaves.values()
        for ref, body in cluster.objects.items()
        if ref.kind in r.LINK_KINDS and r.SHORTCUT_NAME in body["metadata"]["labels"]
    }
    assert {each.ref: each.uid for each in objects_of(done.record).values()} == there
    assert {each.ownership for each in objects_of(done.record).values()} == {Ownership.CREATED}


def test_the_record_is_there_with_finalizer_and_intent_before_any_leaf_is_written(
    world: FakeWorld,
) -> None:
    list(events(world))
    writes = [
        (verb, ref.kind)
        for verb, ref in world.calls
        if verb.startswith(("create", "patch", "apply")) and ref.kind != r.SELF_SUBJECT_REVIEW
    ]
    assert writes[:3] == [
        ("create", r.LEASE),
        ("create", r.SHORTCUT),
        ("patch status", r.SHORTCUT),
    ]
    assert records(world)[0]["metadata"]["finalizers"] == [r.FINALIZER]


def test_who_made_it_and_why_is_kept(world: FakeWorld) -> None:
    reason = {"shortcut.liqo.io/reason": "latency"}
    made = outcome(events(world, annotations=reason)).record
    assert made["metadata"]["annotations"] == {
        "shortcut.liqo.io/reason": "latency",
        "shortcut.liqo.io/created-by": "tester",
    }


@pytest.mark.parametrize("again", [("milan", "rome"), ("rome", "milan")], ids=["same", "reversed"])
def test_a_second_create_changes_nothing(world: FakeWorld, again: tuple[str, str]) -> None:
    first = outcome(events(world)).record
    before = link_objects(world)
    second = outcome(events(world, again))
    assert second.verb is Verb.UNCHANGED
    assert second.record["metadata"]["uid"] == first["metadata"]["uid"]
    assert link_objects(world) == before


def test_it_ends_with_who_reaches_pods_under_another_prefix(world: FakeWorld) -> None:
    world.remaps = {"10.62.0.0/16": "10.71.0.0/16", "10.171.0.0/16": "10.99.0.0/16"}
    *_, note, last = events(world)
    assert note == Note(
        "milan reaches Pods of rome at 10.71.0.0/16 (10.62.0.0/16 there)", "milan--rome"
    )
    assert isinstance(last, Outcome)
    assert not any(isinstance(each, Note) and "reaches" in each.text for each in events(world))


def test_where_nothing_is_remapped_it_tells_no_prefix(world: FakeWorld) -> None:
    assert not any(isinstance(each, Note) and "reaches" in each.text for each in events(world))


def test_other_options_on_an_existing_shortcut_are_refused_by_name(world: FakeWorld) -> None:
    list(events(world))
    with pytest.raises(Refused, match=r"differs in spec\.gateway\.mtu"):
        list(events(world, spec={"gateway": {"mtu": 1300}}))


def test_the_server_asked_for_serves(world: FakeWorld) -> None:
    list(events(world, server=ROME))
    assert [str(ref) for ref in world.leaves["rome"].objects if ref.kind == r.GATEWAY_SERVER] == [
        "gatewayserver/milan"
    ]


def test_without_waiting_it_returns_when_all_objects_are_there(world: FakeWorld) -> None:
    world.paused.add(r.CONNECTION)
    done = outcome(events(world, wait=False))
    assert len(link_objects(world)) == 6
    assert condition_of(done.record, "Ready")["reason"] == "Progressing"


def all_is_made() -> Callable[[Event], bool]:
    """Whether both leaves have their keys, and wait for nothing but their Connections."""
    waits: dict[str, str] = {}
    keys: set[str] = set()

    def seen(event: Event) -> bool:
        if isinstance(event, Waits):
            waits[event.cluster] = event.what
        if isinstance(event, Done) and event.ref.kind == r.PUBLIC_KEY:
            keys.add(event.ref.cluster)
        what = "Connection: not there yet (udp://203.0.113.1:51840)"
        return len(keys) == 2 and set(waits.values()) == {what}

    return seen


def test_a_timeout_keeps_what_was_made_and_says_what_it_waited_for(
    world: FakeWorld, clock: Clock
) -> None:
    world.paused.add(r.CONNECTION)
    with pytest.raises(
        TimedOut, match=r"milan: Connection: not there yet.*udp://203.0.113.1:51840"
    ):
        list(clock.until(all_is_made(), events(world)))
    assert len(link_objects(world)) == 6
    assert condition_of(records(world)[0], "Ready")["reason"] == "Progressing"


def test_what_is_about_to_vanish_is_made_anew(world: FakeWorld) -> None:
    list(events(world))
    rome = world.leaves["rome"]
    ref = next(ref for ref in rome.objects if ref.kind == r.CONFIGURATION)
    rome.patch(ref, {"metadata": {"finalizers": ["example.org/slow"]}})
    rome.drop(ref)
    threading.Timer(0.2, rome.patch, [ref, {"metadata": {"finalizers": None}}]).start()
    assert outcome(events(world, wait=False)).verb is Verb.CONFIGURED


def test_what_was_lost_and_made_again_is_ours_again(world: FakeWorld) -> None:
    list(events(world))
    rome = world.leaves["rome"]
    ref = next(ref for ref in rome.objects if ref.kind == r.CONFIGURATION)
    rome.drop(ref)
    entry = objects_of(outcome(events(world)).record)[ref]
    assert (entry.ownership, entry.uid) == (
        Ownership.CREATED,
        rome.objects[ref]["metadata"]["uid"],
    )


def test_what_somebody_else_had_made_and_we_made_anew_is_ours(world: FakeWorld) -> None:
    rome = world.leaves["rome"]
    put_tenant_namespace(rome, "milan")
    spec = {"remote": {"cidr": {"pod": ["10.61.0.0/16"], "external": ["10.171.0.0/16"]}}}
    rome.put(foreign(r.CONFIGURATION, "rome", "milan", spec))
    list(events(world))
    ref = next(ref for ref in rome.objects if ref.kind == r.CONFIGURATION)
    rome.drop(ref)
    entry = objects_of(outcome(events(world)).record)[ref]
    assert entry.ownership is Ownership.CREATED


def test_a_published_key_that_is_not_the_gateways_is_set_right(world: FakeWorld) -> None:
    list(events(world))
    rome = world.leaves["rome"]
    ref = next(ref for ref in rome.objects if ref.kind == r.PUBLIC_KEY)
    right = rome.objects[ref]["spec"]["publicKey"]
    rome.patch(ref, {"spec": {"publicKey": "b2xkIGtleSBvbGQga2V5IG9sZCBrZXkgb2xkIGtleSE="}})
    assert outcome(events(world)).verb is Verb.CONFIGURED
    assert rome.objects[ref]["spec"]["publicKey"] == right


def test_a_hub_that_is_busy_for_a_moment_does_not_undo_a_link(world: FakeWorld) -> None:
    failures = iter([Transient("the hub", "etcdserver: leader changed")] * 2)

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return next(failures, None) if verb == "patch status" else None

    world.hub.fault = fault
    assert is_ready(outcome(events(world)).record)


def test_a_lost_answer_to_the_records_creation_is_no_failure(world: FakeWorld) -> None:
    create_record, lost = world.hub.create, iter([True])

    def create_and_lose(manifest: Manifest, *, dry_run: bool = False) -> Object:
        assert not dry_run
        made = create_record(manifest)
        if manifest.ref.kind == r.SHORTCUT and next(lost, False):
            raise Unreachable("the hub", "connection reset")
        return made

    world.hub.create = create_and_lose  # type: ignore[method-assign]
    assert outcome(events(world)).verb is Verb.CREATED


def test_a_record_that_cannot_be_brought_up_to_date_does_not_hide_the_cause(
    world: FakeWorld,
) -> None:
    world.paused.add(r.CONNECTION)

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        ready = any(body["kind"] == "PublicKey" for body in world.leaves["rome"].objects.values())
        return Forbidden("the hub", "no") if verb == "patch status" and ready else None

    world.hub.fault = fault
    happened = events(world, timeout=1.5)
    told: list[Event] = []
    with pytest.raises(TimedOut):
        told.extend(happened)
    assert any(isinstance(event, Note) and "not up to date" in event.text for event in told)


def test_something_unforeseen_is_undone_and_still_shows_itself(world: FakeWorld) -> None:
    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        if (verb, ref.kind) == ("create", r.GATEWAY_CLIENT):
            raise KeyError("a bug")
        return None

    world.leaves["rome"].fault = fault
    with pytest.raises(KeyError):
        list(events(world))
    assert (link_objects(world), records(world)) == ([], [])


def test_a_shortcut_that_would_have_expired_is_refused(world: FakeWorld) -> None:
    with pytest.raises(Refused, match="expired at 2026-01-01"):
        list(events(world, spec={"expirationTime": "2026-01-01T00:00:00Z"}))
    assert (link_objects(world), records(world)) == ([], [])


def test_one_that_has_expired_is_not_revived_but_by_another_time(world: FakeWorld) -> None:
    list(events(world))
    (ref,) = (ref for ref in world.hub.objects if ref.kind == r.SHORTCUT)
    world.hub.patch(ref, {"spec": {"expirationTime": "2026-01-01T00:00:00Z"}})
    with pytest.raises(Refused, match="expired") as caught:
        list(events(world))
    assert "kubectl liqo-shortcut create milan rome --ttl 30d" in str(caught.value.hint)


def test_keep_on_failure_undoes_nothing_and_the_record_says_why(world: FakeWorld) -> None:
    world.leaves["rome"].fault = refuse(r.PUBLIC_KEY)
    with pytest.raises(Forbidden):
        list(events(world, keep_on_failure=True))
    assert "rome gatewayclient/milan" in link_objects(world)
    assert condition_of(records(world)[0], "Ready")["reason"] == "Failed"


def test_undo_on_timeout_leaves_nothing(world: FakeWorld, clock: Clock) -> None:
    world.paused.add(r.CONNECTION)
    with pytest.raises(TimedOut) as caught:
        list(clock.until(all_is_made(), events(world, undo_on_timeout=True)))
    assert caught.value.hint == "it was undone, as --undo-on-timeout asks"
    assert (link_objects(world), records(world)) == ([], [])


def test_no_lease_is_left(world: FakeWorld) -> None:
    list(events(world))
    assert world.hub.of(r.LEASE) == []


def test_who_waited_looks_again(world: FakeWorld) -> None:
    """Another command made the link while this one waited."""
    other = Lock(world.hub, "milan--rome")
    other.take(Deadline(5), ignore)
    told: list[Event] = []

    def wait() -> None:
        told.extend(events(world))

    waiter = threading.Thread(target=wait)
    waiter.start()
    while not any(isinstance(event, Note) and "waiting for" in event.text for event in told):
        time.sleep(0.01)
    other.release()
    waiter.join(5)
    assert isinstance(told[-1], Outcome)
    list(events(world))
    assert sum(verb == "create" and ref.kind == r.SHORTCUT for verb, ref in world.calls) == 1


def test_a_record_that_changed_between_look_and_lease_is_looked_at_again(world: FakeWorld) -> None:
    take, others = world.hub.create, iter([True])

    def create_after_another(manifest: Manifest, *, dry_run: bool = False) -> Object:
        assert not dry_run
        if manifest.ref.kind == r.LEASE and next(others, False):
            list(events(world))
        return take(manifest)

    world.hub.create = create_after_another  # type: ignore[method-assign]
    assert outcome(events(world)).verb is Verb.UNCHANGED


def test_nothing_is_undone_by_who_lost_the_lease(world: FakeWorld) -> None:
    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return LeaseLost("lost") if (verb, ref.kind) == ("create", r.PUBLIC_KEY) else None  # type: ignore[return-value]

    world.leaves["rome"].fault = fault
    with pytest.raises(LeaseLost):
        list(events(world))
    assert "rome gatewayclient/milan" in link_objects(world)
    assert len(records(world)) == 1


def test_an_edited_record_makes_both_gateways_anew(world: FakeWorld) -> None:
    list(events(world))
    (ref,) = (ref for ref in world.hub.objects if ref.kind == r.SHORTCUT)
    uids = gateway_uids(world)
    world.hub.patch(ref, {"spec": {"gateway": {"mtu": 1280}}})
    done = outcome(events(world))
    assert (done.verb, is_ready(done.record)) == (Verb.CONFIGURED, True)
    assert not uids & gateway_uids(world)
    assert len(link_objects(world)) == 6
    bodies = [body for leaf in world.leaves.values() for body in leaf.objects.values()]
    assert {each["spec"]["mtu"] for each in bodies if "Gateway" in each["kind"][:7]} == {1280}


def gateway_uids(world: FakeWorld) -> set[str]:
    kinds = (r.GATEWAY_SERVER, r.GATEWAY_CLIENT)
    return {
        body["metadata"]["uid"]
        for leaf in world.leaves.values()
        for ref, body in leaf.objects.items()
        if ref.kind in kinds
    }


def test_a_gateway_that_carries_a_peering_is_not_made_anew(world: FakeWorld) -> None:
    list(events(world))
    (ref,) = (ref for ref in world.hub.objects if ref.kind == r.SHORTCUT)
    uids = gateway_uids(world)
    kind = r.FOREIGN_CLUSTER
    peering = {"metadata": {"name": "milan"}, "status": {"role": "Consumer"}}
    world.leaves["rome"].put({"apiVersion": kind.api_version, "kind": kind.kind, **peering})
    world.hub.patch(ref, {"spec": {"gateway": {"mtu": 1280}}})
    with pytest.raises(PartlyDone, match="the peering uses this link"):
        list(events(world))
    assert gateway_uids(world) == uids
    assert condition_of(records(world)[0], "Ready")["reason"] == "InUseByPeering"


def test_a_link_that_was_taken_away_on_a_leaf_is_not_made_again_unless_asked_for(
    world: FakeWorld,
) -> None:
    list(events(world))
    reset(world, "rome")
    with pytest.raises(RemovedOnLeaf, match="deleted the link's objects on rome") as caught:
        list(events(world, recreate=False))
    assert caught.value.exit_code is ExitCode.PARTLY
    assert condition_of(records(world)[0], "Ready")["reason"] == "RemovedOnLeaf"
    assert is_ready(outcome(events(world)).record)


def reset(world: FakeWorld, leaf: str) -> None:
    """What ``liqoctl network reset`` leaves."""
    cluster = world.leaves[leaf]
    for ref in list(cluster.objects):
        if ref in cluster.objects and ref.kind.kind in LINK:
            cluster.drop(ref)


def test_a_timeout_names_the_cluster_that_fell_silent(world: FakeWorld, clock: Clock) -> None:
    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return Unreachable("rome", "cannot be reached") if verb == "create" else None

    def tries_again(event: Event) -> bool:
        return isinstance(event, Seen) and "trying again" in event.says

    world.leaves["rome"].fault = fault
    with pytest.raises(TimedOut, match="cannot be reached"):
        list(clock.until(tries_again, events(world)))


IP = "203.0.113.9"


def put_service(world: FakeWorld, name: str, port: int) -> None:
    namespace, _, name = name.partition("/")
    ports, status = [{"protocol": "UDP", "port": port}], {"loadBalancer": {"ingress": [{"ip": IP}]}}
    spec = {"type": "LoadBalancer", "ports": ports}
    world.leaves["milan"].put(an_object(r.SERVICE, name, namespace, spec=spec, status=status))


def share_with_another(world: FakeWorld) -> None:
    put_service(world, "games/hall", 53)


def be_a_nodes(world: FakeWorld) -> None:
    addresses = [{"type": "InternalIP", "address": IP}]
    world.leaves["milan"].put(an_object(r.NODE, "node-1", status={"addresses": addresses}))


SHARED: dict[str, tuple[Callable[[FakeWorld], None], Body]] = {
    "two Services have it": (share_with_another, {}),
    "a node has it": (be_a_nodes, {}),
    "it is wanted": (lambda _: None, {"gateway": {"service": {"loadBalancerIP": IP}}}),
}


@pytest.mark.parametrize("how", SHARED)
def test_a_timeout_names_the_service_that_holds_the_port_of_a_shared_address(
    world: FakeWorld, clock: Clock, how: str
) -> None:
    share, spec = SHARED[how]
    world.paused.add(r.GATEWAY_SERVER)
    put_service(world, "games/lobby", 51840)
    share(world)
    with pytest.raises(TimedOut, match="Service games/lobby holds UDP port 51840") as caught:
        list(clock.until(waits_for_an_endpoint, events(world, spec=spec)))
    assert "--gw-server-service-port" in str(caught.value.hint)


def warn(world: FakeWorld, at: str, message: str, **about: str) -> None:
    """The cluster complains of a Service, the gateway's if nothing else is said."""
    involved = {"kind": "Service", "name": "gw-rome", **about}
    event = an_object(r.EVENT, f"{involved['name']}.{at}", "liqo-tenant-rome", type="Warning")
    said = {"reason": "SyncLoadBalancerFailed", "message": message, "lastTimestamp": at}
    world.leaves["milan"].put({**event, "involvedObject": involved, **said})


def test_where_each_service_has_its_own_address_its_events_are_told_and_nobody_is_blamed(
    world: FakeWorld, clock: Clock
) -> None:
    world.paused.add(r.GATEWAY_SERVER)
    put_service(world, "games/lobby", 51840)
    put_tenant_namespace(world.leaves["milan"], "rome")
    warn(world, "2026-01-01T00:00:01Z", "no quota")
    warn(world, "2026-01-01T00:00:02Z", "no address left")
    warn(world, "2026-01-01T00:00:03Z", "of another", name="gw-paris")
    warn(world, "", "nobody knows when")
    with pytest.raises(TimedOut) as caught:
        list(clock.until(waits_for_an_endpoint, events(world)))
    assert "lobby" not in caught.value.message
    assert "--gw-server-service-port" not in str(caught.value.hint)
    assert (
        "milan: an Event of Service liqo-tenant-rome/gw-rome says "
        "SyncLoadBalancerFailed: no address left"
    ) in caught.value.message


def test_of_an_event_no_more_is_told_than_a_person_reads(world: FakeWorld, clock: Clock) -> None:
    world.paused.add(r.GATEWAY_SERVER)
    put_tenant_namespace(world.leaves["milan"], "rome")
    warn(world, "2026-01-01T00:00:01Z", "no" * LONGEST)
    with pytest.raises(TimedOut) as caught:
        list(clock.until(waits_for_an_endpoint, events(world)))
    assert "says SyncLoadBalancerFailed: nono" in caught.value.message
    assert len(caught.value.message) < 2 * LONGEST


@pytest.mark.parametrize("forbidden", [False, True], ids=["another port", "not to be seen"])
def test_a_timeout_names_no_service_that_does_not_matter(
    world: FakeWorld, clock: Clock, forbidden: bool
) -> None:
    world.paused.add(r.GATEWAY_SERVER)
    put_service(world, "games/lobby", 51840 if forbidden else 53)
    be_a_nodes(world)

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return Forbidden("milan", "no") if ref.kind == r.SERVICE and forbidden else None

    world.leaves["milan"].fault = fault
    with pytest.raises(TimedOut) as caught:
        list(clock.until(waits_for_an_endpoint, events(world)))
    assert "lobby" not in caught.value.message


def test_what_lost_its_record_meanwhile_is_not_made(world: FakeWorld) -> None:
    with pytest.raises(Refused, match="has no record any more"):
        list(events(world, recorded_only=True))


def test_the_same_command_goes_on_after_a_timeout(world: FakeWorld, clock: Clock) -> None:
    world.paused.add(r.GATEWAY_SERVER)
    with pytest.raises(TimedOut, match="no endpoint yet"):
        list(clock.until(waits_for_an_endpoint, events(world)))
    world.paused.clear()
    (server,) = (ref for ref in world.leaves["milan"].objects if ref.kind == r.GATEWAY_SERVER)
    world.liqo(world.leaves["milan"], server)
    assert is_ready(outcome(events(world)).record)


def refuse(kind: r.Kind, error: type[ClusterError] = Forbidden) -> Any:
    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return (
            error(ref.cluster, f"{kind} forbidden")
            if (verb, ref.kind) == ("create", kind)
            else None
        )

    return fault


@pytest.mark.parametrize("kind", r.LINK_KINDS, ids=str)
def test_a_refusal_half_way_undoes_all_but_tenant_namespaces(
    world: FakeWorld, kind: r.Kind
) -> None:
    for leaf in world.leaves.values():
        leaf.fault = refuse(kind)
    with pytest.raises(Forbidden):
        list(events(world))
    assert link_objects(world) == []
    assert records(world) == []


def test_what_cannot_be_undone_is_on_record(world: FakeWorld) -> None:
    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        if verb == "delete" or (verb, ref.kind) == ("create", r.PUBLIC_KEY):
            return Forbidden(ref.cluster, "not allowed")
        return None

    world.leaves["rome"].fault = fault
    with pytest.raises(PartlyDone, match="not everything could be undone") as caught:
        list(events(world))
    assert caught.value.exit_code is ExitCode.PARTLY
    assert condition_of(records(world)[0], "Ready")["reason"] == "CleanupPending"
    assert objects_of(records(world)[0])


def test_a_shortcut_that_was_ready_once_is_not_undone(world: FakeWorld) -> None:
    list(events(world))
    (key,) = (ref for ref in world.leaves["rome"].objects if ref.kind == r.PUBLIC_KEY)
    world.leaves["rome"].drop(key)
    world.leaves["rome"].fault = refuse(r.PUBLIC_KEY)
    with pytest.raises(Forbidden):
        list(events(world))
    assert "milan gatewayserver/rome" in link_objects(world)
    assert condition_of(records(world)[0], "Ready")["reason"] == "Failed"


def test_an_interruption_undoes_and_has_its_own_exit_code(world: FakeWorld) -> None:
    world.paused.add(r.CONNECTION)
    cancel = CancelToken()
    happened = events(world, cancel=cancel)
    for event in happened:
        if isinstance(event, Done) and event.ref.kind == r.PUBLIC_KEY:
            cancel.request(15)
            break
    with pytest.raises(Interrupted) as caught:
        list(happened)
    assert caught.value.exit_code is ExitCode.TERMINATED
    assert link_objects(world) == []
    assert records(world) == []


@pytest.mark.parametrize("writes", range(1, 10))
def test_a_repeat_completes_what_a_killed_run_began(world: FakeWorld, writes: int) -> None:
    class Killed(BaseException):
        pass

    left = iter(range(writes))

    def kill(verb: str, ref: ObjectRef) -> ClusterError | None:
        if verb in ("create", "patch status") and ref.kind != r.SELF_SUBJECT_REVIEW:
            next(left, None)
        return None

    for cluster in (world.hub, *world.leaves.values()):
        cluster.fault = kill
    happened = events(world)
    for done, _ in enumerate(happened):
        if done == writes:
            break
    happened.close()  # type: ignore[attr-defined] # nothing is undone, as after kill -9
    done_record = outcome(events(world)).record
    assert is_ready(done_record)
    assert all(each.uid for each in objects_of(done_record).values())
    assert len(link_objects(world)) == 6


def test_what_passes_by_itself_is_tried_again(world: FakeWorld) -> None:
    failures = iter([Transient("rome", "etcdserver: request timed out", retry_after=0.1)])

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return next(failures, None) if verb == "create" else None

    world.leaves["rome"].fault = fault
    assert is_ready(outcome(events(world)).record)


def test_an_equal_configuration_of_somebody_else_is_reused_and_survives_undo(
    world: FakeWorld,
) -> None:
    rome = world.leaves["rome"]
    put_tenant_namespace(rome, "milan")
    spec = {"remote": {"cidr": {"pod": ["10.61.0.0/16"], "external": ["10.171.0.0/16"]}}}
    rome.put(foreign(r.CONFIGURATION, "rome", "milan", spec))
    rome.fault = refuse(r.GATEWAY_CLIENT)
    with pytest.raises(Forbidden):
        list(events(world))
    assert link_objects(world) == ["rome configuration/milan"]


@pytest.mark.parametrize("kind", [r.CONFIGURATION, r.PUBLIC_KEY], ids=str)
def test_what_somebody_else_made_otherwise_is_refused_before_anything_is_written(
    world: FakeWorld, kind: r.Kind
) -> None:
    rome = world.leaves["rome"]
    put_tenant_namespace(rome, "milan")
    other = (
        {"publicKey": "x"}
        if kind == r.PUBLIC_KEY
        else {"remote": {"cidr": {"pod": ["10.9.0.0/16"]}}}
    )
    rome.put(foreign(kind, "rome", "milan", other))
    if kind == r.PUBLIC_KEY:
        # Which key it should be is known only later: then all is undone.
        with pytest.raises(Refused, match="publicKey") as caught:
            list(events(world))
        assert caught.value.exit_code is ExitCode.FAILED  # 4 says that nothing was changed
    else:
        with pytest.raises(Refused, match=r"spec\.remote\.cidr") as caught:
            list(events(world))
        assert caught.value.exit_code is ExitCode.REFUSED
        assert not any(verb == "create" and ref.kind == r.SHORTCUT for verb, ref in world.calls)
    assert link_objects(world) == [f"rome {kind.kind.lower()}/milan"]
    assert records(world) == []


def test_what_is_refused_after_the_first_write_and_kept_was_not_refused_before_it(
    world: FakeWorld,
) -> None:
    put_tenant_namespace(world.leaves["rome"], "milan")
    world.leaves["rome"].put(foreign(r.PUBLIC_KEY, "rome", "milan", {"publicKey": "x"}))
    with pytest.raises(Refused, match="publicKey") as caught:
        list(events(world, keep_on_failure=True))
    assert caught.value.exit_code is ExitCode.FAILED
    assert len(records(world)) == 1


def test_a_configuration_that_somebody_makes_meanwhile_is_reused(world: FakeWorld) -> None:
    rome = world.leaves["rome"]
    spec = {"remote": {"cidr": {"pod": ["10.61.0.0/16"], "external": ["10.171.0.0/16"]}}}

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        if (verb, ref.kind) == ("create", r.CONFIGURATION) and ref not in rome.objects:
            rome.put(foreign(r.CONFIGURATION, "rome", "milan", spec))
        return None

    rome.fault = fault
    done = outcome(events(world))
    (entry,) = (
        each
        for each in objects_of(done.record).values()
        if each.ref.cluster == "rome" and each.ref.kind == r.CONFIGURATION
    )
    assert entry.ownership is Ownership.REUSED


def test_a_tenant_namespace_of_another_name_is_used_if_it_is_named(world: FakeWorld) -> None:
    put_tenant_namespace(world.leaves["rome"], "milan", "tenants-milan")
    list(events(world, spec={"tenantNamespaces": {"rome": "tenants-milan"}}))
    (client,) = (ref for ref in world.leaves["rome"].objects if ref.kind == r.GATEWAY_CLIENT)
    assert client.namespace == "tenants-milan"


def test_a_namespace_of_that_name_that_is_no_tenant_namespace_is_refused(world: FakeWorld) -> None:
    metadata = {"name": "liqo-tenant-milan"}
    world.leaves["rome"].put({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    with pytest.raises(Refused, match="is not a tenant namespace"):
        list(events(world))
    assert link_objects(world) == []


def test_an_existing_link_decides_the_roles(world: FakeWorld) -> None:
    rome = world.leaves["rome"]
    put_tenant_namespace(rome, "milan")
    gateway = {"endpoint": {"port": 51840}}
    rome.put(foreign(r.GATEWAY_SERVER, "rome", "milan", gateway))
    done = outcome(events(world))
    assert done.record["spec"]["server"]["clusterID"] == "rome"


def test_an_existing_link_against_the_roles_asked_for_is_refused(world: FakeWorld) -> None:
    rome = world.leaves["rome"]
    put_tenant_namespace(rome, "milan")
    rome.put(foreign(r.GATEWAY_SERVER, "rome", "milan", {"endpoint": {"port": 51840}}))
    with pytest.raises(Refused, match="rome as its gateway server"):
        list(events(world, server=MILAN))


def test_a_link_the_other_way_than_the_record_says_is_refused(world: FakeWorld) -> None:
    list(events(world, server=MILAN))
    milan, rome = world.leaves["milan"], world.leaves["rome"]
    for cluster in (milan, rome):
        for ref in [ref for ref in cluster.objects if ref.kind.kind in LINK]:
            if ref in cluster.objects:
                cluster.drop(ref)
    rome.put(foreign(r.GATEWAY_SERVER, "rome", "milan", {"endpoint": {"port": 51840}}))
    with pytest.raises(Refused, match="have a link with rome as its gateway server"):
        list(events(world))


def test_two_gateways_for_one_leaf_are_refused_by_name(world: FakeWorld) -> None:
    rome = world.leaves["rome"]
    put_tenant_namespace(rome, "milan")
    for namespace in ("liqo-tenant-milan", "elsewhere"):
        body = foreign(r.GATEWAY_CLIENT, "rome", "milan", {"endpoint": {}})
        body["metadata"]["namespace"] = namespace
        rome.put(body)
    with pytest.raises(Refused, match="elsewhere/milan, liqo-tenant-milan/milan"):
        list(events(world))


@pytest.mark.parametrize("other", ["napoli", "milano", "mil"])
def test_a_context_that_leads_to_another_cluster_is_refused(world: FakeWorld, other: str) -> None:
    (identity,) = world.leaves["milan"].of(r.CONFIG_MAP)
    identity["data"]["CLUSTER_ID"] = other
    with pytest.raises(Refused, match=f"its Liqo cluster ID is '{other}'"):
        list(events(world))


def test_a_leaf_whose_networks_are_not_what_the_hub_believes_is_refused(world: FakeWorld) -> None:
    (ref,) = (
        ref
        for ref in world.leaves["rome"].objects
        if ref.kind == r.NETWORK and ref.name == "pod-cidr"
    )
    world.leaves["rome"].set_status(ref, {"cidr": "10.99.0.0/16"})
    with pytest.raises(Refused, match="CIDRMismatch"):
        list(events(world))


def test_a_cluster_that_is_no_leaf_of_the_hub_is_refused_with_those_that_are(
    world: FakeWorld,
) -> None:
    world.leaves["paris"] = FakeWorld("paris").leaves["paris"]
    with pytest.raises(Refused, match="not a leaf of this hub") as caught:
        list(events(world, ("milan", "paris")))
    assert caught.value.hint == "leaves of this hub: milan, rome"


def test_a_hub_without_the_crd_is_told_the_one_command(world: FakeWorld) -> None:
    world.hub.not_served.add(r.SHORTCUT)
    with pytest.raises(Refused) as caught:
        list(events(world))
    assert "crd install" in str(caught.value.hint)


def test_a_record_being_deleted_is_not_revived(world: FakeWorld) -> None:
    list(events(world))
    (ref,) = (ref for ref in world.hub.objects if ref.kind == r.SHORTCUT)
    world.hub.drop(ref)
    with pytest.raises(Refused, match="is being deleted"):
        list(events(world))


def test_a_key_that_belongs_to_an_earlier_gateway_is_not_published(world: FakeWorld) -> None:
    rome = world.leaves["rome"]
    put_tenant_namespace(rome, "milan")
    stale: Object = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "gw-milan",
            "namespace": "liqo-tenant-milan",
            "ownerReferences": [{"uid": "long gone"}],
        },
        "data": {"publicKey": "c3RhbGUga2V5IHN0YWxlIGtleSBzdGFsZSBrZXkgISE="},
    }
    rome.put(stale)
    world.paused.add(r.GATEWAY_CLIENT)
    with pytest.raises(TimedOut):
        list(events(world, timeout=1.5))
    assert "milan publickey/rome" not in link_objects(world)


def test_a_pair_costs_the_same_number_of_requests_however_many_leaves_there_are(
    world: FakeWorld,
) -> None:
    def counted(calls: list[tuple[str, ObjectRef]]) -> int:
        # How many status writes are merged into one depends on the moment.
        return sum(verb != "patch status" for verb, _ in calls)

    list(events(world))
    other = FakeWorld("milan", "rome", "paris", "oslo", "bonn")
    list(events(other))
    assert counted(other.calls) == counted(world.calls) == 49


def test_progress_tells_each_change_once(world: FakeWorld) -> None:
    told = [event for event in events(world) if isinstance(event, Done)]
    assert len(told) == len({event.ref for event in told}) == 8


def test_notes_say_why_the_server_is_the_server(world: FakeWorld) -> None:
    (note,) = (event for event in events(world) if isinstance(event, Note))
    assert "milan" in note.text


def all_told(world: FakeWorld) -> list[str]:
    """The reasons of the Events on the hub, in their order."""
    return [str(each["reason"]) for each in world.hub.of(r.EVENT)]


def test_an_event_tells_each_change_of_ready(world: FakeWorld) -> None:
    list(events(world))
    assert all_told(world)[-1] == "Connected"
    assert len(all_told(world)) == len(set(all_told(world)))
    list(events(world))
    assert all_told(world)[-1] == "Connected"
    assert len(all_told(world)) == len(set(all_told(world)))


def test_a_hub_that_takes_no_events_hinders_nobody(world: FakeWorld) -> None:
    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return Forbidden(ref.cluster, "no") if ref.kind == r.EVENT else None

    world.hub.fault = fault
    assert outcome(events(world)).verb is Verb.CREATED
    assert all_told(world) == []
