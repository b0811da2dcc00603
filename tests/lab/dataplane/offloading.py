"""What makes the hub reflect a namespace to its leaves: virtual nodes, and a map for each.

The hub's own offloading module is off, so these objects, which it would make, are made here; Liqo's
virtual-kubelets and the leaves' controllers do the rest.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

from tests.lab import control_plane
from tests.lab.cluster import LabCluster
from tests.lab.dataplane.fabric import make
from tests.lab.kube import CORE, Kube, Object, path

OFFLOADING = "/apis/offloading.liqo.io/v1beta1"
OURS = {"lab/dataplane": "true"}
"""So namespaces are labelled that end with the data plane."""
SELECTOR = ",".join(f"{key}={value}" for key, value in OURS.items())
_API = "offloading.liqo.io/v1beta1"


def prepare(hub: Kube, leaf: LabCluster) -> None:
    """What the leaf's virtual-kubelet looks for when it starts."""
    name, namespace = leaf.name, _tenant(leaf.name)
    secret = control_plane.virtual_kubelet_secret(leaf.spec)
    metadata = {"namespace": namespace, "labels": {"liqo.io/remote-cluster-id": name}}
    kubeconfig = base64.b64encode(leaf.kubeconfig.read_bytes()).decode()
    spec: Object = {
        "clusterID": name,
        "createNode": True,
        "kubeconfigSecretRef": {"name": secret},
        "resourceQuota": {"hard": {"cpu": "4", "memory": "8Gi", "pods": "110"}},
    }
    make(
        hub,
        path(CORE, "secrets", namespace),
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata | {"name": secret},
            "data": {"kubeconfig": kubeconfig},
        },
    )
    make(
        hub,
        path(OFFLOADING, "virtualnodes", namespace),
        {
            "apiVersion": _API,
            "kind": "VirtualNode",
            "metadata": metadata | {"name": name},
            "spec": spec,
        },
    )
    make(
        hub,
        path(OFFLOADING, "namespacemaps", namespace),
        {
            "apiVersion": _API,
            "kind": "NamespaceMap",
            "metadata": metadata | {"name": name},
            "spec": {"desiredMapping": {}},
        },
    )


def forget(hub: Kube, leaf: LabCluster) -> None:
    """Its virtual-kubelet must have ended, else that makes its Node again."""
    namespace = _tenant(leaf.name)
    for url in (
        path(OFFLOADING, "namespacemaps", namespace, leaf.name),
        path(OFFLOADING, "virtualnodes", namespace, leaf.name),
        path(CORE, "secrets", namespace, control_plane.virtual_kubelet_secret(leaf.spec)),
        path(CORE, "nodes", name=leaf.name),
    ):
        remove(hub, url)


def remove(kube: Kube, url: str) -> None:
    """At once: whoever would end its finalizers does not run."""
    kube.delete(url)
    found = kube.find(url)
    if found is not None and found["metadata"].get("finalizers"):
        kube.patch(url, {"metadata": {"finalizers": None}})


def make_namespace(kube: Kube, name: str) -> None:
    """One that goes with the data plane; one that is there already stays."""
    body: Object = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": OURS},
    }
    make(kube, path(CORE, "namespaces"), body)


def add(hub: Kube, namespace: str, remote: str, leaves: Iterable[LabCluster]) -> None:
    """From now on *namespace* of the hub is *remote* on these leaves."""
    make_namespace(hub, namespace)
    for leaf in leaves:
        make_namespace(leaf.kube, remote)
        url = path(OFFLOADING, "namespacemaps", _tenant(leaf.name), leaf.name)
        hub.patch(url, {"spec": {"desiredMapping": {namespace: remote}}})
        mapped = {namespace: {"remoteNamespace": remote, "phase": "Accepted"}}
        hub.patch(f"{url}/status", {"status": {"currentMapping": mapped}})


def remote_namespace(hub: Kube, leaf: str, namespace: str) -> str:
    """What *namespace* of the hub is called on *leaf*."""
    found = hub.get(path(OFFLOADING, "namespacemaps", _tenant(leaf), leaf))
    return str(found["spec"]["desiredMapping"][namespace])


def _tenant(leaf: str) -> str:
    return f"liqo-tenant-{leaf}"
