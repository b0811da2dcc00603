"""The life of a record, while others change it at the same time."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.inventory import Ownership, Recorded, to_entries
from kubectl_liqo_shortcut.core.model import Manifest, ObjectRef, ref_of
from kubectl_liqo_shortcut.engine.link.records import end_record, open_record, present_record
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline
from kubectl_liqo_shortcut.errors import AlreadyExists, ClusterError, Conflict
from tests.fakes import Body, FakeWorld
from tests.samples import record_of

THEIRS = "example.org/theirs"


def put(world: FakeWorld, **metadata: Any) -> Body:
    return world.hub.put(record_of(**metadata))


def finalizers(world: FakeWorld) -> list[str]:
    (record,) = world.hub.of(r.SHORTCUT)
    return list(record["metadata"]["finalizers"])


def test_a_finalizer_that_somebody_sets_meanwhile_is_not_lost(world: FakeWorld) -> None:
    seen = put(world)
    world.hub.patch(ref_of(world.hub.name, seen), {"metadata": {"finalizers": [THEIRS]}})
    with pytest.raises(Conflict):
        open_record(world.hub, seen, Manifest(world.hub.name, record_of()), Deadline(5))
    assert finalizers(world) == [THEIRS]


def test_a_record_that_others_change_all_the_time_has_not_ended(world: FakeWorld) -> None:
    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return Conflict("the hub", "the object has been modified") if verb == "patch" else None

    record = put(world, finalizers=[r.FINALIZER])
    world.hub.fault = fault
    with pytest.raises(Conflict):
        end_record(world.hub, record, Deadline(5))
    assert finalizers(world) == [r.FINALIZER]


def test_a_record_made_anew_is_another_one(world: FakeWorld) -> None:
    record = put(world, finalizers=[r.FINALIZER])
    assert present_record(world.hub, record, Deadline(5)) is not None
    earlier = {**record, "metadata": {**record["metadata"], "uid": "uid-of-before"}}
    assert present_record(world.hub, earlier, Deadline(5)) is None
    end_record(world.hub, earlier, Deadline(5))
    assert finalizers(world) == [r.FINALIZER]


def test_a_record_on_which_somebody_works_already_is_not_the_one_that_was_asked_for(
    world: FakeWorld,
) -> None:
    wanted = Manifest(world.hub.name, record_of())
    there = put(world)
    assert open_record(world.hub, None, wanted, Deadline(5))[0]["metadata"] == there["metadata"]
    made = Recorded(ObjectRef("rome", r.PUBLIC_KEY, "liqo", "milan"), "uid-1", Ownership.CREATED)
    world.hub.set_status(wanted.ref, {"objects": to_entries([made])})
    with pytest.raises(AlreadyExists):
        open_record(world.hub, None, wanted, Deadline(5))
