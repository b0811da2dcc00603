"""A link that Liqo's own peering came to use is nobody's to cut; and the identities it brings."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.plugin import NAME, PAIR, UP, connections, environment, link_objects, plugin, succeed
from tests.e2e.ways import Ways, made_and_removed
from tests.lab import binaries
from tests.lab.kube import CORE, LIQO_CORE, path, wait_for
from tests.lab.lab import Lab
from tests.lab.snapshot import Snapshot, differences

UNCHANGED = f"shortcut.shortcut.liqo.io/{NAME} unchanged\n"
IN_USE = "the peering uses this link, nothing was removed"
ALONE = ("Unknown", False)


@pytest.fixture(scope="module")
def modules(lab: Lab) -> Iterator[Lab]:
    """The lab with Liqo's authentication and offloading modules on, as long as this file runs."""
    were_on = lab.has_peering
    lab.enable_peering()
    yield lab
    if not were_on:
        lab.disable_peering()


@pytest.fixture
def unpeered(modules: Lab, hub: Lab) -> Iterator[Lab]:
    """The lab, where nobody is peered; whoever is afterwards, is not for long."""
    yield hub
    hub.end_peerings()


@pytest.fixture
def linked(unpeered: Lab) -> Lab:
    """A shortcut between the pair, which may be peered on top of it."""
    succeed(unpeered, "create", *PAIR)
    return unpeered


def between(lab: Lab, consumer: str, provider: str) -> tuple[str, ...]:
    """liqoctl's options for a command that concerns two clusters."""
    local, remote = (str(lab.clusters[name].kubeconfig) for name in (consumer, provider))
    return ("--kubeconfig", local, "--remote-kubeconfig", remote, "--timeout", "60s")


def peer(lab: Lab, consumer: str, provider: str) -> None:
    lab.liqoctl("peer", *between(lab, consumer, provider), "--create-virtual-node=false")
    wanted = {consumer: ("Provider", True), provider: ("Consumer", True)}
    wait_for(lambda: peerings(lab) == wanted, 30, f"{consumer} is peered with {provider}")


def unpeer(lab: Lab, consumer: str, provider: str) -> None:
    """The provider is done with it soon; the consumer may go on saying that it is peered."""
    lab.liqoctl("unpeer", *between(lab, consumer, provider), "--skip-confirm")
    wait_for(lambda: peerings(lab)[provider] == ALONE, 30, f"{provider} has no consumer")


def peerings(lab: Lab) -> dict[str, tuple[str, bool]]:
    """What the other one is to each of the pair, and whether identities are involved."""
    said = {}
    for leaf, other in (PAIR, PAIR[::-1]):
        found = lab.clusters[leaf].kube.get(path(LIQO_CORE, "foreignclusters", name=other))
        modules = found["status"]["modules"]
        said[leaf] = (found["status"]["role"], bool(modules["authentication"]["enabled"]))
    return said


def uids(lab: Lab, *plurals: str) -> dict[str, str]:
    """Of all in the link's tenant namespaces, Liqo's own part included; or of these kinds only."""
    return {
        f"{leaf}{url}": body["metadata"]["uid"]
        for leaf, other in (PAIR, PAIR[::-1])
        for url, body in lab.snapshot(leaf).items()
        if f"/namespaces/liqo-tenant-{other}/" in url
        and (not plurals or url.split("/")[-2] in plurals)
    }


def ready(lab: Lab) -> tuple[str, str]:
    """The status and reason of the record's condition Ready."""
    query = '{.status.conditions[?(@.type=="Ready")]}'
    said = lab.kubectl("get", "shortcut", NAME, "-o", f"jsonpath={query}").stdout
    condition = json.loads(said)
    return condition["status"], condition["reason"]


def recorded(lab: Lab) -> list[dict[str, str]]:
    """The record's objects, with UIDs and ownership."""
    record = json.loads(succeed(lab, "get", *PAIR, "-o", "json"))
    objects: list[dict[str, str]] = record["status"]["objects"]
    return objects


@pytest.mark.parametrize(
    ("consumer", "provider"), [PAIR, PAIR[::-1]], ids=["the server consumes", "the client consumes"]
)
def test_a_link_that_carries_a_peering_stays_until_that_ends(
    linked: Lab, consumer: str, provider: str
) -> None:
    link, objects = uids(linked), recorded(linked)
    assert set(peerings(linked).values()) == {ALONE}
    peer(linked, consumer, provider)

    done = plugin(linked, "delete", *PAIR)

    assert (done.returncode, done.stdout) == (8, "")
    assert IN_USE in done.stderr
    assert link.items() <= uids(linked).items()
    assert connections(linked) == UP
    assert ready(linked) == ("False", "InUseByPeering")
    assert recorded(linked) == objects

    unpeer(linked, consumer, provider)
    succeed(linked, "delete", *PAIR)

    assert link_objects(linked) == []
    assert "not found" in plugin(linked, "get", *PAIR).stderr


def test_a_peering_that_left_its_identity_behind_has_ended(linked: Lab) -> None:
    """Liqo's replicator may never let go of that Secret: here a finalizer like its own sees to it.

    The ForeignCluster goes on telling of a provider.
    """
    consumer, provider = PAIR
    peer(linked, consumer, provider)
    kube = linked.clusters[consumer].kube
    secret = path(CORE, "secrets", f"liqo-tenant-{provider}", f"kubeconfig-controlplane-{provider}")
    finalizers = kube.get(secret)["metadata"].get("finalizers") or []
    kept = [*finalizers, "crdreplicator.liqo.io/kept-by-a-test"]
    kube.patch(secret, {"metadata": {"finalizers": kept}})

    unpeer(linked, consumer, provider)
    assert peerings(linked)[consumer] == ("Provider", True)
    succeed(linked, "delete", *PAIR)

    assert link_objects(linked) == []


def test_sync_makes_no_gateway_anew_under_a_peering(linked: Lab) -> None:
    gateways = ("gatewayservers", "gatewayclients", "wggatewayservers", "wggatewayclients", "pods")
    before = uids(linked, *gateways)
    peer(linked, *PAIR[::-1])
    assert succeed(linked, "sync") == UNCHANGED

    change_mtu(linked, 1280)
    done = plugin(linked, "sync")

    assert (done.returncode, done.stdout) == (8, "")
    assert IN_USE in done.stderr
    assert uids(linked, *gateways) == before
    assert connections(linked) == UP
    assert ready(linked) == ("False", "InUseByPeering")

    change_mtu(linked, 1340)
    assert succeed(linked, "sync") == UNCHANGED
    assert ready(linked) == ("True", "Connected")


def change_mtu(lab: Lab, mtu: int) -> None:
    patch = json.dumps({"spec": {"gateway": {"mtu": mtu}}})
    lab.kubectl("patch", "shortcut", NAME, "--type=merge", "-p", patch)


def test_the_hub_keeps_an_identity_that_its_leaf_accepts(unpeered: Lab, tmp_path: Path) -> None:
    unpeered.liqoctl("authenticate", *between(unpeered, "hub", "leaf-1"))

    secret = unpeered.clusters["hub"].kube.get(
        path(CORE, "secrets", "liqo-tenant-leaf-1", "kubeconfig-controlplane-leaf-1")
    )
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_bytes(base64.b64decode(secret["data"]["kubeconfig"]))
    assert unpeered.clusters["leaf-1"].spec.server in kubeconfig.read_text(encoding="utf-8")
    who = json.loads(ask(unpeered, kubeconfig, "auth", "whoami", "-o", "json"))
    assert who["status"]["userInfo"]["username"] == "hub"
    # Liqo lets it do what peerings need, in its own tenant namespace.
    what = ("create", "resourceslices.authentication.liqo.io")
    assert ask(unpeered, kubeconfig, "auth", "can-i", *what) == "yes\n"


def test_that_identity_is_a_way_to_the_leaf_as_far_as_the_leaf_lets_it(
    unpeered: Lab, tmp_path: Path
) -> None:
    ways = Ways(unpeered, tmp_path)
    for leaf in PAIR:
        unpeered.liqoctl("authenticate", *between(unpeered, "hub", leaf))

    done = ways.plugin("leaves", *PAIR)

    rows = [row.split() for row in done.stdout.splitlines()[1:]]
    assert [row[1] for row in rows] == ["stored", "stored"], done.stderr
    assert [row[-3] for row in rows] == ["lacks", "lacks"]
    assert all(int(row[-2]) > 20 for row in rows)  # nearly all: it was made for peerings
    assert 'User "hub" cannot get resource "configmaps"' in done.stderr

    grant = ("clusterrolebinding", "let-the-hub-in")
    try:
        for leaf in PAIR:
            who = ("--clusterrole=cluster-admin", "--user=hub")
            unpeered.kubectl("create", *grant, *who, context=leaf)
        made_and_removed(ways)
    finally:
        for leaf in PAIR:
            unpeered.kubectl("delete", *grant, context=leaf)


def ask(lab: Lab, kubeconfig: Path, *args: str) -> str:
    """What kubectl says to the owner of *kubeconfig*, and to nobody else's."""
    command = [str(binaries.path("kubectl")), "--kubeconfig", str(kubeconfig)]
    cache = ("--cache-dir", str(kubeconfig.parent / "cache"))
    done = subprocess.run(
        [*command, *cache, *args],
        env=environment(lab),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_modules_leave_no_trace(unpeered: Lab) -> None:
    unpeered.disable_peering()
    before = snapshots(unpeered)
    try:
        unpeered.enable_peering()
        unpeered.liqoctl("authenticate", *between(unpeered, "hub", "leaf-1"))
        peer_of_hub = path(LIQO_CORE, "foreignclusters", name="leaf-1")
        kube = unpeered.clusters["hub"].kube
        wait_for(lambda: kube.get(peer_of_hub)["status"]["role"] == "Provider", 30, "Provider")

        unpeered.disable_peering()

        assert changes(before, snapshots(unpeered)) == []
        assert kube.get(peer_of_hub)["status"]["role"] == "Unknown"
    finally:
        unpeered.enable_peering()


def snapshots(lab: Lab) -> dict[str, Snapshot]:
    return {name: lab.snapshot(name) for name in lab.clusters}


def changes(before: dict[str, Snapshot], after: dict[str, Snapshot]) -> list[str]:
    """But for the routes to nodes, which restarted controllers write anew, in another order."""
    return [
        f"{name}: {line}"
        for name in before
        for line in differences(before[name], after[name])
        if "/namespaces/liqo/routeconfigurations/" not in line
    ]
