"""Links between two clusters: what is left of one, how to take it away, whether packets pass."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.lab import network
from tests.lab.errors import LabError
from tests.lab.kube import (
    APPS,
    CORE,
    IPAM,
    LIQO_CORE,
    NETWORKING,
    RBAC,
    ApiError,
    Kube,
    path,
    wait_for,
)

_MADE_BY_USERS = ("gatewayclients", "gatewayservers", "publickeies", "configurations")
_LINK_RESOURCES = (
    (CORE, "pods"),
    (CORE, "services"),
    (APPS, "deployments"),
    (IPAM, "networks"),
    *((NETWORKING, plural) for plural in _MADE_BY_USERS),
    (NETWORKING, "connections"),
    (NETWORKING, "wggatewayservers"),
    (NETWORKING, "wggatewayclients"),
    (NETWORKING, "internalfabrics"),
    (NETWORKING, "firewallconfigurations"),
    (NETWORKING, "routeconfigurations"),
)
_KEYS = "networking.liqo.io/gateway-resource=true"
_CLIENT_TUNNEL_ADDRESS, _SERVER_TUNNEL_ADDRESS = "169.254.18.2", "169.254.18.1"


def tenant(kube: Kube, remote: str) -> str:
    """The tenant namespace for *remote*, found by labels as Liqo does; else its usual name."""
    selector = f"liqo.io/remote-cluster-id={remote},liqo.io/tenant-namespace"
    found = kube.list(path(CORE, "namespaces"), labelSelector=selector)
    return str(found[0]["metadata"]["name"]) if found else f"liqo-tenant-{remote}"


def link_objects(kube: Kube, namespace: str) -> list[str]:
    """``plural/name`` of every object of the link whose tenant namespace is *namespace*."""
    found: list[str] = []
    for group_version, plural in _LINK_RESOURCES:
        found += _names(kube, group_version, plural, namespace)
    found += _names(kube, CORE, "secrets", namespace, labelSelector=_KEYS)
    found += [
        name
        for name in _names(kube, CORE, "serviceaccounts", namespace)
        if name != "serviceaccounts/default"
    ]
    prefix = f"clusterrolebindings/liqo-gateway-{namespace}-"
    return found + [
        name for name in _names(kube, RBAC, "clusterrolebindings", "") if name.startswith(prefix)
    ]


def _names(kube: Kube, group_version: str, plural: str, namespace: str, **query: str) -> list[str]:
    items = kube.list(path(group_version, plural, namespace), **query)
    return [f"{plural}/{item['metadata']['name']}" for item in items]


def clear_link(kube: Kube, namespace: str) -> None:
    """Ask for one side's end, but for its namespace; ``wait_cleared`` waits for it."""
    for plural in _MADE_BY_USERS:  # the rest follows
        for item in kube.list(path(NETWORKING, plural, namespace)):
            kube.delete(path(NETWORKING, plural, namespace, item["metadata"]["name"]))


def wait_cleared(kube: Kube, namespace: str, timeout: float = 60) -> None:
    """Until Liqo has taken back all that was in *namespace*; one that is ending has to end.

    Its ForeignCluster stays with the namespace, as after ``delete``.
    """
    namespace_path = path(CORE, "namespaces", name=namespace)
    left: list[str] = []

    def cleared() -> bool:
        left[:] = link_objects(kube, namespace)
        found = kube.find(namespace_path)
        return not left and (found is None or "deletionTimestamp" not in found["metadata"])

    _wait(cleared, kube, namespace, left, timeout)


def delete_link(kube: Kube, namespace: str) -> None:
    """Ask for one side's end; ``wait_removed`` waits for it."""
    clear_link(kube, namespace)  # the namespace alone would take a while longer
    kube.delete(path(CORE, "namespaces", name=namespace))


def wait_removed(kube: Kube, namespace: str, remote: str, timeout: float = 60) -> None:
    """Until Liqo and Kubernetes have taken back all of it; the ForeignCluster goes last.

    (Kubernetes lets every deleted namespace rest for five seconds before it empties it.)
    """
    namespace_path = path(CORE, "namespaces", name=namespace)
    left: list[str] = []

    def gone() -> bool:
        left[:] = link_objects(kube, namespace)
        return not left and kube.find(namespace_path) is None

    _wait(gone, kube, namespace, left, timeout)
    foreign_cluster = path(LIQO_CORE, "foreignclusters", name=remote)
    if kube.delete(foreign_cluster):
        what = f"{kube.server}{foreign_cluster}: gone"
        wait_for(lambda: kube.find(foreign_cluster) is None, timeout, what, 0.1)


def _wait(
    condition: Callable[[], bool], kube: Kube, namespace: str, left: list[str], timeout: float
) -> None:
    """Whoever waits in vain is told what is *left*."""
    try:
        wait_for(condition, timeout, "removed", 0.1)
    except LabError as error:
        raise LabError(
            f"{kube.server}: after {timeout:g} s: {' '.join(left) or namespace} is there"
        ) from error


def gateway_namespace(kube: Kube, cluster: str, remote: str) -> str:
    """The network namespace of the gateway Pod of *cluster* for *remote*."""
    pods = kube.list(
        path(CORE, "pods", tenant(kube, remote)),
        labelSelector="networking.liqo.io/component=gateway",
    )
    living = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    if len(living) != 1:
        raise LabError(f"{cluster} has {len(living)} gateway Pods for {remote}, not one")
    return network.pod_namespace(cluster, living[0]["metadata"]["uid"])


def tunnel_ping(kube: Kube, cluster: str, remote: str, count: int) -> str:
    """Ping the tunnel's other end from the gateway's namespace; ping's output, good or bad."""
    namespace = gateway_namespace(kube, cluster, remote)
    is_client = bool(kube.list(path(NETWORKING, "gatewayclients", tenant(kube, remote))))
    peer = _SERVER_TUNNEL_ADDRESS if is_client else _CLIENT_TUNNEL_ADDRESS
    command = [
        "ip",
        "netns",
        "exec",
        namespace,
        "ping",
        "-n",
        "-c",
        str(count),
        "-i",
        "0.2",
        "-W",
        "2",
        peer,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def peer_endpoint(kube: Kube, cluster: str, remote: str) -> str:
    """Where the gateway of *cluster* for *remote* sends its packets to; "" while it does not know.

    Of all that WireGuard tells, keys included, only that line leaves this function.
    """
    processes = network.pids(gateway_namespace(kube, cluster, remote))
    names = {pid: Path(f"/proc/{pid}/comm").read_text("utf-8").strip() for pid in processes}
    pid = next(pid for pid, name in names.items() if name == "wireguard")
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(f"/proc/{pid}/root/run/wireguard/liqo-tunnel.sock")
        asked.sendall(b"get=1\n\n")
        said = b""
        while not said.endswith(b"\n\n"):
            said += asked.recv(65536)
    found = re.search(rb"^endpoint=(\S+)$", said, re.MULTILINE)
    return found[1].decode() if found else ""


def connections(kube: Kube) -> list[tuple[str, str, str, str]]:
    """(remote cluster, type, value, latency) of every Connection."""
    rows = []
    for connection in kube.list(path(NETWORKING, "connections")):
        status = connection.get("status") or {}
        rows.append(
            (
                str(
                    (connection["metadata"].get("labels") or {}).get(
                        "liqo.io/remote-cluster-id", "?"
                    )
                ),
                str(connection["spec"].get("type", "?")),
                str(status.get("value") or "<none>"),
                str((status.get("latency") or {}).get("value") or "<none>"),
            )
        )
    return sorted(rows)


def remove_shortcuts(kube: Kube) -> None:
    """By force: the records of a test that failed half-way must not disturb the next one."""
    url = path("/apis/shortcut.liqo.io/v1alpha1", "shortcuts")
    try:
        records = kube.list(url)
    except ApiError as error:
        if error.status == 404:  # no such resource: the CRD was never installed
            return
        raise
    for record in records:
        one = f"{url}/{record['metadata']['name']}"
        kube.delete(one)
        if kube.find(one) is not None:
            kube.patch(one, {"metadata": {"finalizers": None}})
    wait_for(lambda: not kube.list(url), 30, "Shortcut records gone")
