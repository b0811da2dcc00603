"""``why --service``: the first cause, for each state of a Service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kubectl_liqo_shortcut.commands.why_service import why_service
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.diagnosis.check import Check, CheckStatus
from kubectl_liqo_shortcut.core.model import HUB, ObjectRef
from tests.commands.test_leaves import silence
from tests.commands.test_service import turn_on
from tests.commands.test_why import say
from tests.fakes import Body, FakeWorld
from tests.linked import link
from tests.offloading import REMOTE, Offloading, annotate, offload, publish
from tests.peered import connection


@pytest.fixture
def liqo(world: FakeWorld) -> Offloading:
    """A Service that goes direct."""
    liqo = offload(world)
    link(world)
    turn_on(world)
    return liqo


def checks(world: FakeWorld, name: str = "web", namespace: str = "demo") -> tuple[Check, ...]:
    return why_service(namespace, name, world, 5).checks


def cause(world: FakeWorld, name: str = "web", namespace: str = "demo") -> tuple[str, str]:
    found = why_service(namespace, name, world, 5).cause
    assert found is not None
    assert found.next
    return str(found.reason), found.cluster


def slice_on(leaf: str) -> ObjectRef:
    return ObjectRef(leaf, r.ENDPOINT_SLICE, REMOTE, "web-1")


def test_all_is_well_where_it_goes_direct(world: FakeWorld, liqo: Offloading) -> None:
    found = checks(world)
    assert {each.verdict for each in found} == {CheckStatus.OK}
    assert [each.name for each in found] == [
        *("service", "endpoints", "seen by", "link"),
        *("slices", "readiness", "slices", "readiness"),
    ]


def test_since_when_it_is_annotated_and_by_whom_is_told(world: FakeWorld, liqo: Offloading) -> None:
    fields: Body = {"f:metadata": {"f:annotations": {f"f:{r.USE_DIRECT}": {}}}}
    entry = {"manager": "argocd", "time": "2026-01-01T00:00:00Z", "fieldsV1": fields}
    ref = ObjectRef(HUB, r.SERVICE, "demo", "web")
    world.hub.patch(ref, {"metadata": {"managedFields": [{"manager": "other"}, entry]}})
    assert "annotated since 2026-01-01T00:00:00Z, by argocd" in checks(world)[0].seen


def cut_from_hub(world: FakeWorld) -> None:
    """Liqo on milan takes the hub for gone."""
    milan = world.leaves["milan"]
    milan.put(connection("torino", "Error"))
    body = milan.objects[slice_on("milan")]
    cut = [{**each, "conditions": {"ready": False}} for each in body["endpoints"]]
    milan.patch(slice_on("milan"), {"endpoints": cut})


def hub_silent(world: FakeWorld) -> None:
    silence(world.hub)


def freeze(world: FakeWorld) -> None:
    milan = world.leaves["milan"]
    milan.drop(
        next(ref for ref in milan.objects if (ref.kind, ref.name) == (r.CONFIGURATION, "rome"))
    )


def old_address(world: FakeWorld) -> None:
    body = world.leaves["rome"].objects[slice_on("rome")]
    moved = [{**each, "addresses": ["10.170.0.9"]} for each in body["endpoints"]]
    world.leaves["rome"].patch(slice_on("rome"), {"endpoints": moved})


STATES: dict[str, tuple[Callable[[FakeWorld], Any], tuple[str, str]]] = {
    "not annotated": (lambda w: annotate(w, on=False), ("NotAnnotated", HUB)),
    "tunnel down": (lambda w: say(w, "rome", "Error"), ("ShortcutNotReady", "rome")),
    "link broken": (freeze, ("ShortcutNotReady", "milan")),
    "slice gone": (lambda w: w.leaves["rome"].drop(slice_on("rome")), ("SliceMissing", "rome")),
    "slice frozen": (old_address, ("SliceStale", "rome")),
    "leaf silent": (lambda w: silence(w.leaves["rome"]), ("Unseen", "rome")),
    "cut from the hub": (cut_from_hub, ("NotReadyOnLeaf", "milan")),
    "hub silent": (hub_silent, ("HubUnreachable", HUB)),
    "publishes not ready": (
        lambda w: w.hub.patch(
            ObjectRef(HUB, r.SERVICE, "demo", "web"), {"spec": {"publishNotReadyAddresses": True}}
        ),
        ("PublishesNotReady", HUB),
    ),
}


@pytest.mark.parametrize("state", STATES)
def test_the_first_cause_is_named(world: FakeWorld, liqo: Offloading, state: str) -> None:
    change, expected = STATES[state]
    change(world)
    assert cause(world) == expected


def test_a_cut_hub_link_is_told_with_what_the_connection_says(
    world: FakeWorld, liqo: Offloading
) -> None:
    cut_from_hub(world)
    (found,) = (each for each in checks(world) if each.verdict is CheckStatus.FAIL)
    assert found.seen.endswith("its Connection to the hub says Error")


def test_where_nobody_shows_a_connection_readiness_is_told_alone(
    world: FakeWorld, liqo: Offloading
) -> None:
    cut_from_hub(world)
    milan = world.leaves["milan"]
    milan.drop(next(ref for ref in milan.objects if ref.name == "gw-torino"))
    (found,) = (each for each in checks(world) if each.verdict is CheckStatus.FAIL)
    assert found.seen == "endpoints are not ready there"


def test_a_silent_leaf_hides_nothing_of_the_others(world: FakeWorld, liqo: Offloading) -> None:
    silence(world.leaves["rome"])
    named = [(each.name, each.cluster, each.verdict.value) for each in checks(world)]
    assert ("leaf", "rome", "unknown") in named
    assert ("slices", "milan", "ok") in named


def test_a_stale_slice_of_what_is_not_annotated_is_poked_by_disable(
    world: FakeWorld, liqo: Offloading
) -> None:
    liqo.mapping_down.add("milan")
    annotate(world, on=False)
    found = why_service("demo", "web", world, 5).cause
    assert found is not None
    assert (found.reason, found.cluster) == ("SliceStale", "milan")
    assert found.next == "kubectl liqo-shortcut service disable demo/web"


def test_what_has_nothing_elsewhere_is_well_there(world: FakeWorld, liqo: Offloading) -> None:
    publish(world, "here", [("10.61.0.5", "milan")])
    annotate(world, name="here")
    found = [each.seen for each in checks(world, "here") if each.name == "slices"]
    assert found[0] == "there are no endpoints on other leaves"


def test_one_that_is_not_there_and_one_that_no_leaf_sees(
    world: FakeWorld, liqo: Offloading
) -> None:
    assert cause(world, "nobody") == ("NoService", HUB)
    publish(world, "alone", [], namespace="other")
    assert cause(world, "alone", "other") == ("NotOffloaded", HUB)
    told = [each.reason for each in checks(world, "alone", "other") if each.reason]
    assert "NotAnnotated" not in told  # to annotate it would not help


def test_nothing_is_written(world: FakeWorld, liqo: Offloading) -> None:
    world.calls.clear()
    checks(world)
    assert {verb for verb, _ in world.calls} <= {"get", "list", "ask"}
