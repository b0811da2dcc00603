"""Liqo in another namespace: what every command reads and writes there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kubectl_liqo_shortcut.commands import leaves
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Verb
from kubectl_liqo_shortcut.core.hub.leaves import Reachability
from kubectl_liqo_shortcut.core.model import Object
from kubectl_liqo_shortcut.errors import ExitCode, NoLiqo, ShortcutError
from tests.commands.test_create import events, link_objects, outcome
from tests.commands.test_preflight import names, report
from tests.fakes import FakeWorld
from tests.peered import peered


@pytest.fixture
def elsewhere() -> Iterator[FakeWorld]:
    world = FakeWorld("milan", "rome", liqo="tunnels")
    yield world
    world.close()


def test_a_link_is_made(elsewhere: FakeWorld) -> None:
    assert outcome(events(elsewhere)).verb is Verb.CREATED
    assert len(link_objects(elsewhere)) == 6


def test_the_lease_is_there(elsewhere: FakeWorld) -> None:
    list(events(elsewhere))
    assert {ref.namespace for _, ref in elsewhere.calls if ref.kind == r.LEASE} == {"tunnels"}


def test_the_usual_templates_are_there(elsewhere: FakeWorld) -> None:
    list(events(elsewhere))
    gateways = [
        body
        for leaf in elsewhere.leaves.values()
        for kind in (r.GATEWAY_SERVER, r.GATEWAY_CLIENT)
        for body in leaf.of(kind)
    ]
    found = {
        value["namespace"]
        for body in gateways
        for key, value in body["spec"].items()
        if key.endswith("TemplateRef")
    }
    assert (len(gateways), found) == (2, {"tunnels"})


def test_nobody_looks_into_the_usual_namespace(elsewhere: FakeWorld) -> None:
    report(elsewhere)
    list(events(elsewhere))
    assert r.LIQO_NAMESPACE not in {ref.namespace for _, ref in elsewhere.calls}


def test_preflight_finds_nothing_wrong(elsewhere: FakeWorld) -> None:
    assert names(report(elsewhere)) == []


def test_permissions_are_asked_for_there(elsewhere: FakeWorld) -> None:
    asked: list[str] = []

    def allows(attributes: Object) -> bool:
        asked.append(str(attributes.get("namespace")))
        return bool(attributes["verb"] != "*")

    for cluster in (elsewhere.hub, *elsewhere.leaves.values()):
        cluster.allows = allows
    assert names(report(elsewhere)) == []
    assert "tunnels" in asked
    assert r.LIQO_NAMESPACE not in asked


def test_leaves_are_found_and_the_facts_say_where_liqo_is(elsewhere: FakeWorld) -> None:
    peered(elsewhere)
    found = leaves.list_leaves((), elsewhere, lambda _: "", 5.0)
    assert {each.says.reach for each in found} == {Reachability.OK}
    document = leaves.hub_facts((), elsewhere, lambda leaf: "tunnels" if leaf == "rome" else "")
    assert document["leaves"]["rome"]["liqoNamespace"] == "tunnels"
    assert "liqoNamespace" not in document["leaves"]["milan"]


def test_one_leaf_alone_may_have_it_elsewhere(world: FakeWorld) -> None:
    world.leaves["rome"].liqo_namespace = "tunnels"
    with pytest.raises(ShortcutError) as caught:
        list(events(world))
    assert isinstance(caught.value, NoLiqo)
    assert caught.value.exit_code is ExitCode.REFUSED
    assert "no ConfigMap liqo-clusterid-configmap in namespace tunnels" in caught.value.message
    assert str(caught.value.hint).endswith("--leaf-liqo-namespace rome=NS")
