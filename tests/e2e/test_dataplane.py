"""Packets from a Pod of one leaf to a Pod of another: through the hub, and past it."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.plugin import PAIR, Snapshots, succeed
from tests.e2e.shop import CALL, CALLS, CLIENT, SERVER, SIZE, WEB, Web, hub_address
from tests.lab import network, processes
from tests.lab.errors import LabError
from tests.lab.kube import CORE, Object, path, wait_for
from tests.lab.lab import Lab
from tests.lab.snapshot import differences
from tests.lab.state import State


@dataclasses.dataclass(frozen=True)
class Machine:
    """All that a lab leaves on a machine and in its clusters."""

    objects: Snapshots
    processes: list[str]
    namespaces: list[str]
    links: list[str]

    @classmethod
    def of(cls, lab: Lab) -> Machine:
        return cls(
            {name: lab.snapshot(name) for name in lab.clusters},
            [process.name for process in processes.recorded(State())],
            network.namespaces(),
            sorted(network.links(network.ROUTER)),
        )


@pytest.fixture(scope="module")
def without_dataplane(lab: Lab) -> Iterator[Machine]:
    """How things are without a data plane."""
    was_on = lab.has_dataplane
    lab.disable_dataplane()
    lab.remove_shortcuts()
    lab.remove_link(*PAIR)
    succeed(lab, "crd", "install")
    yield Machine.of(lab)
    if was_on:
        lab.enable_dataplane()


@pytest.fixture(scope="module")
def workloads(lab: Lab, without_dataplane: Machine) -> Iterator[Lab]:
    """The lab with its data plane, as long as this file runs."""
    lab.enable_dataplane()
    yield lab
    if lab.has_dataplane:
        lab.disable_dataplane()


@pytest.fixture(scope="module")
def web(workloads: Lab) -> Web:
    plane = workloads.dataplane
    remote = plane.offload("demo", leaves=PAIR)
    server = plane.make_pod(SERVER, remote, "web", ("python3", "-c", WEB), port=8080)
    client = plane.make_pod(CLIENT, remote, "client")
    plane.publish("demo", "web", [(SERVER, "web")])
    made = Web(workloads, "demo", remote, client, server)
    made.leads_to(made.external_address)
    return made


@pytest.fixture
def linked(web: Web, hub: Lab) -> Iterator[Web]:
    """With a shortcut between the leaves, which the Service does not use yet."""
    succeed(hub, "create", *PAIR)
    yield web
    web.lab.dataplane.set_direct("demo", "web", False)
    web.leads_to(web.external_address)


def grown(after: tuple[int, int], before: tuple[int, int]) -> tuple[int, int]:
    return after[0] - before[0], after[1] - before[1]


def test_without_a_link_a_call_goes_through_the_hub(web: Web) -> None:
    before = web.lab.dataplane.hub_leg_bytes()

    callers = web.callers()

    assert callers == {hub_address(web.lab)}
    after = web.lab.dataplane.hub_leg_bytes()
    received, _ = grown(after[SERVER], before[SERVER])
    _, sent = grown(after[CLIENT], before[CLIENT])
    assert min(received, sent) > CALLS * SIZE


def test_an_annotated_service_goes_past_the_hub_and_comes_back(linked: Web) -> None:
    plane = linked.lab.dataplane
    assert linked.callers() == {hub_address(linked.lab)}  # a link alone changes nothing

    plane.set_direct("demo", "web", True)
    plane.poke(CLIENT, linked.namespace, "web")
    linked.leads_to(linked.server)
    hub_before, direct_before = plane.hub_leg_bytes(), plane.direct_bytes(CLIENT, SERVER)
    callers = linked.callers()

    assert callers == {linked.client}
    hub_after, direct_after = plane.hub_leg_bytes(), plane.direct_bytes(CLIENT, SERVER)
    by_hub = [sum(grown(hub_after[leaf], hub_before[leaf])) for leaf in PAIR]
    assert max(by_hub) < CALLS * SIZE / 20  # nothing but the gateways' own pings
    assert grown(direct_after, direct_before)[0] > CALLS * SIZE

    plane.set_direct("demo", "web", False)
    linked.leads_to(linked.external_address)
    assert linked.callers() == {hub_address(linked.lab)}


def test_a_linked_pod_is_called_by_its_address(linked: Web) -> None:
    """Both sides see each other's Pods as their own Configuration has it, remapped or not."""
    client = linked.lab.dataplane.seen_as(SERVER, CLIENT, linked.client)

    assert wait_for(linked.past_the_service, 30, "a call past the Service") == client


def test_an_injected_delay_slows_the_hub_down_by_as_much(web: Web) -> None:
    """A round trip passes two gateways of the hub, there and back."""
    quick = min(seconds for _, seconds in web.calls())
    web.lab.dataplane.set_delay(0.02)
    try:
        wait_for(web.answers, 30, "a call with the delay")
        slow = min(seconds for _, seconds in web.calls())
    finally:
        web.lab.dataplane.set_delay(0)
    wait_for(web.answers, 30, "a call without the delay")
    again = min(seconds for _, seconds in web.calls())

    assert 0.079 < slow - quick < 0.16
    assert again < 0.04


def test_a_cut_hub_link_stops_the_calls_until_it_is_mended(web: Web) -> None:
    web.lab.dataplane.cut_hub_link(SERVER)
    try:
        assert not web.answers()
    finally:
        web.lab.dataplane.mend_hub_link(SERVER)
    wait_for(web.answers, 60, "a call through the mended hub")


def test_a_service_without_a_ready_endpoint_refuses(web: Web) -> None:
    plane, kube = web.lab.dataplane, web.lab.clusters[CLIENT].kube
    service: Object = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "nobody"},
        "spec": {"ports": [{"port": 80}]},
    }
    made = kube.create(path(CORE, "services", web.namespace), service)
    command = (sys.executable, "-c", CALL, made["spec"]["clusterIP"], "80", "1")

    def refused() -> bool:
        with pytest.raises(LabError) as caught:
            plane.pod_exec(CLIENT, web.namespace, "client", *command)
        return "Connection refused" in str(caught.value)

    wait_for(refused, 10, "the call is refused")


def make(
    lab: Lab,
    name: str,
    *command: str,
    image: str = "lab/any",
    probe: Object | None = None,
    **spec: object,
) -> None:
    lab.dataplane.offload("jobs", "jobs", leaves=[CLIENT])
    container = {
        "name": "main",
        "image": image,
        "command": list(command),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "readinessProbe": probe,
    }
    body: Object = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"restartPolicy": "Never", "containers": [container], **spec},
    }
    kube = lab.clusters[CLIENT].kube
    account = path(CORE, "serviceaccounts", "jobs", "default")
    wait_for(lambda: kube.find(account), 30, account)
    kube.create(path(CORE, "pods", "jobs"), body)


def ended(lab: Lab, name: str) -> Object:
    """The Pod's status, once it says what became of it."""

    def over() -> Object | None:
        status = lab.dataplane.pod_status(CLIENT, "jobs", name)
        return status if status.get("phase") in ("Succeeded", "Failed") else None

    return wait_for(over, 30, f"Pod {name} ends")


def terminated(status: Object) -> tuple[str, int, str]:
    state = status["containerStatuses"][0]["state"]["terminated"]
    return status["phase"], state["exitCode"], state.get("message", "").strip()


def test_a_pod_says_how_it_ended(workloads: Lab) -> None:
    make(workloads, "good", "sh", "-c", "echo output; echo done > /dev/termination-log")
    make(workloads, "bad", "python3", "-c", "import sys; sys.exit('it broke')")
    make(workloads, "none", "no-such-program")

    assert terminated(ended(workloads, "good")) == ("Succeeded", 0, "done")
    assert terminated(ended(workloads, "bad")) == ("Failed", 1, "it broke")
    phase, code, words = terminated(ended(workloads, "none"))
    assert (phase, code) == ("Failed", 127)
    assert "no-such-program" in words


def test_a_pod_that_lives_too_long_is_ended(workloads: Lab) -> None:
    make(workloads, "long", "sleep", "600", activeDeadlineSeconds=1)

    status = ended(workloads, "long")

    assert (status["phase"], status["reason"]) == ("Failed", "DeadlineExceeded")


def test_a_pod_with_a_probe_is_ready_when_it_listens(workloads: Lab, tmp_path: Path) -> None:
    go = tmp_path / "go"  # a Pod sees the machine's files
    late = f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.1)\n{WEB}"
    make(workloads, "probed", "python3", "-c", late, probe={"tcpSocket": {"port": 8080}})

    def ready() -> str:
        status = workloads.dataplane.pod_status(CLIENT, "jobs", "probed")
        found = {each["type"]: each["status"] for each in status.get("conditions") or []}
        return found.get("Ready", "") if status["phase"] == "Running" else ""

    assert wait_for(ready, 10, "the Pod runs") == "False"
    go.touch()
    wait_for(lambda: ready() == "True", 10, "the Pod is ready")


def test_an_image_that_nobody_has_is_waited_for(workloads: Lab) -> None:
    make(workloads, "lost", "true", image="missing/image:1")

    def waiting() -> str:
        status = workloads.dataplane.pod_status(CLIENT, "jobs", "lost")
        containers = status.get("containerStatuses") or [{"state": {}}]
        return str((containers[0]["state"].get("waiting") or {}).get("reason", ""))

    wait_for(lambda: waiting() == "ErrImagePull", 10, "ErrImagePull")
    wait_for(lambda: waiting() == "ImagePullBackOff", 10, "ImagePullBackOff")
    assert workloads.dataplane.pod_status(CLIENT, "jobs", "lost")["phase"] == "Pending"


def test_a_deleted_pod_takes_its_processes_along(workloads: Lab) -> None:
    plane, kube = workloads.dataplane, workloads.clusters[CLIENT].kube
    plane.make_pod(CLIENT, "jobs", "going")
    namespace = plane.pod_namespace(CLIENT, "jobs", "going")
    pids = wait_for(lambda: network.pids(namespace), 10, "its process")

    url = path(CORE, "pods", "jobs", "going")
    kube.delete(url)
    wait_for(lambda: kube.find(url) is None, 15, "the Pod is gone")

    assert namespace not in network.namespaces()
    assert not any(processes.rss(pid) for pid in pids)


def test_peerings_have_to_wait(workloads: Lab) -> None:
    with pytest.raises(LabError, match="one at a time"):
        workloads.enable_peering()


def test_nothing_is_left_of_it(workloads: Lab, without_dataplane: Machine) -> None:
    workloads.remove_shortcuts()
    workloads.remove_link(*PAIR)

    workloads.disable_dataplane()

    after = Machine.of(workloads)
    before = without_dataplane
    changed = {
        name: differences(then, after.objects[name]) for name, then in before.objects.items()
    }
    assert changed == {name: [] for name in changed}
    assert after.processes == before.processes
    assert after.namespaces == before.namespaces
    assert after.links == before.links
