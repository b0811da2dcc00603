from __future__ import annotations

import pytest

from kubectl_liqo_shortcut.core.record.event import ready_event
from tests.fakes import Body
from tests.samples import record_of

NOW = "2026-11-25T10:00:00Z"


def record(status: str, reason: str, message: str = "so it is") -> Body:
    ready = {"type": "Ready", "status": status, "reason": reason, "message": message}
    return record_of(status={"conditions": [ready]})


def test_an_event_is_about_the_record_and_says_what_it_says() -> None:
    event = ready_event(
        record("False", "Progressing"), record("True", "Connected", "both are"), NOW, "1a"
    )
    assert event is not None
    assert event["metadata"] == {"name": "milan--rome.1a", "namespace": "default"}
    assert event["involvedObject"]["kind"] == "Shortcut"
    assert event["involvedObject"]["uid"] == "uid-record"
    assert (event["type"], event["reason"]) == ("Normal", "Connected")
    assert event["message"] == "Ready is True: both are"


def test_trouble_is_a_warning() -> None:
    event = ready_event(record("True", "Connected"), record("False", "Failed"), NOW, "1a")
    assert event is not None
    assert event["type"] == "Warning"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (record("True", "Connected", "3ms"), record("True", "Connected", "4ms")),
        (record("True", "Connected"), record_of()),
    ],
    ids=["only the message changed", "no condition at all"],
)
def test_what_is_no_change_of_ready_is_no_event(before: Body, after: Body) -> None:
    assert ready_event(before, after, NOW, "1a") is None


def test_a_long_message_is_cut_to_what_an_event_can_hold() -> None:
    event = ready_event(record_of(), record("False", "Failed", "x" * 3000), NOW, "1a")
    assert event is not None
    assert len(event["message"]) == 1024
