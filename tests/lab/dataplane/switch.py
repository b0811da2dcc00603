"""The data plane of a running lab: on, off, and no trace left."""

from __future__ import annotations

import concurrent.futures
import os
import signal
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from tests.lab import chart, control_plane, network, processes, startup
from tests.lab.cluster import LabCluster
from tests.lab.dataplane import delay, fabric, node_network, offloading
from tests.lab.errors import LabError
from tests.lab.kube import CORE, IPAM, NETWORKING, ApiError, Kube, Object, path, wait_for
from tests.lab.state import State
from tests.lab.topology import HUB

_DAEMON = "dataplane"
_PATIENCE = 60.0  # seconds
_CATEGORIES = "networking.liqo.io/route-category", "networking.liqo.io/firewall-category"
_REPORTED = ("routeconfigurations", "firewallconfigurations")
"""In the status of these a fabric says what it has applied on its node."""


class Switch:
    """All clusters at once."""

    def __init__(self, state: State, clusters: Mapping[str, LabCluster]) -> None:
        self._state, self._clusters = state, clusters
        self._hub = clusters[HUB]
        self._leaves = [cluster for name, cluster in clusters.items() if name != HUB]

    def enable(self) -> None:
        """On return Liqo's routes lead from every node to its gateways."""
        self._each(self._clusters.values(), lambda cluster: fabric.install(cluster.kube))
        self._each(self._leaves, lambda leaf: offloading.prepare(self._hub.kube, leaf))
        self._each(self._leaves, lambda leaf: chart.install_proxy(leaf.kube))
        self._state.set_dataplane(True)
        control_plane.dataplane(self._state)
        self._restart_controllers()
        self._each(self._clusters.values(), self._wait_for_routes)
        for leaf in self._leaves:
            url, what = path(CORE, "nodes", name=leaf.name), f"{HUB}: virtual node {leaf.name}"
            wait_for(partial(self._hub.kube.find, url), _PATIENCE, what, 0.1)

    def disable(self) -> None:
        """Workloads go, and with them every namespace that was made for them."""
        delay.end(self._state)
        self._each(self._clusters.values(), _remove_workloads)
        self._state.set_dataplane(False)
        names = [control_plane.virtual_kubelet_name(leaf.spec) for leaf in self._leaves]
        self._end(names)
        self._each(self._leaves, lambda leaf: offloading.forget(self._hub.kube, leaf))
        self._end([_DAEMON])
        for cluster in self._clusters.values():
            name = node_network.namespace(cluster.spec)
            processes.kill(network.pids(name))
            node_network.remove(cluster.spec)
        self._restart_controllers()
        self._each(self._clusters.values(), _remove_traces)

    def _restart_controllers(self) -> None:
        """The node daemon starts them again, now with other arguments."""
        names = [control_plane.liqo_name(leaf.spec) for leaf in self._leaves]
        processes.end(each for each in processes.recorded(self._state) if each.name in names)
        for leaf in self._leaves:
            host, port = control_plane.liqo_health(leaf.spec)
            what = f"{leaf.name}: Liqo ready"
            wait_for(partial(startup.healthy, host, port), _PATIENCE, what, 0.1)

    def _end(self, names: Iterable[str]) -> None:
        """Politely first: the daemon takes its Pods and its nodes along."""
        ending = [each for each in processes.recorded(self._state) if each.name in names]
        for process in ending:
            if process.alive:
                os.kill(process.pid, signal.SIGTERM)
        try:
            for process in ending:
                wait_for(partial(_ended, process), 5, f"{process.name} ends")
        except LabError:
            processes.end(ending)
        for process in ending:
            processes.forget(self._state, process.name)

    def _wait_for_routes(self, cluster: LabCluster) -> None:
        def applied() -> bool:
            processes.require_alive(self._state, _DAEMON)
            return routes_applied(cluster)

        wait_for(applied, _PATIENCE, f"{cluster.name}: routes of the node", 0.1)

    def _each(self, clusters: Iterable[LabCluster], action: Callable[[LabCluster], None]) -> None:
        with concurrent.futures.ThreadPoolExecutor(len(self._clusters)) as pool:
            list(pool.map(action, clusters))


def _ended(process: processes.Process) -> bool:
    return not process.alive


def routes_applied(cluster: LabCluster) -> bool:
    """Whether the fabric says so of every link that the cluster has."""
    host = fabric.pod_name(cluster.spec)
    routes = [
        each
        for each in cluster.kube.list(path(NETWORKING, "routeconfigurations"))
        if each["metadata"]["name"].endswith("-node-gw")
    ]
    links = cluster.kube.list(path(NETWORKING, "internalfabrics"))
    return len(routes) >= len(links) and all(
        any(
            said.get("host") == host and said.get("status") == "True"
            for said in (each.get("status") or {}).get("conditions") or []
        )
        for each in routes
    )


def _remove_workloads(cluster: LabCluster) -> None:
    """Pods first: the lab's kubelet ends them at once, a namespace takes its time."""
    kube, others = cluster.kube, "networking.liqo.io/component!=gateway"
    for pod in kube.list(path(CORE, "pods"), labelSelector=others):
        metadata = pod["metadata"]
        kube.delete(path(CORE, "pods", metadata["namespace"], metadata["name"]), grace=1)
    for ip in kube.list(path(IPAM, "ips")):
        kube.delete(path(IPAM, "ips", ip["metadata"]["namespace"], ip["metadata"]["name"]))
    ours = {"labelSelector": offloading.SELECTOR}
    for namespace in kube.list(path(CORE, "namespaces"), **ours):
        kube.delete(path(CORE, "namespaces", name=namespace["metadata"]["name"]))

    def gone() -> bool:
        return not any(
            (
                kube.list(path(CORE, "pods"), labelSelector=others),
                kube.list(path(CORE, "namespaces"), **ours),
                kube.list(path(IPAM, "ips")),
            )
        )

    wait_for(gone, _PATIENCE, f"{cluster.name}: workloads gone", 0.2)


def _remove_traces(cluster: LabCluster) -> None:
    kube = cluster.kube
    fabric.remove(kube)
    kube.delete(path(CORE, "services", chart.NAMESPACE, chart.PROXY))
    for plural in _REPORTED:
        for item in kube.list(path(NETWORKING, plural)):
            _forget_host(kube, plural, item, fabric.pod_name(cluster.spec))


def _forget_host(kube: Kube, plural: str, item: Object, host: str) -> None:
    """No fabric is there any more that would take back its word, or let go of its routes."""
    metadata = item["metadata"]
    url = path(NETWORKING, plural, metadata["namespace"], metadata["name"])
    said = (item.get("status") or {}).get("conditions") or []
    kept = [each for each in said if each.get("host") != host]
    try:
        if kept != said:
            kube.patch(f"{url}/status", {"status": {"conditions": kept}})
        labels = metadata.get("labels") or {}
        if "fabric" in map(labels.get, _CATEGORIES):
            kube.patch(url, {"metadata": {"finalizers": None}})
    except ApiError as error:
        if error.status != 404:
            raise
