from __future__ import annotations

import pytest

from kubectl_liqo_shortcut.commands.graph import graph
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.hub.topology import PeeringEdge, ShortcutEdge
from kubectl_liqo_shortcut.core.model import HUB
from kubectl_liqo_shortcut.errors import Forbidden, NoLiqo
from tests.fakes import FakeWorld
from tests.peered import peered
from tests.samples import record_of


@pytest.fixture
def hub(world: FakeWorld) -> FakeWorld:
    peered(world)
    world.hub.put(record_of())
    world.calls.clear()
    return world


def test_peerings_and_shortcuts_are_what_the_hub_knows(hub: FakeWorld) -> None:
    topology, missing = graph(hub)
    assert topology.peerings == (
        PeeringEdge("milan", "Connected", "1ms"),
        PeeringEdge("rome", "Connected", "2ms"),
    )
    assert topology.shortcuts == (ShortcutEdge("milan--rome", "rome", "milan", "Unknown"),)
    assert missing is None


def test_three_lists_of_the_hub_are_asked_for_and_no_leaf(hub: FakeWorld) -> None:
    graph(hub)
    asked = sorted((ref.cluster, verb, ref.kind.kind) for verb, ref in hub.calls)
    assert asked == [(HUB, "list", kind) for kind in ("Configuration", "Connection", "Shortcut")]


def test_a_hub_without_the_kind_still_shows_its_peerings(hub: FakeWorld) -> None:
    hub.hub.not_served.add(r.SHORTCUT)
    topology, missing = graph(hub)
    assert (topology.leaves, topology.shortcuts) == (("milan", "rome"), ())
    assert missing is not None
    assert missing.hint == "install it once: kubectl liqo-shortcut crd install"


def test_a_hub_without_liqo_is_told_so(hub: FakeWorld) -> None:
    hub.hub.not_served.add(r.CONFIGURATION)
    with pytest.raises(NoLiqo):
        graph(hub)


def test_what_may_not_be_listed_is_an_error(hub: FakeWorld) -> None:
    hub.hub.fault = lambda _, ref: Forbidden(HUB, "no") if ref.kind == r.CONNECTION else None
    with pytest.raises(Forbidden):
        graph(hub)
