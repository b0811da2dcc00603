"""``get --live``: what the leaves say now, by one list for each leaf and kind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from kubectl_liqo_shortcut.commands.get_live import live_records
from kubectl_liqo_shortcut.commands.why import why
from kubectl_liqo_shortcut.commands.why_service import why_service
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import HUB, Object
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster
from kubectl_liqo_shortcut.core.record.conditions import Condition, condition_of, is_ready
from tests.commands.test_create import records
from tests.commands.test_why import (
    LABELS,
    drop,
    forbidding,
    heard,
    patch,
    say,
    silent,
    the,
    unlabel,
)
from tests.fakes import FakeWorld
from tests.linked import link
from tests.offloading import offload

PAIRS = [("milan", "rome"), ("milan", "paris"), ("paris", "rome")]


@pytest.fixture
def linked(world: FakeWorld) -> FakeWorld:
    link(world)
    return world


@pytest.fixture
def triangle() -> Iterator[FakeWorld]:
    """Three leaves, each linked with each."""
    world = FakeWorld("milan", "rome", "paris")
    for pair in PAIRS:
        link(world, *pair)
    yield world
    world.close()


def ready(world: FakeWorld) -> Object:
    (record,) = live_records(records(world), world, 5)
    return condition_of(record, Condition.READY)


def test_a_healthy_link_is_ready_and_looked_at_now(linked: FakeWorld) -> None:
    (record,) = live_records(records(linked), linked, 5)
    assert is_ready(record)
    assert record["status"]["lastObservedTime"] >= records(linked)[0]["status"]["lastObservedTime"]
    assert record["spec"] == records(linked)[0]["spec"]


def test_a_cut_tunnel_is_not_ready_whatever_the_record_says(linked: FakeWorld) -> None:
    say(linked, "rome", "Error")
    assert is_ready(records(linked)[0])
    now = ready(linked)
    assert (now["status"], now["reason"]) == ("False", "TunnelDown")
    assert now["message"].startswith("rome: its gateway gets no answer")


def test_an_old_connected_is_not_believed(linked: FakeWorld) -> None:
    heard(linked, "2025-12-31T23:00:00Z")
    assert ready(linked)["reason"] == "StaleConnection"


def test_keys_are_compared_where_the_tunnel_is_not_up(linked: FakeWorld) -> None:
    patch(linked, "rome", r.PUBLIC_KEY, {"spec": {"publicKey": "a" * 43 + "="}})
    say(linked, "rome", "Error")
    assert ready(linked)["reason"] == "KeyMismatch"


def test_a_silent_leaf_makes_it_unknown_and_keeps_what_was_known(linked: FakeWorld) -> None:
    linked.leaves["rome"].fault = silent("rome")
    (record,) = live_records(records(linked), linked, 5)
    now = condition_of(record, Condition.READY)
    assert (now["status"], now["reason"]) == ("Unknown", "LeafUnreachable")
    assert "rome" in now["message"]
    assert record["status"]["objects"] == records(linked)[0]["status"]["objects"]


def test_nothing_is_written(linked: FakeWorld) -> None:
    before = records(linked)
    linked.calls.clear()
    drop(linked, "rome", r.GATEWAY_CLIENT)
    live_records(before, linked, 5)
    assert {verb for verb, _ in linked.calls} <= {"get", "list", "ask"}
    assert records(linked) == before


def test_a_record_that_is_behind_does_not_make_a_link_unready(linked: FakeWorld) -> None:
    ref = the(linked.hub, r.SHORTCUT)
    at = {"lastTransitionTime": "2026-01-01T00:00:00Z"}
    said = {"type": "Ready", "status": "False", "reason": "Failed", "message": "so", **at}
    linked.hub.patch(ref, {"status": {"conditions": [said]}}, subresource="status")
    assert ready(linked)["status"] == "True"


@pytest.mark.parametrize("labels", ["one", "all"])
def test_a_lost_label_and_a_changed_gateway_are_told_though_packets_pass(
    linked: FakeWorld, labels: str
) -> None:
    patch(linked, "rome", r.GATEWAY_CLIENT, {"spec": {"mtu": 1400}})
    now = ready(linked)
    assert (now["status"], now["reason"]) == ("True", "Drifted")
    unlabel(linked, r.PUBLIC_KEY, LABELS[labels])
    now = ready(linked)
    assert (now["status"], now["reason"]) == ("True", "LabelsLost")
    assert now["message"].startswith("rome: publickey/milan is on record as ours")


def test_each_leaf_is_asked_once_for_each_kind_and_for_gateways_only_where_they_are(
    triangle: FakeWorld,
) -> None:
    found = records(triangle)
    triangle.calls.clear()
    assert all(map(is_ready, live_records(found, triangle, 5)))
    listed = [ref for verb, ref in triangle.calls if verb == "list"]
    lists = [(ref.cluster, ref.kind) for ref in listed if ref.kind not in (r.POD, r.SERVICE)]
    assert len(lists) == len(set(lists)) == 3 * 6 + 1
    assert len(listed) - len(lists) == 3 * 2 * 2
    assert all(ref.namespace for ref in listed if ref.kind in (r.POD, r.SERVICE))
    assert [kind.kind for cluster, kind in lists if cluster == HUB] == ["Configuration"]


def test_of_many_links_all_gateways_are_listed_at_once_if_that_is_allowed() -> None:
    peers = [f"leaf-{number}" for number in range(5)]
    world = FakeWorld("milan", *peers)
    for peer in peers:
        link(world, "milan", peer)
    for allowed in (True, False):
        if not allowed:
            world.leaves["milan"].fault = forbidding(r.POD, r.SERVICE)
        world.calls.clear()
        assert all(map(is_ready, live_records(records(world), world, 5)))
        pods = [
            ref
            for verb, ref in world.calls
            if verb == "list" and (ref.cluster, ref.kind) == ("milan", r.POD)
        ]
        assert [each.namespace for each in pods][:1] == [""]
        assert len(pods) == (1 if allowed else 6)


LOOKS: dict[str, Callable[[FakeWorld, OpenCluster], str]] = {
    "get --live": lambda w, way: str(live_records(records(w), way, 0.5)[0]["status"]),
    "why": lambda _, way: str(why(("milan", "rome"), way, 0.5).diagnosis.checks),
    "why --service": lambda _, way: str(why_service("demo", "web", way, 0.5).checks),
}


@pytest.mark.parametrize("look", LOOKS)
def test_a_leaf_that_is_slow_to_open_is_silent_in_time(linked: FakeWorld, look: str) -> None:
    offload(linked)
    over = threading.Event()

    def slow(name: str) -> Cluster:
        if name == "rome":
            over.wait(10)
        return linked(name)

    began = time.monotonic()
    told = LOOKS[look](linked, slow)
    over.set()
    assert time.monotonic() - began < 5
    assert "cluster 'rome': no answer within 0.5 s" in told


def test_without_records_nobody_is_asked(world: FakeWorld) -> None:
    assert live_records([], world, 5) == []
    assert world.calls == []
