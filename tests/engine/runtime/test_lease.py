"""One at a time: what a Lease promises, on the fake hub."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Note
from kubectl_liqo_shortcut.core.model import Manifest, Object, ObjectRef
from kubectl_liqo_shortcut.core.ports import Selection
from kubectl_liqo_shortcut.engine.runtime import lease, process
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken, Deadline
from kubectl_liqo_shortcut.engine.runtime.lease import LeaseLost, Lock
from kubectl_liqo_shortcut.errors import (
    AlreadyExists,
    ClusterError,
    Conflict,
    Forbidden,
    Interrupted,
    NoLiqo,
    TimedOut,
    Unreachable,
)
from tests.clock import Clock
from tests.fakes import FakeWorld
from tests.told import all_told, step_by_step

NAME = "milan--rome"
REF = ObjectRef("the hub", r.LEASE, "liqo", f"liqo-shortcut-{NAME}")


@pytest.fixture
def hold(world: FakeWorld) -> Iterator[Lock]:
    hold = Lock(world.hub, NAME)
    yield hold
    hold.release()


def take(hold: Lock, timeout: float = 5.0) -> bool:
    """Whether it had to wait; what is said meanwhile is lost."""
    taking = step_by_step(hold.take, Deadline(timeout))
    while True:
        try:
            next(taking)
        except StopIteration as end:
            return bool(end.value)


def put_lease(world: FakeWorld, mark: str = "", holder: str = "anna@castle/7") -> None:
    metadata = {
        "name": REF.name,
        "namespace": REF.namespace,
        "annotations": {"shortcut.liqo.io/process": mark},
    }
    spec = {"holderIdentity": holder, "acquireTime": "2026-01-01T00:00:00.000000Z"}
    body = {"apiVersion": r.LEASE.api_version, "kind": "Lease", "metadata": metadata, "spec": spec}
    world.hub.put(body)


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])


def at_each_look(world: FakeWorld, then: Callable[[], None]) -> None:
    """*then* happens when somebody who waits lists the Lease."""
    world.hub.fault = lambda verb, ref: then() if (verb, ref.kind) == ("list", r.LEASE) else None


def soon(true: Callable[[], bool]) -> None:
    """Wait for a thread; it is an error if that never comes to it."""
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()


def test_a_free_one_is_taken_at_once_and_says_who_holds_it(world: FakeWorld, hold: Lock) -> None:
    assert not take(hold)
    (found,) = world.hub.of(r.LEASE)
    assert found["spec"]["holderIdentity"] == process.holder()
    assert found["spec"]["leaseDurationSeconds"] == 15
    assert found["metadata"]["labels"][r.MANAGED_BY] == r.MANAGED_BY_US
    hold.check()


def test_released_it_is_gone_and_nothing_may_be_written(world: FakeWorld, hold: Lock) -> None:
    take(hold)
    hold.release()
    assert world.hub.of(r.LEASE) == []
    with pytest.raises(LeaseLost, match="was released"):
        hold.check()


def test_a_hold_that_was_never_taken_allows_no_write(world: FakeWorld, hold: Lock) -> None:
    guarded = hold.guard(world.leaves["rome"])
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}}
    ref = ObjectRef("rome", r.NAMESPACE, "", "x")
    for write in (
        lambda: guarded.create(Manifest("rome", body)),
        lambda: guarded.apply(Manifest("rome", body)),
        lambda: guarded.patch(ref, {}),
        lambda: guarded.patch(ref, {}, subresource="status"),
        lambda: guarded.delete(ref, "uid"),
    ):
        with pytest.raises(RuntimeError, match="is not held"):
            write()
    assert guarded.name == "rome"
    assert guarded.get(ref) is None
    assert guarded.list(Selection(r.LEASE)).items == ()
    assert r.LEASE in guarded.kinds()
    assert world.leaves["rome"].objects.get(ref) is None


def test_a_second_one_waits_and_says_for_whom(world: FakeWorld, hold: Lock) -> None:
    take(hold)
    second = Lock(world.hub, NAME)
    taking = step_by_step(second.take, Deadline(5))
    said = next(taking)
    assert isinstance(said, Note)
    assert f"waiting for {process.holder()} (since 2" in said.text
    threading.Timer(0.1, hold.release).start()
    with pytest.raises(StopIteration) as end:
        next(taking)
    assert end.value.value is True
    second.release()


def test_waiting_ends_with_a_stop(world: FakeWorld, hold: Lock) -> None:
    put_lease(world)
    cancel, began = CancelToken(), time.monotonic()
    threading.Timer(0.1, cancel.request, [2]).start()
    with pytest.raises(Interrupted):
        all_told(hold.take, Deadline(10), cancel=cancel)
    assert time.monotonic() - began < 5


def test_waiting_ends_with_the_deadline(world: FakeWorld, hold: Lock, clock: Clock) -> None:
    put_lease(world)
    at_each_look(world, lambda: clock.forward(6))
    with pytest.raises(TimedOut, match=r"anna@castle/7 \(since 2026-01-01T00:00:00\) still works"):
        take(hold, timeout=5)


@pytest.mark.process
def test_one_left_behind_by_a_process_of_this_machine_is_taken_over_at_once(
    world: FakeWorld, hold: Lock
) -> None:
    child = sleeper()
    mark = process.process_mark(child.pid)
    end(child)
    put_lease(world, mark)
    assert take(hold, timeout=1)
    assert world.hub.objects[REF]["spec"]["holderIdentity"] == process.holder()


@pytest.mark.process
def test_one_whose_holder_dies_meanwhile_is_taken_over(world: FakeWorld, hold: Lock) -> None:
    child = sleeper()
    put_lease(world, process.process_mark(child.pid))
    threading.Timer(0.3, end, [child]).start()
    assert take(hold, timeout=5)


@pytest.mark.parametrize("unchanged", [lease.SECONDS - 1, lease.SECONDS], ids=["no", "yes"])
def test_one_of_another_machine_is_taken_over_when_it_has_not_changed_for_long(
    world: FakeWorld, hold: Lock, clock: Clock, unchanged: float
) -> None:
    put_lease(world, "another-boot pid:[1] 1 1")
    at_each_look(world, lambda: clock.forward(unchanged))
    if unchanged < lease.SECONDS:
        with pytest.raises(TimedOut):
            take(hold, timeout=unchanged)
    else:
        assert take(hold, timeout=60)


def test_one_that_is_renewed_is_not_taken_over(world: FakeWorld, hold: Lock, clock: Clock) -> None:
    put_lease(world)

    class Renewing(CancelToken):
        """Asked before each look around: by then the holder has renewed its Lease."""

        def check(self) -> None:
            clock.forward(lease.SECONDS / 3)
            world.hub.patch(REF, {"spec": {"renewTime": str(clock())}})

    with pytest.raises(TimedOut, match="still works on it"):
        all_told(hold.take, Deadline(4 * lease.SECONDS), cancel=Renewing())


def test_a_lost_answer_is_no_reason_to_wait_for_oneself(world: FakeWorld, hold: Lock) -> None:
    create, lost = world.hub.create, iter([True])

    def create_and_lose(manifest: Manifest, *, dry_run: bool = False) -> Object:
        assert not dry_run
        made = create(manifest)
        if next(lost, False):
            raise Unreachable("the hub", "connection reset")
        return made

    world.hub.create = create_and_lose  # type: ignore[method-assign]
    assert not take(hold)


@pytest.mark.process
def test_one_that_somebody_else_takes_over_first_is_waited_for(
    world: FakeWorld, hold: Lock, clock: Clock
) -> None:
    child = sleeper()
    mark = process.process_mark(child.pid)
    end(child)
    put_lease(world, mark)
    faster = iter([True])

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        if verb == "patch" and next(faster, False):
            world.hub.objects[ref]["metadata"]["resourceVersion"] = "another"
            world.hub.objects[ref]["metadata"]["annotations"] = {}
        if verb == "list":
            clock.forward(6)
        return None

    world.hub.fault = fault
    with pytest.raises(TimedOut, match="still works on it"):
        take(hold, timeout=5)


def test_a_hub_that_contradicts_itself_is_asked_seldom_and_not_for_ever(
    world: FakeWorld, hold: Lock
) -> None:
    asked: list[str] = []

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        asked.append(verb)
        return AlreadyExists("the hub", "it exists") if verb == "create" else None

    world.hub.fault = fault
    with pytest.raises(TimedOut, match="can be neither made nor taken over") as caught:
        take(hold, timeout=0.3)
    assert f"kubectl get lease {REF.name} -n liqo -o yaml" in str(caught.value.hint)
    assert len(asked) < 30


def test_one_that_changes_each_time_it_is_taken_over_is_not_tried_for_ever(
    world: FakeWorld, hold: Lock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "is_gone", lambda _: True)
    put_lease(world)
    asked: list[str] = []

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        asked.append(verb)
        return Conflict("the hub", "it changed") if verb == "patch" else None

    world.hub.fault = fault
    with pytest.raises(TimedOut, match="can be neither made nor taken over"):
        take(hold, timeout=0.3)
    assert len(asked) < 40


def test_a_pause_between_two_attempts_heeds_a_stop(world: FakeWorld, hold: Lock) -> None:
    exists = AlreadyExists("the hub", "it exists")
    world.hub.fault = lambda verb, _: exists if verb == "create" else None
    cancel = CancelToken()
    threading.Timer(0.1, cancel.request, [2]).start()
    with pytest.raises(Interrupted):
        all_told(hold.take, Deadline(10), cancel=cancel)


def test_a_hub_that_forbids_it_says_so(world: FakeWorld, hold: Lock) -> None:
    world.hub.fault = lambda _, ref: Forbidden("the hub", "no") if ref == REF else None
    with pytest.raises(Forbidden):
        take(hold)


def test_a_watch_that_is_forbidden_ends_the_waiting(world: FakeWorld, hold: Lock) -> None:
    put_lease(world)
    world.hub.fault = lambda verb, _: Forbidden("the hub", "no") if verb == "list" else None
    with pytest.raises(Forbidden):
        take(hold)


def test_it_is_renewed_twice_while_trusted_and_trusted_no_more_when_others_take_it() -> None:
    assert 2 * lease._RENEWED_EVERY <= lease._TRUSTED_FOR < lease.SECONDS


def test_one_that_was_taken_over_unnoticed_is_not_deleted(world: FakeWorld, hold: Lock) -> None:
    take(hold)
    world.hub.patch(REF, {"spec": {"holderIdentity": "anna@castle/7"}})
    hold.release()
    assert REF in world.hub.objects


@pytest.fixture
def held(
    world: FakeWorld, hold: Lock, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lock]:
    """One that is renewed all the time, by the clock of the test."""
    monkeypatch.setattr(lease, "_RENEWED_EVERY", 0.02)
    monkeypatch.setattr(lease, "_now", clock)
    take(hold)
    yield hold
    hold.release()


def version(world: FakeWorld) -> str:
    return str(world.hub.objects[REF]["metadata"]["resourceVersion"])


def renewed(world: FakeWorld) -> None:
    """Wait for a renewal that begins from now on: the first one seen may have begun before."""
    for _ in range(2):
        before = version(world)
        soon(lambda before=before: version(world) != before)  # type: ignore[misc]


def is_lost(hold: Lock) -> bool:
    try:
        hold.check()
    except LeaseLost:
        return True
    return False


def test_it_is_renewed_for_as_long_as_it_is_held(
    world: FakeWorld, held: Lock, clock: Clock
) -> None:
    for _ in range(3):
        clock.forward(6)
        renewed(world)
        held.check()


def test_a_hub_that_falls_silent_stops_all_writes(
    world: FakeWorld, held: Lock, clock: Clock
) -> None:
    asked: list[str] = []

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        asked.append(verb)
        return Unreachable("the hub", "silent") if verb == "patch" else None

    world.hub.fault = fault
    soon(lambda: "patch" in asked)
    held.check()
    clock.forward(10.1)
    with pytest.raises(LeaseLost, match="could not be renewed"):
        held.check()


def test_a_renewal_counts_from_when_it_was_asked_for(
    world: FakeWorld, held: Lock, clock: Clock
) -> None:
    """Others count from when the hub wrote it, which is before its answer comes."""
    asked: list[str] = []

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        if verb != "patch":
            return None
        asked.append(verb)
        if len(asked) > 1:
            return Unreachable("the hub", "silent")
        clock.forward(9)
        return None

    world.hub.fault = fault
    soon(lambda: len(asked) > 1)
    held.check()
    clock.forward(2)
    with pytest.raises(LeaseLost, match="could not be renewed"):
        held.check()


def test_one_that_was_taken_away_stops_all_writes_and_is_not_deleted(
    world: FakeWorld, held: Lock
) -> None:
    with world.changed:
        world.hub.drop(REF)
        put_lease(world)
    soon(lambda: is_lost(held))
    with pytest.raises(LeaseLost, match="taken by anna@castle/7"):
        held.check()
    held.release()
    assert REF in world.hub.objects


def test_one_that_was_deleted_stops_all_writes(world: FakeWorld, held: Lock) -> None:
    world.hub.drop(REF)
    soon(lambda: is_lost(held))
    with pytest.raises(LeaseLost, match="it was deleted"):
        held.check()


def test_one_that_somebody_only_labelled_is_still_ours(
    world: FakeWorld, held: Lock, clock: Clock
) -> None:
    world.hub.patch(REF, {"metadata": {"labels": {"a": "b"}}})
    clock.forward(6)
    renewed(world)
    clock.forward(6)
    held.check()


def test_a_bug_in_renewing_stops_all_writes(world: FakeWorld, held: Lock) -> None:
    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        if verb == "patch":
            raise KeyError("a bug")
        return None

    world.hub.fault = fault
    soon(lambda: is_lost(held))
    with pytest.raises(LeaseLost, match="a bug"):
        held.check()


def test_a_process_is_known_by_boot_and_start_not_by_its_number_alone() -> None:
    here, pid, start = process.process_mark().rsplit(" ", 2)
    assert pid == str(os.getpid())
    assert not process.is_gone(f"{here} {pid} {start}")
    assert process.is_gone(f"{here} {pid} {int(start) + 1}")


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    child = sleeper()
    yield child
    end(child)


@pytest.mark.process
def test_a_living_process_that_procfs_hides_is_not_gone(
    child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    mark, read, asked = process.process_mark(child.pid), pathlib.Path.read_text, os.kill

    def hide(path: pathlib.Path, *args: Any, **options: Any) -> str:
        """As /proc mounted with hidepid=2 does for another user's processes."""
        if path == pathlib.Path(f"/proc/{child.pid}/stat"):
            raise FileNotFoundError
        return read(path, *args, **options)

    def forbid(pid: int, signal: int) -> None:
        asked(pid, signal)
        if signal == 0:
            raise PermissionError

    monkeypatch.setattr(pathlib.Path, "read_text", hide)
    assert not process.is_gone(mark)
    monkeypatch.setattr(os, "kill", forbid)
    assert not process.is_gone(mark)
    end(child)
    assert process.is_gone(mark)


@pytest.mark.process
def test_where_procfs_is_another_namespaces_nothing_is_known(
    child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    mark, readlink = process.process_mark(child.pid), os.readlink
    end(child)
    assert process.is_gone(mark)
    monkeypatch.setattr(
        os, "readlink", lambda path: "1" if path == "/proc/self" else readlink(path)
    )
    assert not process.is_gone(mark)
    assert process.process_mark() == ""


@pytest.mark.parametrize(
    "mark",
    [
        "",
        "what",
        "b pid:[1] x 1",
        "another-boot pid:[1] 1 1",
        "{here} \N{SUPERSCRIPT TWO} 1",
        f"{{here}} {'9' * 40} 1",
        "{here} 0 1",
    ],
    ids=ascii,
)
def test_of_an_unknown_process_nothing_is_known(mark: str) -> None:
    assert not process.is_gone(mark.format(here=process.process_mark().rsplit(" ", 2)[0]))


def test_without_procfs_no_process_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_here", lambda: "")
    assert process.process_mark() == ""
    assert not process.is_gone("b pid:[1] 1 1")


def test_a_hub_without_the_namespace_of_the_lock_says_how_to_go_on(
    world: FakeWorld, hold: Lock
) -> None:
    del world.hub.objects[ObjectRef("the hub", r.NAMESPACE, "", REF.namespace)]
    with pytest.raises(NoLiqo, match="no namespace liqo, in which the lock is kept") as caught:
        take(hold)
    assert "kubectl create namespace liqo, then the same command" in str(caught.value.hint)
