"""Leaves behind NAT: clients by themselves, servers by a forwarded port, refused without."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator

import pytest

from tests.e2e.plugin import NAME, PAIR, UP, connections, link_objects, plugin, succeed
from tests.lab.kube import CORE, path, wait_for
from tests.lab.lab import Lab
from tests.lab.links import connections as links_of
from tests.lab.topology import HUB

FIRST, SECOND = PAIR


def dials_the_hub(lab: Lab, leaf: str) -> Iterator[None]:
    """As it must behind NAT, the leaf is gateway client of its link with the hub, not server."""
    try:
        lab.clear_link(HUB, leaf)
        lab.connect(leaf, HUB)
        yield
    finally:
        lab.nat.clear()
        lab.clear_link(HUB, leaf)
        lab.connect(HUB, leaf)


@pytest.fixture(scope="module")
def second_dials(lab: Lab) -> Iterator[None]:
    yield from dials_the_hub(lab, SECOND)


@pytest.fixture(scope="module")
def first_dials(lab: Lab) -> Iterator[None]:
    yield from dials_the_hub(lab, FIRST)


@pytest.fixture
def one_behind(hub: Lab, second_dials: None) -> Lab:
    """The second leaf is behind NAT, the first serves the hub."""
    hub.nat.masquerade(SECOND)
    return hub


@pytest.fixture
def both_behind(one_behind: Lab, first_dials: None) -> Lab:
    one_behind.nat.masquerade(FIRST)
    return one_behind


def test_nothing_but_answers_comes_through_the_labs_nat(hub: Lab, second_dials: None) -> None:
    cluster = hub.clusters[SECOND]
    (pod,) = cluster.kube.list(path(CORE, "pods", f"liqo-tenant-{HUB}"))
    addresses = [pod["status"]["podIP"], cluster.spec.node_address]
    assert [pings(hub, address) for address in addresses] == [True, True]
    hub.nat.masquerade(SECOND)
    assert [pings(hub, address) for address in addresses] == [False, False]
    wait_for(lambda: up_with_hub(hub, SECOND), 30, "the leaf's link with the hub", 0.2)
    assert " 0% packet loss" in hub.tunnel_ping(HUB, SECOND, count=3)
    assert hub.peer_endpoint(HUB, SECOND).startswith(f"{cluster.spec.nat_address}:")


def test_a_leaf_behind_nat_becomes_the_client_by_itself(one_behind: Lab) -> None:
    succeed(one_behind, "create", SECOND, FIRST)
    assert server(one_behind) == FIRST
    assert connections(one_behind) == UP
    assert " 0% packet loss" in one_behind.tunnel_ping(SECOND, FIRST, count=3)
    assert " 0% packet loss" in one_behind.tunnel_ping(FIRST, SECOND, count=3)
    assert one_behind.peer_endpoint(FIRST, SECOND).startswith(f"{nat(one_behind, SECOND)}:")
    nothing_is_left_by_delete(one_behind)


def test_as_server_it_is_refused_before_anything_is_written(one_behind: Lab) -> None:
    before = whole(one_behind)
    done = plugin(one_behind, "create", *PAIR, "--gw-server", SECOND)
    assert done.returncode == 4
    assert f"Error: {SECOND} is not known to be reachable from outside" in done.stderr
    assert f"let {FIRST} be the server: --gw-server {FIRST}" in done.stderr
    assert f"Or forward a UDP port to {SECOND}:" in done.stderr
    by_what = ("--gw-server", SECOND, "--gw-server-service-type", "LoadBalancer")
    said = plugin(one_behind, "create", *PAIR, *by_what, "--dry-run=server")
    assert (said.returncode, said.stderr.count("ServerUnknown")) == (0, 1), said.stderr
    dry = plugin(one_behind, "create", *PAIR, "--gw-server", SECOND, "--dry-run")
    assert dry.returncode == 4
    assert done.stderr.endswith(dry.stderr)
    assert dry.stderr.startswith("Error: ")
    assert found(one_behind, SECOND) == (4, [("ServerBehindNAT", SECOND)])
    assert whole(one_behind) == before


def test_as_server_with_a_forwarded_port_it_is_reached(one_behind: Lab) -> None:
    ports, options = recipe(one_behind, SECOND, "--gw-server", SECOND)
    one_behind.nat.forward(SECOND, *ports)
    succeed(one_behind, "create", *PAIR, *options)
    assert server(one_behind) == SECOND
    assert connections(one_behind) == UP
    assert one_behind.peer_endpoint(FIRST, SECOND) == f"{nat(one_behind, SECOND)}:51840"
    assert "unchanged" in succeed(one_behind, "create", *PAIR, "--gw-server", SECOND)


def test_with_both_behind_nat_the_way_out_is_told_and_nothing_written(both_behind: Lab) -> None:
    before = whole(both_behind)
    done = plugin(both_behind, "create", *PAIR)
    assert done.returncode == 4
    assert f"Error: neither {FIRST} nor {SECOND} is gateway server towards the hub" in done.stderr
    dry = plugin(both_behind, "create", *PAIR, "--dry-run")
    assert dry.returncode == 4
    assert done.stderr.endswith(dry.stderr)
    assert dry.stderr.startswith("Error: ")
    assert found(both_behind) == (4, [("NoServer", "the hub")])
    assert found(both_behind, SECOND) == (0, [("ServerUnknown", SECOND)])
    assert whole(both_behind) == before


def test_the_recipe_followed_to_the_letter_links_both(both_behind: Lab) -> None:
    ports, options = recipe(both_behind, FIRST)
    both_behind.nat.forward(FIRST, *ports)
    said = plugin(both_behind, "create", *PAIR, *options)
    assert said.returncode == 0, said.stderr
    assert "warning" not in said.stderr
    assert connections(both_behind) == UP
    assert " 0% packet loss" in both_behind.tunnel_ping(SECOND, FIRST, count=3)
    dialled = f"{nat(both_behind, FIRST)}:51840"
    assert both_behind.peer_endpoint(SECOND, FIRST) == dialled
    assert both_behind.peer_endpoint(FIRST, SECOND).startswith(f"{nat(both_behind, SECOND)}:")
    why = succeed(both_behind, "why", *PAIR)
    assert f"dials udp://{dialled}, as spec.gateway.clientEndpoint says" in why
    assert "FAIL" not in why
    assert " True  " in succeed(both_behind, "get", "--no-headers")
    nothing_is_left_by_delete(both_behind)


def test_without_the_forward_it_times_out_naming_the_endpoint_and_goes_on_once_it_is_there(
    both_behind: Lab,
) -> None:
    ports, options = recipe(both_behind, FIRST)
    done = plugin(both_behind, "create", *PAIR, *options, "--timeout", "7s")
    assert done.returncode == 5, done.stderr
    dialled = f"udp://{nat(both_behind, FIRST)}:51840"
    assert dialled in done.stderr
    assert dialled in plugin(both_behind, "why", *PAIR).stdout
    both_behind.nat.forward(FIRST, *ports)
    succeed(both_behind, "create", *PAIR, *options)
    assert connections(both_behind) == UP


def recipe(lab: Lab, leaf: str, *options: str) -> tuple[tuple[int, int], list[str]]:
    """What a refused ``create`` tells to do: which port to forward to which one, the options."""
    told = plugin(lab, "create", *PAIR, *options).stderr
    told_forward = rf"forward UDP port (\d+) to port (\d+) of any of {leaf}'s nodes"
    told_options = rf"kubectl liqo-shortcut create {leaf} \S+ (.*) ADDRESS\s+\(ADDRESS: "
    forwarded, wanted = re.search(told_forward, told), re.search(told_options, told)
    assert forwarded, told
    assert wanted, told
    ports = int(forwarded[1]), int(forwarded[2])
    return ports, [*wanted[1].split(), nat(lab, leaf)]


def pings(lab: Lab, address: str) -> bool:
    """From the hub's gateway, which is outside."""
    inside = ("ip", "netns", "exec", lab.gateway_namespace(HUB, SECOND))
    ping = ("ping", "-n", "-c", "1", "-W", "1", address)
    return subprocess.run([*inside, *ping], capture_output=True, check=False).returncode == 0


def up_with_hub(lab: Lab, leaf: str) -> bool:
    hub, side = links_of(lab.clusters[HUB].kube), links_of(lab.clusters[leaf].kube)
    states = [value for remote, _, value, _ in (*hub, *side) if remote in (leaf, HUB)]
    return states == ["Connected", "Connected"]


def nat(lab: Lab, leaf: str) -> str:
    return lab.clusters[leaf].spec.nat_address


def server(lab: Lab) -> str:
    record = json.loads(succeed(lab, "get", NAME, "-o", "json"))
    named: str = record["spec"]["server"]["clusterID"]
    return named


def found(lab: Lab, wanted: str = "") -> tuple[int, list[tuple[str, str]]]:
    """What preflight finds, where, and its exit code."""
    options = ("--gw-server", wanted) if wanted else ()
    done = plugin(lab, "preflight", *PAIR, *options, "-o", "json")
    findings = json.loads(done.stdout)["findings"]
    return done.returncode, [(each["name"], each["cluster"]) for each in findings]


def whole(lab: Lab) -> dict[str, object]:
    return {name: lab.snapshot(name) for name in lab.clusters}


def nothing_is_left_by_delete(lab: Lab) -> None:
    succeed(lab, "delete", *PAIR)
    assert link_objects(lab) == []
    assert "not found" in plugin(lab, "get", NAME).stderr
