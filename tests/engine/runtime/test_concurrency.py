from __future__ import annotations

import resource
import threading
import time
from functools import partial

import pytest

from kubectl_liqo_shortcut.engine.runtime import concurrency
from kubectl_liqo_shortcut.engine.runtime.concurrency import (
    CancelToken,
    Deadline,
    gather,
    gather_each,
    retry_transient,
    room,
)
from kubectl_liqo_shortcut.errors import Forbidden, Interrupted, Transient, Unreachable


def test_a_stop_armed_twice_is_disarmed_one_by_one() -> None:
    cancel, heard = CancelToken(), []
    cancel.arm(lambda: heard.append("outer"))
    cancel.arm(lambda: heard.append("inner"))
    cancel.disarm()
    assert cancel.armed
    cancel.request(2)
    assert heard == ["outer"]
    cancel.disarm()
    assert not cancel.armed
    with pytest.raises(Interrupted):
        cancel.arm(heard.clear)


def test_what_runs_together_meets_at_a_barrier() -> None:
    barrier = threading.Barrier(3, timeout=5)
    assert sorted(gather([barrier.wait] * 3)) == [0, 1, 2]


def test_results_come_in_the_order_of_the_actions() -> None:
    def slow() -> str:
        time.sleep(0.05)
        return "slow"

    assert gather([slow, lambda: "fast"]) == ["slow", "fast"]


def test_an_error_is_raised_once_all_have_ended() -> None:
    ended = threading.Event()

    def fails() -> None:
        raise Forbidden("rome", "no")

    def goes_on() -> None:
        time.sleep(0.05)
        ended.set()

    with pytest.raises(Forbidden):
        gather([fails, goes_on])
    assert ended.is_set()


def failing(
    times: int, error: type[Transient], retry_after: float = 0.0
) -> tuple[list[float], object]:
    moments: list[float] = []

    def action() -> str:
        moments.append(time.monotonic())
        if len(moments) <= times:
            raise error("rome", "not now", retry_after=retry_after)
        return "done"

    return moments, action


def test_what_passes_by_itself_is_tried_again() -> None:
    _, action = failing(1, Transient)
    assert retry_transient(action, Deadline(5)) == "done"  # type: ignore[arg-type]


def test_a_server_that_names_a_time_is_given_it() -> None:
    moments, action = failing(1, Transient, retry_after=0.4)
    retry_transient(action, Deadline(5))  # type: ignore[arg-type]
    assert moments[1] - moments[0] >= 0.4


def test_nobody_waits_past_the_deadline() -> None:
    _, action = failing(9, Transient, retry_after=10)
    with pytest.raises(Transient):
        retry_transient(action, Deadline(0.1))  # type: ignore[arg-type]


def test_at_a_first_look_an_unreachable_cluster_is_an_error_at_once() -> None:
    moments, action = failing(1, Unreachable)
    with pytest.raises(Unreachable):
        retry_transient(action, Deadline(5), first_look=True)  # type: ignore[arg-type]
    assert len(moments) == 1


def test_later_an_unreachable_cluster_is_asked_again() -> None:
    _, action = failing(1, Unreachable)
    assert retry_transient(action, Deadline(5)) == "done"  # type: ignore[arg-type]


def test_what_does_not_pass_is_tried_as_often_as_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrency, "FIRST_PAUSE", 0.001)
    moments, action = failing(99, Transient)
    with pytest.raises(Transient):
        retry_transient(action, Deadline(5), tries=4)  # type: ignore[arg-type]
    assert len(moments) == 4


def test_a_definite_answer_is_not_asked_for_twice() -> None:
    asked = []

    def action() -> None:
        asked.append(1)
        raise Forbidden("rome", "no")

    with pytest.raises(Forbidden):
        retry_transient(action, Deadline(5))
    assert asked == [1]


def test_a_stop_requested_before_arming_is_heeded_by_arming() -> None:
    cancel = CancelToken()
    cancel.request(2)
    with pytest.raises(Interrupted):
        cancel.arm(lambda: None)


def test_a_stop_requested_after_arming_wakes_the_listener() -> None:
    cancel, woken = CancelToken(), threading.Event()
    cancel.arm(woken.set)
    cancel.request(2)
    assert woken.is_set()
    with pytest.raises(Interrupted):
        cancel.check()


def test_of_very_many_actions_only_so_many_run_at_once_and_all_end() -> None:
    lock, under_way, most = threading.Lock(), 0, 0

    def action(number: int) -> int:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.001)
        with lock:
            under_way -= 1
        if number == 7:
            raise IndexError("a fault of its own")
        return number

    actions = {number: partial(action, number) for number in range(40) if number != 7}
    assert gather_each(actions, 4) == ({number: number for number in actions}, {})
    assert most <= 4
    with pytest.raises(IndexError, match="a fault of its own"):
        gather([partial(action, number) for number in range(40)], 4)


def test_the_limit_of_open_files_decides_how_many_are_under_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = [(256, 256)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, new: limits.append(new))
    assert room() == 1
    limits = [(1024, 1024)]
    assert room() == 32
    limits = [(1024, 4096)]
    assert room() == 64
    assert limits[-1] == (1524, 4096)
