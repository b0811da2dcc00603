from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Verb
from kubectl_liqo_shortcut.core.model import ObjectRef, uid_of
from kubectl_liqo_shortcut.core.ports import Listing, Selection
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline
from kubectl_liqo_shortcut.engine.runtime.reflector import Made, StepEnded
from kubectl_liqo_shortcut.engine.runtime.store import Store, wait_for
from kubectl_liqo_shortcut.errors import ClusterError, Expired, Forbidden, TimedOut, Transient
from tests.fakes import Body, FakeCluster, FakeWorld

WHAT = Selection(r.CONFIG_MAP, "liqo")


@pytest.fixture
def rome() -> Iterator[FakeCluster]:
    world = FakeWorld("rome")
    yield world.leaves["rome"]
    world.close()


@pytest.fixture
def view() -> Iterator[Store]:
    world = Store()
    yield world
    world.close()


def config_map(name: str) -> Body:
    metadata = {"name": name, "namespace": "liqo"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def ref(name: str) -> ObjectRef:
    return ObjectRef("rome", r.CONFIG_MAP, "liqo", name)


def wait_until(view: Store, condition: object) -> None:
    deadline = Deadline(5)
    while not condition():  # type: ignore[operator]
        assert deadline.left(), "nothing came"
        view.wait(deadline.left())


def test_nothing_counts_as_not_there_before_all_lists_have_come(
    rome: FakeCluster, view: Store
) -> None:
    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return Transient("rome", "not now") if ref.kind == r.SECRET else None

    rome.fault = fault
    view.follow(rome, WHAT)
    view.follow(rome, Selection(r.SECRET, "liqo"))
    wait_until(view, lambda: ref(r.CLUSTER_ID_CONFIGMAP) in view.objects)
    assert not view.synced


def test_what_is_there_is_seen_and_then_what_changes(rome: FakeCluster, view: Store) -> None:
    view.follow(rome, WHAT)
    view.sync(Deadline(5))
    assert {each.name for each in view.objects} == {r.CLUSTER_ID_CONFIGMAP}
    rome.put(config_map("new"))
    wait_until(view, lambda: ref("new") in view.objects)
    rome.drop(ref("new"))
    wait_until(view, lambda: ref("new") not in view.objects)


def test_nothing_is_synced_before_it_has_been_listed(rome: FakeCluster, view: Store) -> None:
    view.follow(rome, WHAT)
    assert not view.synced


def test_who_has_not_answered_has_not_said_that_nothing_is_there(
    rome: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = rome.list

    def slow(what: Selection) -> Listing:
        time.sleep(0.5)
        return listed(what)

    monkeypatch.setattr(rome, "list", slow)
    with pytest.raises(TimedOut, match="rome: no answer about configmap in time"):
        wait_for(rome, WHAT, Deadline(0.1), lambda found: not found)


def test_a_watch_that_is_too_far_behind_lists_again(rome: FakeCluster, view: Store) -> None:
    behind = iter([True, False])
    watch = rome.watch

    def late(what: Selection, since: str) -> Iterator[object]:
        if next(behind, False):
            rome.put(config_map("missed"))
            raise Expired("rome", "too old resource version")
        return watch(what, since)

    rome.watch = late  # type: ignore[method-assign, assignment]
    view.follow(rome, WHAT)
    wait_until(view, lambda: ref("missed") in view.objects)


def test_a_passing_fault_is_outlived(rome: FakeCluster, view: Store) -> None:
    faults = iter([Transient("rome", "connection reset")])
    rome.fault = lambda *_: next(faults, None)
    view.follow(rome, WHAT)
    view.sync(Deadline(5))
    assert view.objects


def test_a_definite_refusal_is_told(rome: FakeCluster, view: Store) -> None:
    rome.fault = lambda *_: Forbidden("rome", "configmaps is forbidden")
    view.follow(rome, WHAT)
    with pytest.raises(Forbidden):
        view.sync(Deadline(5))


def test_a_silent_cluster_is_named_at_the_deadline(rome: FakeCluster, view: Store) -> None:
    rome.fault = lambda *_: Transient("rome", "no answer")
    view.follow(rome, WHAT)
    with pytest.raises(TimedOut, match="rome: no answer about configmap in time"):
        view.sync(Deadline(0.1))


def test_an_answer_in_the_last_moment_is_one(rome: FakeCluster, view: Store) -> None:
    class Last(Deadline):
        """It is over as soon as the answer has come."""

        def left(self) -> float:
            return 0.0 if view.synced else 5.0

    view.look(rome, WHAT)
    view.sync(Last(5))
    assert view.synced


def test_what_a_step_made_is_seen_before_any_watch_shows_it(view: Store) -> None:
    body = {**config_map("made"), "metadata": {**config_map("made")["metadata"], "uid": "1"}}
    view.run(ref("made"), lambda: Made(body, Verb.CREATED))
    (news,) = view.wait(5)
    assert isinstance(news, StepEnded)
    assert uid_of(view.objects[ref("made")]) == "1"


def test_settling_waits_for_the_steps_under_way(view: Store) -> None:
    def fails() -> Made:
        raise Forbidden("rome", "no")

    view.run(ref("made"), fails)
    view.settle(Deadline(5))
    assert view.wait(0) == []


def test_waiting_for_one_selection_ends_when_it_is_enough(rome: FakeCluster) -> None:
    found = wait_for(rome, WHAT, Deadline(5), lambda found: len(found) == 1)
    assert len(found) == 1


def test_waiting_in_vain_ends_at_the_deadline(rome: FakeCluster) -> None:
    assert len(wait_for(rome, WHAT, Deadline(0.1), lambda found: not found)) == 1


def test_a_server_that_is_always_too_far_behind_is_not_asked_without_a_pause(
    rome: FakeCluster, view: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def expired(*_: object) -> Iterator[object]:
        raise Expired("rome", "too old")

    monkeypatch.setattr(rome, "watch", expired)
    listed = []
    rome.fault = lambda verb, _: listed.append(verb)
    view.follow(rome, WHAT)
    time.sleep(0.3)
    assert 1 <= listed.count("list") <= 3
