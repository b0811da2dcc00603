from __future__ import annotations

import pytest

from kubectl_liqo_shortcut.commands.prune import Orphans, find_orphans, prune
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Event
from kubectl_liqo_shortcut.core.model import Object, ref_of
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken
from kubectl_liqo_shortcut.errors import Forbidden, PartlyDone, Transient, Unreachable
from tests.commands.test_create import events as create
from tests.commands.test_create import link_objects, records
from tests.commands.test_delete import foreign_cluster
from tests.fakes import FakeCluster, FakeWorld
from tests.linked import link
from tests.told import step_by_step


@pytest.fixture
def orphaned(world: FakeWorld) -> FakeWorld:
    """A link whose record was taken away by force."""
    record = link(world)
    forget(world.hub, record)
    return world


def forget(hub: FakeCluster, record: Object) -> None:
    ref = ref_of(hub.name, record)
    hub.patch(ref, {"metadata": {"finalizers": None}})
    hub.drop(ref)


def run(world: FakeWorld, orphans: Orphans) -> list[Event]:
    return [
        event
        for name in orphans.shortcuts
        for event in step_by_step(prune, name, orphans, world, 5.0, CancelToken())
    ]


def test_what_no_record_knows_is_found_and_removed(orphaned: FakeWorld) -> None:
    orphans = find_orphans(orphaned, 5.0)
    assert sorted(f"{each.entry.ref.cluster} {each.entry.ref}" for each in orphans.found) == (
        link_objects(orphaned)
    )
    run(orphaned, orphans)
    assert link_objects(orphaned) == []
    assert orphaned.hub.of(r.LEASE) == []


def test_tenant_namespaces_are_no_orphans(orphaned: FakeWorld) -> None:
    run(orphaned, find_orphans(orphaned, 5.0))
    names = {ref.name for ref in orphaned.leaves["rome"].objects if ref.kind == r.NAMESPACE}
    assert "liqo-tenant-milan" in names


def test_what_a_record_knows_is_no_orphan(world: FakeWorld) -> None:
    link(world)
    assert find_orphans(world, 5.0).found == ()


def test_what_a_record_without_a_status_has_is_no_orphan(world: FakeWorld) -> None:
    """Whoever empties a status must not have the link removed under its record."""
    record = link(world)
    orphans_before = find_orphans(world, 5.0)
    world.hub.set_status(ref_of(world.hub.name, record), {})
    assert find_orphans(world, 5.0) == orphans_before
    assert orphans_before.found == ()


def test_an_object_that_is_another_than_the_recorded_one_is_an_orphan(world: FakeWorld) -> None:
    link(world)
    rome = world.leaves["rome"]
    ref = next(ref for ref in rome.objects if ref.kind == r.CONFIGURATION)
    body = rome.objects[ref]
    rome.drop(ref)
    rome.put(body)
    orphans = find_orphans(world, 5.0)
    assert [each.entry.ref for each in orphans.found] == [ref]


@pytest.mark.parametrize(
    "label", [r.SHORTCUT_HUB, r.SHORTCUT_NAME, r.MANAGED_BY, r.REMOTE_CLUSTER_ID]
)
@pytest.mark.parametrize("value", ["another", "not an ID!"])
def test_what_is_not_labelled_as_ours_throughout_is_left_alone(
    orphaned: FakeWorld, label: str, value: str
) -> None:
    for leaf in orphaned.leaves.values():
        for body in leaf.objects.values():
            if label in body["metadata"]["labels"]:
                body["metadata"]["labels"][label] = value
    assert find_orphans(orphaned, 5.0).found == ()


def test_what_got_a_record_meanwhile_stays(orphaned: FakeWorld) -> None:
    orphans = find_orphans(orphaned, 5.0)
    for leaf in orphaned.leaves.values():
        for ref in [each.entry.ref for each in orphans.found if each.entry.ref in leaf.objects]:
            leaf.objects.pop(ref)
    list(create(orphaned))
    known = {ref_of("x", body).name for body in records(orphaned)}
    assert known == {"milan--rome"}
    before = link_objects(orphaned)
    run(orphaned, find_orphans(orphaned, 5.0))
    assert link_objects(orphaned) == before


def test_what_is_known_by_the_time_of_removal_stays(world: FakeWorld) -> None:
    record = link(world)
    forget(world.hub, record)
    orphans = find_orphans(world, 5.0)
    world.hub.put(record)
    assert run(world, orphans) == []
    assert len(link_objects(world)) == 6


def test_a_link_that_carries_a_peering_is_not_pruned(orphaned: FakeWorld) -> None:
    orphaned.leaves["rome"].put(foreign_cluster("milan", "Consumer"))
    before = link_objects(orphaned)
    with pytest.raises(PartlyDone, match="is peered with"):
        run(orphaned, find_orphans(orphaned, 5.0))
    assert link_objects(orphaned) == before


def test_a_leaf_that_does_not_answer_is_told_and_the_others_are_searched(
    orphaned: FakeWorld,
) -> None:
    orphaned.leaves["rome"].fault = lambda *_: Unreachable("rome", "cannot be reached")
    orphans = find_orphans(orphaned, 5.0)
    assert set(orphans.silent) == {"rome"}
    assert {each.entry.ref.cluster for each in orphans.found} == {"milan"}
    run(orphaned, orphans)
    assert {each.partition(" ")[0] for each in link_objects(orphaned)} == {"rome"}


def test_what_cannot_be_removed_is_told(orphaned: FakeWorld) -> None:
    orphans = find_orphans(orphaned, 5.0)
    orphaned.leaves["rome"].fault = lambda verb, _: (
        Forbidden("rome", "no") if verb == "delete" else None
    )
    with pytest.raises(PartlyDone, match="no"):
        run(orphaned, orphans)


def test_nothing_is_removed_while_a_leaf_cannot_say_whether_it_is_peered(
    orphaned: FakeWorld,
) -> None:
    orphans = find_orphans(orphaned, 5.0)
    orphaned.leaves["rome"].fault = lambda _, ref: (
        Transient("rome", "busy") if ref.kind == r.FOREIGN_CLUSTER else None
    )
    with pytest.raises(PartlyDone, match="busy"):
        run(orphaned, orphans)
    assert len(link_objects(orphaned)) == 6
