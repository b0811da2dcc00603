from __future__ import annotations

import pytest

from kubectl_liqo_shortcut.commands.delete import Options, delete, plan_lines
from kubectl_liqo_shortcut.core import record as rec
from kubectl_liqo_shortcut.core import resources as r
from kubectl_liqo_shortcut.core.events import Done, Event, Note, Outcome, Verb
from kubectl_liqo_shortcut.core.model import ObjectRef, ref_of
from kubectl_liqo_shortcut.core.record import Ownership
from kubectl_liqo_shortcut.engine.parallel import Stop
from kubectl_liqo_shortcut.errors import (
    ClusterError,
    ExitCode,
    PartlyDone,
    Refused,
    ShortcutError,
    TimedOut,
    Transient,
    Unreachable,
)
from tests.commands.test_create import events as create
from tests.commands.test_create import foreign, link_objects, outcome, put_tenant_namespace, records
from tests.fakes import Body, FakeWorld


@pytest.fixture
def record(world: FakeWorld) -> Body:
    return dict(outcome(create(world)).record)


def run(world: FakeWorld, record: Body, timeout: float = 5) -> list[Event]:
    return list(delete(record, world, Options(timeout=timeout), Stop()))


def foreign_cluster(peer: str, role: str) -> Body:
    kind = r.FOREIGN_CLUSTER
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": peer},
        "status": {"role": role},
    }


def test_it_removes_what_create_made_and_ends_the_record(world: FakeWorld, record: Body) -> None:
    *_, last = run(world, record)
    assert isinstance(last, Outcome)
    assert last.verb is Verb.DELETED
    assert link_objects(world) == []
    assert records(world) == []


def test_clients_go_first_and_configurations_last(world: FakeWorld, record: Body) -> None:
    deleted = [
        event.ref.kind.kind
        for event in run(world, record)
        if isinstance(event, Done) and event.verb is Verb.DELETED
    ]
    assert deleted == [
        "GatewayClient",
        "GatewayServer",
        "PublicKey",
        "PublicKey",
        "Configuration",
        "Configuration",
    ]


def test_tenant_namespaces_stay_and_that_is_said(world: FakeWorld, record: Body) -> None:
    kept = [
        str(event.ref)
        for event in run(world, record)
        if isinstance(event, Done) and event.verb is Verb.KEPT
    ]
    assert kept == ["namespace/liqo-tenant-rome", "namespace/liqo-tenant-milan"]
    assert all(
        any(ref.name.startswith("liqo-tenant-") for ref in leaf.objects)
        for leaf in world.leaves.values()
    )


def test_creating_again_after_a_delete_works(world: FakeWorld, record: Body) -> None:
    run(world, record)
    assert rec.is_ready(outcome(create(world)).record)


def test_a_link_that_carries_a_peering_is_left_alone(world: FakeWorld, record: Body) -> None:
    before = link_objects(world)
    world.leaves["rome"].put(foreign_cluster("milan", "Consumer"))
    with pytest.raises(PartlyDone, match="peered") as caught:
        run(world, record)
    assert caught.value.exit_code is ExitCode.PARTLY
    assert link_objects(world) == before
    (kept,) = records(world)
    assert rec.condition_of(kept, "Ready")["reason"] == "InUseByPeering"
    assert {each.ownership for each in rec.objects_of(kept).values()} == {Ownership.CREATED}
    assert "deletionTimestamp" not in kept["metadata"]


def test_the_gate_holds_each_time_and_opens_when_the_peering_ends(
    world: FakeWorld, record: Body
) -> None:
    peering = world.leaves["rome"].put(foreign_cluster("milan", "Consumer"))
    for _ in range(2):
        with pytest.raises(PartlyDone):
            run(world, dict(records(world)[0]))
    world.leaves["rome"].set_status(ref_of("rome", peering), {"role": "Unknown"})
    run(world, dict(records(world)[0]))
    assert (link_objects(world), records(world)) == ([], [])


def test_a_failed_create_does_not_cut_a_peering_either(world: FakeWorld) -> None:
    rome = world.leaves["rome"]

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        if (verb, ref.kind) == ("create", r.PUBLIC_KEY):
            rome.put(foreign_cluster("milan", "Provider"))
            return ClusterError("rome", "no")
        return None

    rome.fault = fault
    with pytest.raises(PartlyDone):
        list(create(world))
    assert "rome gatewayclient/milan" in link_objects(world)
    assert rec.condition_of(records(world)[0], "Ready")["reason"] == "InUseByPeering"


def test_an_object_that_somebody_made_anew_is_not_ours_any_more(
    world: FakeWorld, record: Body
) -> None:
    rome = world.leaves["rome"]
    (ref,) = (ref for ref in rome.objects if ref.kind == r.CONFIGURATION)
    spec = rome.objects[ref]["spec"]
    rome.drop(ref)
    rome.put(foreign(r.CONFIGURATION, "rome", "milan", spec))
    labels = {r.REMOTE_CLUSTER_ID: "milan"}
    network = {"name": "milan-pod", "namespace": "liqo-tenant-milan", "labels": labels}
    kind = r.NETWORK
    rome.put({"apiVersion": kind.api_version, "kind": kind.kind, "metadata": network})
    run(world, record)
    assert link_objects(world) == ["rome configuration/milan"]


def test_it_waits_for_what_liqo_made_and_says_what_holds_it(world: FakeWorld, record: Body) -> None:
    metadata = {
        "name": "gw-milan-x",
        "namespace": "liqo-tenant-milan",
        "labels": {"networking.liqo.io/gateway-name": "milan"},
        "finalizers": ["example.org/slow"],
    }
    world.leaves["rome"].put({"apiVersion": "v1", "kind": "Pod", "metadata": metadata})
    with pytest.raises(TimedOut, match=r"gw-milan-x \(finalizers example.org/slow\)"):
        run(world, record, timeout=0.3)
    (left,) = records(world)
    assert rec.condition_of(left, "Ready")["reason"] == "CleanupPending"
    assert left["metadata"]["deletionTimestamp"]


def test_a_hub_that_cannot_be_told_does_not_hide_the_cause(world: FakeWorld, record: Body) -> None:
    refusal = ClusterError("rome", "webhook says no")
    world.leaves["rome"].fault = lambda verb, _: refusal if verb == "delete" else None
    world.hub.fault = lambda verb, _: (
        ClusterError("the hub", "no") if verb == "patch status" else None
    )
    told: list[Event] = []
    with pytest.raises(ClusterError, match="webhook says no"):
        told.extend(delete(record, world, Options(timeout=5), Stop()))
    assert any(isinstance(event, Note) and "not up to date" in event.text for event in told)


def test_a_second_delete_finishes_what_the_first_one_left(world: FakeWorld, record: Body) -> None:
    failures = iter([ClusterError("rome", "webhook says no")])

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return next(failures, None) if verb == "delete" else None

    world.leaves["rome"].fault = fault
    with pytest.raises(ClusterError):
        run(world, record)
    (left,) = records(world)
    run(world, left)
    assert (link_objects(world), records(world)) == ([], [])


def test_a_passing_fault_is_waited_out(world: FakeWorld, record: Body) -> None:
    failures = iter([Transient("rome", "too many requests")])

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return next(failures, None) if verb == "delete" else None

    world.leaves["rome"].fault = fault
    run(world, record)
    assert records(world) == []


def test_a_leaf_rebuilt_under_its_old_name_is_not_touched(world: FakeWorld, record: Body) -> None:
    (kube_system,) = (
        body
        for body in world.leaves["rome"].of(r.NAMESPACE)
        if body["metadata"]["name"] == "kube-system"
    )
    kube_system["metadata"]["uid"] = "another cluster"
    before = link_objects(world)
    with pytest.raises(Refused, match="was rebuilt"):
        run(world, record)
    assert link_objects(world) == before


def test_what_others_made_stays(world: FakeWorld) -> None:
    rome = world.leaves["rome"]
    put_tenant_namespace(rome, "milan")
    spec = {"remote": {"cidr": {"pod": ["10.61.0.0/16"], "external": ["10.171.0.0/16"]}}}
    rome.put(foreign(r.CONFIGURATION, "rome", "milan", spec))
    record = dict(outcome(create(world)).record)
    run(world, record)
    assert link_objects(world) == ["rome configuration/milan"]


def test_a_record_without_objects_needs_no_leaf(world: FakeWorld, record: Body) -> None:
    bare = {**record, "status": {}}
    world.leaves.clear()
    (last,) = run(world, bare)
    assert isinstance(last, Outcome)
    assert records(world) == []


def test_a_finalizer_of_somebody_else_is_left_to_them(world: FakeWorld, record: Body) -> None:
    (ref,) = (ref for ref in world.hub.objects if ref.kind == r.SHORTCUT)
    world.hub.objects[ref]["metadata"]["finalizers"].append("example.org/audit")
    run(world, record)
    assert records(world)[0]["metadata"]["finalizers"] == ["example.org/audit"]


def test_the_plan_names_what_goes_and_what_stays(record: Body) -> None:
    lines = list(plan_lines(record))
    assert "rome: gatewayclient/milan would be deleted" in lines
    assert "rome: namespace/liqo-tenant-milan would be kept" in lines


def test_an_unreachable_leaf_stops_it_before_anything_is_removed(
    world: FakeWorld, record: Body
) -> None:
    world.leaves["rome"].fault = lambda *_: Unreachable("rome", "cannot be reached")
    before = link_objects(world)
    with pytest.raises(ShortcutError, match="cannot be reached"):
        run(world, record)
    assert link_objects(world) == before
