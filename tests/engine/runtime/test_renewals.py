from __future__ import annotations

import threading
import time

from kubectl_liqo_shortcut.engine.runtime.renewals import Renewals


def soon(what: str, is_so: object) -> None:
    assert callable(is_so)
    end = time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < end, what
        time.sleep(0.005)


def test_hundreds_are_renewed_by_sixteen_threads_which_end_with_the_last() -> None:
    renewals = Renewals()
    times = dict.fromkeys(range(300), 0)

    def renew(number: int) -> float | None:
        times[number] += 1
        return 0.01 if times[number] < 3 else None

    most = 0
    for number in times:
        renewals.add(lambda number=number: renew(number), 0.0)  # type: ignore[misc]
        most = max(most, renewals._threads)
    soon("all are renewed three times", lambda: set(times.values()) == {3})
    assert most <= 16
    soon("the threads end", lambda: renewals._threads == 0)


def test_some_that_hang_do_not_keep_the_others_from_being_renewed() -> None:
    renewals, go_on, renewed = Renewals(), threading.Event(), threading.Event()
    for _ in range(4):
        renewals.add(lambda: go_on.wait(5) and None, 0.0)
    renewals.add(lambda: renewed.set(), 0.0)
    assert renewed.wait(5)
    go_on.set()


def test_what_is_removed_is_not_renewed_and_keeps_no_thread() -> None:
    renewals = Renewals()
    calls: list[int] = []

    def renew() -> float | None:
        calls.append(1)
        return None

    renewals.add(renew, 3600.0)
    assert renewals._threads == 1
    renewals.remove(renew)
    soon("the thread ends", lambda: renewals._threads == 0)
    assert calls == []


def test_what_is_due_sooner_comes_first_though_it_was_added_later() -> None:
    renewals, order, done = Renewals(), list[str](), threading.Event()

    def later() -> None:
        order.append("later")
        done.set()

    renewals.add(later, 0.1)
    renewals.add(lambda: order.append("sooner"), 0.01)
    assert done.wait(5)
    assert order == ["sooner", "later"]
