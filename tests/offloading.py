"""Gives fake clusters Liqo's offloading: virtual-kubelets that reflect EndpointSlices, and on each
leaf what maps their addresses, as Liqo v1.2.0 does (tests/e2e/test_service.py tries it on Liqo):

a leaf that cannot map one address leaves the whole slice as it is, and looks again only when its
ShadowEndpointSlice changes, which a new link does not do.
"""

from __future__ import annotations

import copy
import ipaddress
import json
from typing import Any

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.liqo import denies_direct
from kubectl_liqo_shortcut.core.model import HUB, Object, ObjectRef, labels_of
from tests.fakes import Body, FakeCluster, FakeWorld
from tests.peered import CONFIGURED, manager
from tests.samples import an_object

NAMESPACE, REMOTE = "demo", "demo-hub"
HUB_POD, HUB_EXTERNAL = "10.60.0.0/16", "10.170.0.0/16"


class Offloading:
    """The part of Liqo that reflects; a test stops parts of it."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world
        self.kubelets_down = False
        self.mapping_down: set[str] = set()  # leaves
        self._busy = False
        self._external: dict[str, str] = {}

    def __call__(self, cluster: FakeCluster, ref: ObjectRef) -> None:
        """An object was written."""
        if cluster is self._world.hub and ref.kind in (r.SERVICE, r.ENDPOINT_SLICE):
            self.reflect(ref.namespace)
        elif ref.kind == r.SHADOW_ENDPOINT_SLICE and cluster is not self._world.hub:
            self._map(cluster, ref)
            if not self._busy:  # somebody else changed it: the virtual-kubelet restores it
                self.reflect(NAMESPACE)

    def map_again(self, leaf: str) -> None:
        """Liqo on a leaf looks again by itself, as it does after minutes."""
        with self._world.changed:
            for ref in list(self._world.leaves[leaf].objects):
                if ref.kind == r.SHADOW_ENDPOINT_SLICE:
                    self._map(self._world.leaves[leaf], ref)

    def reflect(self, namespace: str) -> None:
        """What the virtual-kubelets do."""
        with self._world.changed:
            if not (self.kubelets_down or self._busy):
                self._reflect_all(namespace)

    def _reflect_all(self, namespace: str) -> None:
        self._busy = True
        try:
            for leaf, cluster in self._world.leaves.items():
                remote = self._remote(leaf, namespace)
                for body in self._world.hub.of(r.ENDPOINT_SLICE) if remote else ():
                    if body["metadata"]["namespace"] == namespace:
                        self._reflect(cluster, leaf, remote, body)
        finally:
            self._busy = False

    def external(self, address: str) -> str:
        """The address in the hub's external CIDR that stands for a Pod."""
        number = len(self._external) + 1
        return self._external.setdefault(address, f"10.170.{number // 256}.{number % 256}")

    def _remote(self, leaf: str, namespace: str) -> str:
        for each in self._world.hub.of(r.NAMESPACE_MAP):
            if labels_of(each).get(r.REMOTE_CLUSTER_ID) == leaf:
                there = each["status"]["currentMapping"].get(namespace) or {}
                return str(there.get("remoteNamespace") or "")
        return ""

    def _reflect(self, cluster: FakeCluster, leaf: str, remote: str, body: Body) -> None:
        name = labels_of(body)[r.SERVICE_NAME]
        service = self._world.hub.objects.get(
            ObjectRef(HUB, r.SERVICE, body["metadata"]["namespace"], name)
        )
        annotations = ((service or {}).get("metadata") or {}).get("annotations") or {}
        direct = annotations.get(r.USE_DIRECT) == "true"
        endpoints: list[Body] = []
        told: dict[str, list[str]] = {}
        for each in body["endpoints"]:
            on = self._leaf_of(each.get("nodeName"))
            if on == leaf:
                continue
            one = copy.deepcopy(each)
            if direct and on and each.get("targetRef"):
                told.setdefault(on, []).extend(each["addresses"])
            elif not direct and not _in(each["addresses"][0], HUB_POD):
                one["addresses"] = [self.external(address) for address in each["addresses"]]
            endpoints.append(one)
        shadow = an_object(r.SHADOW_ENDPOINT_SLICE, body["metadata"]["name"], remote)
        shadow["metadata"]["labels"] = {r.REFLECTED_FROM: "torino", r.SERVICE_NAME: name}
        data = {r.DIRECT_DATA: json.dumps({"clusterAddresses": told})} if told else {}
        shadow["metadata"]["annotations"] = data
        shadow["spec"] = {"template": {"endpoints": endpoints}}
        ref = ObjectRef(leaf, r.SHADOW_ENDPOINT_SLICE, remote, body["metadata"]["name"])
        old = cluster.objects.get(ref)
        if old is None:
            cluster.put(shadow)
        elif (old["spec"], old["metadata"]["annotations"]) != (shadow["spec"], data):
            new = copy.deepcopy(old)
            new["spec"], new["metadata"]["annotations"] = shadow["spec"], data
            cluster._store(ref, new)

    def _leaf_of(self, node: str | None) -> str:
        found = self._world.hub.objects.get(ObjectRef(HUB, r.NODE, "", node or ""))
        return labels_of(found or {}).get(r.REMOTE_CLUSTER_ID) or ""

    def _map(self, cluster: FakeCluster, ref: ObjectRef) -> None:
        """What Liqo's controller manager on a leaf does."""
        if cluster.name in self.mapping_down or ref not in cluster.objects:
            return
        shadow = cluster.objects[ref]
        text = (shadow["metadata"].get("annotations") or {}).get(r.DIRECT_DATA)
        told = json.loads(text)["clusterAddresses"] if text else {}
        index = {address: leaf for leaf, addresses in told.items() for address in addresses}
        endpoints = []
        denied = any(map(denies_direct, cluster.of(r.DEPLOYMENT)))
        for each in copy.deepcopy(shadow["spec"]["template"]["endpoints"]):
            if denied and any(address in index for address in each["addresses"]):
                continue
            mapped = [self._mapped(cluster, address, index) for address in each["addresses"]]
            if None in mapped:
                return
            endpoints.append({**each, "addresses": mapped})
        body = an_object(r.ENDPOINT_SLICE, ref.name, ref.namespace, endpoints=endpoints)
        body["metadata"]["labels"] = dict(shadow["metadata"]["labels"])
        here = ObjectRef(cluster.name, r.ENDPOINT_SLICE, ref.namespace, ref.name)
        old = cluster.objects.get(here)
        if old is None:
            cluster.put(body)
        elif old["endpoints"] != endpoints:
            cluster._store(here, {**copy.deepcopy(old), "endpoints": endpoints})

    def _mapped(self, cluster: FakeCluster, address: str, index: dict[str, str]) -> str | None:
        of = index.get(address, "torino")
        found = [each for each in cluster.of(r.CONFIGURATION) if each["metadata"]["name"] == of]
        if len(found) != 1 or not found[0].get("status"):
            return None
        own, seen = (found[0][part]["remote"]["cidr"] for part in ("spec", "status"))
        for kind in ("pod",) if address in index else ("pod", "external"):
            for before, after in zip(own[kind], seen[kind], strict=True):
                if _in(address, before):
                    return _moved(address, after)
        return None if address in index else address


def offload(world: FakeWorld, *, namespace: str = NAMESPACE, remote: str = REMOTE) -> Offloading:
    """All leaves have taken a namespace of the hub; the Service web there has a Pod on each, and
    one on the hub."""
    liqo = world.reflect = Offloading(world)
    world.hub.put(_node("hub-node"))
    world.hub.put(_namespace_object(namespace))
    for leaf, cluster in world.leaves.items():
        labels = {r.REMOTE_CLUSTER_ID: leaf, r.NODE_TYPE: r.VIRTUAL_NODE_TYPE}
        world.hub.put(_node(leaf, **labels))
        world.hub.put(namespace_map(leaf, {namespace: remote}))
        cluster.put(_configuration_of_hub())
        if not cluster.of(r.DEPLOYMENT):
            cluster.put(manager())
        _answer_hub(world, leaf)
    where = [(f"10.{60 + number}.0.5", leaf) for number, leaf in enumerate(world.leaves, 1)]
    publish(world, "web", [*where, ("10.60.0.5", "hub-node")], namespace=namespace)
    world.calls.clear()
    return liqo


def publish(
    world: FakeWorld,
    name: str,
    endpoints: list[tuple[str, str | None]],
    *,
    namespace: str = NAMESPACE,
    **spec: Any,
) -> ObjectRef:
    """A Service of the hub, and its EndpointSlice: addresses and nodes."""
    made = an_object(r.SERVICE, name, namespace, spec=spec)
    world.hub.put(made)
    body = an_object(r.ENDPOINT_SLICE, f"{name}-1", namespace, endpoints=[])
    body["metadata"]["labels"] = {r.SERVICE_NAME: name}
    body["endpoints"] = [endpoint(*each) for each in endpoints]
    world.hub.put(body)
    return ObjectRef(HUB, r.SERVICE, namespace, name)


def endpoint(address: str, node: str | None, *, target: bool = True) -> Body:
    made: Body = {"addresses": [address], "conditions": {"ready": True}}
    made |= {"nodeName": node} if node else {}
    return made | ({"targetRef": {"kind": "Pod", "name": "web"}} if target else {})


def held(world: FakeWorld, leaf: str, name: str = "web-1", namespace: str = REMOTE) -> list[str]:
    """The addresses in a leaf's slice."""
    body = world.leaves[leaf].objects[ObjectRef(leaf, r.ENDPOINT_SLICE, namespace, name)]
    return [address for each in body["endpoints"] for address in each["addresses"]]


def annotate(world: FakeWorld, on: bool = True, name: str = "web") -> None:
    body = {"metadata": {"annotations": {r.USE_DIRECT: "true" if on else None}}}
    world.hub.patch(ObjectRef(HUB, r.SERVICE, NAMESPACE, name), body)


def is_on(world: FakeWorld, name: str = "web") -> bool:
    body = world.hub.objects[ObjectRef(HUB, r.SERVICE, NAMESPACE, name)]
    return (body["metadata"].get("annotations") or {}).get(r.USE_DIRECT) == "true"


def namespace_map(leaf: str, mapping: dict[str, str], phase: str = "Accepted") -> Object:
    current = {here: {"remoteNamespace": there, "phase": phase} for here, there in mapping.items()}
    labels = {r.REMOTE_CLUSTER_ID: leaf}
    return an_object(
        r.NAMESPACE_MAP, leaf, "liqo-hub", labels=labels, status={"currentMapping": current}
    )


def _node(name: str, **labels: str) -> Object:
    return an_object(r.NODE, name, labels=labels)


def _namespace_object(name: str) -> Object:
    return an_object(r.NAMESPACE, name)


def _configuration_of_hub() -> Object:
    remote = {"cidr": {"pod": [HUB_POD], "external": [HUB_EXTERNAL]}}
    labels = {r.REMOTE_CLUSTER_ID: "torino"}
    status = {"remote": remote, "conditions": [CONFIGURED]}
    return an_object(
        r.CONFIGURATION,
        "torino",
        "liqo-tenant-torino",
        labels=labels,
        spec={"remote": remote},
        status=status,
    )


def _answer_hub(world: FakeWorld, leaf: str) -> None:
    """Liqo on the hub sees the leaf's networks as they are."""
    for ref in [each for each in world.hub.objects if each.kind == r.CONFIGURATION]:
        if ref.name == leaf:
            spec = world.hub.objects[ref]["spec"]["remote"]
            world.hub.set_status(ref, {"remote": copy.deepcopy(spec)})


def _in(address: str, network: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(network)


def _moved(address: str, network: str) -> str:
    after = ipaddress.ip_network(network)
    host = int(ipaddress.ip_address(address)) & int(after.hostmask)
    return str(ipaddress.ip_address(int(after.network_address) | host))
