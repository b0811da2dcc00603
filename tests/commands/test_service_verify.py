"""``service enable --verify``: packets have the last word."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_liqo_shortcut.commands.delete import DeleteOptions, delete
from kubectl_liqo_shortcut.commands.service import ServiceRefused, enable
from kubectl_liqo_shortcut.commands.service_verify import NotVerified
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Event, Note, Outcome, Tell, Verb
from kubectl_liqo_shortcut.core.model import ClusterID
from kubectl_liqo_shortcut.core.service.endpoints import ServiceName
from kubectl_liqo_shortcut.core.verify.verdict import (
    Direction,
    PathKind,
    ServiceCheck,
    Verdict,
    Verification,
)
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken
from kubectl_liqo_shortcut.errors import ExitCode, TimedOut
from tests.commands.test_create import records
from tests.commands.test_service import ended, turn_on
from tests.fakes import FakeWorld
from tests.linked import link
from tests.offloading import is_on, offload
from tests.told import all_told, step_by_step


class Packets:
    """Says what it is told to, one after the other, and who asked."""

    def __init__(self, *paths: PathKind) -> None:
        self.paths = list(paths)
        self.asked: list[tuple[str, str]] = []

    def __call__(
        self, source: ClusterID, target: ClusterID, timeout: float, _: CancelToken, tell: Tell
    ) -> Verification:
        assert timeout > 0
        self.asked.append((source, target))
        tell(Note("packets"))
        path = self.paths.pop(0)
        verdict = Verdict(path, "" if path is PathKind.DIRECT else "as said")
        direct = Direction(source=source, target=target, verdict=Verdict(PathKind.DIRECT))
        check = ServiceCheck(ServiceName("demo", "web"), "demo-hub", verdict)
        return Verification(name="milan--rome", directions=(direct,), service=check)


def notes(events: list[Event]) -> list[str]:
    return [each.text for each in events if isinstance(each, Note) and "calls from" in each.text]


@pytest.fixture
def linked(world: FakeWorld) -> FakeWorld:
    offload(world)
    link(world)
    return world


def test_packets_before_and_after_are_told(linked: FakeWorld) -> None:
    packets = Packets(*[PathKind.VIA_HUB] * 2, *[PathKind.DIRECT] * 2)
    happened = all_told(enable, "demo", "web", linked, 5, CancelToken(), prove=packets)
    assert packets.asked == [("milan", "rome"), ("rome", "milan")] * 2
    assert notes(happened) == [
        "before: calls from milan to rome: via hub, demo/web: as said",
        "before: calls from rome to milan: via hub, demo/web: as said",
        "after: calls from milan to rome: direct",
        "after: calls from rome to milan: direct",
    ]
    assert is_on(linked)


def test_what_packets_do_not_prove_goes_back(linked: FakeWorld) -> None:
    packets = Packets(*[PathKind.VIA_HUB] * 2, PathKind.UNREACHABLE)
    happened, error = ended(
        step_by_step(enable, "demo", "web", linked, 5, CancelToken(), prove=packets)
    )
    assert isinstance(error, NotVerified)
    assert "calls from milan to Service demo/web on rome do not go direct: unreachable" in str(
        error
    )
    assert "it is back on the hub's path" in [e.text for e in happened if isinstance(e, Note)]
    assert not is_on(linked)


def test_what_is_direct_already_is_proven_once_and_never_taken_back(linked: FakeWorld) -> None:
    turn_on(linked)
    proven = all_told(
        enable,
        "demo",
        "web",
        linked,
        5,
        CancelToken(),
        prove=Packets(PathKind.DIRECT, PathKind.DIRECT),
    )
    assert isinstance(proven[-1], Outcome)
    assert proven[-1].verb is Verb.UNCHANGED
    _, error = ended(
        step_by_step(
            enable, "demo", "web", linked, 5, CancelToken(), prove=Packets(PathKind.UNKNOWN)
        )
    )
    assert isinstance(error, NotVerified)
    assert is_on(linked)


def test_nobody_takes_a_link_away_while_packets_are_sent(linked: FakeWorld) -> None:
    class Deleting(Packets):
        def __call__(self, *given: Any) -> Verification:
            if len(self.asked) == 1:
                with pytest.raises(TimedOut, match="still works on it"):
                    all_told(
                        delete,
                        dict(records(linked)[0]),
                        linked,
                        DeleteOptions(timeout=0.3),
                        CancelToken(),
                    )
            return super().__call__(*given)

    packets = Deleting(*[PathKind.VIA_HUB] * 2, *[PathKind.DIRECT] * 2)
    all_told(enable, "demo", "web", linked, 5, CancelToken(), prove=packets)
    assert (is_on(linked), len(records(linked))) == (True, 1)


def test_after_packets_all_is_looked_at_again(linked: FakeWorld) -> None:
    class Breaking(Packets):
        def __call__(self, *given: Any) -> Verification:
            milan = linked.leaves["milan"]
            for ref in [each for each in milan.objects if each.kind == r.CONNECTION]:
                milan.set_status(ref, {"value": "Error"})
            return super().__call__(*given)

    _, error = ended(
        step_by_step(
            enable, "demo", "web", linked, 5, CancelToken(), prove=Breaking(*[PathKind.VIA_HUB] * 2)
        )
    )
    assert isinstance(error, ServiceRefused)
    assert error.exit_code is ExitCode.FAILED  # probe Pods were made
    assert not is_on(linked)
