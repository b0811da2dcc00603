"""Liqo's own fabric on each node: it makes the routes and the rules that lead to the gateways."""

from __future__ import annotations

from tests.lab.chart import NAMESPACE
from tests.lab.dataplane import node_network
from tests.lab.errors import LabError
from tests.lab.gateway_templates import VERSION
from tests.lab.kube import CORE, RBAC, ApiError, Kube, Object, path
from tests.lab.node.container import Container, script
from tests.lab.node.context import Context
from tests.lab.node.volumes import credentials, variables
from tests.lab.topology import ClusterSpec

_NAME = "liqo-fabric"
_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def install(kube: Kube) -> None:
    """Its account, under the role that the chart gives it."""
    account = {"kind": "ServiceAccount", "name": _NAME, "namespace": NAMESPACE}
    head: Object = {"apiVersion": "v1", "kind": "ServiceAccount"}
    make(kube, path(CORE, "serviceaccounts", NAMESPACE), head | {"metadata": {"name": _NAME}})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": _NAME}
    binding: Object = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": _NAME},
        "roleRef": role,
        "subjects": [account],
    }
    make(kube, path(RBAC, "clusterrolebindings"), binding)


def remove(kube: Kube) -> None:
    kube.delete(path(RBAC, "clusterrolebindings", name=_NAME))
    kube.delete(path(CORE, "serviceaccounts", NAMESPACE, _NAME))


def make(kube: Kube, url: str, body: Object) -> None:
    """Unless it is there already."""
    try:
        kube.create(url, body)
    except ApiError as error:
        if error.status != 409:
            raise


def pod_name(spec: ClusterSpec) -> str:
    """So it signs what it says in a status."""
    return f"{_NAME}-{spec.name}"


def container(context: Context) -> Container:
    """The chart's arguments; the namespace of the node must be there."""
    spec, state = context.spec, context.state
    folder = state.root / "fabric" / spec.name
    root, account = folder / "root", folder / "account"
    for each in (root, account):
        each.mkdir(parents=True, exist_ok=True)
    for name, content in credentials(context, NAMESPACE, _NAME).items():
        (account / name).write_bytes(content)
    described: Object = {
        "name": "fabric",
        "image": f"ghcr.io/liqotech/fabric:{VERSION}",
        "args": [
            *(f"--podname={pod_name(spec)}", f"--nodename={spec.node_name}"),
            *("--geneve-port=6091", "--health-probe-bind-address=:8081"),
            *("--metrics-address=:8082", "--enable-nft-monitor=true"),
            "--enable-route-monitor=true",
        ],
        "volumeMounts": [{"name": "account", "mountPath": _ACCOUNT}],
    }
    pod: Object = {"metadata": {"name": _NAME, "namespace": NAMESPACE, "uid": ""}}
    environment = variables(context, pod, described, spec.fabric_address)
    lines = script(described, root, state.hosts, {"account": account}, environment)
    if not lines:
        raise LabError("fabric has no binary")
    log = state.logs / f"{spec.name}-fabric.log"
    return Container(described, lines, node_network.namespace(spec), log, lambda: None)
