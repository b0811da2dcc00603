"""The gateway server's Service may be of any type: the link comes up, and is told as it is."""

from __future__ import annotations

import ipaddress
import json

import pytest

from tests.e2e.plugin import NAME, PAIR, UP, connections, link_objects, plugin, succeed
from tests.lab.kube import CORE, path
from tests.lab.lab import Lab
from tests.lab.topology import ClusterSpec

PORT, NODE_PORT = 51840, 31847
SERVER, CLIENT = PAIR  # both serve the hub, so the first one serves


@pytest.fixture
def spec(hub: Lab) -> ClusterSpec:
    """The server's cluster."""
    return hub.clusters[SERVER].spec


def test_a_load_balancer_with_an_address(hub: Lab, spec: ClusterSpec) -> None:
    address, port = linked(hub)
    assert address in spec.load_balancer_pool
    assert port == PORT
    all_is_well_until_it_is_deleted(hub, dialled=f"{address}:{port}")


def test_a_load_balancer_with_the_address_that_was_asked_for(hub: Lab, spec: ClusterSpec) -> None:
    wanted = spec.load_balancer_pool[-1]  # which it would not take by itself
    assert linked(hub, "--gw-server-service-loadbalancerip", wanted) == (wanted, PORT)
    all_is_well_until_it_is_deleted(hub, dialled=f"{wanted}:{PORT}")


def test_a_load_balancer_that_publishes_a_name(hub: Lab, spec: ClusterSpec) -> None:
    hub.set_knobs(lb_hostname=True)
    name, port = linked(hub)
    assert f"{name}:{port}" in succeed(hub, "get", "-o", "wide")
    address = spec.load_balancer_names[name]  # which Liqo's gateway client resolves itself
    all_is_well_until_it_is_deleted(hub, dialled=f"{address}:{PORT}")


def test_a_node_port_that_kubernetes_chooses(hub: Lab, spec: ClusterSpec) -> None:
    address, port = linked(hub, "--gw-server-service-type", "NodePort")
    (service,) = hub.clusters[SERVER].kube.list(path(CORE, "services", f"liqo-tenant-{CLIENT}"))
    assert (address, port) == (spec.node_address, service["spec"]["ports"][0]["nodePort"])
    all_is_well_until_it_is_deleted(hub, dialled=f"{address}:{port}")


def test_the_node_port_that_was_asked_for(hub: Lab, spec: ClusterSpec) -> None:
    wanted = ("--gw-server-service-nodeport", str(NODE_PORT))
    there = linked(hub, "--gw-server-service-type", "NodePort", *wanted)
    assert there == (spec.node_address, NODE_PORT)
    all_is_well_until_it_is_deleted(hub, dialled=f"{spec.node_address}:{NODE_PORT}")


def test_a_cluster_ip_within_one_network(hub: Lab, spec: ClusterSpec) -> None:
    address, port = linked(hub, "--gw-server-service-type", "ClusterIP")
    assert ipaddress.IPv4Address(address) in ipaddress.IPv4Network(spec.service_cidr)
    assert port == PORT
    all_is_well_until_it_is_deleted(hub, dialled=f"{address}:{port}")


def linked(lab: Lab, *options: str) -> tuple[str, int]:
    """Where the record says that the server listens, once the link is made."""
    succeed(lab, "create", *PAIR, *options)
    endpoint = json.loads(succeed(lab, "get", NAME, "-o", "json"))["status"]["endpoint"]
    assert endpoint["protocol"] == "UDP"
    return endpoint["address"], endpoint["port"]


def all_is_well_until_it_is_deleted(lab: Lab, dialled: str) -> None:
    assert connections(lab) == UP
    assert lab.peer_endpoint(CLIENT, SERVER) == dialled
    assert " 0% packet loss" in lab.tunnel_ping(CLIENT, SERVER, count=3)
    assert " 0% packet loss" in lab.tunnel_ping(SERVER, CLIENT, count=3)
    assert "FAIL" not in succeed(lab, "why", *PAIR)
    succeed(lab, "delete", *PAIR)
    assert link_objects(lab) == []
    assert "not found" in plugin(lab, "get", NAME).stderr
