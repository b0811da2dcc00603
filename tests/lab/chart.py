"""What Liqo's chart installs for its networking module, rendered here because there is no Helm.

The custom resource definitions and the ClusterRoles are read from the released module; what exists
only as a Helm template is written as that template renders it with the chart's default values
(v1.2.0).
"""

from __future__ import annotations

import base64
import concurrent.futures
from functools import partial
from pathlib import Path

from tests.lab import binaries, gateway_templates
from tests.lab.gateway_templates import API, VERSION, Pings
from tests.lab.kube import APPS, CORE, CRDS, IPAM, NETWORKING, RBAC, Kube, Object, path, wait_for
from tests.lab.topology import INTERNAL_CIDR, ClusterSpec

NAMESPACE = "liqo"
PROXY = "liqo-proxy"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
MODULE = "github.com/liqotech/liqo"


def module() -> Path:
    """The chart's folder in the released module."""
    return binaries.module_folder(MODULE) / "deployments" / "liqo"


def install_crds(kube: Kube, chart: Path) -> None:
    """All of them: Liqo's binaries build one static mapping of every Liqo group when they start."""
    files = sorted((chart / "charts" / "liqo-crds" / "crds").glob("*.yaml"))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        crds = list(pool.map(lambda file: kube.create(CRDS, file.read_bytes()), files))
    wanted: dict[str, set[str]] = {}
    for crd in crds:
        for version in crd["spec"]["versions"]:
            url = f"/apis/{crd['spec']['group']}/{version['name']}"
            wanted.setdefault(url, set()).add(crd["spec"]["names"]["plural"])
    for url, plurals in wanted.items():
        what = f"{kube.server}{url}: established"
        wait_for(partial(_served, kube, url, plurals), 120, what, 0.1)


def _served(kube: Kube, url: str, plurals: set[str]) -> bool:
    """Discovery is asked, not the CRDs: those are megabytes to encode for each answer."""
    found = kube.find(url) or {"resources": []}
    return plurals <= {resource["name"] for resource in found["resources"]}


def install(kube: Kube, spec: ClusterSpec, chart: Path, pings: Pings) -> None:
    """Everything that Liqo's controllers and liqoctl look for; the CRDs must be established."""
    kube.create(
        path(CORE, "namespaces"),
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
    )
    for role in sorted((chart / "files").glob("*-ClusterRole.yaml")):
        kube.create(f"{RBAC}/clusterroles", _cluster_role(role))
    kube.create(path(CORE, "configmaps", NAMESPACE), _cluster_id(spec))
    for network in _networks(spec):
        kube.create(path(IPAM, "networks", NAMESPACE), network)
    for side, template in (
        ("server", gateway_templates.server(pings)),
        ("client", gateway_templates.client(pings)),
    ):
        kube.create(path(NETWORKING, f"wggateway{side}templates", NAMESPACE), template)
    kube.create(path(NETWORKING, "firewallconfigurations", NAMESPACE), _mss_clamping())
    kube.create(path(APPS, "deployments", NAMESPACE), _controller_manager())


def install_proxy(kube: Kube) -> None:
    """The Service whose address the offloading module wants to know; nothing runs behind it."""
    metadata = _metadata(PROXY, "proxy", "networking")
    port = {"name": "http", "port": 8118, "targetPort": 8118, "protocol": "TCP"}
    spec = {"type": "ClusterIP", "ports": [port], "selector": _selected(metadata)}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}
    if kube.find(path(CORE, "services", NAMESPACE, PROXY)) is None:
        kube.create(path(CORE, "services", NAMESPACE), service)


def install_webhook(kube: Kube, url: str, authority: bytes) -> None:
    """The one of Liqo's webhooks without which gateways can apply no rule for remapped CIDRs."""
    rule = {
        "operations": ["CREATE", "UPDATE"],
        "apiGroups": ["networking.liqo.io"],
        "apiVersions": ["v1beta1"],
        "resources": ["firewallconfigurations"],
    }
    webhook = {
        "name": "firewallconfiguration.mutate.liqo.io",
        "admissionReviewVersions": ["v1", "v1beta1"],
        "clientConfig": {
            "url": f"{url}/mutate/firewallconfigurations",
            "caBundle": base64.b64encode(authority).decode(),
        },
        "rules": [rule],
        "sideEffects": "None",
        "failurePolicy": "Fail",
        "objectSelector": {
            "matchExpressions": [
                {"key": "liqo.io/webhook-skip", "operator": "NotIn", "values": ["true"]}
            ]
        },
    }
    kube.create(
        path(ADMISSION, "mutatingwebhookconfigurations"),
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": "liqo-webhook", "labels": {"liqo.io/webhook": "true"}},
            "webhooks": [webhook],
        },
    )


def networks_ready(kube: Kube) -> bool:
    """Whether Liqo's controllers have taken the cluster's own CIDRs from ipam."""
    return all(
        (network.get("status") or {}).get("cidr")
        for network in kube.list(path(IPAM, "networks", NAMESPACE))
    )


def _metadata(
    name: str, component: str, module: str, labels: dict[str, str] | None = None
) -> Object:
    """The chart's common labels (``liqo.labels``)."""
    return {
        "name": name,
        "namespace": NAMESPACE,
        "labels": {
            "app.kubernetes.io/name": component,
            "app.kubernetes.io/instance": f"liqo-{component}",
            "app.kubernetes.io/component": module,
            "app.kubernetes.io/part-of": "liqo",
            "app.kubernetes.io/version": VERSION,
            "app.kubernetes.io/managed-by": "Helm",
            "helm.sh/chart": f"liqo-{VERSION}",
            **(labels or {}),
        },
    }


def _cluster_role(file: Path) -> bytes:
    """The chart gives each file of rules its head; the role is named like the file.

    By that label Liqo finds those that it binds for a remote cluster's identity.
    """
    name = file.name.removesuffix("-ClusterRole.yaml")
    label = f"app.kubernetes.io/name: {name.removeprefix('liqo-')}"
    head = (
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n"
        f"metadata: {{name: {name}, labels: {{{label}}}}}\n"
    )
    return head.encode() + file.read_bytes()


def _cluster_id(spec: ClusterSpec) -> Object:
    metadata = _metadata("liqo-clusterid-configmap", "clusterid-configmap", "clusterid-configmap")
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata,
        "data": {"CLUSTER_ID": spec.name},
    }


def _networks(spec: ClusterSpec) -> list[Object]:
    """Distinct CIDRs, unless remapping is wanted: its rules need Liqo's webhook, a process more."""
    shared = {"ipam.liqo.io/network-not-remapped": "true", "ipam.liqo.io/network-shared": "true"}
    return [
        _network("pod-cidr", spec.pod_cidr, shared),
        _network("service-cidr", spec.service_cidr, shared),
        _network("external-cidr", spec.external_cidr, {}, preAllocated=1),
        _network("internal-cidr", INTERNAL_CIDR, {}),
    ]


def _network(name: str, cidr: str, labels: dict[str, str], **more: int) -> Object:
    metadata = _metadata(name, "ipam", "ipam", {"ipam.liqo.io/network-type": name, **labels})
    metadata["annotations"] = {"liqo.io/preinstalled": "true"}
    return {
        "apiVersion": "ipam.liqo.io/v1alpha1",
        "kind": "Network",
        "metadata": metadata,
        "spec": {"cidr": cidr, **more},
    }


def _mss_clamping() -> Object:
    """Without it TCP stalls as soon as the two sides of a tunnel have different MTUs."""
    rule = {
        "name": "mss-clamping-out",
        "action": "tcpmssclamp",
        "value": "0",
        "match": [
            {
                "op": "eq",
                "dev": {"position": "out", "value": "liqo-tunnel"},
                "proto": {"value": "tcp"},
            }
        ],
    }
    chain = {
        "name": "mss-clamping",
        "type": "filter",
        "hook": "forward",
        "policy": "accept",
        "priority": 0,
        "rules": {"filterRules": [rule]},
    }
    labels = {
        "networking.liqo.io/firewall-category": "gateway",
        "networking.liqo.io/firewall-subcategory": "all-gateways",
        "liqo.io/webhook-skip": "true",
    }
    return {
        "apiVersion": API,
        "kind": "FirewallConfiguration",
        "metadata": {"name": "gw-mss-clamping", "namespace": NAMESPACE, "labels": labels},
        "spec": {"table": {"family": "IPV4", "name": "mss-clamping", "chains": [chain]}},
    }


def _controller_manager() -> Object:
    """liqoctl and Liqo's Node controller look it up; the real process runs outside the cluster."""
    metadata = _metadata("liqo-controller-manager", "controller-manager", "controller-manager")
    container = {
        "name": "controller-manager",
        "image": f"ghcr.io/liqotech/liqo-controller-manager:{VERSION}",
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": _selected(metadata)},
            "template": {
                "metadata": {"labels": metadata["labels"]},
                "spec": {"containers": [container]},
            },
        },
    }


def _selected(metadata: Object) -> dict[str, str]:
    """The labels of a selector, which must not change with the version."""
    identity = ("name", "instance", "component", "part-of")
    labels: dict[str, str] = metadata["labels"]
    return {key: value for key, value in labels.items() if key.rpartition("/")[2] in identity}
