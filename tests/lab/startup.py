"""Bring the lab up: network, certificates, etcd, all clusters side by side, the hub's peerings."""

from __future__ import annotations

import concurrent.futures
import http.client
import os
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from tests.lab import binaries, certificates, chart, control_plane, network, processes
from tests.lab.errors import LabError
from tests.lab.gateway_templates import LIQOS, Pings
from tests.lab.kube import CORE, ApiError, Kube, path, wait_for
from tests.lab.state import Knobs, State, write
from tests.lab.topology import ClusterSpec, Topology

Report = Callable[[str], None]

_AT_ONCE = 3  # API servers that start at the same time; more of them starve each other on two cores
_PATIENCE = 180.0


def bring_up(
    state: State,
    topology: Topology,
    knobs: Knobs,
    report: Report,
    *,
    with_peering: bool = False,
    pings: Pings = LIQOS,
) -> None:
    """On return the hub is Connected with every leaf. On failure the caller cleans up."""
    folder = chart.module()
    state.make()
    state.save(topology, ready=False)
    state.set_knobs(knobs)
    state.set_peering(with_peering)
    names = [pair for spec in topology.clusters for pair in spec.load_balancer_names.items()]
    write(state.hosts, "".join(f"{address} {name}\n" for name, address in names))
    network.create(topology)
    control_plane.etcd(state)
    with concurrent.futures.ThreadPoolExecutor(len(topology.clusters)) as pool:
        for done in [pool.submit(certificates.make, state, spec) for spec in topology.clusters]:
            done.result()
        certificates.write_kubeconfig(state.kubeconfig, state, topology.clusters)
        for spec in topology.clusters:
            state.set_stopped(spec.name, True)  # each cluster's start says when they may run
        control_plane.node(state)
        report(f"network {topology.range} and certificates")
        clusters = _Clusters(state, folder, report, pings)
        hub, *leaves = topology.clusters
        hub_up = pool.submit(clusters.start, hub)
        started = [pool.submit(clusters.start_leaf, leaf, hub, hub_up) for leaf in leaves]
        try:
            _first_failure_or_all([hub_up, *started])
        except BaseException as error:
            time.sleep(0.5)  # one whose connections are reset may not quite have ended
            ended = processes.last_words(state)
            processes.end(processes.recorded(state))  # so that nobody goes on waiting for them
            if ended and isinstance(error, LabError):
                raise LabError(f"{error}; {ended}") from error
            raise
    state.save(topology, ready=True)


def _first_failure_or_all(started: list[Future[None]]) -> None:
    for future in concurrent.futures.as_completed(started):
        future.result()


class _Clusters:
    """Starts clusters, three at a time."""

    def __init__(self, state: State, folder: Path, report: Report, pings: Pings) -> None:
        self._state, self._chart, self._report, self._pings = state, folder, report, pings
        self._slots = threading.Semaphore(_AT_ONCE)

    def start(self, spec: ClusterSpec) -> None:
        kube = certificates.kube(self._state, spec)
        with self._slots:
            control_plane.api_server(self._state, spec)
            self._wait(lambda: answers(kube), control_plane.api_server_name(spec), "ready")
            self._report(f"{spec.name}: API server ready at {spec.server}")
            chart.install_crds(kube, self._chart)
            # The controllers look default/kubernetes up, whose namespace comes a little later.
            self._wait(
                lambda: kube.find(path(CORE, "namespaces", name="default")),
                control_plane.api_server_name(spec),
                "namespace default",
            )
            chart.install(kube, spec, self._chart, self._pings)
            if self._state.peering:
                chart.install_proxy(kube)
            control_plane.controllers(self._state, spec)
            name = control_plane.liqo_name(spec)
            self._wait(lambda: healthy(*control_plane.liqo_health(spec)), name, "ready")
            self._wait(lambda: chart.networks_ready(kube), name, "the cluster's own CIDRs")
            if spec.overlapping:
                name = control_plane.webhook_name(spec)
                self._wait(lambda: healthy(*control_plane.webhook_health(spec)), name, "ready")
                authority = (self._state.cluster(spec.name) / "ca.crt").read_bytes()
                chart.install_webhook(kube, control_plane.webhook_url(spec), authority)
        self._report(f"{spec.name}: Liqo ready")
        kube.close()

    def start_leaf(self, leaf: ClusterSpec, hub: ClusterSpec, hub_up: Future[None]) -> None:
        self.start(leaf)
        hub_up.result()
        connect(self._state, hub.name, leaf.name)
        self._report(f"{leaf.name}: Connected with {hub.name}")

    def _wait(self, condition: Callable[[], object], daemon: str, what: str) -> None:
        def checked() -> object:
            processes.require_alive(self._state, daemon)
            return condition()

        wait_for(checked, _PATIENCE, f"{daemon}: {what}", 0.1)


def connect(state: State, client: str, server: str) -> None:
    """A link as Liqo's own tool makes it, with *client* as the WireGuard client."""
    command = [
        *(str(binaries.path("liqoctl")), "network", "connect", "--wait"),
        *("--kubeconfig", str(state.cluster_kubeconfig(client))),
        *("--remote-kubeconfig", str(state.cluster_kubeconfig(server))),
        *("--gw-server-service-type", "LoadBalancer"),
    ]
    done = subprocess.run(
        command, env=environment(state), capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise LabError("\n".join([f"liqoctl network connect {client} {server}:", *said]))


def environment(state: State) -> dict[str, str]:
    """The user's, with the lab's clusters, and without a proxy that does not know them."""
    return {
        **{
            name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")
        },
        "KUBECONFIG": str(state.kubeconfig),
    }


def answers(kube: Kube) -> bool:
    try:
        kube.get("/readyz")
    except ApiError:
        return False
    return True


def healthy(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def stopwatch(out: Callable[[str], None]) -> Report:
    """A report that says when, counted from now."""
    began, lock = time.monotonic(), threading.Lock()

    def report(message: str) -> None:
        with lock:  # clusters start side by side, each in a thread
            out(f"{time.monotonic() - began:6.1f}s  {message}")

    return report
