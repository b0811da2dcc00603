"""What goes over a shortcut is switched back before the shortcut goes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.commands import sync as syncing
from kubectl_liqo_shortcut.commands.delete import DeleteOptions, delete
from kubectl_liqo_shortcut.commands.delete_dry_run import service_lines
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Done, Event, Note, Seen, Verb
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.model import HUB, ObjectRef, ref_of
from kubectl_liqo_shortcut.core.record.conditions import condition_of
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken
from kubectl_liqo_shortcut.engine.runtime.lease import LeaseLost
from kubectl_liqo_shortcut.errors import (
    ClusterError,
    Conflict,
    Forbidden,
    PartlyDone,
    Refused,
    TimedOut,
)
from tests.clock import Clock
from tests.commands.test_create import events as create
from tests.commands.test_create import link_objects, outcome, records
from tests.commands.test_delete import foreign_cluster
from tests.commands.test_leaves import silence
from tests.commands.test_service import VIA_HUB, now, once, turn_on
from tests.fakes import Body, FakeWorld
from tests.linked import link
from tests.offloading import (
    REMOTE,
    Offloading,
    annotate,
    endpoint,
    held,
    is_on,
    namespace_map,
    offload,
    publish,
)
from tests.told import all_told, step_by_step


@pytest.fixture
def liqo(world: FakeWorld) -> Offloading:
    """The Service demo/web goes over the shortcut."""
    liqo = offload(world)
    link(world)
    turn_on(world)
    world.calls.clear()
    return liqo


def record(world: FakeWorld) -> Body:
    return dict(records(world)[0])


def limits(timeout: float = 5, *, nodes_follow: float = 0.0, forget: bool = False) -> DeleteOptions:
    """The fakes have no nodes whose rules could be late."""
    return DeleteOptions(timeout=timeout, nodes_follow=nodes_follow, forget=forget)


def run(world: FakeWorld, timeout: float = 5, *, forget: bool = False) -> list[Event]:
    return all_told(delete, record(world), world, limits(timeout, forget=forget), CancelToken())


def links(world: FakeWorld) -> list[str]:
    """What the shortcut is made of; the leaves' links to the hub are none of it."""
    return [each for each in link_objects(world) if not each.endswith("/torino")]


def hub_kinds(world: FakeWorld) -> list[str]:
    """What the hub was asked for that belongs to Services."""
    kinds = (r.NAMESPACE_MAP, r.SERVICE, r.ENDPOINT_SLICE, r.NODE)
    return [ref.kind.kind for _, ref in world.calls if ref.cluster == HUB and ref.kind in kinds]


def leaf_slices(world: FakeWorld) -> list[str]:
    """The leaves that were asked for slices."""
    return sorted(
        ref.cluster for _, ref in world.calls if ref.cluster != HUB and ref.kind == r.ENDPOINT_SLICE
    )


def test_services_are_switched_back_first(world: FakeWorld, liqo: Offloading) -> None:
    held_then: list[str] = []

    def listen(verb: str, ref: ObjectRef) -> None:
        if verb == "delete" and not held_then:
            held_then.extend(held(world, "milan"))

    for leaf in world.leaves.values():
        leaf.fault = listen
    run(world)
    assert held_then == VIA_HUB["milan"]
    assert (is_on(world), now(world)) == (False, VIA_HUB)
    assert (links(world), records(world)) == ([], [])


def test_a_service_that_does_not_go_over_it_is_left_alone(
    world: FakeWorld, liqo: Offloading
) -> None:
    publish(world, "other", [("10.60.0.9", "hub-node")])
    ref = ObjectRef(HUB, r.SERVICE, "demo", "other")
    world.hub.patch(ref, {"metadata": {"annotations": {r.USE_DIRECT: "true"}}})
    run(world)
    assert is_on(world, "other")
    assert not is_on(world)


def milan_follows(event: Event) -> bool:
    return isinstance(event, Seen) and event.ref.kind == r.ENDPOINT_SLICE


def test_a_shortcut_stays_where_its_services_do_not_follow(
    world: FakeWorld, liqo: Offloading, clock: Clock
) -> None:
    liqo.mapping_down.add("rome")
    before = links(world)
    with pytest.raises(TimedOut, match="through the hub") as caught:
        list(
            clock.until(
                milan_follows, step_by_step(delete, record(world), world, limits(60), CancelToken())
            )
        )
    assert str(caught.value.hint).startswith("the shortcut was left as it is")
    assert links(world) == before


def test_forgetting_goes_on_all_the_same_and_has_time_for_it(
    world: FakeWorld, liqo: Offloading, clock: Clock
) -> None:
    liqo.mapping_down.add("rome")
    deleting = step_by_step(delete, record(world), world, limits(60, forget=True), CancelToken())
    happened = list(once(milan_follows, lambda: clock.forward(20), deleting))
    assert any("go through the hub after 20s" in each.text for each in _notes(happened))
    assert (links(world), records(world)) == ([], [])


def test_forgetting_goes_on_where_a_service_may_not_be_changed(
    world: FakeWorld, liqo: Offloading
) -> None:
    def fault(verb: str, ref: ObjectRef) -> Forbidden | None:
        return Forbidden(HUB, "no") if (verb, ref.kind) == ("patch", r.SERVICE) else None

    world.hub.fault = fault
    before = links(world)
    with pytest.raises(Forbidden):
        run(world)
    assert links(world) == before
    assert "the hub: no" in [each.text for each in _notes(run(world, forget=True))]
    assert (links(world), records(world)) == ([], [])


def test_forgetting_goes_on_where_the_hub_fails_to_tell_of_services(
    world: FakeWorld, liqo: Offloading
) -> None:
    world.hub.fault = lambda _, ref: ClusterError(HUB, "no") if ref.kind == r.NODE else None
    with pytest.raises(ClusterError):
        run(world)
    happened = run(world, forget=True)
    assert any("cannot tell which Services" in each.text for each in _notes(happened))
    assert (links(world), records(world)) == ([], [])


def test_forgetting_does_not_go_on_without_its_lease(
    world: FakeWorld, liqo: Offloading, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise LeaseLost("somebody else may be at work")

    before = links(world)
    monkeypatch.setattr("kubectl_liqo_shortcut.engine.service.switch.as_wanted", lost)
    with pytest.raises(LeaseLost):
        run(world, forget=True)
    assert links(world) == before


def test_a_service_that_is_gone_meanwhile_stops_nobody(world: FakeWorld, liqo: Offloading) -> None:
    def fault(verb: str, ref: ObjectRef) -> Conflict | None:
        if (verb, ref.kind) == ("patch", r.SERVICE) and ref in world.hub.objects:
            world.hub.drop(ref)
            return Conflict(HUB, "the object has been modified")
        return None

    world.hub.fault = fault
    told = [each.text for each in _notes(run(world))]
    assert any("Service demo/web: nothing to do any more" in each for each in told)
    assert (links(world), records(world)) == ([], [])


def test_a_leaf_that_is_dead_is_said_to_be_unchecked(world: FakeWorld, liqo: Offloading) -> None:
    silence(world.leaves["rome"])
    happened: list[Event] = []
    with pytest.raises(PartlyDone):
        happened.extend(step_by_step(delete, record(world), world, limits(), CancelToken()))
    assert not is_on(world)
    assert held(world, "milan") == VIA_HUB["milan"]
    assert "demo/web on rome: not checked: " in str(_notes(happened))


def test_a_hub_that_shows_no_namespace_maps_does_not_make_it_fail(
    world: FakeWorld, liqo: Offloading
) -> None:
    world.hub.fault = lambda _, ref: Forbidden(HUB, "no") if ref.kind == r.NAMESPACE_MAP else None
    happened = run(world)
    assert any("cannot tell which Services" in each.text for each in _notes(happened))
    assert records(world) == []


@pytest.mark.parametrize("kind", [r.SERVICE, r.ENDPOINT_SLICE])
def test_where_they_may_not_be_listed_everywhere_they_are_in_the_offloaded_namespaces(
    world: FakeWorld, liqo: Offloading, kind: r.Kind
) -> None:
    world.hub.fault = lambda verb, ref: (
        Forbidden(HUB, "no") if (verb, ref.kind, ref.namespace) == ("list", kind, "") else None
    )
    run(world)
    assert (is_on(world), now(world), links(world)) == (False, VIA_HUB, [])


@pytest.mark.parametrize("kind", [r.SERVICE, r.ENDPOINT_SLICE, r.NODE])
def test_what_may_not_be_looked_at_is_not_cut(
    world: FakeWorld, liqo: Offloading, kind: r.Kind
) -> None:
    before = links(world)
    world.hub.fault = lambda _, ref: Forbidden(HUB, "no") if ref.kind == kind else None
    with pytest.raises(Refused, match="cannot tell which Services") as caught:
        run(world)
    assert "--forget" in str(caught.value.hint)
    assert links(world) == before
    happened = run(world, forget=True)
    assert any("cannot tell which Services" in each.text for each in _notes(happened))
    assert (links(world), records(world)) == ([], [])


def test_without_offloading_it_is_one_question(world: FakeWorld) -> None:
    link(world)
    for served in (True, False):
        world.hub.not_served = set() if served else {r.NAMESPACE_MAP}
        world.calls.clear()
        assert list(service_lines(record(world), world, 5)) == []
        assert hub_kinds(world) == ["NamespaceMap"]


def test_where_the_leaves_see_no_service_it_is_two_and_no_leaf_is_asked(world: FakeWorld) -> None:
    offload(world)
    link(world)
    world.hub.drop(ObjectRef(HUB, r.SERVICE, "demo", "web"))
    world.calls.clear()
    run(world)
    assert hub_kinds(world) == ["NamespaceMap", "Service"]
    assert leaf_slices(world) == []


def test_where_no_service_has_endpoints_on_the_other_leaf_no_leaf_is_asked(
    world: FakeWorld,
) -> None:
    offload(world)
    world.hub.patch(ObjectRef(HUB, r.ENDPOINT_SLICE, "demo", "web-1"), {"endpoints": []})
    link(world)
    world.calls.clear()
    run(world)
    assert sorted(hub_kinds(world)) == ["EndpointSlice", "NamespaceMap", "Node", "Service"]
    assert leaf_slices(world) == []


def test_where_no_leaf_of_the_pair_has_taken_a_namespace_it_is_one(
    world: FakeWorld, liqo: Offloading
) -> None:
    for leaf in world.leaves:
        world.hub.set_status(ref_of(HUB, namespace_map(leaf, {})), {"currentMapping": {}})
    run(world)
    assert hub_kinds(world) == ["NamespaceMap"]


def test_where_all_goes_through_the_hub_each_leaf_is_asked_once_for_slices(
    world: FakeWorld,
) -> None:
    offload(world)
    link(world)
    world.calls.clear()
    assert not any("goes over it" in each.text for each in _notes(run(world)))
    assert leaf_slices(world) == ["milan", "rome"]


def test_a_second_delete_waits_for_what_has_not_followed(
    world: FakeWorld, liqo: Offloading
) -> None:
    liqo.mapping_down.add("rome")
    before = links(world)
    for _ in range(2):
        with pytest.raises(TimedOut, match="does not go through the hub after") as caught:
            run(world, timeout=0.5)
        assert str(caught.value.hint).startswith("the shortcut was left as it is")
        assert links(world) == before
    (line,) = service_lines(record(world), world, 5)
    assert line == "the hub: service demo/web would be waited for first"
    threading.Timer(0.3, liqo.mapping_down.clear).start()
    told = [each.text for each in _notes(run(world))]
    assert "Service demo/web goes over it: it is waited for" in told
    assert "waiting for node routes to update" in told
    assert (links(world), now(world)) == ([], VIA_HUB)


def test_slices_that_are_old_or_missing_and_not_direct_hold_nobody_up(
    world: FakeWorld, liqo: Offloading
) -> None:
    annotate(world, on=False)
    milan, rome = world.leaves.values()
    milan.drop(ObjectRef("milan", r.ENDPOINT_SLICE, REMOTE, "web-1"))
    old = {"endpoints": [endpoint("10.170.0.99", None)]}
    rome.patch(ObjectRef("rome", r.ENDPOINT_SLICE, REMOTE, "web-1"), old)
    run(world)
    assert links(world) == []


def test_a_leaf_that_shows_no_slices_of_what_is_not_annotated_is_told(
    world: FakeWorld, liqo: Offloading
) -> None:
    annotate(world, on=False)
    world.leaves["rome"].fault = lambda _, ref: (
        Forbidden("rome", "no") if ref.kind == r.ENDPOINT_SLICE else None
    )
    told = [each.text for each in _notes(run(world))]
    assert any("whether Services on rome still go over it: not checked" in each for each in told)
    assert links(world) == []


def test_a_dry_run_lists_them(world: FakeWorld, liqo: Offloading) -> None:
    line = "the hub: service demo/web would be switched back to the hub's path first"
    assert list(service_lines(record(world), world, 5)) == [line]
    world.hub.fault = lambda _, ref: Forbidden(HUB, "no") if ref.kind == r.NODE else None
    (note,) = service_lines(record(world), world, 5)
    assert note.startswith("cannot tell which Services")


def test_one_that_has_expired_frees_its_services_too(world: FakeWorld, liqo: Offloading) -> None:
    ref = ObjectRef(HUB, r.SHORTCUT, "", "milan--rome")
    world.hub.patch(ref, {"spec": {"expirationTime": "2025-01-01T00:00:00Z"}})
    renderer = Renderer(read_template)
    lines = list(syncing.next_steps(record(world), world, renderer, 5))
    assert "service demo/web would be switched back" in lines[0]
    options = syncing.SyncOptions(timeout=5, nodes_follow=0.0)
    all_told(syncing.sync, record(world), world, renderer, options, CancelToken())
    assert not is_on(world)
    assert links(world) == []


def test_a_second_delete_finds_nothing_to_switch(world: FakeWorld, liqo: Offloading) -> None:
    run(world)
    again = dict(outcome(create(world)).record)
    all_told(delete, again, world, limits(), CancelToken())
    assert records(world) == []


def _notes(happened: list[Event]) -> list[Note]:
    return [each for each in happened if isinstance(each, Note)]


def test_nodes_get_a_moment_before_the_link_goes(world: FakeWorld, liqo: Offloading) -> None:
    moments: list[tuple[str, float]] = []
    for each in step_by_step(delete, record(world), world, limits(nodes_follow=0.1), CancelToken()):
        if isinstance(each, Done) and each.verb is Verb.DELETED:
            moments.append(("gone", time.monotonic()))
        elif isinstance(each, Note) and "node routes" in each.text:
            moments.append(("to follow", time.monotonic()))
    (first, told), (second, gone), *_ = moments
    assert (first, second) == ("to follow", "gone")
    assert gone - told >= 0.1
    assert DeleteOptions().nodes_follow == 1.5


def peer_on_note(world: FakeWorld, running: Iterator[Event]) -> None:
    """Rome is peered with milan while its Service is switched back."""
    for each in running:
        if isinstance(each, Note) and "goes over it" in each.text:
            world.leaves["rome"].put(foreign_cluster("milan", "Consumer"))


def test_a_peering_made_while_services_are_switched_back_is_not_cut(
    world: FakeWorld, liqo: Offloading
) -> None:
    before = links(world)
    with pytest.raises(PartlyDone, match="peered"):
        peer_on_note(world, step_by_step(delete, record(world), world, limits(), CancelToken()))
    assert links(world) == before
    condition = condition_of(records(world)[0], "Ready")
    assert condition["reason"] == "InUseByPeering"


def test_forgetting_does_not_cut_such_a_peering_either(world: FakeWorld, liqo: Offloading) -> None:
    before = links(world)
    peer_on_note(
        world, step_by_step(delete, record(world), world, limits(forget=True), CancelToken())
    )
    assert (links(world), records(world)) == (before, [])


def test_a_leaf_that_falls_silent_while_services_are_switched_back_is_left(
    world: FakeWorld, liqo: Offloading
) -> None:
    def running() -> Iterator[Event]:
        for each in step_by_step(delete, record(world), world, limits(), CancelToken()):
            yield each
            if isinstance(each, Note) and "node routes" in each.text:
                silence(world.leaves["rome"])

    with pytest.raises(PartlyDone, match="not gone from rome"):
        list(running())
    assert all(each.startswith("rome") for each in links(world))
