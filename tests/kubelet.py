"""Runs probe Pods on fake clusters, and the packets between them, as the real ones would do."""

from __future__ import annotations

import json
from typing import Any

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import Object, ObjectRef
from kubectl_liqo_shortcut.core.networks import networks_of, of_peer
from kubectl_liqo_shortcut.core.verify.probe import NAMESPACE
from tests.fakes import Body, FakeCluster, FakeWorld
from tests.peered import answer
from tests.samples import an_object

VIA_HUB = "10.70.0.0"
HUB_POD = "10.70.0.9"
"""What leaves see of the hub's external network: its first address, and another leaf's Pod."""


class Kubelet:
    """On every leaf at once.

    ``ways`` says for (caller's leaf, other leaf) how packets go: ``direct`` unless said otherwise;
    ``via hub``, ``cut``, ``masqueraded``, ``elsewhere``, or an address that the server sees.
    ``answers`` says how many of the connects to a Service's address succeed, all if not said.
    """

    def __init__(self, world: FakeWorld) -> None:
        self.world = world
        self.ways: dict[tuple[str, str], str] = {}
        self.answers: dict[str, int] = {}
        self.mtu = 1340
        self.message: str | None = None  # what clients end with, whatever they found
        self.says: dict[str, Body] = {}  # by leaf: a status that keeps its Pods from running
        self.ran: list[Object] = []
        world.kubelet = self._run

    def _run(self, cluster: FakeCluster, ref: ObjectRef) -> None:
        if ref.namespace != NAMESPACE:
            return
        pod = cluster.objects[ref]
        self.ran.append(pod)
        if cluster.name in self.says:
            cluster.set_status(ref, self.says[cluster.name])
            return
        _, role, *arguments = pod["spec"]["containers"][0]["args"]
        address = f"10.6{self._number(cluster)}.0.{5 if role == 'serve' else 6}"
        if role == "serve":
            cluster.set_status(ref, status("running", {}, address))
            return
        message = self.message or json.dumps(self._call(cluster.name, address, *arguments))
        cluster.set_status(ref, ended(message, address))

    def _call(
        self, leaf: str, own: str, _: str, count: str, mtu: str, peer: str, *others: str
    ) -> Any:
        result: dict[str, Any] = {"peer": None}
        if peer:
            seen = self._caller(leaf, self._leaf_at(peer), own)
            found = {"callers": [seen], "mtu": self.mtu} if seen else {"callers": [], "mtu": 0}
            result["peer"] = {**connects(int(count), int(count) if seen else 0), **found}
        heard = [connects(int(count), self.answers.get(each, int(count))) for each in others]
        return {**result, "addresses": heard}

    def _caller(self, source: str, target: str, own: str) -> str:
        server = self.world.leaves[target]
        found = of_peer(server.of(r.CONFIGURATION), source)
        assert found is not None
        networks = networks_of(found)
        assert networks is not None
        way = self.ways.get((source, target), "direct")
        known = {
            "direct": networks.map_pod(own),
            "masqueraded": networks.gateway,
            "via hub": VIA_HUB,
            "cut": "",
        }
        return str(known.get(way, way))

    def _leaf_at(self, peer: str) -> str:
        number = int(peer.partition(".0.")[0][-1])
        return list(self.world.leaves)[number - 1]

    def _number(self, cluster: FakeCluster) -> int:
        return list(self.world.leaves).index(cluster.name) + 1


def connects(count: int, ok: int) -> Body:
    return {
        "ok": ok,
        "error": "" if ok == count else "timed out",
        "ms": [0.5, 1.25, 9.0] if ok else [],
    }


def status(state: str, said: Body, address: str = "", phase: str = "Running") -> Body:
    return {"phase": phase, "podIP": address, "containerStatuses": [{"state": {state: said}}]}


def ended(message: str, address: str = "10.61.0.6") -> Body:
    said = {"exitCode": 0, "reason": "Completed", "message": message}
    return status("terminated", said, address, "Succeeded")


def with_hub(world: FakeWorld) -> None:
    """Every leaf has the Configuration for the hub that a peering made."""
    for leaf in world.leaves.values():
        cidr = {"pod": ["10.60.0.0/16"], "external": ["10.70.0.0/16"]}
        leaf.put(
            an_object(
                r.CONFIGURATION,
                "torino",
                "liqo-hub",
                labels={r.REMOTE_CLUSTER_ID: "torino"},
                spec={"remote": {"cidr": cidr}},
            )
        )
        answer(leaf, "torino")


def offloaded(world: FakeWorld, *addresses: str, leaf: str = "milan", **conditions: bool) -> None:
    """The hub's Service shop/web, whose namespace *leaf* has too, with endpoints there."""
    world.hub.put(an_object(r.SERVICE, "web", "shop"))
    mapping = {"currentMapping": {"shop": {"remoteNamespace": "shop-hub", "phase": "Accepted"}}}
    labels = {r.REMOTE_CLUSTER_ID: leaf}
    world.hub.put(an_object(r.NAMESPACE_MAP, leaf, "liqo-hub", labels=labels, status=mapping))
    endpoints = [{"addresses": [each], "conditions": conditions} for each in addresses]
    world.leaves[leaf].put(
        an_object(
            r.ENDPOINT_SLICE,
            "web-1",
            "shop-hub",
            labels={r.SERVICE_NAME: "web"},
            endpoints=endpoints,
            ports=[{"port": 80, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}],
        )
    )
