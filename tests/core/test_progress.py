from __future__ import annotations

import functools

import pytest

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Done, Event, Failed, Note, Outcome, Seen, Verb, Waits
from kubectl_liqo_shortcut.core.model import HUB, ObjectRef
from kubectl_liqo_shortcut.core.progress import ClusterProgress, Stage, Work, advance, begin
from kubectl_liqo_shortcut.errors import ShortcutError
from tests.samples import record_of
from tests.tables import every

NAME = "milan--rome"
GATEWAY = ObjectRef("rome", r.GATEWAY_SERVER, "liqo-tenant-milan", "milan")


def after(*events: Event | Failed) -> Work:
    fold = functools.partial(functools.reduce, lambda state, event: advance(state, NAME, event))
    work: Work = fold(events, begin([NAME]))[NAME]
    return work


def test_before_the_first_event_nothing_is_known() -> None:
    assert begin(["a", "b"]) == {"a": Work(), "b": Work()}


@every(
    ("event", "cluster", "place"),
    [
        (Done(GATEWAY, Verb.CREATED), "rome", ClusterProgress("gatewayserver/milan created")),
        (
            Seen(GATEWAY, "no endpoint yet"),
            "rome",
            ClusterProgress("gatewayserver/milan no endpoint yet"),
        ),
        (
            Waits("rome", "gateway: not there yet"),
            "rome",
            ClusterProgress("", "gateway: not there yet"),
        ),
        (Note("undoing: interrupted"), HUB, ClusterProgress("undoing: interrupted")),
    ],
    ids=["done", "seen", "waits", "note"],
)
def test_each_event_is_about_one_cluster(
    event: Event, cluster: str, place: ClusterProgress
) -> None:
    assert after(event) == Work(Stage.UNDER_WAY, {cluster: place})


def test_what_is_done_does_not_end_what_is_waited_for() -> None:
    work = after(Waits("rome", "gateway: not there yet"), Done(GATEWAY, Verb.CREATED))
    expected = ClusterProgress("gatewayserver/milan created", "gateway: not there yet")
    assert work.places == {"rome": expected}


def test_a_wait_ends_when_nothing_is_waited_for() -> None:
    work = after(Waits("rome", "gateway: not there yet"), Waits("rome", ""))
    assert work.places == {"rome": ClusterProgress()}


@pytest.mark.parametrize(
    ("last", "stage"),
    [
        (Outcome(NAME, Verb.CREATED, record_of()), Stage.DONE),
        (Failed(ShortcutError("no")), Stage.FAILED),
    ],
    ids=["an outcome", "an error"],
)
def test_work_ends_with(last: Event | Failed, stage: Stage) -> None:
    work = after(Done(GATEWAY, Verb.CREATED), last)
    assert (work.stage, work.has_ended) == (stage, True)


def test_what_has_ended_stays_so() -> None:
    assert after(Failed(ShortcutError("interrupted")), Done(GATEWAY, Verb.DELETED)).has_ended


def test_each_shortcut_goes_its_own_way() -> None:
    state = advance(begin(["a", "b"]), "b", Note("undoing"))
    assert [work.stage for work in state.values()] == [Stage.BEFORE, Stage.UNDER_WAY]
