"""The lab itself: what every other end-to-end test relies on."""

from __future__ import annotations

import subprocess
import time

import pytest

from tests.lab.kube import CORE, NETWORKING, ApiError, path
from tests.lab.lab import Lab
from tests.lab.links import connections
from tests.lab.snapshot import differences


def liqoctl_connect(lab: Lab, *options: str) -> None:
    lab.liqoctl(
        *("network", "connect", "--wait"),
        *("--kubeconfig", str(lab.clusters["leaf-1"].kubeconfig)),
        *("--remote-kubeconfig", str(lab.clusters["leaf-2"].kubeconfig)),
        *options,
    )


def test_the_hub_is_connected_with_every_leaf(lab: Lab) -> None:
    hub = lab.clusters["hub"].kube
    states = {remote: value for remote, _, value, _ in connections(hub)}

    assert {leaf: states.get(leaf) for leaf in lab.leaves} == dict.fromkeys(lab.leaves, "Connected")


@pytest.mark.parametrize("service_type", ["LoadBalancer", "NodePort", "ClusterIP"])
def test_a_link_made_by_liqoctl_carries_packets(clean_lab: Lab, service_type: str) -> None:
    liqoctl_connect(clean_lab, "--gw-server-service-type", service_type)

    assert " 0% packet loss" in clean_lab.tunnel_ping("leaf-1", "leaf-2")
    assert " 0% packet loss" in clean_lab.tunnel_ping("leaf-2", "leaf-1")


@pytest.mark.usefixtures("pristine")
def test_a_removed_link_leaves_every_cluster_as_it_was(clean_lab: Lab) -> None:
    before = {name: clean_lab.snapshot(name) for name in clean_lab.clusters}
    liqoctl_connect(clean_lab)
    assert clean_lab.link_objects("leaf-1", "leaf-2")

    clean_lab.remove_link("leaf-1", "leaf-2")

    assert clean_lab.link_objects("leaf-1", "leaf-2") == []
    assert clean_lab.link_objects("leaf-2", "leaf-1") == []
    after = {name: clean_lab.snapshot(name) for name in clean_lab.clusters}
    assert {name: differences(before[name], after[name]) for name in before} == {
        name: [] for name in before
    }


def test_injected_delays_hold_back_pods_and_addresses(clean_lab: Lab) -> None:
    clean_lab.set_knobs(pod_start=3, lb_delay=5)
    began = time.monotonic()

    liqoctl_connect(clean_lab)

    assert time.monotonic() - began > 8  # the address, and then the client's Pod


def test_gateways_survive_a_restart_of_their_api_server(clean_lab: Lab) -> None:
    clean_lab.faults.stop_api_server("leaf-2")
    clean_lab.faults.start_api_server("leaf-2")

    liqoctl_connect(clean_lab)

    assert " 0% packet loss" in clean_lab.tunnel_ping("leaf-1", "leaf-2")


def test_a_deleted_pod_is_replaced_and_its_namespace_is_gone(clean_lab: Lab) -> None:
    liqoctl_connect(clean_lab, "--gw-server-service-type", "NodePort")
    before = clean_lab.gateway_namespace("leaf-2", "leaf-1")
    kube = clean_lab.clusters["leaf-2"].kube
    pods = path(CORE, "pods", "liqo-tenant-leaf-1")
    kube.delete(f"{pods}/{kube.list(pods)[0]['metadata']['name']}")

    wait_until_pinged(clean_lab, "leaf-1", "leaf-2")

    assert before not in subprocess.run(["ip", "netns"], capture_output=True, text=True).stdout
    assert clean_lab.gateway_namespace("leaf-2", "leaf-1") != before


def wait_until_pinged(lab: Lab, cluster: str, remote: str, timeout: float = 60) -> None:
    deadline = time.monotonic() + timeout
    while " 0% packet loss" not in (said := lab.tunnel_ping(cluster, remote, count=2)):
        assert time.monotonic() < deadline, said


def test_the_client_says_what_the_api_server_said(lab: Lab) -> None:
    with pytest.raises(
        ApiError, match=r'connections\.networking\.liqo\.io "no" not found'
    ) as caught:
        lab.clusters["hub"].kube.get(path(NETWORKING, "connections", "liqo", "no"))

    assert caught.value.status == 404
