from __future__ import annotations

import pytest

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.inventory import Ownership, Recorded
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.shortcut import parse
from kubectl_liqo_shortcut.core.model import ObjectRef
from kubectl_liqo_shortcut.engine.link.status_writer import StatusWriter
from kubectl_liqo_shortcut.errors import ClusterError, Conflict, Forbidden
from tests.fakes import Body, FakeWorld

GATEWAY = ObjectRef("rome", r.GATEWAY_CLIENT, "liqo-tenant-milan", "milan")


@pytest.fixture
def journal(world: FakeWorld) -> StatusWriter:
    shortcut = parse({"server": {"clusterID": "milan"}, "client": {"clusterID": "rome"}})
    return StatusWriter(world.hub, world.hub.create(Renderer(read_template).record(shortcut)))


def status(world: FakeWorld) -> Body:
    (record,) = world.hub.of(r.SHORTCUT)
    return dict(record.get("status") or {})


def writes(world: FakeWorld) -> int:
    return sum(verb == "patch status" for verb, _ in world.calls)


def gateway(uid: str) -> Body:
    metadata = {"name": "milan", "namespace": "liqo-tenant-milan", "uid": uid}
    return {"apiVersion": GATEWAY.kind.api_version, "kind": "GatewayClient", "metadata": metadata}


def test_a_write_is_done_when_it_returns(world: FakeWorld, journal: StatusWriter) -> None:
    journal.write({"latency": "3ms"})
    assert status(world)["latency"] == "3ms"


def test_what_says_nothing_new_is_not_written(world: FakeWorld, journal: StatusWriter) -> None:
    for moment in ("2026-01-01T00:00:00Z", "2026-01-01T00:00:09Z"):
        clusters = [{"clusterID": "rome", "lastReachedTime": moment}]
        journal.write({"latency": "3ms", "lastObservedTime": moment, "clusters": clusters})
    assert writes(world) == 1


def test_of_many_offers_the_last_one_counts(world: FakeWorld, journal: StatusWriter) -> None:
    for number in range(50):
        journal.offer({"latency": f"{number}ms"})
    journal.flush()
    assert status(world)["latency"] == "49ms"
    assert writes(world) <= 50


def test_a_conflict_with_others_writes_passes(world: FakeWorld, journal: StatusWriter) -> None:
    conflicts = iter([Conflict("the hub", "the object has been modified")])

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return next(conflicts, None) if verb == "patch status" else None

    world.hub.fault = fault
    journal.write({"latency": "3ms"})
    assert status(world)["latency"] == "3ms"


def test_a_failed_write_is_told_by_the_next_flush(world: FakeWorld, journal: StatusWriter) -> None:
    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return Forbidden(ref.cluster, "no") if verb == "patch status" else None

    world.hub.fault = fault
    journal.offer({"latency": "3ms"})
    with pytest.raises(Forbidden):
        journal.flush()
    journal.flush()


def test_an_intention_is_news_once(journal: StatusWriter) -> None:
    assert journal.intend([GATEWAY])
    assert not journal.intend([GATEWAY])
    assert journal.objects[GATEWAY].uid == ""


def test_what_was_made_gets_its_uid(journal: StatusWriter) -> None:
    journal.intend([GATEWAY])
    assert journal.settle("rome", gateway("1"), Ownership.CREATED)
    assert not journal.settle("rome", gateway("1"), Ownership.CREATED)
    assert journal.objects[GATEWAY].uid == "1"


def test_what_was_adopted_stays_adopted(world: FakeWorld, journal: StatusWriter) -> None:
    journal.settle("rome", gateway("1"), Ownership.ADOPTED)
    journal.settle("rome", gateway("1"), Ownership.CREATED)
    assert journal.objects[GATEWAY].ownership is Ownership.ADOPTED


def test_what_somebody_made_in_place_of_what_was_adopted_is_theirs(journal: StatusWriter) -> None:
    journal.settle("rome", gateway("1"), Ownership.ADOPTED)
    journal.settle("rome", gateway("2"), Ownership.REUSED)
    assert journal.objects[GATEWAY] == Recorded(GATEWAY, "2", Ownership.REUSED)


def test_a_bug_while_writing_is_raised_and_hangs_nobody(
    world: FakeWorld, journal: StatusWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> Body:
        raise ZeroDivisionError

    monkeypatch.setattr(world.hub, "patch", broken)
    with pytest.raises(ZeroDivisionError):
        journal.write({"latency": "3ms"})
