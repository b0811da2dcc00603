"""Faults on request: API servers and controllers that stop or fall silent, tunnels that are cut."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.lab import control_plane, links, network, processes, snapshot, startup
from tests.lab.cluster import LabCluster
from tests.lab.errors import LabError
from tests.lab.kube import ApiError, Kube, wait_for
from tests.lab.processes import Process
from tests.lab.shell import run
from tests.lab.state import State
from tests.lab.topology import API_PORT

_TABLE = "liqolab_fault"
_PATIENCE = 60.0  # seconds


class Faults:
    """Each fault has its end, and ``heal`` ends them all."""

    def __init__(self, state: State, clusters: Mapping[str, LabCluster]) -> None:
        self._state = state
        self._clusters = clusters

    def stop_api_server(self, cluster: str) -> None:
        """Kill it; Pods and controllers of the cluster live on."""
        processes.end(self._api_server(cluster))

    def start_api_server(self, cluster: str) -> None:
        """Start it again and wait until it, and Liqo's controllers, are ready.

        The controllers begin anew, as those do that lost their leader's Lease meanwhile; else
        their pauses between two attempts have grown to a minute.
        """
        spec = self._clusters[cluster].spec
        self.stop_controllers(cluster)
        control_plane.api_server(self._state, spec)
        self._answers(cluster)
        self.start_controllers(cluster)

    def cut_api_server(self, cluster: str) -> None:
        """To the host, to Pods and to its controllers it is as dead as a killed one, and soon back.

        Its connections end, and new ones are refused; its cluster's controllers end. What is in the
        router's namespace reaches it still: above all itself, or it would need a minute afterwards.
        """
        self.stop_controllers(cluster)
        address = self._clusters[cluster].spec.api_address
        hook = "type filter hook input priority -300"
        refuse = f"ip saddr != {address} ip daddr {address} tcp dport {API_PORT}"
        rules = f"{hook}\n{refuse} reject with tcp reset\n"
        network.in_router(
            *("nft", "-f", "-"), stdin=f"table ip {_cut(cluster)} {{\nchain input {{\n{rules}}}\n}}"
        )
        others = ("src", f"{address}:{API_PORT}", "and", "not", "dst", address)
        network.in_router("ss", "--kill", "--tcp", *others)

    def mend_api_server(self, cluster: str) -> None:
        """It answers everybody, and Liqo's controllers are ready; nothing to do if it does."""
        if (
            f"table ip {_cut(cluster)}"
            in network.in_router("nft", "list", "tables", "ip").splitlines()
        ):
            network.in_router("nft", "delete", "table", "ip", _cut(cluster))
            self.start_controllers(cluster)

    def freeze_api_server(self, cluster: str) -> None:
        """It accepts connections and says nothing."""
        for process in self._api_server(cluster):
            os.kill(process.pid, signal.SIGSTOP)

    def thaw_api_server(self, cluster: str) -> None:
        for process in self._api_server(cluster):
            os.kill(process.pid, signal.SIGCONT)
        self._answers(cluster)

    def stop_controllers(self, cluster: str) -> None:
        """Kubernetes' own and Liqo's: objects are taken, and nothing comes of them."""
        self._state.set_stopped(cluster, True)
        names = control_plane.controller_names(self._state, self._clusters[cluster].spec)
        processes.end(each for each in processes.recorded(self._state) if each.name in names)

    def start_controllers(self, cluster: str) -> None:
        self._state.set_stopped(cluster, False)
        host, port = control_plane.liqo_health(self._clusters[cluster].spec)
        wait_for(lambda: startup.healthy(host, port), _PATIENCE, f"{cluster}: Liqo ready", 0.1)

    def cut_tunnel(self, cluster: str, remote: str, port: int = 51840) -> None:
        """Drop the tunnel's packets at the gateway of *cluster* for *remote*."""
        namespace = links.gateway_namespace(self._clusters[cluster].kube, cluster, remote)
        drop = f"udp sport {port} drop; udp dport {port} drop;"
        hooks = (
            f"chain {hook} {{ type filter hook {hook} priority -300; {drop} }}"
            for hook in ("input", "output")
        )
        rules = "\n".join((f"table inet {_TABLE} {{", *hooks, "}"))
        run("ip", "netns", "exec", namespace, "nft", "-f", "-", stdin=rules)

    def mend_tunnel(self, cluster: str, remote: str) -> None:
        """Nothing to do where it is not cut."""
        namespace = links.gateway_namespace(self._clusters[cluster].kube, cluster, remote)
        delete = ("nft", "delete", "table", "inet", _TABLE)
        run("ip", "netns", "exec", namespace, *delete, check=False)

    def freeze_gateway(self, cluster: str, remote: str) -> None:
        """Its container ``gateway`` hangs: it neither pings, nor answers, nor tells."""
        self._signal_gateway(cluster, remote, signal.SIGSTOP)

    def thaw_gateway(self, cluster: str, remote: str) -> None:
        self._signal_gateway(cluster, remote, signal.SIGCONT)

    def _signal_gateway(self, cluster: str, remote: str, number: signal.Signals) -> None:
        namespace = links.gateway_namespace(self._clusters[cluster].kube, cluster, remote)
        for pid in run("ip", "netns", "pids", namespace).split():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                if Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() == "gateway":
                    os.kill(int(pid), number)

    def heal_gateway(self, cluster: str, remote: str) -> None:
        """End what was done to it, if there is one; nothing to do for one that starts anew."""
        with contextlib.suppress(LabError):
            self.mend_tunnel(cluster, remote)
            self.thaw_gateway(cluster, remote)

    def heal(self) -> None:
        """End every fault but those of gateways, which end with them."""
        for name in self._clusters:
            self.mend_api_server(name)
            if any(process.alive for process in self._api_server(name)):
                self.thaw_api_server(name)
                self.start_controllers(name)
            else:
                self.start_api_server(name)

    def _api_server(self, cluster: str) -> Iterator[Process]:
        name = control_plane.api_server_name(self._clusters[cluster].spec)
        return (each for each in processes.recorded(self._state) if each.name == name)

    def _answers(self, cluster: str) -> None:
        kube = self._clusters[cluster].kube
        wait_for(lambda: startup.answers(kube), _PATIENCE, f"{cluster}: API server", 0.1)
        # It is ready before the storage of custom resources is: they answer 429 for a while.
        wait_for(lambda: _serves_all(kube), _PATIENCE, f"{cluster}: all resources", 0.1)


def _cut(cluster: str) -> str:
    """The nftables table that keeps everybody from the API server of *cluster*."""
    return f"{_TABLE}_{cluster.replace('-', '_')}"


def _serves_all(kube: Kube) -> bool:
    try:
        snapshot.take(kube)
    except ApiError:
        return False
    return True
