from __future__ import annotations

import datetime
import functools
from collections.abc import Iterator

import pytest

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.commands.create import RemovedOnLeaf
from kubectl_liqo_shortcut.commands.delete import DeleteOptions as DeleteOptions
from kubectl_liqo_shortcut.commands.delete import delete
from kubectl_liqo_shortcut.commands.sync import SyncOptions, next_steps, sync
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Event, Note, Outcome, Verb
from kubectl_liqo_shortcut.core.link.inventory import Ownership, objects_of
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.model import Manifest, ObjectRef, ref_of
from kubectl_liqo_shortcut.core.record.conditions import condition_of, is_ready
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken
from kubectl_liqo_shortcut.errors import (
    ClusterError,
    Forbidden,
    PartlyDone,
    Refused,
    ShortcutError,
    Unreachable,
)
from kubectl_liqo_shortcut.output.tables import records_table
from tests.commands.test_create import link_objects, records, reset
from tests.commands.test_delete import foreign_cluster
from tests.commands.test_why import IN_USE, LABELS, STILL_THERE, say, tell_addresses, unlabel
from tests.fakes import Body, FakeWorld
from tests.linked import link
from tests.samples import record_of
from tests.told import all_told, step_by_step

RENDERER = Renderer(read_template)
PAST = "2026-01-01T00:00:00Z"


@pytest.fixture
def record(world: FakeWorld) -> Body:
    return link(world)


def present(world: FakeWorld) -> Body:
    (record,) = records(world)
    return record


def run(world: FakeWorld, record: Body, *, recreate: bool = False) -> list[Event]:
    options = SyncOptions(timeout=5, recreate=recreate)
    return all_told(sync, record, world, RENDERER, options, CancelToken())


def verb(happened: list[Event]) -> Verb:
    last = happened[-1]
    assert isinstance(last, Outcome)
    return last.verb


def edit(world: FakeWorld, **spec: object) -> Body:
    world.hub.patch(ref_of(world.hub.name, present(world)), {"spec": spec})
    return present(world)


def reason(world: FakeWorld) -> str:
    return str(condition_of(present(world), "Ready")["reason"])


def test_a_record_alone_becomes_a_link(world: FakeWorld) -> None:
    body = record_of(spec={"server": {"clusterID": "rome"}, "client": {"clusterID": "milan"}})
    del body["metadata"]["uid"]
    world.hub.create(Manifest(world.hub.name, body))
    assert verb(run(world, present(world))) is Verb.CONFIGURED
    assert is_ready(present(world))
    assert present(world)["metadata"]["finalizers"] == [r.FINALIZER]


def test_a_healthy_link_is_unchanged_and_its_status_fresh(world: FakeWorld, record: Body) -> None:
    ref = ref_of(world.hub.name, record)
    world.hub.patch(ref, {"status": {"lastObservedTime": PAST}}, subresource="status")
    assert verb(run(world, record)) is Verb.UNCHANGED
    assert present(world)["status"]["lastObservedTime"] != PAST


def test_a_healthy_link_costs_one_write_bound_to_what_was_read(
    world: FakeWorld, record: Body
) -> None:
    before, record = len(world.calls), present(world)
    happened = run(world, record)
    writes = [each for each in world.calls[before:] if each[0] not in ("get", "list", "ask")]
    assert writes == [("patch status", ref_of(world.hub.name, record))]
    assert verb(happened) is Verb.UNCHANGED
    assert present(world)["status"]["objects"] == record["status"]["objects"]


def test_a_record_that_changed_since_it_was_read_is_looked_at_again_under_its_lease(
    world: FakeWorld, record: Body
) -> None:
    ref, edited, leases = ref_of(world.hub.name, record), list[Body](), list[ObjectRef]()

    def edit_first(verb: str, at: ObjectRef) -> None:
        if (verb, at) == ("patch status", ref) and not edited:
            edited.append(record)
            edit(world, gateway={"mtu": 1280})
        if verb == "create" and at.kind == r.LEASE:
            leases.append(at)

    world.hub.fault = edit_first
    assert verb(run(world, record)) is Verb.CONFIGURED
    assert len(leases) == 1
    assert is_ready(present(world))


def test_an_edited_record_is_applied(world: FakeWorld, record: Body) -> None:
    assert verb(run(world, edit(world, gateway={"mtu": 1280}))) is Verb.CONFIGURED
    assert is_ready(present(world))


def test_the_mtu_on_record_is_that_of_the_link_until_an_edit_is_applied(
    world: FakeWorld, record: Body
) -> None:
    edited = edit(world, gateway={"mtu": 1280})
    assert " 1340 " in records_table([edited], datetime.datetime.now(datetime.UTC), wide=True)
    run(world, edited)
    table = records_table([present(world)], datetime.datetime.now(datetime.UTC), wide=True)
    assert " 1280 " in table


def test_a_deletion_that_was_only_marked_is_finished(world: FakeWorld, record: Body) -> None:
    world.hub.drop(ref_of(world.hub.name, record))
    assert verb(run(world, present(world))) is Verb.DELETED
    assert (link_objects(world), records(world)) == ([], [])


def test_a_pending_cleanup_is_finished_when_the_leaf_is_back(
    world: FakeWorld, record: Body
) -> None:
    world.hub.drop(ref_of(world.hub.name, record))
    rome = world.leaves["rome"]
    rome.fault = lambda *_: Unreachable("rome", "cannot be reached")
    with pytest.raises(PartlyDone):
        run(world, present(world))
    assert reason(world) == "CleanupPending"
    rome.fault = lambda *_: None
    run(world, present(world))
    assert (link_objects(world), records(world)) == ([], [])


def test_an_expired_one_is_switched_off_and_its_record_stays(
    world: FakeWorld, record: Body
) -> None:
    happened = run(world, edit(world, expirationTime=PAST))
    assert any(isinstance(event, Note) and "expired at" in event.text for event in happened)
    assert link_objects(world) == []
    assert reason(world) == "Expired"
    assert objects_of(present(world)) == {}


def test_a_link_that_lost_its_labels_stays_on_record_and_no_delete_forgets_it(
    world: FakeWorld, record: Body
) -> None:
    for leaf in world.leaves.values():
        for ref, body in leaf.objects.items():
            if ref.kind in r.LINK_KINDS and ref.namespace:
                body["metadata"]["labels"][r.MANAGED_BY] = "Helm"
    before = link_objects(world)
    told = [each.text for each in run(world, record) if isinstance(each, Note)]
    assert sum("is on record as ours, but it says" in each for each in told) == len(before)
    whose = {each.ownership for each in objects_of(present(world)).values()}
    assert whose == {Ownership.CREATED}
    with pytest.raises(PartlyDone, match="is on record, but it does not bear the labels"):
        all_told(delete, present(world), world, DeleteOptions(timeout=5), CancelToken())
    assert link_objects(world) == before


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("kind", [r.CONFIGURATION, r.GATEWAY_CLIENT, r.PUBLIC_KEY])
def test_each_run_tells_what_lost_its_labels_and_leaves_it_and_its_entry_as_they_are(
    world: FakeWorld, record: Body, kind: r.Kind, labels: str
) -> None:
    unlabel(world, kind, LABELS[labels])
    before, entries = link_objects(world), objects_of(present(world))
    for _ in range(2):
        told = [each.text for each in run(world, present(world)) if isinstance(each, Note)]
        (lost,) = (each for each in told if "is on record as ours, but lost its labels" in each)
        assert f"kubectl --context rome -n liqo-tenant-milan label {kind.resource}" in lost
        assert (link_objects(world), objects_of(present(world))) == (before, entries)


def test_a_tenant_namespace_that_liqo_does_not_find_any_more_is_labelled_again_by_a_command(
    world: FakeWorld, record: Body
) -> None:
    unlabel(world, r.NAMESPACE, LABELS["Liqo's"])
    with pytest.raises(Refused, match="is not a tenant namespace") as caught:
        run(world, present(world))
    assert caught.value.hint == (
        "kubectl --context rome label namespaces liqo-tenant-milan --overwrite "
        "liqo.io/remote-cluster-id=milan"
    )


@pytest.mark.parametrize("addresses", STILL_THERE)
def test_a_working_gateway_stays_while_the_server_has_the_address_that_it_dials(
    world: FakeWorld, record: Body, addresses: str
) -> None:
    before = link_objects(world)
    tell_addresses(world, *STILL_THERE[addresses])
    assert verb(run(world, present(world))) is Verb.UNCHANGED
    assert link_objects(world) == before
    assert present(world)["status"]["endpoint"]["address"] == IN_USE


@pytest.mark.parametrize("addresses", [("192.0.2.7",), ("192.0.2.7", IN_USE)])
def test_a_gateway_that_dials_another_address_is_made_anew_where_no_packets_pass(
    world: FakeWorld, record: Body, addresses: tuple[str, ...]
) -> None:
    tell_addresses(world, *addresses)
    if IN_USE in addresses:
        say(world, "rome", "Connecting")
    assert verb(run(world, present(world))) is Verb.CONFIGURED
    rome = world.leaves["rome"]
    (gateway,) = rome.of(r.GATEWAY_CLIENT)
    assert gateway["spec"]["endpoint"]["addresses"] == ["192.0.2.7"]


def test_what_never_was_ours_is_put_right_on_record(world: FakeWorld, record: Body) -> None:
    for leaf in world.leaves.values():
        for ref, body in leaf.objects.items():
            if ref.kind in r.LINK_KINDS and ref.namespace:
                body["metadata"]["labels"] = {r.REMOTE_CLUSTER_ID: ref.name}
                del body["metadata"]["managedFields"]
    run(world, record)
    entries = objects_of(present(world)).values()
    assert {each.ownership for each in entries if each.ref.namespace} == {Ownership.REUSED}


def test_a_failing_sync_takes_no_link_away_that_is_up_whatever_its_record_says(
    world: FakeWorld, record: Body
) -> None:
    """Who writes a status may take out when the link was first ready."""
    status = {key: each for key, each in record["status"].items() if key != "firstReadyTime"}
    world.hub.set_status(ref_of(world.hub.name, record), status)
    rome = world.leaves["rome"]
    (key,) = (ref for ref in rome.objects if ref.kind == r.PUBLIC_KEY)
    del rome.objects[key]
    no = Forbidden("rome", "no")
    rome.fault = lambda *what: no if what[0] == "create" and what[1].kind == key.kind else None
    before = link_objects(world)
    with pytest.raises(Forbidden):
        run(world, present(world))
    assert link_objects(world) == before


def test_an_expired_one_is_switched_off_once(world: FakeWorld, record: Body) -> None:
    run(world, edit(world, expirationTime=PAST))
    world.calls.clear()
    assert verb(run(world, present(world))) is Verb.UNCHANGED
    assert {verb for verb, _ in world.calls} <= {"list", "get"}


def test_an_expired_one_that_says_it_is_off_is_switched_off_all_the_same(
    world: FakeWorld, record: Body
) -> None:
    edit(world, expirationTime=PAST)
    ready = {"type": "Ready", "status": "False", "reason": "Expired", "lastTransitionTime": PAST}
    lie = {"conditions": [ready]}
    world.hub.set_status(ref_of(world.hub.name, record), lie)
    run(world, present(world))
    assert link_objects(world) == []


def test_an_expired_one_stays_off_on_record_where_nobody_has_a_way_to_a_leaf_any_more(
    world: FakeWorld, record: Body
) -> None:
    run(world, edit(world, expirationTime=PAST))
    del world.leaves["rome"]
    happened = run(world, present(world))
    assert verb(happened) is Verb.UNCHANGED
    assert any(isinstance(each, Note) and "no credentials" in each.text for each in happened)


def test_an_expired_one_that_says_it_is_off_and_carries_a_peering_is_told(
    world: FakeWorld, record: Body
) -> None:
    edit(world, expirationTime=PAST)
    ready = {"type": "Ready", "status": "False", "reason": "Expired", "lastTransitionTime": PAST}
    world.hub.set_status(ref_of(world.hub.name, record), {"conditions": [ready]})
    world.leaves["rome"].put(foreign_cluster("milan", "Consumer"))
    with pytest.raises(PartlyDone, match="the peering uses this link"):
        run(world, present(world))
    assert reason(world) == "InUseByPeering"


def test_an_expired_one_stays_off_on_record_while_a_leaf_is_silent(
    world: FakeWorld, record: Body
) -> None:
    run(world, edit(world, expirationTime=PAST))
    world.leaves["rome"].fault = lambda *_: Unreachable("rome", "silence")
    happened = run(world, present(world))
    assert verb(happened) is Verb.UNCHANGED
    assert any(
        isinstance(event, Note) and "switched off before" in event.text for event in happened
    )


def test_a_record_restored_without_its_status_is_whole_again_and_deleted_for_good(
    world: FakeWorld, record: Body
) -> None:
    world.hub.set_status(ref_of(world.hub.name, record), {})
    run(world, present(world))
    assert {each.ownership for each in objects_of(present(world)).values()} == {Ownership.CREATED}
    world.hub.drop(ref_of(world.hub.name, record))
    run(world, present(world))
    assert (link_objects(world), world.hub.of(r.SHORTCUT)) == ([], [])


def test_a_restored_link_is_not_undone_by_a_failure(world: FakeWorld, record: Body) -> None:
    edit(world, gateway={"mtu": 1280})
    world.hub.set_status(ref_of(world.hub.name, record), {})

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        refuses = (verb, ref.kind) == ("create", r.GATEWAY_CLIENT)
        return Forbidden("rome", "no") if refuses else None

    world.leaves["rome"].fault = fault
    with pytest.raises(Forbidden):
        run(world, present(world))
    kept = {"milan configuration/rome", "milan publickey/rome", "rome publickey/milan"}
    assert kept <= set(link_objects(world))  # milan's gateway may be between old and new


def test_an_expired_one_comes_back_with_a_later_time(world: FakeWorld, record: Body) -> None:
    run(world, edit(world, expirationTime=PAST))
    run(world, edit(world, expirationTime="2099-01-01T00:00:00Z"))
    assert is_ready(present(world))


def test_one_whose_time_was_prolonged_meanwhile_is_left_alone(
    world: FakeWorld, record: Body
) -> None:
    expired = edit(world, expirationTime=PAST)
    stale = {**expired, "spec": dict(expired["spec"])}
    edit(world, expirationTime=None)
    run(world, stale)
    assert len(link_objects(world)) == 6


def test_what_was_taken_away_on_a_leaf_is_made_again_only_when_asked_for(
    world: FakeWorld, record: Body
) -> None:
    reset(world, "rome")
    with pytest.raises(RemovedOnLeaf):
        run(world, present(world))
    assert reason(world) == "RemovedOnLeaf"
    run(world, present(world), recreate=True)
    assert is_ready(present(world))


def test_a_record_does_not_go_on_saying_ready_when_a_leaf_is_silent(
    world: FakeWorld, record: Body
) -> None:
    world.leaves["rome"].fault = lambda *_: Unreachable("rome", "cannot be reached")
    for _ in range(2):
        with pytest.raises(Unreachable):
            run(world, present(world))
    condition = condition_of(present(world), "Ready")
    assert (condition["status"], condition["reason"]) == ("Unknown", "LeafUnreachable")
    world.leaves["rome"].fault = lambda *_: None
    run(world, present(world))
    assert is_ready(present(world))


def test_a_silent_hub_is_told_nothing(world: FakeWorld, record: Body) -> None:
    world.hub.fault = lambda *_: Unreachable(world.hub.name, "cannot be reached")
    with pytest.raises(Unreachable):
        run(world, record)


def steps(world: FakeWorld) -> list[str]:
    return list(next_steps(present(world), world, RENDERER, 5.0))


def test_the_next_steps_are_told_and_nothing_is_written(world: FakeWorld, record: Body) -> None:
    rome = world.leaves["rome"]
    edit(world, gateway={"mtu": 1280})
    configuration = next(ref for ref in rome.objects if ref.kind == r.CONFIGURATION)
    rome.patch(configuration, {"spec": {"remote": {"cidr": {"pod": ["10.99.0.0/16"]}}}})
    key = next(ref for ref in rome.objects if ref.kind == r.PUBLIC_KEY)
    rome.drop(key)
    before = len(world.calls)
    assert sorted(steps(world)) == [
        "milan: gatewayserver/rome would be deleted and made anew: it differs in spec.mtu",
        "rome: configuration/milan would be configured (spec.remote.cidr.pod)",
        "rome: gatewayclient/milan would be deleted and made anew: it differs in spec.mtu",
        "rome: publickey/milan would be created",
    ]
    writes = {verb for verb, ref in world.calls[before:] if ref.kind != r.SELF_SUBJECT_REVIEW}
    assert writes == {"list", "get"}


def test_what_waits_for_a_fact_is_told_too(world: FakeWorld, record: Body) -> None:
    reset(world, "milan")
    waits = "rome: gatewayclient/milan would be created"
    assert not any(line.startswith(waits) for line in steps(world))  # it is there
    reset(world, "rome")
    told = steps(world)
    assert "milan: gatewayserver/rome would be created" in told
    waiting = "rome: gatewayclient/milan would be created, once it has "
    assert [line for line in told if line.startswith(waiting)]


def test_what_comes_after_the_next_step_is_told_too(world: FakeWorld, record: Body) -> None:
    reset(world, "rome")
    world.leaves["rome"].drop(ObjectRef("rome", r.NAMESPACE, "", "liqo-tenant-milan"))
    told = steps(world)
    assert "rome: namespace/liqo-tenant-milan would be created" in told
    assert "rome: configuration/milan would be created" in told


def test_nothing_to_do_is_no_step(world: FakeWorld, record: Body) -> None:
    assert steps(world) == []


def test_the_steps_of_what_goes_are_those_of_delete(world: FakeWorld, record: Body) -> None:
    world.hub.drop(ref_of(world.hub.name, record))
    assert "rome: gatewayclient/milan would be deleted" in steps(world)


def test_a_failure_of_another_kind_is_not_noted_as_silence(world: FakeWorld, record: Body) -> None:
    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return ClusterError("rome", "no") if ref.kind == r.CONFIG_MAP else None

    world.leaves["rome"].fault = fault
    with pytest.raises(ShortcutError):
        run(world, present(world))
    assert is_ready(present(world))


def silent(name: str, *_: object) -> ClusterError:
    return Unreachable(name, "cannot be reached")


def test_two_silent_leaves_are_noted_too(world: FakeWorld, record: Body) -> None:
    for name, leaf in world.leaves.items():
        leaf.fault = functools.partial(silent, name)
    with pytest.raises(ShortcutError):
        run(world, present(world))
    assert reason(world) == "LeafUnreachable"


def silence_rome(world: FakeWorld) -> None:
    world.leaves["rome"].fault = functools.partial(silent, "rome")


def test_what_keeps_silence_from_being_noted_does_not_hide_it(
    world: FakeWorld, record: Body
) -> None:
    silence_rome(world)
    world.hub.fault = lambda verb, ref: (
        ClusterError(ref.cluster, "no") if (verb, ref.kind) == ("create", r.LEASE) else None
    )
    told: list[Event] = []
    with pytest.raises(ShortcutError, match="cannot be reached"):
        list(
            _collected(
                step_by_step(sync, record, world, RENDERER, SyncOptions(timeout=5), CancelToken()),
                told,
            )
        )
    assert any("the record is not up to date" in str(each) for each in told)


def _collected(happening: Iterator[Event], told: list[Event]) -> Iterator[Event]:
    for event in happening:
        told.append(event)
        yield event


def test_silence_is_not_noted_on_a_record_that_has_ended(world: FakeWorld, record: Body) -> None:
    silence_rome(world)
    present_ref = ref_of(world.hub.name, record)

    def ended(verb: str, ref: ObjectRef) -> ClusterError | None:
        if (verb, ref.kind) == ("create", r.LEASE):
            world.hub.objects.pop(present_ref, None)
        return None

    world.hub.fault = ended
    with pytest.raises(ShortcutError, match="cannot be reached"):
        run(world, record)
    assert records(world) == []
