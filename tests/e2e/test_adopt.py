"""``adopt``: a link made by liqoctl becomes a shortcut, and not a Pod of it is restarted."""

from __future__ import annotations

import json

import pytest

from tests.e2e.plugin import (
    NAME,
    PAIR,
    UP,
    changes,
    connections,
    link_objects,
    plugin,
    snapshots,
    succeed,
)
from tests.lab.kube import CORE, NETWORKING, path
from tests.lab.lab import Lab


def uids(lab: Lab) -> dict[str, str]:
    """Of every Pod, gateway and Configuration of the link."""
    found = {}
    for leaf, peer in (PAIR, PAIR[::-1]):
        namespace = f"liqo-tenant-{peer}"
        urls = [path(CORE, "pods", namespace)]
        urls += [
            path(NETWORKING, plural, namespace)
            for plural in ("gatewayservers", "gatewayclients", "configurations", "publickeies")
        ]
        for url in urls:
            for body in lab.clusters[leaf].kube.list(url):
                found[f"{leaf}: {url}/{body['metadata']['name']}"] = body["metadata"]["uid"]
    return found


@pytest.mark.usefixtures("pristine")
@pytest.mark.parametrize(("client", "server"), [PAIR, PAIR[::-1]], ids=["1 to 2", "2 to 1"])
def test_a_link_of_liqoctl_is_taken_over_and_taken_away(hub: Lab, client: str, server: str) -> None:
    before, hub_before = snapshots(hub), hub.snapshot("hub")
    hub.connect(client, server)
    there = uids(hub)
    assert succeed(hub, "adopt", *PAIR) == f"shortcut.shortcut.liqo.io/{NAME} adopted\n"
    assert uids(hub) == there
    assert connections(hub) == UP
    record = json.loads(succeed(hub, "get", *PAIR, "-o", "json"))
    assert record["spec"]["server"]["clusterID"] == server
    assert {each["ownership"] for each in record["status"]["objects"]} == {"Adopted"}
    assert succeed(hub, "sync") == f"shortcut.shortcut.liqo.io/{NAME} unchanged\n"
    assert plugin(hub, "diff").returncode == 0
    assert uids(hub) == there
    succeed(hub, "delete", *PAIR)
    assert link_objects(hub) == []
    assert changes(hub, before) == []
    assert hub.snapshot("hub") == hub_before


def test_a_link_with_options_of_its_own_is_recorded_with_them(hub: Lab) -> None:
    first, second = (str(hub.clusters[leaf].kubeconfig) for leaf in PAIR)
    hub.liqoctl(
        *("network", "connect", "--wait", "--kubeconfig", first, "--remote-kubeconfig", second),
        *("--gw-server-service-type", "NodePort", "--gw-server-service-port", "51900"),
        *("--mtu", "1280"),
    )
    there = uids(hub)
    succeed(hub, "adopt", *PAIR)
    gateway = json.loads(succeed(hub, "get", *PAIR, "-o", "json"))["spec"]["gateway"]
    assert (gateway["mtu"], gateway["service"]["type"]) == (1280, "NodePort")
    assert gateway["service"]["port"] == 51900
    assert succeed(hub, "sync") == f"shortcut.shortcut.liqo.io/{NAME} unchanged\n"
    assert uids(hub) == there


def test_another_hubs_link_is_refused_and_stays_as_it_is(hub: Lab) -> None:
    hub.connect(*PAIR)
    hub.kubectl(
        *("label", "gatewayclient", "leaf-2", "-n", "liqo-tenant-leaf-2"),
        "shortcut.liqo.io/hub=elsewhere",
        context="leaf-1",
    )
    before, hub_before = snapshots(hub), hub.snapshot("hub")
    done = plugin(hub, "adopt", *PAIR)
    assert (done.returncode, done.stdout) == (4, ""), done.stderr
    assert "belongs to a shortcut of the hub 'elsewhere'" in done.stderr
    assert changes(hub, before) == []
    assert hub.snapshot("hub") == hub_before


def test_what_create_reused_can_be_adopted(hub: Lab) -> None:
    hub.connect(*PAIR)
    there = uids(hub)
    succeed(hub, "create", *PAIR)
    succeed(hub, "adopt", *PAIR)
    assert uids(hub) == there
    succeed(hub, "delete", *PAIR, "--delete-namespaces")
    assert link_objects(hub) == []
