"""The floor: the same objects, made by the same client at the best moment, and nothing else.

``python -m tests.bench.floor SERVER CLIENT SERVER_CIDRS CLIENT_CIDRS`` knows all that can be known
beforehand; it checks, records and undoes nothing. What ``create`` takes longer is its price.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import Manifest, Object
from kubectl_liqo_shortcut.core.ports import Cluster, Selection

MTU, PORT = 1340, 51840


class Leaf:
    """One end: its cluster, and what is known of the other one."""

    def __init__(self, cluster: Cluster, peer: str) -> None:
        self.cluster, self.peer = cluster, peer
        self.namespace = f"liqo-tenant-{peer}"

    def make(self, kind: r.Kind, spec: Object, **labels: str) -> None:
        metadata: dict[str, Any] = {"name": self.peer, "namespace": self.namespace}
        metadata["labels"] = {r.REMOTE_CLUSTER_ID: self.peer, **labels}
        body = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}
        self.cluster.create(Manifest(self.cluster.name, {**body, "spec": spec}))

    def make_namespace(self) -> None:
        levels = {
            f"pod-security.kubernetes.io/{mode}": "privileged" for mode in ("enforce", "warn")
        }
        labels = {r.REMOTE_CLUSTER_ID: self.peer, r.TENANT_NAMESPACE: "true", **levels}
        metadata = {"name": self.namespace, "labels": labels}
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        self.cluster.create(Manifest(self.cluster.name, body))

    def make_configuration(self, cidrs: str) -> None:
        pod, external = cidrs.split(",")
        self.make(r.CONFIGURATION, {"remote": {"cidr": {"pod": [pod], "external": [external]}}})

    def make_key(self, key: str) -> None:
        gateway_resource = {"networking.liqo.io/gateway-resource": "true"}
        self.make(r.PUBLIC_KEY, {"publicKey": key}, **gateway_resource)

    def wait(self, kind: r.Kind, value: Callable[[Object], Any], name: str = "") -> Any:
        """The first true value that an object of *kind* has."""
        what = Selection(kind, self.namespace, name=name)
        listing = self.cluster.list(what)
        for body in listing.items:
            if found := value(body):
                return found
        for change in self.cluster.watch(what, listing.resource_version):
            if found := value(change.body):
                return found
        raise SystemExit(f"{self.cluster.name}: watch ended")

    def wait_key(self) -> str:
        def key(body: Object) -> str | None:
            return (body.get("data") or {}).get("publicKey")

        return str(self.wait(r.SECRET, key, f"gw-{self.peer}"))

    def wait_connected(self) -> None:
        self.wait(r.CONNECTION, lambda body: (body.get("status") or {}).get("value") == "Connected")


def template(side: str) -> dict[str, Any]:
    ref = {"apiVersion": "networking.liqo.io/v1beta1", "namespace": "liqo"}
    kind = f"WgGateway{side.capitalize()}Template"
    return {f"{side}TemplateRef": {**ref, "kind": kind, "name": f"wireguard-{side}"}}


def main(server_id: str, client_id: str, server_cidrs: str, client_cidrs: str) -> None:
    access = ClusterAccess()
    server, client = Leaf(access(server_id), client_id), Leaf(access(client_id), server_id)

    def serve() -> None:
        server.make_namespace()
        endpoint = {"serviceType": "LoadBalancer", "port": PORT}
        server.make(r.GATEWAY_SERVER, {"mtu": MTU, "endpoint": endpoint, **template("server")})
        together(
            lambda: server.make_configuration(client_cidrs),
            lambda: client.make_key(server.wait_key()),
            server.wait_connected,
        )

    def dial() -> None:
        client.make_namespace()
        together(lambda: client.make_configuration(server_cidrs), dial_when_known)

    def dial_when_known() -> None:
        endpoint = server.wait(r.GATEWAY_SERVER, known_endpoint)
        client.make(r.GATEWAY_CLIENT, {"mtu": MTU, "endpoint": endpoint, **template("client")})
        together(lambda: server.make_key(client.wait_key()), client.wait_connected)

    together(serve, dial)


def known_endpoint(body: Object) -> dict[str, Any] | None:
    endpoint = (body.get("status") or {}).get("endpoint") or {}
    if not any(endpoint.get("addresses") or ()):
        return None
    return {"addresses": endpoint["addresses"][:1], "port": endpoint["port"], "protocol": "UDP"}


def together(*actions: Callable[[], None]) -> None:
    threads = [threading.Thread(target=action) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
