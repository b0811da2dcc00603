"""The command lines of every daemon of the lab.

All run in one network namespace. Each cluster's own listen on the cluster's own address and on the
ports that are theirs everywhere, so no port can clash with another program's.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.lab import binaries, instance
from tests.lab.processes import Process, spawn
from tests.lab.state import State
from tests.lab.topology import API_PORT, HUB, ClusterSpec

_ETCD = "http://127.0.0.1:2379"
_ETCD_PEER = "http://127.0.0.1:2380"
_HEALTH_PORT, _METRICS_PORT, _REPLICATOR_METRICS_PORT, _IPAM_PORT = 8081, 8082, 8083, 6000
_VIRTUAL_KUBELET_PORT, _WEBHOOK_PORT = 12500, 9400
_WEBHOOK_HEALTH_PORT, _WEBHOOK_METRICS_PORT = 8084, 8085
_CONTROLLERS = (
    "deployment-controller",
    "replicaset-controller",
    "garbage-collector-controller",
    "namespace-controller",
    "serviceaccount-controller",
    "root-ca-certificate-publisher-controller",
    "endpointslice-controller",
)
"""What gateways need, and what a Namespace and a Service bring with them in every cluster."""
_OFFERED = "cpu=4,memory=8Gi,pods=110,ephemeral-storage=20Gi"  # the chart's default
_SIGNER = "certificatesigningrequest-signing-controller"
"""What an identity needs: Liqo approves the request, the cluster's own CA signs it."""


def etcd(state: State) -> Process:
    """One for all clusters, each under a prefix of its own."""
    command: list[str | Path] = [
        *(
            binaries.path("etcd"),
            f"--data-dir={state.root / 'etcd'}",
            "--log-level=warn",
            "--unsafe-no-fsync",
        ),
        *(f"--listen-client-urls={_ETCD}", f"--advertise-client-urls={_ETCD}"),
        *(f"--listen-peer-urls={_ETCD_PEER}", f"--initial-advertise-peer-urls={_ETCD_PEER}"),
        f"--initial-cluster=default={_ETCD_PEER}",
    ]
    return spawn(state, "etcd", command, {})


def api_server_name(spec: ClusterSpec) -> str:
    return f"{spec.name}-kube-apiserver"


def api_server(state: State, spec: ClusterSpec) -> Process:
    folder = state.cluster(spec.name)
    command: list[str | Path] = [
        binaries.path("kube-apiserver"),
        *(f"--etcd-servers={_ETCD}", f"--etcd-prefix=/{spec.name}"),
        *(f"--bind-address={spec.api_address}", f"--secure-port={API_PORT}"),
        *(f"--advertise-address={spec.api_address}", "--endpoint-reconciler-type=none"),
        f"--service-cluster-ip-range={spec.service_cidr}",
        *(
            f"--client-ca-file={folder / 'ca.crt'}",
            "--authorization-mode=RBAC",
            "--allow-privileged=true",
        ),
        *(
            f"--tls-cert-file={folder / 'apiserver.crt'}",
            f"--tls-private-key-file={folder / 'apiserver.key'}",
        ),
        *(
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={folder / 'sa.pub'}",
        ),
        f"--service-account-signing-key-file={folder / 'sa.key'}",
        *("--profiling=false", "--enable-priority-and-fairness=false"),
    ]
    # Fewer garbage collections: 70 MiB more for each server, and three seconds less to start.
    return spawn(state, api_server_name(spec), command, {"GOGC": "200"})


def controllers(state: State, spec: ClusterSpec) -> None:
    """Kubernetes' and Liqo's own; the API server must answer and Liqo's objects must be there.

    From then on the node daemon starts them again when they end, as a kubelet would.
    """
    for name in controller_names(state, spec):
        start_controller(state, spec, name)
    state.set_stopped(spec.name, False)


def controller_names(state: State, spec: ClusterSpec) -> tuple[str, ...]:
    """Those that shall run now."""
    names = [f"{spec.name}-kube-controller-manager", f"{spec.name}-ipam", liqo_name(spec)]
    if spec.overlapping:
        names.append(webhook_name(spec))
    if state.peering:
        names.append(replicator_name(spec))
    if state.dataplane and spec.name == HUB:
        names += [virtual_kubelet_name(leaf) for leaf in _leaves(state)]
    return tuple(names)


def start_controller(state: State, spec: ClusterSpec, name: str) -> None:
    environment = {"KUBECONFIG": str(state.cluster_kubeconfig(spec.name))}
    commands: dict[str, tuple[Sequence[str | Path], Mapping[str, str]]] = {
        f"{spec.name}-kube-controller-manager": (_kube_controller_manager(state, spec), {}),
        f"{spec.name}-ipam": (_ipam(spec), environment),
        liqo_name(spec): (_liqo_controller_manager(state, spec), environment),
        replicator_name(spec): (_crd_replicator(spec), environment),
        webhook_name(spec): (_webhook(spec), environment | {"TMPDIR": str(_served(state, spec))}),
        **{
            virtual_kubelet_name(leaf): (
                _virtual_kubelet(spec, leaf),
                environment | _virtual_kubelet_variables(leaf),
            )
            for leaf in _leaves(state)
        },
    }
    command, variables = commands[name]
    spawn(state, name, command, variables)


def liqo_name(spec: ClusterSpec) -> str:
    return f"{spec.name}-liqo-controller-manager"


def replicator_name(spec: ClusterSpec) -> str:
    return f"{spec.name}-crd-replicator"


def webhook_name(spec: ClusterSpec) -> str:
    return f"{spec.name}-webhook"


def webhook_url(spec: ClusterSpec) -> str:
    """Where it listens for the API server."""
    return f"https://{spec.api_address}:{_WEBHOOK_PORT + spec.index}"


def webhook_health(spec: ClusterSpec) -> tuple[str, int]:
    """Where ``/readyz`` of Liqo's webhook answers."""
    return spec.api_address, _WEBHOOK_HEALTH_PORT


def virtual_kubelet_name(leaf: ClusterSpec) -> str:
    return f"{HUB}-virtual-kubelet-{leaf.name}"


def virtual_kubelet_secret(leaf: ClusterSpec) -> str:
    """The Secret of the hub by which it speaks to the leaf."""
    return f"kubeconfig-virtual-kubelet-{leaf.name}"


def _leaves(state: State) -> tuple[ClusterSpec, ...]:
    loaded = state.load()
    return loaded[0].clusters[1:] if loaded else ()


def liqo_health(spec: ClusterSpec) -> tuple[str, int]:
    """Where ``/readyz`` of Liqo's controller manager answers."""
    return spec.api_address, _HEALTH_PORT


def _kube_controller_manager(state: State, spec: ClusterSpec) -> list[str | Path]:
    folder = state.cluster(spec.name)
    controllers = (*_CONTROLLERS, _SIGNER) if state.peering else _CONTROLLERS
    return [
        binaries.path("kube-controller-manager"),
        *(f"--kubeconfig={state.cluster_kubeconfig(spec.name)}", "--leader-elect=false"),
        *(f"--bind-address={spec.api_address}", f"--cert-dir={folder / 'kube-controller-manager'}"),
        *(f"--controllers={','.join(controllers)}", f"--root-ca-file={folder / 'ca.crt'}"),
        f"--service-account-private-key-file={folder / 'sa.key'}",
        f"--cluster-signing-cert-file={folder / 'ca.crt'}",
        f"--cluster-signing-key-file={folder / 'ca.key'}",
    ]


def _ipam(spec: ClusterSpec) -> list[str | Path]:
    """It listens on every address, so here alone the port must differ."""
    return [
        binaries.path("ipam"),
        f"--pod-name=ipam-{spec.name}",
        f"--port={_IPAM_PORT + spec.index}",
    ]


def _liqo_controller_manager(state: State, spec: ClusterSpec) -> list[str | Path]:
    """The chart's arguments; without peerings and workloads, for the networking module alone.

    A leaf's offloading module makes EndpointSlices of what the hub reflects; the hub's own would
    start virtual-kubelets as Deployments.
    """
    peering = str(state.peering).lower()
    offloading = str(state.peering or (state.dataplane and spec.name != HUB)).lower()
    return [
        binaries.path("liqo-controller-manager"),
        *(f"--cluster-id={spec.name}", "--liqo-namespace=liqo", "--networking-enabled=true"),
        *(f"--authentication-enabled={peering}", f"--offloading-enabled={offloading}"),
        *(f"--api-server-address-override={spec.server}", f"--default-node-resources={_OFFERED}"),
        f"--ipam-server=127.0.0.1:{_IPAM_PORT + spec.index}",
        "--gateway-server-resources=networking.liqo.io/v1beta1/wggatewayservers",
        "--gateway-client-resources=networking.liqo.io/v1beta1/wggatewayclients",
        *(
            "--geneve-port=6091",
            "--fabric-route-rule-priority=0",
            "--global-labels=liqo.io/managed=true",
        ),
        *("--fabric-full-masquerade-enabled=false", "--gateway-masquerade-bypass-enabled=false"),
        f"--health-probe-address={spec.api_address}:{_HEALTH_PORT}",
        f"--metrics-address={spec.api_address}:{_METRICS_PORT}",
    ]


def _crd_replicator(spec: ClusterSpec) -> list[str | Path]:
    """Carries ResourceSlices from a consumer to its provider, and their status back."""
    return [
        binaries.path("crd-replicator"),
        f"--cluster-id={spec.name}",
        f"--metrics-address={spec.api_address}:{_REPLICATOR_METRICS_PORT}",
    ]


def _webhook(spec: ClusterSpec) -> list[str | Path]:
    """It listens on every address, so the port must differ."""
    return [
        binaries.path("webhook"),
        *(f"--cluster-id={spec.name}", "--liqo-namespace=liqo", f"--podcidr={spec.pod_cidr}"),
        f"--webhook-port={_WEBHOOK_PORT + spec.index}",
        "--vk-options-default-template=liqo/virtual-kubelet-default",
        f"--health-probe-address={spec.api_address}:{_WEBHOOK_HEALTH_PORT}",
        f"--metrics-address={spec.api_address}:{_WEBHOOK_METRICS_PORT}",
    ]


def _served(state: State, spec: ClusterSpec) -> Path:
    """A folder for temporary files that holds the webhook's certificate where it is looked for."""
    cluster = state.cluster(spec.name)
    wanted = cluster / "webhook" / "k8s-webhook-server" / "serving-certs"
    if spec.overlapping and not wanted.exists():
        wanted.mkdir(parents=True)
        for ending in ("crt", "key"):
            (wanted / f"tls.{ending}").symlink_to(cluster / f"webhook.{ending}")
    return cluster / "webhook"


def _virtual_kubelet(hub: ClusterSpec, leaf: ClusterSpec) -> list[str | Path]:
    """The chart's template, but for Pods: those of the lab are made on their leaves."""
    return [
        binaries.path("virtual-kubelet"),
        *(f"--home-cluster-id={hub.name}", f"--foreign-cluster-id={leaf.name}"),
        *(f"--nodename={leaf.name}", "--create-node=true", "--node-check-network=false"),
        *(f"--tenant-namespace=liqo-tenant-{leaf.name}", "--liqo-namespace=liqo"),
        f"--foreign-kubeconfig-secret-name={virtual_kubelet_secret(leaf)}",
        *(f"--node-ip={hub.api_address}", f"--listen-port={_VIRTUAL_KUBELET_PORT + leaf.index}"),
        *("--certificate-type=self-signed", f"--local-podcidr={hub.pod_cidr}"),
        *("--pod-reflection-workers=0", "--metrics-enabled=false"),
    ]


def _virtual_kubelet_variables(leaf: ClusterSpec) -> dict[str, str]:
    return {
        "POD_NAME": virtual_kubelet_name(leaf),
        "POD_NAMESPACE": f"liqo-tenant-{leaf.name}",
        "VIRTUALNODE_NAME": leaf.name,
    }


def dataplane(state: State) -> Process:
    """The nodes' networks, Liqo's fabric in each, kubelet and kube-proxy for workloads."""
    return _our_daemon(state, "dataplane")


def node(state: State) -> Process:
    """The kubelet, scheduler, kube-proxy and load balancer of all clusters in one process."""
    return _our_daemon(state, "node")


def _our_daemon(state: State, name: str) -> Process:
    repository = Path(__file__).parents[2]
    environment = {
        "PYTHONPATH": str(repository),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LAB_CACHE": str(binaries.cache_root()),
        instance.VARIABLE: instance.NAME,
    }
    return spawn(state, name, [sys.executable, "-m", f"tests.lab.{name}", state.root], environment)
