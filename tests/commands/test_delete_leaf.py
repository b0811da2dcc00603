from __future__ import annotations

from kubectl_liqo_shortcut.commands.delete_leaf import remains_of
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import cluster_id
from kubectl_liqo_shortcut.errors import Unreachable
from tests.fakes import Body, FakeWorld
from tests.linked import link
from tests.samples import record_of


def silence(world: FakeWorld) -> None:
    world.leaves["rome"].fault = lambda *_: Unreachable("rome", "cannot be reached")


def test_a_leaf_that_nobody_has_a_way_to_is_said_to_be_unchecked(world: FakeWorld) -> None:
    gone = {"server": {"clusterID": "oslo"}, "client": {"clusterID": "rome"}}
    records: list[Body] = [link(world), record_of(spec=gone)]
    silence(world)
    said = list(remains_of(cluster_id("rome"), records, world))
    assert any(each.startswith("what Liqo has of rome on oslo was not checked: ") for each in said)


def test_where_liqo_has_nothing_left_nothing_is_said(world: FakeWorld) -> None:
    record = link(world)
    for cluster in (world.hub, *world.leaves.values()):
        for kind in (r.CONFIGURATION, r.GATEWAY_CLIENT, r.GATEWAY_SERVER, r.NAMESPACE):
            for ref in [ref for ref in cluster.objects if ref.kind == kind]:
                cluster.objects.pop(ref)
    silence(world)
    assert list(remains_of(cluster_id("rome"), [record], world)) == []
