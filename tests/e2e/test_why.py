"""``get --live``, ``describe`` and ``why`` name the true cause, and its cluster, for real links."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.plugin import NAME, PAIR, connections, environment, plugin, succeed
from tests.lab import binaries
from tests.lab.kube import NETWORKING, path, wait_for
from tests.lab.lab import Lab


def causes(lab: Lab) -> dict[str, tuple[str, str]]:
    """Reason and cluster, as each of the commands names them; they may look at different times."""
    explained = json.loads(plugin(lab, "why", *PAIR, "-o", "json").stdout)["cause"]
    row = re.split(r" {2,}", succeed(lab, "get", "--live", "--no-headers").strip())
    told = plugin(lab, "describe", *PAIR).stdout.partition("What is wrong:\n")[2]
    cluster = next((leaf for leaf in PAIR if f" {leaf} " in told.splitlines()[0]), "?")
    ready = json.loads(succeed(lab, "get", NAME, "--live", "-o", "json"))["status"]["conditions"]
    found = next(each for each in ready if each["type"] == "Ready")
    return {
        "why": (explained["reason"], explained["cluster"]),
        "describe": (explained["reason"], cluster),
        "get --live": (row[4], row[-1].partition(":")[0]),
        "get --live -o json": (found["reason"], found["message"].partition(":")[0]),
    }


def agreed(reason: str, cluster: str) -> dict[str, tuple[str, str]]:
    commands = ("why", "describe", "get --live", "get --live -o json")
    return dict.fromkeys(commands, (reason, cluster))


def test_a_pair_without_a_link_is_explained(hub: Lab) -> None:
    done = plugin(hub, "why", *PAIR)
    assert done.returncode == 1
    assert "there is no shortcut between them" in done.stdout
    assert "-> kubectl liqo-shortcut create leaf-1 leaf-2" in done.stdout


def test_all_is_well_with_a_healthy_link(link: Lab) -> None:
    assert "FAIL" not in succeed(link, "why", *PAIR)
    assert "Nothing is wrong." in succeed(link, "describe", *PAIR)
    assert " True " in succeed(link, "get", "--live")


def test_a_tunnel_that_is_cut_is_not_ready_soon_after_liqo_notices(link: Lab) -> None:
    link.faults.cut_tunnel("leaf-1", "leaf-2")
    wait_for(lambda: "Error" in connections(link).values(), 30, "Liqo notices the cut", 0.2)
    began = time.monotonic()
    assert "True" not in succeed(link, "get", "--live", "--no-headers")
    assert time.monotonic() - began < 15
    told = causes(link)
    assert {reason for reason, _ in told.values()} == {"TunnelDown"}
    assert len(set(told.values())) == 1
    assert "True" in succeed(link, "get", "--no-headers")  # the record knows it from sync on


def test_where_one_side_alone_says_connected_both_words_are_told(link: Lab) -> None:
    freeze(link)
    assert "leaf-2 says Connected, and was answered" in plugin(link, "why", *PAIR).stdout
    assert "True" not in succeed(link, "get", "--live", "--no-headers")


@pytest.mark.soak("waits")
def test_the_leaf_whose_word_is_old_is_named(link: Lab) -> None:
    freeze(link)
    stale = agreed("StaleConnection", "leaf-2")
    wait_for(lambda: causes(link) == stale, 60, "its word is old", 1.0)


def freeze(lab: Lab) -> None:
    """The gateway of leaf-2, which says Connected for ever: they disagree."""
    lab.faults.freeze_gateway("leaf-2", "leaf-1")
    wait_for(lambda: "Error" in connections(lab).values(), 30, "leaf-1 notices", 0.2)
    assert set(connections(lab).values()) == {"Error", "Connected"}


def test_a_gateway_deleted_by_hand_is_named(link: Lab) -> None:
    kube = link.clusters["leaf-2"].kube
    kube.delete(path(NETWORKING, "gatewayclients", "liqo-tenant-leaf-1", "leaf-1"))
    assert causes(link) == agreed("NoGateway", "leaf-2")


def test_a_wrong_key_is_named(link: Lab) -> None:
    kube = link.clusters["leaf-1"].kube
    url = path(NETWORKING, "publickeies", "liqo-tenant-leaf-2", "leaf-2")
    kube.patch(url, {"spec": {"publicKey": "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="}})
    wait_for(lambda: "Error" in connections(link).values(), 40, "Liqo notices the key", 0.2)
    assert causes(link) == agreed("KeyMismatch", "leaf-1")
    succeed(link, "sync")
    assert "FAIL" not in succeed(link, "why", *PAIR)


def test_a_wrong_endpoint_is_named(link: Lab) -> None:
    kube = link.clusters["leaf-2"].kube
    url = path(NETWORKING, "gatewayclients", "liqo-tenant-leaf-1", "leaf-1")
    kube.patch(url, {"spec": {"endpoint": {"addresses": ["192.0.2.9"]}}})
    assert causes(link) == agreed("WrongEndpoint", "leaf-2")


def test_an_endpoint_that_does_not_come_is_named(hub: Lab) -> None:
    hub.set_knobs(lb_delay=60)
    done = plugin(hub, "create", *PAIR, "--timeout", "3s")
    assert done.returncode == 5, done.stderr
    wait_for(
        lambda: causes(hub)["why"][0] not in ("NoGatewayPod", "GatewayPodNotReady"), 30, "Pods", 0.5
    )
    assert causes(hub) == agreed("EndpointPending", "leaf-1")


def test_a_crashing_server_pod_is_named(hub: Lab) -> None:
    kube = hub.clusters["leaf-1"].kube
    url = path(NETWORKING, "wggatewayservertemplates", "liqo")
    template = kube.get(f"{url}/wireguard-server")
    broken = json.loads(
        json.dumps({**template, "metadata": {"name": "broken", "namespace": "liqo"}}).replace(
            "--implementation=userspace", "--implementation=nonsense"
        )
    )
    kube.create(url, broken)
    options = ("--gw-server", "leaf-1", "--gw-server-template-name", "broken")
    try:
        done = plugin(hub, "create", *PAIR, *options, "--timeout", "8s")
        assert done.returncode == 5, done.stderr
        crashing = agreed("GatewayPodNotReady", "leaf-1")  # between two crashes it looks well
        wait_for(lambda: causes(hub) == crashing, 60, "all see it down", 0.5)
        wait_for(lambda: "container wireguard" in plugin(hub, "why", *PAIR).stdout, 30, "why", 0.5)
    finally:
        kube.delete(f"{url}/broken")


@pytest.mark.usefixtures("mended")
def test_networks_that_liqo_has_not_configured_are_named(hub: Lab) -> None:
    hub.faults.stop_controllers("leaf-2")
    done = plugin(hub, "create", *PAIR, "--timeout", "5s")
    assert done.returncode == 5, done.stderr
    assert causes(hub) == agreed("NetworksNotConfigured", "leaf-2")


@pytest.mark.usefixtures("mended")
def test_a_dead_leaf_is_named(link: Lab) -> None:
    link.faults.cut_api_server("leaf-2")
    assert causes(link) == agreed("LeafUnreachable", "leaf-2")


def test_a_record_that_is_behind_is_named_and_the_link_is_up(link: Lab) -> None:
    link.kubectl("annotate", "shortcut", NAME, "a=b")
    patch = '{"spec":{"expirationTime":"2099-01-01T00:00:00Z"}}'
    link.kubectl("patch", "shortcut", NAME, "--type=merge", "-p", patch)
    done = plugin(link, "why", *PAIR)
    assert done.returncode == 1
    assert "the record was edited" in done.stdout
    assert " True " in succeed(link, "get", "--live")


def test_kubectl_itself_watches_what_the_commands_write(hub: Lab, tmp_path: Path) -> None:
    written = tmp_path / "watched"
    with written.open("w", encoding="utf-8") as file:
        kubectl = (str(binaries.path("kubectl")), "get", "shortcuts", "--watch", "--no-headers")
        watching = subprocess.Popen(kubectl, env=environment(hub), stdout=file, stderr=file)
    try:
        succeed(hub, "create", *PAIR)
        wait_for(lambda: " True " in written.read_text("utf-8"), 10, "kubectl shows it", 0.1)
    finally:
        watching.terminate()
        watching.wait()
    rows = [line.split() for line in written.read_text("utf-8").splitlines() if line]
    assert {row[0] for row in rows} == {NAME}
    assert rows[0][3] == "Unknown"  # NAME SERVER CLIENT READY, as it came up
    assert rows[-1][3] == "True"


def test_kubectl_itself_waits_and_explains(link: Lab) -> None:
    link.kubectl("wait", "--for=condition=Ready", f"shortcut/{NAME}", "--timeout=10s")
    assert "latency" in link.kubectl("explain", "shortcut.status").stdout
    assert "bytes" in link.kubectl("explain", "shortcut.spec.gateway.mtu").stdout
