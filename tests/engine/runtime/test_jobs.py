from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from kubectl_liqo_shortcut.core.events import Event, Failed, Note, Outcome, Tell, Verb
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken
from kubectl_liqo_shortcut.engine.runtime.jobs import Job, run_all
from kubectl_liqo_shortcut.errors import ExitCode, Forbidden, Interrupted


def says(*words: str) -> Job:
    def job(_: CancelToken, tell: Tell) -> None:
        for word in words:
            tell(Note(word))

    return job


def test_events_of_all_jobs_arrive_with_their_names() -> None:
    events = run_all({"a": says("1", "2"), "b": says("3")})
    told = [(name, event.text) for name, event in events if isinstance(event, Note)]
    assert sorted(told) == [("a", "1"), ("a", "2"), ("b", "3")]


def test_jobs_run_at_the_same_time() -> None:
    barrier = threading.Barrier(2, timeout=5)

    def meet(_: CancelToken, tell: Tell) -> None:
        barrier.wait()
        tell(Note("met"))

    assert len(list(run_all({"a": meet, "b": meet}))) == 2


def test_one_failure_does_not_stop_the_others() -> None:
    def fails(_: CancelToken, tell: Tell) -> None:
        tell(Note("begun"))
        raise Forbidden("rome", "no")

    events = list(run_all({"a": fails, "b": says("done")}))
    assert [name for name, event in events if isinstance(event, Failed)] == ["a"]
    assert ("b", Note("done")) in events


def test_a_bug_is_not_hidden() -> None:
    def wrong(_: CancelToken, tell: Tell) -> None:
        tell(Note("begun"))
        raise KeyError("bug")

    with pytest.raises(KeyError):
        list(run_all({"a": wrong}))


def test_a_bug_is_told_after_the_others_have_finished() -> None:
    wrong_ended = threading.Event()

    def wrong(_: CancelToken, tell: Tell) -> None:
        tell(Note("begun"))
        wrong_ended.set()
        raise KeyError("bug")

    def good(cancel: CancelToken, tell: Tell) -> None:
        wrong_ended.wait(5)
        says("1", "2", "3")(cancel, tell)

    events = run_all({"a": wrong, "b": good})
    assert sorted(next(events)[0] for _ in range(4)) == ["a", "b", "b", "b"]
    with pytest.raises(KeyError):
        next(events)


def test_several_bugs_are_told_together() -> None:
    def wrong(_: CancelToken, tell: Tell) -> None:
        tell(Note("begun"))
        raise KeyError("bug")

    with pytest.raises(BaseExceptionGroup) as caught:
        list(run_all({"a": wrong, "b": wrong}))
    assert len(caught.value.exceptions) == 2


def test_a_signal_lets_an_armed_job_undo_and_abandons_the_rest() -> None:
    silent = threading.Event()

    def armed(cancel: CancelToken, tell: Tell) -> None:
        woken = threading.Event()
        cancel.arm(woken.set)
        tell(Note("armed"))
        woken.wait(5)
        tell(Note("undone"))
        cancel.check()

    def stuck(_: CancelToken, tell: Tell) -> None:
        silent.wait(20)
        tell(Note("never"))

    events: list[tuple[str, Event | Failed]] = []
    for name, event in run_all({"armed": armed, "stuck": stuck}):
        events.append((name, event))
        if event == Note("armed"):
            signal.raise_signal(signal.SIGTERM)
    silent.set()
    assert ("armed", Note("undone")) in events
    failed = {name: event.error for name, event in events if isinstance(event, Failed)}
    assert failed.keys() == {"armed", "stuck"}
    assert {error.exit_code for error in failed.values()} == {ExitCode.TERMINATED}
    assert all(isinstance(error, Interrupted) for error in failed.values())


def test_a_second_signal_leaves_at_once() -> None:
    silent = threading.Event()

    def stubborn(cancel: CancelToken, tell: Tell) -> None:
        cancel.arm(lambda: None)
        tell(Note("armed"))
        silent.wait(20)

    events = run_all({"a": stubborn})
    assert next(events) == ("a", Note("armed"))
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    events.close()  # type: ignore[attr-defined]
    silent.set()


def test_a_terminal_that_closes_stops_it_unless_nohup_wants_otherwise() -> None:
    before = signal.getsignal(signal.SIGHUP)
    try:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        events = run_all({"a": says("1")})
        next(events)
        assert callable(signal.getsignal(signal.SIGHUP))
        list(events)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        events = run_all({"a": says("1")})
        next(events)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        list(events)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_handlers_are_as_before_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)
    list(run_all({"a": says("1")}))
    assert signal.getsignal(signal.SIGINT) is before


def test_of_many_jobs_only_so_many_are_under_way_at_once() -> None:
    lock, under_way, most = threading.Lock(), 0, 0
    met = threading.Barrier(3, timeout=5)

    def job(_: CancelToken, tell: Tell) -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        met.wait()
        tell(Note("done"))
        with lock:
            under_way -= 1

    events = list(run_all({str(number): job for number in range(12)}, at_once=3))
    assert (len(events), most) == (12, 3)


def test_what_waits_for_its_turn_never_begins_after_a_signal() -> None:
    began: list[str] = []

    def armed(cancel: CancelToken, tell: Tell) -> None:
        woken = threading.Event()
        cancel.arm(woken.set)
        tell(Note("armed"))
        woken.wait(5)

    def second(_: CancelToken, __: Tell) -> None:
        began.append("second")

    failed = []
    for name, event in run_all({"first": armed, "second": second}, at_once=1):
        if event == Note("armed"):
            signal.raise_signal(signal.SIGTERM)
        if isinstance(event, Failed):
            failed.append(name)
    assert (failed, began) == (["second"], [])


def test_a_signal_while_the_jobs_are_still_being_begun_is_heeded_as_any_other() -> None:
    def interrupts(cancel: CancelToken, _: Tell) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        while True:
            cancel.check()
            time.sleep(0.01)

    names = [f"job-{number}" for number in range(50)]
    jobs: dict[str, Job] = {name: says("begun") for name in names} | {"job-0": interrupts}
    told = list(run_all(jobs, at_once=len(jobs)))
    assert [name for name, each in told if isinstance(each, Failed)].count("job-0") == 1


def test_a_job_that_has_told_its_outcome_is_not_interrupted() -> None:
    told, over = threading.Event(), threading.Event()

    def concludes(_: CancelToken, tell: Tell) -> None:
        tell(Outcome("a", Verb.DELETED, {}))
        told.set()
        over.wait(5)

    def waits(_: CancelToken, tell: Tell) -> None:
        told.wait(5)
        os.kill(os.getpid(), signal.SIGINT)
        over.wait(5)

    failed = []
    for name, event in run_all({"a": concludes, "b": waits}):
        if isinstance(event, Failed):
            failed.append(name)
            over.set()
    assert failed == ["b"]
