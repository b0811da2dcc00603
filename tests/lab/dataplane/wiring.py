"""A veth pair between node and gateway wherever Liqo would have a Geneve tunnel.

Names, addresses and MTU are those that Liqo wrote into InternalFabric and InternalNode, so that the
routes of its fabric and of its gateways fit.
"""

from __future__ import annotations

import dataclasses
import threading

from tests.lab import network
from tests.lab.dataplane import node_network
from tests.lab.dataplane.mirror import Mirror
from tests.lab.errors import LabError
from tests.lab.kube import CORE, NETWORKING, Object, path
from tests.lab.node.context import Context, in_background
from tests.lab.shell import run

_PODS, _FABRICS = path(CORE, "pods"), path(NETWORKING, "internalfabrics")
_NODES = path(NETWORKING, "internalnodes")
_PREFIX = "liqo."  # so Liqo names these interfaces
_RETRY = 0.5


@dataclasses.dataclass(frozen=True, slots=True)
class Wire:
    """One gateway's, in Liqo's words."""

    gateway: str
    """The gateway Pod's network namespace."""
    at_node: str
    at_gateway: str
    node_address: str
    gateway_address: str
    mtu: int


class Wiring:
    """All gateways of one cluster, as they come and go."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._node = node_network.namespace(context.spec)
        self._fabrics = Mirror(context, _FABRICS, _NODES)
        self._pods = Mirror(context, _PODS, selector="networking.liqo.io/component=gateway")
        self._pods.changed = self._fabrics.changed

    def start(self) -> None:
        self._fabrics.start()
        self._pods.start()
        in_background(self._keep)

    def _keep(self) -> None:
        while True:
            self._fabrics.changed.wait()
            self._fabrics.changed.clear()
            try:
                self._reconcile()
            except LabError as error:  # a Pod that ends at this very moment, for instance
                self._context.log(f"wiring: {error}")
                threading.Event().wait(_RETRY)
                self._fabrics.changed.set()

    def _reconcile(self) -> None:
        wanted = {wire.at_node: wire for wire in self._wanted()}
        present = network.links(self._node)
        for name in present:
            if name.startswith(_PREFIX) and name not in wanted:
                run("ip", "-n", self._node, "link", "del", name, check=False)
        for name, wire in wanted.items():
            if name not in present or wire.at_gateway not in network.links(wire.gateway):
                _connect(self._node, wire)
                self._context.log(f"{wire.gateway} wired: {name} and {wire.at_gateway}")
            elif present[name]["mtu"] != wire.mtu:
                for namespace, link in ((self._node, name), (wire.gateway, wire.at_gateway)):
                    run("ip", "-n", namespace, "link", "set", link, "mtu", str(wire.mtu))

    def _wanted(self) -> list[Wire]:
        fabrics = {each["metadata"]["namespace"]: each for each in self._fabrics.items(_FABRICS)}
        name = self._context.spec.node_name
        nodes = [n for n in self._fabrics.items(_NODES) if n["metadata"]["name"] == name]
        return [
            _wire(self._context, pod, fabrics[pod["metadata"]["namespace"]], node)
            for node in nodes
            for pod in self._pods.items(_PODS)
            if pod["metadata"]["namespace"] in fabrics and _lives(pod)
        ]


def _lives(pod: Object) -> bool:
    address = (pod.get("status") or {}).get("podIP")
    return bool(address and not pod["metadata"].get("deletionTimestamp"))


def _wire(context: Context, pod: Object, fabric: Object, node: Object) -> Wire:
    inside, outside = fabric["spec"]["interface"], node["spec"]["interface"]
    return Wire(
        gateway=network.pod_namespace(context.spec.name, pod["metadata"]["uid"]),
        at_node=inside["node"]["name"],
        at_gateway=outside["gateway"]["name"],
        node_address=outside["node"]["ip"],
        gateway_address=inside["gateway"]["ip"],
        mtu=int(fabric["spec"]["mtu"]),
    )


def _connect(node: str, wire: Wire) -> None:
    run("ip", "-n", node, "link", "del", wire.at_node, check=False)
    run("ip", "-n", wire.gateway, "link", "del", wire.at_gateway, check=False)
    mtu = f"mtu {wire.mtu}"
    network.batch(
        wire.gateway,
        f"link add {wire.at_gateway} {mtu} type veth peer name {wire.at_node} {mtu} netns {node}",
        f"addr add {wire.gateway_address}/32 dev {wire.at_gateway}",
        f"link set {wire.at_gateway} up",
    )
    network.batch(
        node, f"addr add {wire.node_address}/32 dev {wire.at_node}", f"link set {wire.at_node} up"
    )
