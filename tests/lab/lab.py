"""The lab as tests, benchmarks and the command line see it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping

from tests.lab import (
    binaries,
    certificates,
    cleanup,
    instance,
    links,
    network,
    processes,
    snapshot,
    startup,
)
from tests.lab.cluster import LabCluster
from tests.lab.dataplane.plane import DataPlane
from tests.lab.dataplane.switch import Switch
from tests.lab.errors import LabError
from tests.lab.faults import Faults
from tests.lab.gateway_templates import LIQOS, Pings
from tests.lab.kube import Kube
from tests.lab.nat import Nat
from tests.lab.peering import Peering
from tests.lab.state import Knobs, State, exclusive
from tests.lab.topology import (
    HUB,
    RANGE_VARIABLE,
    Overlap,
    Topology,
    configured_range,
)

_NOT_BOTH = "peerings and the data plane need different settings of Liqo: one at a time"


class Lab:
    """A running lab. There is one at most of each name on a machine."""

    def __init__(self, state: State, topology: Topology) -> None:
        self._state = state
        self.kubeconfig = state.kubeconfig
        self.clusters: Mapping[str, LabCluster] = {
            spec.name: LabCluster(
                spec, state.cluster_kubeconfig(spec.name), certificates.kube(state, spec)
            )
            for spec in topology.clusters
        }

    @classmethod
    def start(
        cls,
        leaves: int = 2,
        *,
        pod_start: float | None = None,
        lb_delay: float | None = None,
        with_peering: bool = False,
        with_dataplane: bool = False,
        overlap: Overlap = Overlap.NONE,
        pings: Pings = LIQOS,
        report: Callable[[str], None] = print,
    ) -> Lab:
        """A lab with so many leaves: the one that runs already, or a new one in a few seconds.

        What a crash left behind is cleaned first; a healthy lab of another size is refused. The
        delays are those of ``set_knobs``; *with_peering* is ``enable_peering`` from the start,
        *with_dataplane* is ``enable_dataplane``. Where Pod CIDRs *overlap*, Liqo remaps them. Its
        gateways' *pings* are those of a lab that is new; one that runs already keeps its own.
        """
        if with_peering and with_dataplane:
            raise LabError(_NOT_BOTH)
        network.require_host()
        topology = Topology(configured_range(), leaves, overlap)
        knobs = Knobs(pod_start or 0.0, lb_delay or 0.0)
        binaries.build()
        with exclusive():
            if (lab := cls.running()) is not None:
                if lab.overlap is not overlap:
                    raise LabError(
                        f"a lab with other Pod CIDRs is running (overlap: {lab.overlap}), "
                        f"not one with overlap: {overlap}",
                        hint="stop it first",
                    )
                if len(lab.leaves) != leaves:
                    raise LabError(
                        f"a lab with {len(lab.leaves)} leaves is running", hint="stop it first"
                    )
                lab.set_knobs(pod_start=pod_start, lb_delay=lb_delay)
                if with_peering:
                    lab.enable_peering()
                if with_dataplane:
                    lab.enable_dataplane()
                report(f"a lab with {leaves} leaves is running already")
                return lab
            state = State()
            _clean_remains(state, report)
            network.require_free(topology.range)
            try:
                clock = startup.stopwatch(report)
                startup.bring_up(
                    state, topology, knobs, clock, with_peering=with_peering, pings=pings
                )
                lab = cls(state, topology)
                if with_dataplane:
                    lab.enable_dataplane()
                    clock("data plane ready")
            except BaseException:  # Ctrl-C too: half a lab is of no use
                cleanup.clean(state, keep_logs=True)
                report(f"the lab did not start; its logs are in {state.logs}")
                raise
            return lab

    @classmethod
    def running(cls) -> Lab | None:
        """The healthy lab of this machine; None if there is none, or only what is left of one."""
        state = State()
        loaded = state.load()
        if (
            loaded is None
            or not loaded[1]
            or any(not process.alive for process in processes.recorded(state))
        ):
            return None
        lab = cls(state, loaded[0])
        return None if lab.problems() else lab

    @property
    def overlap(self) -> Overlap:
        """Which clusters have the same Pod CIDR."""
        return self.clusters[HUB].spec.overlap

    @property
    def leaves(self) -> list[str]:
        return [name for name in self.clusters if name != HUB]

    def problems(self) -> list[str]:
        """What keeps the lab from being healthy."""
        dead = [
            f"{process.name} is not running"
            for process in processes.recorded(self._state)
            if not process.alive
        ]
        silent = [
            f"{cluster.name}: the API server does not answer at {cluster.spec.server}"
            for cluster in self.clusters.values()
            if not startup.answers(cluster.kube)
        ]
        return dead + silent

    def close(self) -> None:
        """Close this program's connections; the lab runs on."""
        for cluster in self.clusters.values():
            cluster.kube.close()

    def stop(self) -> None:
        """End everything and remove every trace."""
        self.close()
        with exclusive():
            cleanup.clean(self._state)

    @property
    def knobs(self) -> Knobs:
        return self._state.knobs()

    def set_knobs(
        self,
        *,
        pod_start: float | None = None,
        lb_delay: float | None = None,
        lb_hostname: bool | None = None,
    ) -> None:
        """Seconds to add from now on to Pod starts and load-balancer addresses, and whether these
        are published as names; None: as before."""
        knobs = self.knobs
        self._state.set_knobs(
            Knobs(
                knobs.pod_start if pod_start is None else pod_start,
                knobs.lb_delay if lb_delay is None else lb_delay,
                knobs.lb_hostname if lb_hostname is None else lb_hostname,
            )
        )

    def kubectl(
        self, *args: str, context: str = HUB, input: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """kubectl on one cluster; with ``check`` a failure is a CalledProcessError."""
        cache = self._state.root / "kubectl-cache"
        common = ("--context", context, "--cache-dir", str(cache))
        return self._run("kubectl", *common, *args, input=input, check=check)

    def liqoctl(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """liqoctl; the hub is the current context."""
        return self._run("liqoctl", *args, input=None, check=check)

    def _run(
        self, binary: str, *args: str, input: str | None, check: bool
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(binaries.path(binary)), *args],
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            env=startup.environment(self._state),
            capture_output=True,
            text=True,
            check=check,
        )

    def connect(self, client: str, server: str) -> None:
        """A link by ``liqoctl network connect --wait``."""
        startup.connect(self._state, client, server)

    def gateway_namespace(self, cluster: str, remote: str) -> str:
        """The network namespace of the gateway Pod of *cluster* for *remote*."""
        return links.gateway_namespace(self.clusters[cluster].kube, cluster, remote)

    def tunnel_ping(self, cluster: str, remote: str, count: int = 5) -> str:
        """What ``ping`` to the tunnel's other end says, from *cluster*'s gateway for *remote*."""
        return links.tunnel_ping(self.clusters[cluster].kube, cluster, remote, count)

    def link_objects(self, cluster: str, remote: str) -> list[str]:
        """``plural/name`` of all that is left on *cluster* of a link with *remote*."""
        kube = self.clusters[cluster].kube
        return links.link_objects(kube, links.tenant(kube, remote))

    def remove_link(self, first: str, second: str) -> None:
        """Take a link away by hand, if there is one, tenant namespaces and all."""
        sides = self._sides(first, second)
        for kube, namespace, _ in sides:
            links.delete_link(kube, namespace)
        for side in sides:
            links.wait_removed(*side)

    def clear_link(self, first: str, second: str) -> None:
        """Take a link away by hand, but for its tenant namespaces, as ``delete`` does."""
        sides = self._sides(first, second)
        for kube, namespace, _ in sides:
            links.clear_link(kube, namespace)
        for kube, namespace, _ in sides:
            links.wait_cleared(kube, namespace)

    def _sides(self, first: str, second: str) -> list[tuple[Kube, str, str]]:
        """Of a link: each cluster, its tenant namespace, and the cluster it is for."""
        pairs = ((first, second), (second, first))
        return [
            (kube, links.tenant(kube, remote), remote)
            for kube, remote in ((self.clusters[name].kube, remote) for name, remote in pairs)
        ]

    def remove_shortcuts(self) -> None:
        """Delete every Shortcut record on the hub, finalizers or not."""
        links.remove_shortcuts(self.clusters[HUB].kube)

    def peer_endpoint(self, cluster: str, remote: str) -> str:
        """``ADDRESS:PORT`` where the gateway of *cluster* for *remote* sends its packets to."""
        return links.peer_endpoint(self.clusters[cluster].kube, cluster, remote)

    def snapshot(self, cluster: str) -> snapshot.Snapshot:
        """All objects of *cluster*, to be compared with a later snapshot."""
        return snapshot.take(self.clusters[cluster].kube)

    @property
    def has_peering(self) -> bool:
        """Whether Liqo's authentication and offloading modules run."""
        return self._state.peering

    def enable_peering(self) -> None:
        """Run them from now on, so that ``liqoctl peer`` works; nothing to do if they run."""
        if self.has_dataplane:
            raise LabError(_NOT_BOTH, hint="disable_dataplane() first")
        if not self.has_peering:
            Peering(self._state, self.clusters).enable()

    def disable_peering(self) -> None:
        """End every peering and the modules; no trace of either is left."""
        Peering(self._state, self.clusters).disable()

    def end_peerings(self) -> None:
        """Take every peering away by force, whatever state it is in; links and modules stay."""
        Peering(self._state, self.clusters).end_all()

    @property
    def has_dataplane(self) -> bool:
        """Whether workload Pods run, and packets from one to another."""
        return self._state.dataplane

    def enable_dataplane(self) -> None:
        """From now on Pods run, and Liqo's routes lead to them; nothing to do if they do."""
        if self.has_peering:
            raise LabError(_NOT_BOTH, hint="disable_peering() first")
        if not self.has_dataplane:
            Switch(self._state, self.clusters).enable()

    def disable_dataplane(self) -> None:
        """End all workloads and what carries their packets; no trace of either is left."""
        if self.has_dataplane:
            Switch(self._state, self.clusters).disable()

    @property
    def dataplane(self) -> DataPlane:
        """What can be done with it."""
        if not self.has_dataplane:
            raise LabError("the lab has no data plane", hint="enable_dataplane() first")
        return DataPlane(self._state, self.clusters)

    @property
    def faults(self) -> Faults:
        """Faults on request."""
        return Faults(self._state, self.clusters)

    @property
    def nat(self) -> Nat:
        """Clusters whose gateways are behind NAT, on request."""
        return Nat(self.clusters)


def _clean_remains(state: State, report: Callable[[str], None]) -> None:
    """Of this lab alone: namespaces of its name without its folder are somebody else's."""
    if state.root.exists():
        report("cleaning up what an earlier lab left behind")
        cleanup.clean(state)
    elif network.namespaces():
        raise LabError(
            f"there are network namespaces called {instance.NAME}, but no lab in {state.root}",
            hint=f"choose another name, such as {instance.VARIABLE}={instance.DEFAULT}b, and"
            f" another {RANGE_VARIABLE}; `make lab-stop` removes what nobody uses any more",
        )
