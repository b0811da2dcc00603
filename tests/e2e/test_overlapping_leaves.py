"""Leaves with the same Pod CIDR, and a hub with another one: it sees one leaf as it is, so that
leaf's Services go direct, and none of the other one's."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator

import pytest

from tests.e2e.plugin import PAIR, plugin, succeed
from tests.e2e.shop import CALL, WEB, hub_address
from tests.lab.errors import LabError
from tests.lab.kube import wait_for
from tests.lab.lab import Lab
from tests.lab.topology import HUB, Overlap

pytestmark = [
    pytest.mark.soak("overlaps"),
    pytest.mark.parametrize("lab", [Overlap.LEAVES], indirect=True),
]


@dataclasses.dataclass(frozen=True)
class Shops:
    """A Pod on each leaf, and a Service of each Pod, called as its leaf."""

    lab: Lab
    namespace: str  # as the leaves call it
    pods: dict[str, str]
    seen: str  # the leaf whose CIDR the hub did not remap
    remapped: str
    said: str  # by create

    def callers(self) -> set[str]:
        """Whom the Pod on the leaf that is seen as it is sees, called by its Service."""
        plane = self.lab.dataplane
        address = plane.cluster_ip(self.remapped, self.namespace, self.seen)
        command = (sys.executable, "-c", CALL, address, "80", "10")
        said = plane.pod_exec(self.remapped, self.namespace, "web", *command)
        return {caller for caller, _ in json.loads(said)}

    def leads_to(self, caller: str) -> None:
        """Wait until that Service's calls are seen as *caller*'s, none of them failing."""

        def arrived() -> bool:
            try:
                return self.callers() == {caller}
            except LabError:
                return False

        wait_for(arrived, 30, f"calls that are seen as {caller}", 0.2)


@pytest.fixture(scope="module")
def shops(dataplane: Lab) -> Iterator[Shops]:
    lab, plane = dataplane, dataplane.dataplane
    succeed(lab, "crd", "install")
    remote = plane.offload("shops", leaves=PAIR)
    command = ("python3", "-c", WEB)
    pods = {leaf: plane.make_pod(leaf, remote, "web", command, port=8080) for leaf in PAIR}
    for leaf in PAIR:
        plane.publish("shops", leaf, [(leaf, "web")])
    done = plugin(lab, "create", *PAIR)
    assert done.returncode == 0, done.stderr
    (seen,) = (leaf for leaf in PAIR if plane.seen_as(HUB, leaf, pods[leaf]) == pods[leaf])
    (remapped,) = set(PAIR) - {seen}
    yield Shops(lab, remote, pods, seen, remapped, done.stderr)
    lab.remove_shortcuts()
    lab.clear_link(*PAIR)


def test_create_warns_of_the_leaf_that_the_hub_remapped_alone(shops: Shops) -> None:
    (warning,) = (line for line in shops.said.splitlines() if "RemappedByHub" in line)
    assert f"warning: {shops.remapped}: the hub sees its Pod CIDR " in warning
    assert shops.said.count(" reaches Pods of ") == len(PAIR)


def test_a_service_on_the_leaf_that_the_hub_sees_as_it_is_goes_direct_and_back(
    shops: Shops,
) -> None:
    plane, key = shops.lab.dataplane, f"shops/{shops.seen}"
    client = plane.seen_as(shops.seen, shops.remapped, shops.pods[shops.remapped])

    assert succeed(shops.lab, "service", "enable", key, "--verify").endswith(" configured\n")

    shops.leads_to(client)
    assert plane.slice_addresses(shops.remapped, shops.namespace, shops.seen) == [
        plane.seen_as(shops.remapped, shops.seen, shops.pods[shops.seen])
    ]
    assert plugin(shops.lab, "why", "--service", key).returncode == 0
    words = succeed(shops.lab, "service", "list", "-n", "shops", "--no-headers").split()
    assert words[words.index(shops.seen) :][:5] == [
        *(shops.seen, "yes", f"{shops.seen}:1", "<none>", "direct")
    ]
    succeed(shops.lab, "service", "disable", key)
    shops.leads_to(hub_address(shops.lab))


def test_a_service_on_the_other_leaf_is_refused(shops: Shops) -> None:
    done = plugin(shops.lab, "service", "enable", f"shops/{shops.remapped}")

    assert (done.returncode, done.stderr.count("(RemappedByHub)")) == (4, 1), done.stderr
    assert f"{shops.remapped}: the hub sees its Pod network as " in done.stderr
