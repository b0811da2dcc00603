from __future__ import annotations

import signal

import click

from kubectl_liqo_shortcut.cli.interruption import Interruption
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Done, Failed, Outcome, Verb
from kubectl_liqo_shortcut.core.model import HUB, ObjectRef
from kubectl_liqo_shortcut.errors import Interrupted, Refused
from tests.samples import record_of

OFF = Done(ObjectRef(HUB, r.SERVICE, "demo", "web"), Verb.CONFIGURED, "without " + r.USE_DIRECT)
STOPPED = Failed(Interrupted(signal.SIGINT))


def ended(stop: Interruption) -> tuple[str, str]:
    """Message and hint."""
    root = click.Context(click.Group("program"), info_name="program")
    with click.Context(click.Command("delete"), parent=root, info_name="delete"):
        error = stop.error()
    return ("", "") if error is None else (error.message, error.hint or "")


def test_a_service_that_was_switched_back_for_what_is_left_is_told() -> None:
    stop = Interruption(["milan--rome", "milan--paris"], goes_on=True)
    assert not stop.takes("milan--rome", OFF)
    assert stop.takes("milan--rome", STOPPED)
    assert not stop.takes("milan--paris", Outcome("milan--paris", Verb.DELETED, record_of()))
    said, hint = ended(stop)
    assert said == "interrupted: 1 of 2 done, left: milan--rome"
    assert hint.startswith("to go on: kubectl liqo-shortcut delete")
    assert hint.endswith(
        "Service demo/web goes through the hub now; to leave it direct instead: "
        "kubectl liqo-shortcut service enable demo/web"
    )


def test_a_service_of_a_shortcut_that_is_gone_is_as_it_should_be() -> None:
    stop = Interruption(["milan--rome", "milan--paris"], goes_on=True)
    stop.takes("milan--rome", OFF)
    stop.takes("milan--rome", Outcome("milan--rome", Verb.DELETED, record_of()))
    stop.takes("milan--paris", STOPPED)
    assert "Service" not in ended(stop)[1]


def test_one_that_goes_on_is_told_with_its_command_and_one_that_is_undone_is_not() -> None:
    stop = Interruption(["milan--rome"], goes_on=True)
    assert stop.takes("milan--rome", STOPPED)
    assert ended(stop)[0] == "interrupted"
    undone = Interruption(["milan--rome"], goes_on=False)
    assert not undone.takes("milan--rome", STOPPED)
    assert ended(undone) == ("", "")


def test_other_errors_are_told_by_themselves() -> None:
    stop = Interruption(["milan--rome", "milan--paris"], goes_on=True)
    assert not stop.takes("milan--rome", Failed(Refused("no")))
    assert ended(stop) == ("", "")
