"""Makes fake clusters a hub that has been peered with its leaves for a while, by Liqo 1.2."""

from __future__ import annotations

from typing import Any

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import Object, ref_of
from tests.fakes import Body, FakeCluster, FakeWorld
from tests.samples import an_object

CONFIGURED = {"type": "NetworkCIDRsConfigured", "status": "True"}


def peered(world: FakeWorld) -> None:
    """Each leaf serves the hub, which sees all networks as they are; nobody was asked yet."""
    for number, (name, leaf) in enumerate(world.leaves.items(), 1):
        answer(world.hub, name)
        endpoint = {"addresses": [f"203.0.113.{number}"], "port": 51840, "protocol": "UDP"}
        world.hub.patch(
            ref_of(world.hub.name, of_leaf(world, r.GATEWAY_CLIENT, name)),
            {"spec": {"endpoint": endpoint}},
        )
        world.hub.put(connection(name, latency=f"{number}ms"))
        leaf.put(configuration("torino"))
        answer(leaf, "torino")
        leaf.put(manager())
    world.calls.clear()


def of_leaf(world: FakeWorld, kind: r.Kind, leaf: str) -> Body:
    """The hub's object of *kind* about *leaf*."""
    (found,) = (each for each in world.hub.of(kind) if each["metadata"]["name"].endswith(leaf))
    return found


def answer(cluster: FakeCluster, about: str, seen: str | None = None) -> None:
    """Liqo 1.2 answers the Configuration *about* a cluster, its Pod network *seen* otherwise."""
    (body,) = (each for each in cluster.of(r.CONFIGURATION) if each["metadata"]["name"] == about)
    cidr = dict(body["spec"]["remote"]["cidr"])
    cidr |= {"pod": [seen]} if seen else {}
    status = {"remote": {"cidr": cidr}, "conditions": [CONFIGURED]}
    cluster.set_status(ref_of(cluster.name, body), status)


def configuration(about: str, namespace: str = "liqo-hub", **body: Any) -> Object:
    """A Configuration *about* a cluster, as its cluster or another one made it."""
    cidr = {"pod": ["10.61.0.0/16"], "external": ["10.171.0.0/16"]}
    labels = {r.REMOTE_CLUSTER_ID: about}
    given = {"spec": {"remote": {"cidr": cidr}}, **body}
    return an_object(r.CONFIGURATION, about, namespace, labels=labels, **given)


def connection(leaf: str, value: str = "Connected", latency: str = "4ms") -> Object:
    """The hub's Connection to *leaf*."""
    status = {"value": value, "latency": {"value": latency}}
    labels = {r.REMOTE_CLUSTER_ID: leaf}
    return an_object(r.CONNECTION, f"gw-{leaf}", "liqo-hub", labels=labels, status=status)


def manager(*args: str, image: str = "ghcr.io/liqotech/liqo-controller-manager:v1.2.0") -> Object:
    """The Deployment of Liqo's controller manager."""
    container = {"name": "controller-manager", "image": image, "args": list(args)}
    template = {"spec": {"containers": [container]}}
    return an_object(
        r.DEPLOYMENT, r.CONTROLLER_MANAGER, r.LIQO_NAMESPACE, spec={"template": template}
    )
