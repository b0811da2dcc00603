"""``service list``, ``enable`` and ``disable``, and what they promise."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from kubectl_liqo_shortcut.commands.service import (
    ServiceRefused,
    ServiceRow,
    disable,
    enable,
    list_services,
    service_named,
)
from kubectl_liqo_shortcut.commands.service_dry_run import disabled_by, dry_run_enable
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Event, Note, Outcome, Seen, Verb
from kubectl_liqo_shortcut.core.model import HUB, ObjectRef, ref_of
from kubectl_liqo_shortcut.core.service.path import ServicePath
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken, Deadline
from kubectl_liqo_shortcut.engine.runtime.lease import LeaseLost, Lock
from kubectl_liqo_shortcut.errors import (
    ClusterError,
    Conflict,
    ExitCode,
    Forbidden,
    Gone,
    Interrupted,
    Invalid,
    PartlyDone,
    Refused,
    ShortcutError,
    TimedOut,
    Transient,
    Unreachable,
)
from tests.clock import Clock
from tests.commands.test_create import records
from tests.commands.test_leaves import asked, silence
from tests.fakes import FakeWorld
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
from tests.peered import manager
from tests.told import all_told, ignore, step_by_step

VIA_HUB = {"milan": ["10.170.0.1", "10.60.0.5"], "rome": ["10.170.0.2", "10.60.0.5"]}
DIRECT = {"milan": ["10.62.0.5", "10.60.0.5"], "rome": ["10.61.0.5", "10.60.0.5"]}


@pytest.fixture
def liqo(world: FakeWorld) -> Offloading:
    """The Service demo/web on the hub and both leaves, which have no shortcut."""
    return offload(world)


@pytest.fixture
def linked(world: FakeWorld, liqo: Offloading) -> Offloading:
    """The same, with a shortcut."""
    link(world)
    world.calls.clear()
    return liqo


def turn_on(
    world: FakeWorld, name: str = "web", timeout: float = 5, **given: CancelToken
) -> list[Event]:
    return all_told(enable, "demo", name, world, timeout, given.get("stop") or CancelToken())


def ended(events: Iterator[Event]) -> tuple[list[Event], BaseException | None]:
    """What happened, and what it ended with."""
    happened: list[Event] = []
    try:
        happened.extend(events)
    except ShortcutError as error:
        return happened, error
    return happened, None


def turn_off(world: FakeWorld, timeout: float = 5) -> list[Event]:
    return all_told(disable, "demo", "web", world, timeout, CancelToken())


def now(world: FakeWorld) -> dict[str, list[str]]:
    return {leaf: held(world, leaf) for leaf in world.leaves}


def verb(happened: list[Event]) -> Verb:
    (outcome,) = (each for each in happened if isinstance(each, Outcome))
    return outcome.verb


def notes(happened: list[Event]) -> list[str]:
    return [each.text for each in happened if isinstance(each, Note)]


def reasons(world: FakeWorld, name: str = "web") -> list[str]:
    """Why it is refused; nothing was changed."""
    before = len(world.calls)
    with pytest.raises(ServiceRefused) as caught:
        turn_on(world, name)
    assert caught.value.exit_code is ExitCode.REFUSED
    assert {verb for verb, _ in world.calls[before:]} <= {"get", "list", "ask"}
    return [each.reason.value for each in caught.value.refusals]


def writes(world: FakeWorld) -> list[tuple[str, str]]:
    return [
        (verb, str(ref))
        for verb, ref in world.calls
        if verb not in ("get", "list", "ask") and ref.kind != r.LEASE
    ]


def shadow(leaf: str, name: str = "web-1") -> ObjectRef:
    return ObjectRef(leaf, r.SHADOW_ENDPOINT_SLICE, REMOTE, name)


def listed(world: FakeWorld, namespace: str = "demo", timeout: float = 5) -> list[ServiceRow]:
    return list_services(world, namespace, timeout)


def paths(world: FakeWorld) -> dict[str, str]:
    (found,) = listed(world)
    return {str(each.leaf): each.path.value for each in found.paths}


# The fake Liqo


def test_without_a_link_an_annotation_freezes_the_slices_and_a_link_alone_does_not_help(
    world: FakeWorld, liqo: Offloading
) -> None:
    assert now(world) == VIA_HUB
    annotate(world)
    assert now(world) == VIA_HUB
    link(world)
    assert now(world) == VIA_HUB
    world.leaves["milan"].patch(shadow("milan"), {"metadata": {"annotations": {"some": "poke"}}})
    assert now(world) == {**VIA_HUB, "milan": DIRECT["milan"]}
    assert "some" not in world.leaves["milan"].objects[shadow("milan")]["metadata"]["annotations"]


# enable


def test_all_leaves_go_direct_and_it_says_how_long_that_took(
    world: FakeWorld, linked: Offloading
) -> None:
    happened = turn_on(world)
    assert verb(happened) is Verb.CONFIGURED
    assert now(world) == DIRECT
    assert is_on(world)
    assert "all leaves go direct " in notes(happened)[-1]


def test_only_the_annotation_is_written_where_liqo_follows(
    world: FakeWorld, linked: Offloading
) -> None:
    turn_on(world)
    assert writes(world) == [("patch", "service/web")]


def test_again_it_is_unchanged(world: FakeWorld, linked: Offloading) -> None:
    turn_on(world)
    world.calls.clear()
    assert verb(turn_on(world)) is Verb.UNCHANGED
    assert writes(world) == []


def test_what_was_annotated_too_early_is_poked(world: FakeWorld, liqo: Offloading) -> None:
    annotate(world)
    link(world)
    assert verb(turn_on(world)) is Verb.CONFIGURED
    assert now(world) == DIRECT
    assert ("patch", "shadowendpointslice/web-1") in writes(world)


def test_slices_that_follow_late_are_poked_until_they_do(
    world: FakeWorld, linked: Offloading
) -> None:
    linked.mapping_down.add("rome")
    threading.Timer(0.5, linked.mapping_down.clear).start()
    turn_on(world)
    assert now(world) == DIRECT


def test_one_that_may_not_be_poked_is_said_and_waited_for(
    world: FakeWorld, linked: Offloading
) -> None:
    rome, pokes = world.leaves["rome"], list[str]()
    linked.mapping_down.add("rome")

    def heal() -> None:
        linked.mapping_down.clear()
        linked.map_again("rome")

    def fault(verb: str, _: ObjectRef) -> Forbidden | None:
        if verb != "patch":
            return None
        pokes.append(verb)
        if len(pokes) == 3:
            threading.Timer(0, heal).start()
        return Forbidden("rome", "no")

    rome.fault = fault
    happened = all_told(enable, "demo", "web", world, 60, CancelToken())
    notes = [each.text for each in happened if isinstance(each, Note)]
    assert sum("cannot be poked" in each for each in notes) == 1
    assert len(pokes) >= 3
    assert now(world) == DIRECT


def test_a_shadow_slice_that_is_not_there_yet_is_no_trouble(
    world: FakeWorld, linked: Offloading
) -> None:
    milan = world.leaves["milan"]
    for kind in (r.SHADOW_ENDPOINT_SLICE, r.ENDPOINT_SLICE):
        milan.drop(ObjectRef("milan", kind, REMOTE, "web-1"))
    linked.kubelets_down = True

    def come_back() -> None:
        linked.kubelets_down = False
        linked.reflect("demo")

    threading.Timer(0.6, come_back).start()
    assert verb(turn_on(world)) is Verb.CONFIGURED
    assert now(world) == DIRECT


def test_pods_that_move_meanwhile_are_followed(world: FakeWorld, linked: Offloading) -> None:
    linked.mapping_down.add("rome")
    ref = ObjectRef(HUB, r.ENDPOINT_SLICE, "demo", "web-1")

    def move() -> None:
        linked.mapping_down.clear()
        endpoints = [endpoint("10.61.0.9", "milan"), endpoint("10.62.0.5", "rome")]
        world.hub.patch(ref, {"endpoints": endpoints})

    threading.Timer(0.2, move).start()
    turn_on(world)
    assert now(world) == {"milan": ["10.62.0.5"], "rome": ["10.61.0.9"]}


def milan_goes_direct(event: Event) -> bool:
    return isinstance(event, Seen) and event.ref.cluster == "milan" and "direct" in event.says


def once(
    seen: Callable[[Event], bool], then: Callable[[], None], events: Iterator[Event]
) -> Iterator[Event]:
    """*events*; after the first of which *seen* is true, *then* happens."""
    for event in events:
        yield event
        if seen(event):
            then()
            break
    yield from events


def test_a_timeout_goes_back_to_the_hubs_path(
    world: FakeWorld, linked: Offloading, clock: Clock
) -> None:
    linked.mapping_down.add("rome")

    def mended(event: Event) -> bool:
        if milan_goes_direct(event):
            linked.mapping_down.clear()
        return milan_goes_direct(event)

    with pytest.raises(TimedOut, match=r"does not go direct after 60s on rome") as caught:
        list(clock.until(mended, step_by_step(enable, "demo", "web", world, 60, CancelToken())))
    assert "went back" in str(caught.value.hint)
    assert not is_on(world)
    assert now(world) == VIA_HUB


def test_one_that_others_annotated_keeps_that_at_a_timeout(
    world: FakeWorld, linked: Offloading, clock: Clock
) -> None:
    linked.mapping_down.add("rome")
    annotate(world)
    with pytest.raises(TimedOut, match=r"does not go direct after 60s on rome"):
        list(
            clock.until(
                milan_goes_direct, step_by_step(enable, "demo", "web", world, 60, CancelToken())
            )
        )
    assert is_on(world)


def test_ctrl_c_goes_back_to_the_hubs_path(world: FakeWorld, linked: Offloading) -> None:
    linked.mapping_down.add("rome")
    cancel = CancelToken()

    def interrupt() -> None:
        linked.mapping_down.clear()
        cancel.request(2)

    running = step_by_step(enable, "demo", "web", world, 20, cancel)
    happened, error = ended(once(milan_goes_direct, interrupt, running))
    assert isinstance(error, Interrupted)
    assert notes(happened)[-2:] == ["going back to the hub's path", "it is back on the hub's path"]
    assert not is_on(world)
    assert now(world) == VIA_HUB


def test_one_that_cannot_go_back_is_partly_done(
    world: FakeWorld, linked: Offloading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kubectl_liqo_shortcut.commands.service._WAY_BACK", 0.3)
    linked.mapping_down.update(("milan", "rome"))
    annotations = iter([None, Forbidden(HUB, "no more")])

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return next(annotations) if (verb, ref.kind) == ("patch", r.SERVICE) else None

    world.hub.fault = fault
    with pytest.raises(PartlyDone, match="not back on the hub's path") as caught:
        turn_on(world, timeout=0.3)
    assert caught.value.exit_code is ExitCode.PARTLY
    assert caught.value.hint == "kubectl liqo-shortcut service disable demo/web"


def test_an_interrupted_one_that_cannot_go_back_says_so_and_ends_as_interrupted(
    world: FakeWorld, linked: Offloading
) -> None:
    linked.mapping_down.add("rome")
    cancel = CancelToken()

    def interrupt() -> None:
        world.hub.fault = lambda verb, ref: (
            Forbidden(HUB, "no more") if (verb, ref.kind) == ("patch", r.SERVICE) else None
        )
        cancel.request(2)

    running = step_by_step(enable, "demo", "web", world, 20, cancel)
    happened, error = ended(once(milan_goes_direct, interrupt, running))
    assert isinstance(error, Interrupted)
    assert "not back on the hub's path" in notes(happened)[-1]


def test_a_bug_goes_back_too(
    world: FakeWorld, linked: Offloading, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(*_: object) -> None:
        monkeypatch.undo()
        raise KeyError("a bug")

    where = "kubectl_liqo_shortcut.engine.service.switch.as_wanted"
    monkeypatch.setattr(where, bug)
    with pytest.raises(KeyError):
        turn_on(world)
    assert not is_on(world)


def test_a_lost_lease_stops_at_once_and_undoes_nothing(
    world: FakeWorld, linked: Offloading, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise LeaseLost("somebody else may be at work")

    monkeypatch.setattr("kubectl_liqo_shortcut.engine.service.switch.as_wanted", lost)
    with pytest.raises(LeaseLost):
        turn_on(world)
    assert is_on(world)


def test_a_service_that_changed_meanwhile_is_looked_at_again(
    world: FakeWorld, linked: Offloading
) -> None:
    ref = ObjectRef(HUB, r.SERVICE, "demo", "web")

    def change(verb: str, at: ObjectRef) -> None:
        if (verb, at.kind) == ("create", r.LEASE):
            world.hub.fault = lambda *_: None
            world.hub.patch(ref, {"metadata": {"labels": {"other": "change"}}})

    world.hub.fault = change
    turn_on(world)
    assert world.hub.objects[ref]["metadata"]["labels"]["other"] == "change"
    assert is_on(world)


def test_one_that_somebody_else_annotated_meanwhile_is_fine(
    world: FakeWorld, linked: Offloading
) -> None:
    def change(verb: str, at: ObjectRef) -> None:
        if (verb, at.kind) == ("create", r.LEASE):
            world.hub.fault = lambda *_: None
            annotate(world)

    world.hub.fault = change
    turn_on(world)
    assert now(world) == DIRECT


def test_one_that_is_gone_meanwhile_is_an_error(world: FakeWorld, linked: Offloading) -> None:
    def gone(verb: str, at: ObjectRef) -> ClusterError | None:
        if (verb, at.kind) == ("patch", r.SERVICE) and at in world.hub.objects:
            world.hub.drop(at)
            return Conflict(HUB, "the object has been modified")
        return None

    world.hub.fault = gone
    with pytest.raises(Gone, match="demo/web is gone"):
        turn_on(world)


def test_one_that_is_gone_while_slices_are_waited_for_has_no_way_back(
    world: FakeWorld, linked: Offloading, clock: Clock
) -> None:
    linked.mapping_down.add("rome")
    ref = ObjectRef(HUB, r.SERVICE, "demo", "web")

    def gone(event: Event) -> bool:
        if milan_goes_direct(event):
            world.hub.drop(ref)
        return milan_goes_direct(event)

    happened, error = ended(
        clock.until(gone, step_by_step(enable, "demo", "web", world, 60, CancelToken()))
    )
    assert isinstance(error, TimedOut)
    assert notes(happened)[-1] == "it is gone"


def test_what_was_refused_at_once_needs_no_way_back(world: FakeWorld, linked: Offloading) -> None:
    world.hub.fault = lambda verb, ref: (
        Forbidden(HUB, "no") if (verb, ref.kind) == ("patch", r.SERVICE) else None
    )
    with pytest.raises(Forbidden):
        turn_on(world)
    assert [verb for verb, _ in writes(world)] == ["patch"]


def test_an_answer_that_is_lost_is_undone(world: FakeWorld, linked: Offloading) -> None:
    lost = iter([Transient(HUB, "reset", retry_after=60)])

    def lose(verb: str, at: ObjectRef) -> ClusterError | None:
        if (verb, at.kind) != ("patch", r.SERVICE):
            return None
        error = next(lost, None)
        if error:
            world.hub.fault = lambda *_: None
            annotate(world)
        return error

    world.hub.fault = lose
    with pytest.raises(Transient):
        turn_on(world)
    assert not is_on(world)


def test_somebody_who_works_on_the_link_is_waited_for_and_all_is_looked_at_again(
    world: FakeWorld, linked: Offloading
) -> None:
    other = Lock(world.hub, "milan--rome")
    other.take(Deadline(5), ignore)

    def end() -> None:
        milan = world.leaves["milan"]
        for ref in [each for each in milan.objects if each.kind == r.CONNECTION]:
            milan.set_status(ref, {"value": "Error"})
        other.release()

    threading.Timer(0.3, end).start()
    with pytest.raises(ServiceRefused, match="is not up"):
        turn_on(world)
    assert not is_on(world)


def test_somebody_who_only_looked_after_the_link_does_not_stop_it(
    world: FakeWorld, linked: Offloading
) -> None:
    other = Lock(world.hub, "milan--rome")
    other.take(Deadline(5), ignore)
    threading.Timer(0.3, other.release).start()
    assert any("waiting for " in each for each in notes(turn_on(world)))
    assert now(world) == DIRECT


# what it refuses


def test_a_pair_without_a_shortcut_refuses(world: FakeWorld, liqo: Offloading) -> None:
    assert reasons(world) == ["NoShortcut"]


def test_a_shortcut_that_is_not_up_refuses_with_its_cause(
    world: FakeWorld, linked: Offloading
) -> None:
    milan = world.leaves["milan"]
    ref = next(ref for ref in milan.objects if ref.kind == r.CONNECTION)
    milan.set_status(ref, {"value": "Error"})
    assert reasons(world) == ["ShortcutNotReady"]


def test_every_reason_is_told_at_once(world: FakeWorld, liqo: Offloading) -> None:
    ref = next(
        ref for ref in world.hub.objects if (ref.kind, ref.name) == (r.CONFIGURATION, "rome")
    )
    cidr = world.hub.objects[ref]["spec"]["remote"]["cidr"]
    world.hub.set_status(ref, {"remote": {"cidr": {**cidr, "pod": ["10.99.0.0/16"]}}})
    milan = world.leaves["milan"]
    milan.patch(ref_of("milan", manager()), dict(manager("--deny-direct-connections=true")))
    publish(
        world,
        "web2",
        [("10.61.0.6", "milan"), ("10.62.0.6", "rome"), ("192.0.2.1", None)],
        publishNotReadyAddresses=True,
    )
    assert reasons(world, "web2") == [
        "PublishesNotReady",
        "RemappedByHub",
        "Denied",
        "UntoldEndpoint",
        "UntoldEndpoint",
        "NoShortcut",
    ]


def test_a_leaf_that_cannot_be_asked_refuses(world: FakeWorld, linked: Offloading) -> None:
    silence(world.leaves["rome"])
    assert reasons(world) == ["LeafUnreachable"]


def test_a_service_of_a_namespace_that_is_not_offloaded_refuses(
    world: FakeWorld, linked: Offloading
) -> None:
    publish(world, "alone", [], namespace="other")
    with pytest.raises(ServiceRefused, match="NotOffloaded") as caught:
        all_told(enable, "other", "alone", world, 5, CancelToken())
    assert caught.value.hint == "liqoctl offload namespace other"


def test_a_service_that_is_not_there_refuses(world: FakeWorld, linked: Offloading) -> None:
    with pytest.raises(Refused, match='services "nobody" not found') as caught:
        turn_on(world, "nobody")
    assert caught.value.exit_code is ExitCode.REFUSED


@pytest.mark.parametrize(
    "endpoints",
    [[], [("10.60.0.5", "hub-node")], [("10.61.0.5", "no-such-node")]],
    ids=["none", "on the hub", "on a node that is gone"],
)
def test_a_service_without_endpoints_on_leaves_refuses(
    world: FakeWorld, linked: Offloading, endpoints: list[tuple[str, str | None]]
) -> None:
    publish(world, "empty", endpoints)
    assert reasons(world, "empty") == ["NoEndpoints"]


def test_a_service_that_is_not_reflected_refuses(world: FakeWorld, linked: Offloading) -> None:
    ref = ObjectRef(HUB, r.SERVICE, "demo", "web")
    world.hub.patch(ref, {"metadata": {"annotations": {r.SKIP_REFLECTION: "true"}}})
    assert reasons(world) == ["NotReflected"]


def test_a_slice_that_would_tell_too_much_refuses(world: FakeWorld, linked: Offloading) -> None:
    ref = ObjectRef(HUB, r.ENDPOINT_SLICE, "demo", "web-1")
    world.hub.patch(ref, {"metadata": {"annotations": {"some": "x" * 262_080}}})
    assert reasons(world) == ["PayloadTooLarge"]


def test_an_address_that_no_configuration_covers_refuses(
    world: FakeWorld, linked: Offloading
) -> None:
    publish(world, "odd", [("10.88.0.5", "rome"), ("10.61.0.5", "milan")])
    assert reasons(world, "odd") == ["Unmappable"]


def test_a_leaf_that_denies_and_is_given_nothing_does_not_refuse(
    world: FakeWorld, linked: Offloading
) -> None:
    rome = world.leaves["rome"]
    rome.patch(ref_of("rome", manager()), dict(manager("--deny-direct-connections")))
    publish(world, "one", [("10.62.0.5", "rome")])
    turn_on(world, "one")
    assert held(world, "milan", "one-1") == ["10.62.0.5"]


def test_a_leaf_that_hosts_and_does_not_see_it_is_asked_for_no_slices(
    world: FakeWorld, linked: Offloading
) -> None:
    ref = ref_of(HUB, namespace_map("rome", {}))
    world.hub.set_status(ref, {"currentMapping": {}})
    rome = world.leaves["rome"]
    rome.fault = lambda _, ref: Forbidden("rome", "no") if ref.kind == r.ENDPOINT_SLICE else None
    turn_on(world)
    assert held(world, "milan") == DIRECT["milan"]


def test_whether_a_leaf_denies_may_be_hidden(world: FakeWorld, linked: Offloading) -> None:
    rome = world.leaves["rome"]
    rome.fault = lambda _, ref: Forbidden("rome", "no") if ref.kind == r.DEPLOYMENT else None
    milan = world.leaves["milan"]
    milan.drop(ref_of("milan", manager()))
    said = [each for each in notes(turn_on(world)) if "denies" in each]
    assert said == [
        "whether Liqo on milan denies direct connections cannot be seen: "
        "there is no deployment/liqo-controller-manager in liqo",
        "whether Liqo on rome denies direct connections cannot be seen: cluster 'rome': no",
    ]
    assert now(world) == DIRECT


def test_whether_a_leaf_denies_that_does_not_see_the_service_is_no_matter(
    world: FakeWorld, linked: Offloading
) -> None:
    world.hub.set_status(ref_of(HUB, namespace_map("rome", {})), {"currentMapping": {}})
    world.leaves["rome"].drop(ref_of("rome", manager()))
    assert not any("denies" in each for each in notes(turn_on(world)))


def test_slices_that_may_be_listed_but_not_watched_are_an_error_before_anything_is_written(
    world: FakeWorld, linked: Offloading
) -> None:
    looks: list[ObjectRef] = []

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        if verb == "list" and ref.kind == r.ENDPOINT_SLICE:
            looks.append(ref)
        return Forbidden("rome", "no") if len(looks) > 1 else None

    world.leaves["rome"].fault = fault
    with pytest.raises(Forbidden):
        turn_on(world)
    assert writes(world) == []


# dry runs


def test_a_dry_run_tells_what_would_be_written_and_writes_nothing(
    world: FakeWorld, linked: Offloading
) -> None:
    trial = dry_run_enable("demo", "web", world, 5)
    assert trial.body["metadata"]["annotations"] == {r.USE_DIRECT: "true"}
    assert (trial.verb, trial.missing, writes(world)) == (Verb.CONFIGURED, (), [])


def test_a_dry_run_refuses_as_the_real_one(world: FakeWorld, liqo: Offloading) -> None:
    with pytest.raises(ServiceRefused):
        dry_run_enable("demo", "web", world, 5)
    assert dry_run_enable("demo", "web", world, 5, making=True).missing == (("milan", "rome"),)


def test_missing_shortcuts_do_not_hide_what_else_refuses(
    world: FakeWorld, liqo: Offloading
) -> None:
    publish(
        world,
        "web2",
        [("10.61.0.6", "milan"), ("10.62.0.6", "rome")],
        publishNotReadyAddresses=True,
    )
    with pytest.raises(ServiceRefused, match="2 things keep"):
        dry_run_enable("demo", "web2", world, 5, making=True)


def test_the_hub_judges_a_dry_run_of_the_server(world: FakeWorld, linked: Offloading) -> None:
    dry_run_enable("demo", "web", world, 5, send=True)
    assert writes(world) == [("patch dry run", "service/web")]
    assert not is_on(world)


# disable


def test_it_takes_the_annotation_off_and_waits(world: FakeWorld, linked: Offloading) -> None:
    turn_on(world)
    assert verb(turn_off(world)) is Verb.CONFIGURED
    assert (is_on(world), now(world)) == (False, VIA_HUB)
    assert verb(turn_off(world)) is Verb.UNCHANGED


def test_disabling_needs_no_leaf_and_says_which_are_unchecked(
    world: FakeWorld, linked: Offloading
) -> None:
    turn_on(world)
    for leaf in world.leaves.values():
        silence(leaf)
    with pytest.raises(PartlyDone, match="on milan, rome") as caught:
        turn_off(world)
    assert caught.value.exit_code is ExitCode.PARTLY
    assert not is_on(world)


def test_a_leaf_that_answers_is_waited_for(world: FakeWorld, linked: Offloading) -> None:
    turn_on(world)
    silence(world.leaves["rome"])
    with pytest.raises(PartlyDone, match="on rome: "):
        turn_off(world)
    assert held(world, "milan") == VIA_HUB["milan"]


def test_it_says_where_slices_do_not_follow(world: FakeWorld, linked: Offloading) -> None:
    turn_on(world)
    linked.mapping_down.add("milan")
    with pytest.raises(TimedOut, match=r"does not go through the hub after 0\.5s on milan"):
        turn_off(world, timeout=0.5)


def test_again_it_waits_for_those_that_have_not_followed(
    world: FakeWorld, linked: Offloading
) -> None:
    turn_on(world)
    linked.mapping_down.add("rome")
    for _ in range(2):
        with pytest.raises(TimedOut, match=r"does not go through the hub after .* on rome$"):
            turn_off(world, timeout=0.5)
    world.calls.clear()
    linked.mapping_down.clear()
    assert verb(turn_off(world)) is Verb.CONFIGURED
    assert now(world) == VIA_HUB
    assert writes(world) == [("patch", "shadowendpointslice/web-1")]
    assert verb(turn_off(world)) is Verb.UNCHANGED


def test_again_a_half_turned_slice_is_poked_and_a_missing_one_waited_for_by_nobody(
    world: FakeWorld, linked: Offloading
) -> None:
    milan, rome = world.leaves.values()
    both = [endpoint("10.62.0.5", "x"), endpoint("10.170.0.1", "x")]
    milan.patch(ObjectRef("milan", r.ENDPOINT_SLICE, REMOTE, "web-1"), {"endpoints": both})
    rome.drop(ObjectRef("rome", r.ENDPOINT_SLICE, REMOTE, "web-1"))
    assert verb(turn_off(world)) is Verb.CONFIGURED
    assert held(world, "milan") == VIA_HUB["milan"]
    assert verb(turn_off(world)) is Verb.UNCHANGED


def test_again_a_leaf_that_cannot_be_asked_is_not_said_to_have_followed(
    world: FakeWorld, linked: Offloading
) -> None:
    silence(world.leaves["rome"])
    happened, error = ended(step_by_step(disable, "demo", "web", world, 5, CancelToken()))
    assert verb(happened) is Verb.UNCHANGED
    assert isinstance(error, PartlyDone)
    assert "on rome: " in str(error)


def test_a_dry_run_of_disable_asks_no_leaf(world: FakeWorld, linked: Offloading) -> None:
    annotate(world)
    world.calls.clear()
    body, told = disabled_by("demo", "web", world, 5)
    assert (told, body["metadata"]["annotations"]) == (Verb.CONFIGURED, {})
    assert {ref.cluster for _, ref in world.calls} == {HUB}
    annotate(world, on=False)
    assert disabled_by("demo", "web", world, 5)[1] is Verb.UNCHANGED


# list


def test_the_list_tells_ways_endpoints_and_what_is_missing(
    world: FakeWorld, liqo: Offloading
) -> None:
    (web,) = listed(world)
    assert web.service.hosts == {None: 1, "milan": 1, "rome": 1}
    assert web.missing == (("milan", "rome"),)
    assert paths(world) == {"milan": "via-hub", "rome": "via-hub"}
    link(world)
    turn_on(world)
    (web,) = listed(world)
    assert (web.service.annotated, web.missing) == (True, ())
    assert paths(world) == {"milan": "direct", "rome": "direct"}


def test_each_cluster_is_asked_once_for_each_kind(world: FakeWorld, linked: Offloading) -> None:
    for number in range(5):
        publish(world, f"more{number}", [("10.61.0.9", "milan"), ("10.62.0.9", "rome")])
    world.calls.clear()
    assert len(listed(world)) == 6
    for leaf in world.leaves:
        assert sorted(asked(world, leaf)) == [
            ("get", "ConfigMap"),
            ("list", "Configuration"),
            ("list", "EndpointSlice"),
        ]
    assert sorted(asked(world, HUB)) == [
        ("get", "ConfigMap"),
        ("list", "Configuration"),
        ("list", "EndpointSlice"),
        ("list", "NamespaceMap"),
        ("list", "Node"),
        ("list", "Service"),
        ("list", "Shortcut"),
    ]


def test_a_leaf_that_does_not_answer_is_unknown_and_stops_nobody(
    world: FakeWorld, liqo: Offloading
) -> None:
    silence(world.leaves["rome"])
    (web,) = listed(world)
    assert paths(world) == {"milan": "via-hub", "rome": "unknown"}
    assert web.paths[1].error == "cluster 'rome': cannot be reached"


def test_a_leaf_that_hangs_is_unknown_in_time(world: FakeWorld, liqo: Offloading) -> None:
    over = threading.Event()
    rome = world.leaves["rome"]
    rome.fault = lambda *_: Unreachable("rome", str(over.wait(10)))
    began = time.monotonic()
    (web,) = listed(world, timeout=0.3)
    over.set()
    assert time.monotonic() - began < 5
    assert "no answer within 0.3 s" in web.paths[1].error


def test_where_slices_may_not_be_listed_everywhere_they_are_in_the_namespaces(
    world: FakeWorld, liqo: Offloading
) -> None:
    milan = world.leaves["milan"]

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        everywhere = ref.kind == r.ENDPOINT_SLICE and not ref.namespace
        return Forbidden("milan", "no") if verb == "list" and everywhere else None

    milan.fault = fault
    assert paths(world)["milan"] == "via-hub"
    milan.fault = lambda _, ref: Forbidden("milan", "no") if ref.kind == r.ENDPOINT_SLICE else None
    assert paths(world)["milan"] == "unknown"


def test_frozen_gone_and_half_turned_slices_are_told(world: FakeWorld, linked: Offloading) -> None:
    linked.mapping_down.add("milan")
    annotate(world)
    assert paths(world) == {"milan": "stale", "rome": "direct"}
    (web,) = listed(world)
    assert web.paths[0].uses is ServicePath.HUB
    ref = ObjectRef("milan", r.ENDPOINT_SLICE, REMOTE, "web-1")
    both = [endpoint("10.62.0.5", "x"), endpoint("10.170.0.1", "x")]
    world.leaves["milan"].patch(ref, {"endpoints": both})
    assert paths(world)["milan"] == "mixed"
    world.leaves["milan"].drop(ref)
    assert paths(world)["milan"] == "missing"


def test_a_link_that_is_gone_leaves_a_stale_slice(world: FakeWorld, linked: Offloading) -> None:
    turn_on(world)
    milan = world.leaves["milan"]
    milan.drop(
        next(ref for ref in milan.objects if (ref.kind, ref.name) == (r.CONFIGURATION, "rome"))
    )
    assert paths(world)["milan"] == "stale"


def test_endpoints_that_are_not_ready_on_a_leaf_alone_are_told(
    world: FakeWorld, linked: Offloading
) -> None:
    ref = ObjectRef("milan", r.ENDPOINT_SLICE, REMOTE, "web-1")
    body = world.leaves["milan"].objects[ref]
    cut = [{**each, "conditions": {"ready": False}} for each in body["endpoints"]]
    world.leaves["milan"].patch(ref, {"endpoints": cut})
    (web,) = listed(world)
    assert [each.ready for each in web.paths] == [False, True]


def test_what_has_nothing_elsewhere_has_no_way(world: FakeWorld, liqo: Offloading) -> None:
    publish(world, "here", [("10.61.0.5", "milan")])
    here, _ = listed(world)
    assert [each.path for each in here.paths] == [ServicePath.NONE, ServicePath.HUB]


def test_only_services_of_offloaded_namespaces_are_listed(
    world: FakeWorld, liqo: Offloading
) -> None:
    publish(world, "alone", [], namespace="other")
    assert listed(world, "other") == []
    assert [each.service.key for each in listed(world, "")] == ["demo/web"]


@pytest.mark.parametrize("phase", ["CreationLoopBackOff", ""])
def test_a_namespace_that_a_leaf_has_not_taken_is_not_seen_there(
    world: FakeWorld, liqo: Offloading, phase: str
) -> None:
    body = namespace_map("rome", {"demo": REMOTE}, phase)
    world.hub.set_status(ref_of(HUB, body), dict(body["status"]))
    (web,) = listed(world)
    assert list(web.service.seen_on) == ["milan"]


def test_a_hub_without_offloading_has_none(world: FakeWorld) -> None:
    world.hub.not_served.add(r.NAMESPACE_MAP)
    assert listed(world, "") == []


def test_a_busy_hub_is_asked_again(world: FakeWorld, liqo: Offloading) -> None:
    busy = iter([Transient(HUB, "busy")])
    world.hub.fault = lambda _, ref: next(busy, None) if ref.kind == r.SERVICE else None
    assert len(listed(world)) == 1


def test_a_hub_that_is_silent_is_an_error(world: FakeWorld, liqo: Offloading) -> None:
    silence(world.hub)
    with pytest.raises(Unreachable):
        listed(world)


# names


@pytest.mark.parametrize(
    ("word", "namespace"),
    [
        ("demo/web", None),
        ("web", "demo"),
        ("web", None),
        ("service/web", "demo"),
        ("svc/demo/web", None),
        ("demo/web", "demo"),
    ],
)
def test_a_service_may_be_named_in_two_ways(word: str, namespace: str | None) -> None:
    assert service_named(word, namespace, lambda: "demo") == ("demo", "web")


@pytest.mark.parametrize(
    ("word", "namespace"),
    [
        *(("a/b/c", None), ("", None), ("/web", None), ("demo/web", "other")),
        *(("demo/web,a=b", None), ("..%2f/web", None), ("web?x", None), ("web", "a/../b")),
        *(("svc/", None), ("Demo/web", None), ("demo/we b", None), ("demo/" + "w" * 64, None)),
    ],
)
def test_what_names_no_service_is_a_wrong_command_line(word: str, namespace: str | None) -> None:
    with pytest.raises(Invalid):
        service_named(word, namespace, lambda: "demo")


def test_no_record_is_touched(world: FakeWorld, linked: Offloading) -> None:
    before = records(world)[0]["metadata"]["resourceVersion"]
    turn_on(world)
    assert records(world)[0]["metadata"]["resourceVersion"] == before
