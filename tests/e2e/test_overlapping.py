"""A hub and leaves with the same Pod CIDR, which Liqo remaps: the link, its packets, and what is
said of both."""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_liqo_shortcut.core.verify.probe import NAMESPACE as PROBES
from tests.e2e.plugin import (
    NAME,
    PAIR,
    Snapshots,
    changes,
    link_objects,
    plugin,
    snapshots,
    succeed,
)
from tests.e2e.shop import CALL, CALLS, CLIENT, KEY, SERVER, SIZE, WEB, Shop
from tests.e2e.test_dry_run import covers
from tests.lab.errors import LabError
from tests.lab.kube import CORE, NETWORKING, path, wait_for
from tests.lab.lab import Lab
from tests.lab.topology import HUB, Overlap

pytestmark = pytest.mark.parametrize("lab", [Overlap.ALL], indirect=True)

WAYS = (PAIR, PAIR[::-1])


@dataclasses.dataclass(frozen=True)
class Made:
    """A link, and how it came to be: what create said, and all objects of the leaves before."""

    shop: Shop
    back: str  # a server on the leaf that calls the shop
    said: str
    before: Snapshots

    @property
    def lab(self) -> Lab:
        return self.shop.lab


@pytest.fixture(scope="module")
def made(shop: Shop) -> Iterator[Made]:
    """One link for all tests, the last of which deletes it."""
    lab = shop.lab
    succeed(lab, "crd", "install")
    web = ("python3", "-c", WEB)
    back = lab.dataplane.make_pod(CLIENT, shop.namespace, "back", web, port=8080)
    before = snapshots(lab)
    done = plugin(lab, "create", *PAIR)
    assert done.returncode == 0, done.stderr
    yield Made(shop, back, done.stderr, before)
    lab.remove_shortcuts()
    lab.clear_link(*PAIR)


def own(lab: Lab) -> str:
    """The Pod CIDR of all clusters."""
    (cidr,) = {each.spec.pod_cidr for each in lab.clusters.values()}
    return cidr


def seen(lab: Lab, viewer: str, cluster: str) -> str:
    """The Pod CIDR of *cluster* as *viewer*'s Liqo calls it."""
    url = path(NETWORKING, "configurations", f"liqo-tenant-{cluster}", cluster)
    (cidr,) = lab.clusters[viewer].kube.get(url)["status"]["remote"]["cidr"]["pod"]
    assert cidr != own(lab)
    return str(cidr)


def test_preflight_says_that_it_works_and_what_does_not(hub: Lab) -> None:
    report = json.loads(succeed(hub, "preflight", *PAIR, "-o", "json"))

    assert {(each["name"], each["cluster"], each["severity"]) for each in report["findings"]} == {
        ("OverlappingCIDRs", CLIENT, "warning"),
        *(("RemappedByHub", leaf, "warning") for leaf in PAIR),
    }
    told = [f"{each['cluster']}: {each['message']}" for each in report["findings"]]
    cidr = own(hub)
    for said in (
        f"{CLIENT}: its Pod CIDR {cidr} overlaps the Pod CIDR {cidr} of {SERVER}",
        *(f"{leaf}: the hub sees its Pod CIDR {cidr} as {seen(hub, HUB, leaf)}" for leaf in PAIR),
    ):
        assert any(each.startswith(said) for each in told), told


def test_create_warns_and_ends_with_who_reaches_whom_under_which_prefix(made: Made) -> None:
    lab, lines = made.lab, made.said.splitlines()

    assert sum("the link works, Liqo remaps them (OverlappingCIDRs)" in each for each in lines) == 1
    refused = "Services with endpoints there cannot go direct with Liqo 1.2 (RemappedByHub)"
    assert sum(refused in each for each in lines) == len(PAIR)
    assert set(lines[-2:]) == {
        f"{NAME}: {leaf} reaches Pods of {peer} at {seen(lab, leaf, peer)} ({own(lab)} there)"
        for leaf, peer in WAYS
    }
    again = plugin(lab, "create", *PAIR)
    assert (again.returncode, "reaches Pods" in again.stderr) == (0, False)


def test_the_record_tells_it_to_programs_and_people(made: Made) -> None:
    lab, cidr = made.lab, own(made.lab)
    routes = json.loads(succeed(lab, "get", *PAIR, "-o", "json"))["status"]["routes"]
    assert {
        (each["from"], each["to"], each["cidr"], each["reachableAs"])
        for each in routes
        if each["type"] == "Pod"
    } == {(leaf, peer, cidr, seen(lab, leaf, peer)) for leaf, peer in WAYS}

    described = [line.split() for line in succeed(lab, "describe", *PAIR).splitlines()]
    wide, why = (succeed(lab, *words) for words in (("get", "-o", "wide"), ("why", *PAIR)))
    for leaf, peer in WAYS:
        assert [leaf, peer, "Pod", cidr, seen(lab, leaf, peer)] in described
        assert f"{leaf}->{seen(lab, leaf, peer)}({cidr})" in wide
        assert f"{cidr} of {peer}, reached as {seen(lab, leaf, peer)}" in why


@pytest.mark.parametrize(("caller", "called"), WAYS, ids=["as asked", "back"])
def test_packets_go_to_the_mapped_address_past_the_hub(
    made: Made, caller: str, called: str
) -> None:
    plane, shop = made.lab.dataplane, made.shop
    pod, own_address = ("client", shop.client) if caller == CLIENT else ("web", shop.server)
    server = made.back if called == CLIENT else shop.server
    address = plane.seen_as(caller, called, server)
    assert address != server

    def calls(number: int = CALLS) -> set[str]:
        command = (sys.executable, "-c", CALL, address, "8080", str(number))
        said = plane.pod_exec(caller, shop.namespace, pod, *command)
        return {seen_as for seen_as, _ in json.loads(said)}

    def answers() -> bool:
        try:
            return bool(calls(1))
        except LabError:
            return False

    wait_for(answers, 30, f"a call from {caller} to {called}")
    hub_before, direct_before = plane.hub_leg_bytes(), plane.direct_bytes(caller, called)

    callers = calls()

    hub_after, direct_after = plane.hub_leg_bytes(), plane.direct_bytes(caller, called)
    assert callers == {plane.seen_as(called, caller, own_address)}
    assert direct_after[0] - direct_before[0] > CALLS * SIZE
    by_hub = max(sum(hub_after[leaf]) - sum(hub_before[leaf]) for leaf in PAIR)
    assert by_hub < CALLS * SIZE / 20  # nothing but the gateways' own pings


def test_a_service_on_a_remapped_leaf_is_refused_and_nothing_changes(made: Made) -> None:
    lab = made.lab
    before = snapshots(lab)

    done = plugin(lab, "service", "enable", KEY)

    assert (done.returncode, done.stdout) == (4, ""), done.stderr
    cause = f"{SERVER}: the hub sees its Pod network as {seen(lab, HUB, SERVER)} (RemappedByHub)"
    assert f"Service {KEY} cannot go direct: {cause}\n" in done.stderr
    assert changes(lab, before) == []
    assert not made.shop.is_on()
    assert made.shop.path() == "via-hub"


def test_lists_say_it_before_anybody_tries(made: Made) -> None:
    (service,) = succeed(made.lab, "service", "list", "-n", "shop", "--no-headers").splitlines()
    assert service.split() == ["web", "no", f"{SERVER}:1(remapped)", "<none>", "via-hub"]
    for line in succeed(made.lab, "leaves", "--no-headers").splitlines():
        leaf, *cells = line.split()
        assert cells[2:6] == [own(made.lab), seen(made.lab, HUB, leaf), "no:", "remapped"]


def test_folders_for_git_hold_what_create_made(made: Made, tmp_path: Path) -> None:
    """The networks are the leaf's own there, not those that the hub sees."""
    lab, facts = made.lab, tmp_path / "facts.yaml"
    facts.write_text(succeed(lab, "leaves", "-o", "yaml"))
    by_hub, by_file = tmp_path / "hub", tmp_path / "file"
    options = ("create", *PAIR, "--dry-run=client", "--output-directory")
    succeed(lab, *options, str(by_hub))
    succeed(lab, *options, str(by_file), "--facts", str(facts))

    assert documents(by_hub) == documents(by_file)
    for leaf in PAIR:
        found = [body for place, body in documents(by_hub).items() if place.startswith(f"{leaf}/")]
        (networks,) = (each["spec"] for each in found if each["kind"] == "Configuration")
        assert networks["remote"]["cidr"]["pod"] in (own(lab), [own(lab)])
        kube = lab.clusters[leaf].kube
        for each in found:
            at = each["metadata"]
            group = CORE if each["kind"] == "Namespace" else NETWORKING
            url = path(group, f"{each['kind'].lower()}s", at.get("namespace", ""), at["name"])
            assert covers(kube.get(url), each), url


def documents(folder: Path) -> dict[str, Any]:
    return {
        str(file.relative_to(folder)): yaml.safe_load(file.read_text())
        for file in folder.rglob("*.yaml")
        if file.name != "kustomization.yaml"
    }


def test_verify_proves_it_by_packets(made: Made) -> None:
    """Both sides called and saw addresses of mapped prefixes only."""
    found = json.loads(succeed(made.lab, "verify", *PAIR, "-o", "json"))["directions"]
    for each, (leaf, peer) in zip(found, WAYS, strict=True):
        (caller,) = each["callersSeen"]
        assert (each["from"], each["to"], each["path"]) == (leaf, peer, "direct")
        assert is_in(each["called"], seen(made.lab, leaf, peer))
        assert is_in(caller, seen(made.lab, peer, leaf))


def is_in(address: str, cidr: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(cidr)


def test_delete_removes_all_that_create_made(made: Made) -> None:
    succeed(made.lab, "delete", *PAIR)

    assert link_objects(made.lab) == []
    left = changes(made.lab, made.before)
    assert [each for each in left if PROBES not in each] == []  # that one may still be ending
    assert "not found" in plugin(made.lab, "get", *PAIR).stderr
