"""What the status of a workload Pod says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.lab.kube import Object
from tests.lab.node.container import Container
from tests.lab.node.context import now


def workload_status(
    containers: Sequence[Container],
    words: Mapping[str, str],
    ready: Mapping[str, bool],
    address: str,
    host: str,
    *,
    late: bool,
) -> Object:
    """*words* are each container's last; *late* is a Pod whose deadline is over."""
    phase = "Failed" if late else _phase(containers)
    all_ready = all(ready.values())
    status: Object = {
        "phase": phase,
        "podIP": address,
        "podIPs": [{"ip": address}],
        "hostIP": host,
        "hostIPs": [{"ip": host}],
        "startTime": min(
            [each.state.started_at for each in containers if each.state.started_at], default=now()
        ),
        "conditions": [
            {"type": kind, "status": str(value), "lastTransitionTime": now()}
            for kind, value in (
                ("PodScheduled", True),
                ("Initialized", True),
                ("ContainersReady", all_ready),
                ("Ready", all_ready),
            )
        ],
        "containerStatuses": [
            _container(each, words[each.spec["name"]], ready=ready[each.spec["name"]])
            for each in containers
        ],
    }
    if late:
        status["reason"] = "DeadlineExceeded"
        status["message"] = "Pod was active on the node longer than the specified deadline"
    return status


def _phase(containers: Sequence[Container]) -> str:
    if any(each.state.waiting for each in containers):
        return "Pending"
    if all(each.state.ended for each in containers):
        return "Failed" if any(each.state.exit_code for each in containers) else "Succeeded"
    return "Running"


def _container(container: Container, words: str, *, ready: bool) -> Object:
    state = container.state
    status: Object = {
        "name": container.spec["name"],
        "image": container.spec["image"],
        "imageID": "",
        "ready": ready,
        "started": state.running,
        "restartCount": state.restarts,
    }
    terminated = {
        "exitCode": state.exit_code,
        "reason": "Error" if state.exit_code else "Completed",
        "startedAt": state.started_at or None,
        "finishedAt": state.finished_at or None,
        "message": words,
    }
    if state.waiting:
        image = container.spec["image"]
        waiting = {"reason": state.waiting, "message": f'cannot pull image "{image}"'}
        return status | {"state": {"waiting": waiting}}
    if state.running:
        status["state"] = {"running": {"startedAt": state.started_at}}
        return status | ({"lastState": {"terminated": terminated}} if state.restarts else {})
    if state.ended:
        return status | {"state": {"terminated": terminated}}
    waiting = {"reason": "CrashLoopBackOff"}
    return status | {"state": {"waiting": waiting}, "lastState": {"terminated": terminated}}
