"""The loop, where others change what it makes."""

from __future__ import annotations

import threading
import time

import pytest

from kubectl_liqo_shortcut.commands.why import why
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Done, Seen, Verb, Waits
from kubectl_liqo_shortcut.core.model import Object, ObjectRef
from kubectl_liqo_shortcut.core.record.conditions import is_ready
from kubectl_liqo_shortcut.engine.link import first_cause, gateway_service, reconcile
from kubectl_liqo_shortcut.errors import ClusterError, Conflict, Forbidden, TimedOut, Transient
from tests.clock import Clock
from tests.commands.test_create import all_is_made, events, outcome, waits_for_an_endpoint
from tests.fakes import FakeCluster, FakeWorld


def configuration(cluster: FakeCluster) -> ObjectRef:
    return next(ref for ref in cluster.objects if ref.kind == r.CONFIGURATION)


def drift(cluster: FakeCluster) -> None:
    """Somebody sets another CIDR."""
    cidr = {"pod": ["10.99.0.0/16"], "external": ["10.98.0.0/16"]}
    cluster.patch(configuration(cluster), {"spec": {"remote": {"cidr": cidr}}})


def test_a_configuration_of_ours_that_drifted_is_set_right(world: FakeWorld) -> None:
    list(events(world))
    rome = world.leaves["rome"]
    drift(rome)
    done = outcome(events(world))
    assert done.verb is Verb.CONFIGURED
    spec = rome.objects[configuration(rome)]["spec"]
    assert spec["remote"]["cidr"]["pod"] == ["10.61.0.0/16"]


def test_who_sets_it_back_each_time_is_not_fought(world: FakeWorld) -> None:
    list(events(world))
    rome = world.leaves["rome"]
    patch = rome.patch

    def patch_and_drift(
        ref: ObjectRef, body: Object, *, subresource: str = "", dry_run: bool = False
    ) -> Object:
        drifted = {**body, "spec": {"remote": {"cidr": {"pod": ["10.99.0.0/16"]}}}}
        return patch(ref, drifted, subresource=subresource, dry_run=dry_run)

    drift(rome)
    rome.patch = patch_and_drift  # type: ignore[method-assign]
    with pytest.raises(ClusterError, match="keeps reverting") as caught:
        list(events(world))
    assert "--show-managed-fields" in str(caught.value.hint)


def test_a_conflict_is_looked_at_again(world: FakeWorld) -> None:
    conflicts = iter([Conflict("rome", "the object has been modified")])

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return next(conflicts, None) if (verb, ref.kind) == ("create", r.GATEWAY_CLIENT) else None

    world.leaves["rome"].fault = fault
    happened = list(events(world))
    assert any(isinstance(event, Seen) and "trying again" in event.says for event in happened)


def test_a_server_that_asks_for_time_is_given_it(
    world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "_RETRY_PAUSE", 0.01)
    moments: list[float] = []

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        if (verb, ref.kind) != ("create", r.GATEWAY_CLIENT):
            return None
        moments.append(time.monotonic())
        return Transient("rome", "busy", retry_after=0.5) if len(moments) == 1 else None

    world.leaves["rome"].fault = fault
    list(events(world))
    assert moments[1] - moments[0] >= 0.5


def test_what_each_leaf_waits_for_is_told_until_it_is_there(world: FakeWorld) -> None:
    waits: dict[str, list[str]] = {"milan": [], "rome": []}
    for event in events(world):
        if isinstance(event, Waits):
            waits[event.cluster].append(event.what)
    assert waits["rome"][0] == "Configuration: not there yet"
    assert [told[-1] for told in waits.values()] == ["", ""]


def test_a_link_that_is_up_waits_for_nothing(world: FakeWorld) -> None:
    list(events(world))
    assert not [event for event in events(world) if isinstance(event, Waits)]


def test_a_gateway_of_ours_that_differs_is_made_anew_and_that_is_said(world: FakeWorld) -> None:
    list(events(world))
    rome = world.leaves["rome"]
    gateway = next(ref for ref in rome.objects if ref.kind == r.GATEWAY_CLIENT)
    before = rome.objects[gateway]["metadata"]["uid"]
    rome.patch(gateway, {"spec": {"mtu": 1200}})
    told = [event for event in events(world) if isinstance(event, Done) and event.ref == gateway]
    assert [event.verb for event in told] == [Verb.DELETED, Verb.CREATED]
    assert told[0].why == "made anew, since it differs in spec.mtu"
    assert rome.objects[gateway]["metadata"]["uid"] != before


def test_a_gateway_is_not_taken_down_while_the_other_leaf_is_silent(world: FakeWorld) -> None:
    list(events(world))
    milan, rome = world.leaves["milan"], world.leaves["rome"]
    gateway = next(ref for ref in rome.objects if ref.kind == r.GATEWAY_CLIENT)
    rome.patch(gateway, {"spec": {"mtu": 1200}})

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return Transient("milan", "busy") if ref.kind == r.FOREIGN_CLUSTER else None

    milan.fault = fault
    with pytest.raises(TimedOut):
        list(events(world, timeout=1))
    assert rome.objects[gateway]["spec"]["mtu"] == 1200


def test_a_watch_that_is_forbidden_half_way_ends_it(world: FakeWorld) -> None:
    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return Forbidden("rome", "secrets is forbidden") if ref.kind == r.SECRET else None

    world.leaves["rome"].fault = fault
    with pytest.raises(Forbidden, match="secrets"):
        list(events(world))
    assert not world.hub.of(r.SHORTCUT)


def test_a_namespace_that_is_being_deleted_is_waited_for(world: FakeWorld) -> None:
    rome = world.leaves["rome"]
    labels = {r.REMOTE_CLUSTER_ID: "milan", r.TENANT_NAMESPACE: "true"}
    metadata = {"name": "liqo-tenant-milan", "labels": labels, "finalizers": ["kubernetes"]}
    rome.put({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    ref = ObjectRef("rome", r.NAMESPACE, "", "liqo-tenant-milan")
    rome.drop(ref)
    threading.Timer(0.2, rome.patch, [ref, {"metadata": {"finalizers": None}}]).start()
    happened = list(events(world))
    made = [event for event in happened if isinstance(event, Done) and event.ref == ref]
    assert [event.verb for event in made] == [Verb.CREATED]
    assert is_ready(outcome(iter(happened)).record)


def gateway_server(world: FakeWorld) -> tuple[FakeCluster, ObjectRef]:
    return next(
        (cluster, ref)
        for cluster in world.leaves.values()
        for ref in cluster.objects
        if ref.kind == r.GATEWAY_SERVER
    )


def leave_stuck(world: FakeWorld, clock: Clock, *, service: bool) -> Object:
    """A run ends with a gateway server that has a Deployment and no endpoint."""
    world.stuck = True
    with pytest.raises(TimedOut):
        list(clock.until(waits_for_an_endpoint, events(world)))
    cluster, ref = gateway_server(world)
    for kind in (r.DEPLOYMENT, r.SERVICE)[: 2 if service else 1]:
        owner = {"uid": cluster.objects[ref]["metadata"]["uid"]}
        metadata = {"name": f"gw-{ref.name}", "namespace": ref.namespace}
        metadata["ownerReferences"] = [owner]  # type: ignore[assignment]
        cluster.put({"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata})
    return cluster.objects[ref]


def test_a_gateway_that_was_left_without_a_service_is_made_anew(
    world: FakeWorld, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_service, "GRACE", 0.05)
    before = leave_stuck(world, clock, service=False)
    world.stuck = False
    happened = list(events(world, timeout=5))
    made_anew = [each for each in happened if isinstance(each, Done) and each.why]
    assert [each.why for each in made_anew] == ["made anew, since Liqo has made no Service for it"]
    cluster, ref = gateway_server(world)
    assert cluster.objects[ref]["metadata"]["uid"] != before["metadata"]["uid"]


def test_its_time_may_come_between_a_step_and_the_wait_after_it(
    world: FakeWorld, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_stuck(world, clock, service=False)
    world.stuck = False
    pause = reconcile.Reconciliation.pause

    def too_late(work: reconcile.Reconciliation) -> float:
        clock.forward(gateway_service.GRACE)
        return pause(work)

    monkeypatch.setattr(reconcile.Reconciliation, "pause", too_late)
    happened = list(events(world, timeout=3600))
    assert [each.why for each in happened if isinstance(each, Done) and each.why]


def test_a_retry_may_be_due_between_a_step_and_the_wait_after_it(
    world: FakeWorld, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = iter([Transient("rome", "busy", retry_after=5.0)])

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return next(refusals, None) if (verb, ref.kind) == ("create", r.GATEWAY_CLIENT) else None

    world.leaves["rome"].fault = fault
    pause = reconcile.Reconciliation.pause

    def too_late(work: reconcile.Reconciliation) -> float:
        clock.forward(6.0)
        return pause(work)

    monkeypatch.setattr(reconcile.Reconciliation, "pause", too_late)
    assert outcome(events(world, timeout=3600)).verb is Verb.CREATED


@pytest.mark.parametrize("service", [True, False], ids=["service", "no deployment"])
def test_one_that_only_waits_for_its_address_is_left_alone(
    world: FakeWorld, clock: Clock, monkeypatch: pytest.MonkeyPatch, service: bool
) -> None:
    monkeypatch.setattr(gateway_service, "GRACE", 0.05)
    before = leave_stuck(world, clock, service=True)
    cluster, ref = gateway_server(world)
    if not service:
        for kind in (r.DEPLOYMENT, r.SERVICE):
            cluster.drop(ObjectRef(cluster.name, kind, ref.namespace, f"gw-{ref.name}"))

    def asked(verb: str, at: ObjectRef) -> None:
        if (verb, at.kind) == ("list", r.SERVICE):
            clock.run_out()

    cluster.fault = asked
    with pytest.raises(TimedOut):
        list(events(world))
    assert cluster.objects[ref]["metadata"]["uid"] == before["metadata"]["uid"]


def test_a_timeout_names_the_service_that_could_not_be_made(world: FakeWorld, clock: Clock) -> None:
    leave_stuck(world, clock, service=False)
    with pytest.raises(TimedOut, match="could not make Service liqo-tenant-rome/gw-rome"):
        list(clock.until(waits_for_an_endpoint, events(world)))


def crash_from_the_start(world: FakeWorld) -> None:
    """The gateways' Pods run no longer than a moment."""
    container = {
        "name": "wireguard",
        "ready": False,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": 1}},
    }

    def kubelet(cluster: FakeCluster, ref: ObjectRef) -> None:
        cluster.set_status(ref, {"containerStatuses": [container]})

    world.kubelet = kubelet


def test_a_timeout_names_the_pod_that_crashes_as_why_would(world: FakeWorld, clock: Clock) -> None:
    world.paused.add(r.CONNECTION)
    crash_from_the_start(world)
    with pytest.raises(TimedOut) as caught:
        list(clock.until(all_is_made(), events(world)))
    found = why(("milan", "rome"), world, 5).diagnosis.cause
    assert found is not None
    assert found.seen == "gw-rome-1: container wireguard: CrashLoopBackOff, exit code 1"
    assert f"first cause (GatewayPodNotReady): milan: {found.seen}" in caught.value.message
    assert str(caught.value.hint).endswith(found.next)


@pytest.mark.parametrize(
    ("kind", "reason"), [(r.SECRET, "NoKey"), (r.CONNECTION, "NoConnection")], ids=str
)
def test_a_timeout_of_a_link_that_lost_what_liqo_made_names_that(
    world: FakeWorld, clock: Clock, kind: r.Kind, reason: str
) -> None:
    list(events(world))
    rome = world.leaves["rome"]
    rome.drop(next(ref for ref in rome.objects if ref.kind == kind))
    with pytest.raises(TimedOut, match=rf"first cause \({reason}\): rome: its gateway has"):
        list(clock.until(lambda _: True, events(world)))


def test_a_timeout_where_nobody_can_tell_why_says_what_it_waited_for(
    world: FakeWorld, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.paused.add(r.CONNECTION)
    monkeypatch.setattr(first_cause, "snapshot_leaves", broken)
    with pytest.raises(TimedOut, match="Connection: not there yet") as caught:
        list(clock.until(all_is_made(), events(world)))
    assert "first cause" not in caught.value.message


def broken(*_: object) -> None:
    raise ClusterError("rome", "broken")
