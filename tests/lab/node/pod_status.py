"""What a Pod's and a Node's status say."""

from __future__ import annotations

from collections.abc import Sequence

from tests.lab.kube import Object
from tests.lab.node.container import Container
from tests.lab.node.context import now
from tests.lab.topology import ClusterSpec


def pod_status(containers: Sequence[Container], address: str, host: str) -> Object:
    """Running from the first start on; Ready while every container runs."""
    ready = "True" if all(container.state.running for container in containers) else "False"
    return {
        "phase": "Running",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "hostIP": host,
        "hostIPs": [{"ip": host}],
        "startTime": min(container.state.started_at for container in containers),
        "conditions": [
            _condition("PodScheduled", "True"),
            _condition("Initialized", "True"),
            _condition("ContainersReady", ready),
            _condition("Ready", ready),
        ],
        "containerStatuses": [_container_status(container) for container in containers],
    }


def _container_status(container: Container) -> Object:
    state = container.state
    status: Object = {
        "name": container.spec["name"],
        "image": container.spec["image"],
        "imageID": "",
        "ready": state.running,
        "started": state.running,
        "restartCount": state.restarts,
        "state": {"running": {"startedAt": state.started_at}},
    }
    if not state.running:
        status["state"] = {"waiting": {"reason": "CrashLoopBackOff"}}
    if state.exit_code is not None:
        status["lastState"] = {"terminated": {"exitCode": state.exit_code, "reason": "Error"}}
    return status


def node(spec: ClusterSpec) -> Object:
    labels = {
        "kubernetes.io/hostname": spec.node_name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": spec.node_name, "labels": labels},
    }


def node_status(spec: ClusterSpec) -> Object:
    """Ready for ever: no node-lifecycle controller runs that would ask for heartbeats."""
    resources = {"cpu": "4", "memory": "8Gi", "pods": "110"}
    return {
        "addresses": [
            {"type": "InternalIP", "address": spec.node_address},
            {"type": "Hostname", "address": spec.node_name},
        ],
        "allocatable": resources,
        "capacity": resources,
        "conditions": [
            _condition("Ready", "True") | {"reason": "LabNode", "message": "the lab's node daemon"}
        ],
    }


def _condition(kind: str, status: str) -> Object:
    return {"type": kind, "status": status, "lastTransitionTime": now()}
