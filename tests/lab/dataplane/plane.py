"""What tests do with the lab's data plane: Pods, Services across clusters, counters and cuts."""

from __future__ import annotations

import ipaddress
import secrets
import subprocess
import time
from collections.abc import Mapping, Sequence

from tests.lab import links, network
from tests.lab.cluster import LabCluster
from tests.lab.dataplane import delay, offloading
from tests.lab.dataplane.ports import listens
from tests.lab.dataplane.proxy import DISCOVERY, SERVICE_LABEL
from tests.lab.errors import LabError
from tests.lab.faults import Faults
from tests.lab.kube import CORE, IPAM, NETWORKING, Object, path, wait_for
from tests.lab.state import State
from tests.lab.topology import HUB

_PATIENCE = 30.0  # seconds
_TUNNEL = "liqo-tunnel"
_DIRECT = "liqo.io/use-direct-connections"
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # those of Kubernetes' own random names


class DataPlane:
    """The enabled data plane of a running lab."""

    def __init__(self, state: State, clusters: Mapping[str, LabCluster]) -> None:
        self._state, self._clusters = state, clusters
        self._hub = clusters[HUB].kube

    def offload(
        self, namespace: str, remote: str | None = None, leaves: Sequence[str] | None = None
    ) -> str:
        """A namespace of the hub, and what the leaves call it (all leaves, unless named)."""
        name = remote or f"{namespace}-{HUB}"
        chosen = [c for c in self._clusters.values() if c.name in (leaves or self._leaves)]
        offloading.add(self._hub, namespace, name, chosen)
        return name

    @property
    def _leaves(self) -> list[str]:
        return [name for name in self._clusters if name != HUB]

    def make_pod(
        self,
        cluster: str,
        namespace: str,
        name: str,
        command: Sequence[str] = ("sleep", "infinity"),
        *,
        labels: Mapping[str, str] | None = None,
        image: str = "lab/any",
        port: int | None = None,
    ) -> str:
        """A Pod and, if need be, its namespace; its address, once it runs (and has the *port*)."""
        kube = self._clusters[cluster].kube
        offloading.make_namespace(kube, namespace)
        account = path(CORE, "serviceaccounts", namespace, "default")
        wait_for(lambda: kube.find(account), _PATIENCE, f"{cluster}{account}")
        body: Object = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "labels": {"app": name, **(labels or {})}},
            "spec": {
                "restartPolicy": "Never",
                "terminationGracePeriodSeconds": 1,
                "containers": [{"name": "main", "image": image, "command": list(command)}],
            },
        }
        kube.create(path(CORE, "pods", namespace), body)
        what = f"{cluster}: Pod {namespace}/{name}"
        address = wait_for(
            lambda: str(self.pod_status(cluster, namespace, name).get("podIP", "")),
            _PATIENCE,
            f"{what} has an address",
        )
        if port:
            inside = self.pod_namespace(cluster, namespace, name)
            wait_for(lambda: listens(inside, port), _PATIENCE, f"{what} listens on {port}")
        return address

    def pod_status(self, cluster: str, namespace: str, name: str) -> Object:
        found = self._clusters[cluster].kube.get(path(CORE, "pods", namespace, name))
        status: Object = found.get("status") or {}
        return status

    def pod_namespace(self, cluster: str, namespace: str, name: str) -> str:
        """The Pod's network namespace."""
        found = self._clusters[cluster].kube.get(path(CORE, "pods", namespace, name))
        return network.pod_namespace(cluster, found["metadata"]["uid"])

    def pod_exec(self, cluster: str, namespace: str, name: str, *command: str) -> str:
        """What *command* prints in the Pod's network namespace; a failure is a LabError."""
        inside = ["ip", "netns", "exec", self.pod_namespace(cluster, namespace, name)]
        done = subprocess.run([*inside, *command], capture_output=True, text=True, check=False)
        if done.returncode:
            raise LabError(f"{cluster}: {' '.join(command)[:60]}: {done.stderr.strip()}")
        return done.stdout

    def publish(
        self, namespace: str, service: str, backends: Sequence[tuple[str, str]], port: int = 8080
    ) -> str:
        """A Service of the hub in front of Pods, (cluster, Pod name) each; its slice's name.

        What Kubernetes would make of offloaded Pods is made by hand: the EndpointSlice with the
        virtual nodes' names; and what Liqo would: an IP for each, by which other leaves know it.
        """
        make_port = {"name": "http", "port": 80, "targetPort": port}
        made = self._hub.create(
            path(CORE, "services", namespace),
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": service},
                "spec": {"ports": [make_port]},
            },
        )
        endpoints = [self._endpoint(namespace, leaf, pod) for leaf, pod in backends]
        name = f"{service}-{''.join(secrets.choice(_LETTERS) for _ in range(5))}"
        owner = {
            "apiVersion": "v1",
            "kind": "Service",
            "name": service,
            "uid": made["metadata"]["uid"],
            "controller": True,
            "blockOwnerDeletion": True,
        }
        self._hub.create(
            path(DISCOVERY, "endpointslices", namespace),
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "addressType": "IPv4",
                "metadata": {
                    "name": name,
                    "labels": {SERVICE_LABEL: service},
                    "ownerReferences": [owner],
                },
                "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
                "endpoints": endpoints,
            },
        )
        return name

    def _endpoint(self, namespace: str, cluster: str, pod: str) -> Object:
        node = self._clusters[cluster].spec.node_name
        remote = namespace
        if cluster != HUB:
            node, remote = cluster, offloading.remote_namespace(self._hub, cluster, namespace)
        address = self.pod_status(cluster, remote, pod)["podIP"]
        if cluster != HUB:
            address = self.seen_as(HUB, cluster, address)
            self.map_address(namespace, f"{cluster}-{pod}", address)
        return {
            "addresses": [address],
            "nodeName": node,
            "conditions": {"ready": True, "serving": True, "terminating": False},
            "targetRef": {"kind": "Pod", "name": pod, "namespace": namespace},
        }

    def seen_as(self, viewer: str, cluster: str, address: str) -> str:
        """What *viewer* has for *cluster*'s Pod *address*: another one where Liqo remaps it."""
        kube = self._clusters[viewer].kube
        tenant = links.tenant(kube, cluster)
        found = kube.get(path(NETWORKING, "configurations", tenant, cluster))
        given, seen = (
            ipaddress.IPv4Network(found[part]["remote"]["cidr"]["pod"][0])
            for part in ("spec", "status")
        )
        offset = int(ipaddress.IPv4Address(address)) - int(given.network_address)
        return str(seen.network_address + offset)

    def map_address(self, namespace: str, name: str, address: str) -> str:
        """The address in the hub's external CIDR by which leaves reach *address*."""
        url = path(IPAM, "ips", namespace)
        body: Object = {
            "apiVersion": "ipam.liqo.io/v1alpha1",
            "kind": "IP",
            "spec": {"ip": address},
        }
        if self._hub.find(f"{url}/{name}") is None:
            self._hub.create(url, body | {"metadata": {"name": name}})
        return wait_for(
            lambda: str((self._hub.get(f"{url}/{name}").get("status") or {}).get("ip", "")),
            _PATIENCE,
            f"{HUB}: external address of {address}",
        )

    def set_direct(self, namespace: str, service: str, wanted: bool) -> None:
        """The hub's annotation on the Service, by which leaves shall use direct connections."""
        value = "true" if wanted else None
        url = path(CORE, "services", namespace, service)
        self._hub.patch(url, {"metadata": {"annotations": {_DIRECT: value}}})

    def poke(self, leaf: str, namespace: str, service: str) -> None:
        """Make *leaf* look at its ShadowEndpointSlices again; Liqo does not after a new link."""
        kube = self._clusters[leaf].kube
        for item in kube.list(path(offloading.OFFLOADING, "shadowendpointslices", namespace)):
            template = (item.get("spec") or {}).get("template") or {}
            labels = (item["metadata"].get("labels") or {}) | (template.get("labels") or {})
            if labels.get(SERVICE_LABEL, service) == service:
                metadata = {"annotations": {"lab/poked": str(time.time())}}
                url = path(offloading.OFFLOADING, "shadowendpointslices", namespace)
                kube.patch(f"{url}/{item['metadata']['name']}", {"metadata": metadata})

    def cluster_ip(self, cluster: str, namespace: str, service: str) -> str:
        """Waits for the Service, which may still be on its way to a leaf."""
        url = path(CORE, "services", namespace, service)
        kube = self._clusters[cluster].kube
        found = wait_for(lambda: kube.find(url), _PATIENCE, f"{cluster}{url}")
        return str(found["spec"]["clusterIP"])

    def slice_addresses(self, cluster: str, namespace: str, service: str) -> list[str]:
        """The addresses behind the Service on *cluster* that are ready."""
        slices = self._clusters[cluster].kube.list(
            path(DISCOVERY, "endpointslices", namespace),
            labelSelector=f"{SERVICE_LABEL}={service}",
        )
        return sorted(
            address
            for each in slices
            for endpoint in each.get("endpoints") or []
            if (endpoint.get("conditions") or {}).get("ready") is not False
            for address in endpoint["addresses"]
        )

    def hub_leg_bytes(self) -> dict[str, tuple[int, int]]:
        """For each leaf what the hub's tunnel to it has (received, sent)."""
        return {leaf: self.tunnel_bytes(HUB, leaf) for leaf in self._leaves}

    def direct_bytes(self, cluster: str, remote: str) -> tuple[int, int]:
        """(received, sent) of *cluster*'s tunnel for *remote*."""
        return self.tunnel_bytes(cluster, remote)

    def tunnel_bytes(self, cluster: str, remote: str) -> tuple[int, int]:
        stats = network.links(self._gateway(cluster, remote))[_TUNNEL]["stats64"]
        return int(stats["rx"]["bytes"]), int(stats["tx"]["bytes"])

    def _gateway(self, cluster: str, remote: str) -> str:
        return links.gateway_namespace(self._clusters[cluster].kube, cluster, remote)

    def cut_hub_link(self, leaf: str) -> None:
        """Drop all packets of the tunnel between *leaf* and the hub."""
        Faults(self._state, self._clusters).cut_tunnel(leaf, HUB)

    def mend_hub_link(self, leaf: str) -> None:
        Faults(self._state, self._clusters).mend_tunnel(leaf, HUB)

    def set_delay(self, seconds: float) -> None:
        """Hold back each packet so long at each gateway of the hub, both ways; 0 ends it.

        Gateways that start later are not delayed. From leaf to leaf through the hub there are two
        such gateways, so a round trip takes four times *seconds* longer.
        """
        delay.begin(self._state, [self._gateway(HUB, leaf) for leaf in self._leaves], seconds)
