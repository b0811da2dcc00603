"""One command at the hub links two leaves of real Liqo, and undoes what it cannot finish."""

from __future__ import annotations

import json
import signal

import pytest

from tests.e2e.plugin import (
    PAIR,
    changes,
    connections,
    interrupt_when,
    link_objects,
    plugin,
    snapshots,
    succeed,
)
from tests.lab.kube import NETWORKING, path
from tests.lab.lab import Lab


def record(lab: Lab) -> dict[str, object]:
    found: dict[str, object] = json.loads(succeed(lab, "get", *PAIR, "-o", "json"))
    return found


def ready(lab: Lab) -> str:
    query = '{.items[*].status.conditions[?(@.type=="Ready")].status}'
    return lab.kubectl("get", "shortcuts", "-o", f"jsonpath={query}").stdout


@pytest.mark.usefixtures("pristine")
def test_one_command_links_two_leaves_and_the_hub_knows(hub: Lab) -> None:
    assert succeed(hub, "create", *PAIR) == "shortcut.shortcut.liqo.io/leaf-1--leaf-2 created\n"
    assert ready(hub) == "True"
    assert connections(hub) == {"leaf-1": "Connected", "leaf-2": "Connected"}
    assert " 0% packet loss" in hub.tunnel_ping("leaf-1", "leaf-2")
    assert " 0% packet loss" in hub.tunnel_ping("leaf-2", "leaf-1")


def test_with_liqos_own_pings_a_link_is_made_too(hub: Lab, liqos_pings: tuple[str, ...]) -> None:
    succeed(hub, "create", *PAIR, *liqos_pings)
    assert ready(hub) == "True"
    assert connections(hub) == {"leaf-1": "Connected", "leaf-2": "Connected"}


def test_a_second_create_changes_nothing_whatever_the_order(hub: Lab) -> None:
    succeed(hub, "create", *PAIR)
    before = snapshots(hub)
    for pair in (PAIR, PAIR[::-1]):
        said = succeed(hub, "create", *pair)
        assert said == "shortcut.shortcut.liqo.io/leaf-1--leaf-2 unchanged\n"
    assert snapshots(hub) == before


@pytest.mark.usefixtures("pristine")
def test_the_record_never_holds_a_key_and_names_what_was_made(hub: Lab) -> None:
    succeed(hub, "create", *PAIR)
    text = json.dumps(record(hub))
    for leaf, peer in (PAIR, PAIR[::-1]):
        kube = hub.clusters[leaf].kube
        (key,) = kube.list(path(NETWORKING, "publickeies", f"liqo-tenant-{peer}"))
        assert key["spec"]["publicKey"] not in text
    assert text.count('"ownership": "Created"') == 8


def test_the_server_asked_for_serves(hub: Lab) -> None:
    succeed(hub, "create", *PAIR, "--gw-server", "leaf-2")
    assert hub.clusters["leaf-2"].kube.list(
        path(NETWORKING, "gatewayservers", "liqo-tenant-leaf-1")
    )


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=["Ctrl-C", "SIGTERM", "a closed terminal"],
)
def test_an_interrupted_create_leaves_nothing(hub: Lab, number: signal.Signals, code: int) -> None:
    hub.set_knobs(pod_start=5)
    before = snapshots(hub)
    returned, said = interrupt_when(hub, "gatewayclient/leaf-1 created", number, "create", *PAIR)
    assert returned == code, said
    assert link_objects(hub) == []
    assert "not found" in plugin(hub, "get", *PAIR).stderr
    assert changes(hub, before) == []


def test_a_timeout_keeps_what_was_made_and_the_same_command_goes_on(hub: Lab) -> None:
    hub.set_knobs(pod_start=8)
    done = plugin(hub, "create", *PAIR, "--timeout", "6s")
    assert done.returncode == 5, done.stderr
    assert "leaf-1: Connection: not there yet (udp://" in done.stderr
    assert succeed(hub, "create", *PAIR).endswith("configured\n") or ready(hub) == "True"
    assert connections(hub) == {"leaf-1": "Connected", "leaf-2": "Connected"}


def test_a_configuration_of_ours_that_drifted_is_set_right(hub: Lab) -> None:
    succeed(hub, "create", *PAIR)
    kube = hub.clusters["leaf-1"].kube
    url = path(NETWORKING, "configurations", "liqo-tenant-leaf-2", "leaf-2")
    kube.patch(url, {"spec": {"remote": {"cidr": {"pod": ["10.99.0.0/16"]}}}})
    assert succeed(hub, "create", *PAIR) == "shortcut.shortcut.liqo.io/leaf-1--leaf-2 configured\n"
    pod_cidr = hub.clusters["leaf-2"].spec.pod_cidr
    assert kube.get(url)["spec"]["remote"]["cidr"]["pod"] == [pod_cidr]


def test_a_hub_without_the_crd_is_told_the_one_command(clean_lab: Lab) -> None:
    clean_lab.kubectl("delete", "crd", "shortcuts.shortcut.liqo.io", "--ignore-not-found")
    done = plugin(clean_lab, "create", *PAIR)
    assert done.returncode == 4
    assert "kubectl liqo-shortcut crd install" in done.stderr


@pytest.mark.usefixtures("pristine")
def test_a_foreign_configuration_in_the_way_is_refused_and_stays(hub: Lab) -> None:
    kube = hub.clusters["leaf-1"].kube
    labels = {"liqo.io/remote-cluster-id": "leaf-2"}
    namespace = {
        "name": "liqo-tenant-leaf-2",
        "labels": {**labels, "liqo.io/tenant-namespace": "true"},
    }
    kube.create("/api/v1/namespaces", {"metadata": namespace})
    kube.create(
        path(NETWORKING, "configurations", "liqo-tenant-leaf-2"),
        {
            "apiVersion": "networking.liqo.io/v1beta1",
            "kind": "Configuration",
            "metadata": {"name": "leaf-2", "labels": labels},
            "spec": {"remote": {"cidr": {"pod": ["10.99.0.0/16"], "external": ["10.98.0.0/16"]}}},
        },
    )
    before = hub.snapshot("leaf-2")
    done = plugin(hub, "create", *PAIR)
    assert done.returncode == 4, done.stderr
    assert "cluster 'leaf-1': configuration/leaf-2 was made by somebody else" in done.stderr
    (still_there,) = kube.list(path(NETWORKING, "configurations", "liqo-tenant-leaf-2"))
    assert still_there["spec"]["remote"]["cidr"]["pod"] == ["10.99.0.0/16"]
    assert hub.snapshot("leaf-2") == before


def test_a_link_made_by_liqoctl_is_reused_and_survives_delete(hub: Lab) -> None:
    hub.connect("leaf-1", "leaf-2")
    before = set(link_objects(hub))
    said = plugin(hub, "create", *PAIR)
    assert said.returncode == 0, said.stderr
    assert "leaf-2: gatewayserver/leaf-1 reused" in said.stderr
    assert ready(hub) == "True"
    succeed(hub, "delete", *PAIR)
    assert set(link_objects(hub)) == before
