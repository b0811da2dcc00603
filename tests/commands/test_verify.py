from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Generator
from typing import Any

import pytest

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.commands.verify import MOST_ADDRESSES, VerifyOptions, plan, verify
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Done, Event, Note, Seen, Verb, Waits
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.model import HUB, Manifest, Object, ObjectRef, labels_of, ref_of
from kubectl_liqo_shortcut.core.ports import Listing, Selection
from kubectl_liqo_shortcut.core.service.endpoints import service_name
from kubectl_liqo_shortcut.core.verify.probe import NAMESPACE
from kubectl_liqo_shortcut.core.verify.verdict import PathKind, Verification
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken
from kubectl_liqo_shortcut.engine.verify.probe_pods import ProbeFailed
from kubectl_liqo_shortcut.errors import (
    AnotherCluster,
    ClusterError,
    Forbidden,
    Interrupted,
    Invalid,
    NoLiqo,
    Refused,
    ShortcutError,
    Transient,
    Unreachable,
)
from tests.cli.runner import always
from tests.clock import Clock
from tests.fakes import FakeCluster, FakeWorld
from tests.kubelet import HUB_POD, VIA_HUB, Kubelet, offloaded, status, with_hub
from tests.linked import link
from tests.peered import answer
from tests.samples import an_object
from tests.told import step_by_step

PAIR = ("milan", "rome")
OPTIONS = VerifyOptions(program="print()", timeout=10)
WEB = dataclasses.replace(OPTIONS, service=service_name("shop/web"))
RENDERER = Renderer(read_template)


@pytest.fixture
def kubelet(world: FakeWorld) -> Kubelet:
    """Of a world with a link, and with leaves that are peered with their hub."""
    link(world)
    with_hub(world)
    world.calls.clear()
    return Kubelet(world)


def run(
    world: FakeWorld,
    words: tuple[str, ...] = PAIR,
    options: VerifyOptions = OPTIONS,
    cancel: CancelToken | None = None,
) -> tuple[Verification, list[Event]]:
    return finish(step_by_step(verify, words, world, RENDERER, options, cancel or CancelToken()))


def finish(
    running: Generator[Event, None, Verification],
) -> tuple[Verification, list[Event]]:
    """The result, and all that is told on the way there."""
    told: list[Event] = []
    while True:
        try:
            told.append(next(running))
        except StopIteration as end:
            return end.value, told


def check(world: FakeWorld, words: tuple[str, ...] = PAIR, **options: Any) -> Verification:
    return run(world, words, dataclasses.replace(OPTIONS, **options))[0]


def left(world: FakeWorld) -> list[str]:
    """Probe Pods and their namespaces, wherever."""
    refs = [ref for leaf in world.leaves.values() for ref in leaf.objects]
    return [
        f"{ref.cluster}: {ref}"
        for ref in refs
        if NAMESPACE in (ref.namespace, ref.name) and ref.kind in (r.POD, r.NAMESPACE)
    ]


def fault(
    cluster: FakeCluster, error: ClusterError, verb: str, kind: r.Kind, times: int = 99
) -> None:
    """Answer so many requests of that sort with *error*."""
    rest = [error] * times

    def answer_with(asked: str, ref: ObjectRef) -> ClusterError | None:
        mine = (asked, ref.kind) == (verb, kind) and (kind != r.POD or ref.namespace == NAMESPACE)
        return rest.pop() if mine and rest else None

    cluster.fault = answer_with


# The path between Pods


def test_both_directions_are_direct(world: FakeWorld, kubelet: Kubelet) -> None:
    found = check(world)
    assert [(each.source, each.target, each.verdict.path) for each in found.directions] == [
        ("milan", "rome", PathKind.DIRECT),
        ("rome", "milan", PathKind.DIRECT),
    ]
    assert (found.exit_code, list(found.remarks()), found.next) == (0, [], "")
    heard = found.directions[0].heard
    assert heard is not None
    assert (heard.callers, heard.mtu, heard.ok) == (("10.61.0.6",), 1340, 50)
    assert left(world) == []


def test_a_record_names_its_pair(world: FakeWorld, kubelet: Kubelet) -> None:
    found = check(world, ("milan--rome",))
    assert {each.source for each in found.directions} == {"milan", "rome"}
    assert found.mtu == 1340


def test_a_link_without_a_record_is_proved_too(world: FakeWorld, kubelet: Kubelet) -> None:
    (record,) = world.hub.of(r.SHORTCUT)
    del world.hub.objects[ref_of(HUB, record)]
    assert (check(world).exit_code, check(world).mtu) == (0, None)


def test_remapped_networks_are_reckoned_with(world: FakeWorld, kubelet: Kubelet) -> None:
    answer(world.leaves["milan"], "rome", "10.92.0.0/16")
    answer(world.leaves["rome"], "milan", "10.91.0.0/16")
    first, second = check(world).directions
    assert (first.called, second.called) == ("10.92.0.5", "10.91.0.5")
    assert first.heard is not None
    assert first.heard.callers == ("10.91.0.6",)
    assert first.verdict.path is PathKind.DIRECT


@pytest.mark.parametrize(
    ("way", "exit_code", "remark"),
    [
        ("cut", 7, "no connect succeeded: timed out"),
        ("via hub", 6, f"the server saw the hub's address {VIA_HUB} as the caller"),
        ("masqueraded", 0, "the caller is masqueraded as 10.171.0.0"),
        ("192.0.2.1", 1, "the server saw 192.0.2.1 as the caller, not 10.61.0.6"),
    ],
    ids=lambda value: str(value),
)
def test_the_verdict_is_whom_the_server_saw(
    world: FakeWorld, kubelet: Kubelet, way: str, exit_code: int, remark: str
) -> None:
    kubelet.ways[PAIR] = way
    found = check(world)
    assert found.exit_code == exit_code
    assert list(found.remarks()) == [f"milan -> rome: {remark}"]
    assert bool(found.next) == (exit_code in (1, 7))
    assert left(world) == []


def test_a_cut_in_one_direction_is_enough(world: FakeWorld, kubelet: Kubelet) -> None:
    kubelet.ways["rome", "milan"] = "cut"
    found = check(world)
    assert [each.verdict.path for each in found.directions] == [
        PathKind.DIRECT,
        PathKind.UNREACHABLE,
    ]
    assert found.exit_code == 7


@pytest.mark.parametrize("leaf", PAIR)
def test_without_a_link_nothing_is_sent(world: FakeWorld, leaf: str) -> None:
    Kubelet(world)
    link(world)
    for each in world.leaves[leaf].of(r.CONFIGURATION):
        del world.leaves[leaf].objects[ref_of(leaf, each)]
    world.calls.clear()
    found = check(world)
    assert found.exit_code == 7
    assert f"{leaf} has no Configuration for" in next(iter(found.remarks()))
    assert found.next == "kubectl liqo-shortcut create milan rome"
    assert {verb for verb, _ in world.calls} <= {"get", "list"}


def test_a_path_that_carries_less_than_the_record_says_is_told(
    world: FakeWorld, kubelet: Kubelet
) -> None:
    kubelet.mtu = 1200
    found = check(world)
    assert found.exit_code == 0
    assert "milan -> rome: the path carries 1200 bytes, the record's MTU is 1340" in list(
        found.remarks()
    )


def test_silence_about_datagrams_is_told(world: FakeWorld, kubelet: Kubelet) -> None:
    kubelet.mtu = 0
    assert "no UDP datagram was answered" in next(iter(check(world).remarks()))


# Pods and namespaces


def test_what_happens_is_told(world: FakeWorld, kubelet: Kubelet) -> None:
    found, told = run(world)
    done = [(each.ref.cluster, str(each.ref), each.verb) for each in told if isinstance(each, Done)]
    for leaf in PAIR:
        for name in (
            f"namespace/{NAMESPACE}",
            f"pod/verify-{found.run}-server",
            f"pod/verify-{found.run}-client",
        ):
            assert (leaf, name, Verb.CREATED) in done
            assert (leaf, name, Verb.DELETED) in done
    assert any(isinstance(each, Seen) and each.says == "runs as 10.62.0.5" for each in told)
    waits = [each for each in told if isinstance(each, Waits)]
    assert {each.cluster: each.what for each in waits} == dict.fromkeys(PAIR, "")


def test_pods_are_let_into_a_restricted_namespace(world: FakeWorld, kubelet: Kubelet) -> None:
    check(world, image="registry.example.com/python:3", count=3)
    assert len(kubelet.ran) == 4
    for pod in kubelet.ran:
        spec, (container,) = pod["spec"], pod["spec"]["containers"]
        assert container["image"] == "registry.example.com/python:3"
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert not container["securityContext"]["allowPrivilegeEscalation"]
        assert spec["securityContext"]["runAsNonRoot"]
        assert spec["securityContext"]["runAsUser"] > 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert (spec["automountServiceAccountToken"], spec["restartPolicy"]) == (False, "Never")
        assert spec["activeDeadlineSeconds"] == 70
        assert "tolerations" not in spec
        assert {"limits", "requests"} == container["resources"].keys()
        assert labels_of(pod)[r.MANAGED_BY] == r.MANAGED_BY_US


def test_a_namespace_that_was_there_stays(world: FakeWorld, kubelet: Kubelet) -> None:
    world.leaves["rome"].put(an_object(r.NAMESPACE, NAMESPACE))
    check(world)
    assert left(world) == [f"rome: namespace/{NAMESPACE}"]


def test_a_namespace_that_another_run_uses_by_now_stays(world: FakeWorld, kubelet: Kubelet) -> None:
    def listener(verb: str, ref: ObjectRef) -> ClusterError | None:
        if (verb, ref.kind, ref.name) == ("delete", r.POD, ref.name):
            other = an_object(r.POD, "verify-other-server", NAMESPACE)
            rome.objects[ref_of("rome", other)] = {
                **other,
                "metadata": {**other["metadata"], "resourceVersion": "1"},
            }
        return None

    rome = world.leaves["rome"]
    rome.fault = listener
    _, told = run(world)
    kept = Done(ObjectRef("rome", r.NAMESPACE, "", NAMESPACE), Verb.KEPT, "it has other Pods")
    assert kept in told
    assert left(world) == [f"rome: namespace/{NAMESPACE}", "rome: pod/verify-other-server"]


def test_a_namespace_that_is_being_deleted_is_waited_for(
    world: FakeWorld, kubelet: Kubelet
) -> None:
    milan = world.leaves["milan"]
    ref = ObjectRef("milan", r.NAMESPACE, "", NAMESPACE)
    milan.put({**an_object(r.NAMESPACE, NAMESPACE)})
    milan.objects[ref]["metadata"] |= {"deletionTimestamp": "now", "finalizers": ["kubernetes"]}

    def listener(verb: str, asked: ObjectRef) -> None:
        if (verb, asked.kind) == ("list", r.NAMESPACE) and ref in milan.objects:
            milan.drop(ref)
            del milan.objects[ref]

    milan.fault = listener
    assert check(world).exit_code == 0
    assert left(world) == []


def test_a_namespace_that_another_run_makes_first_is_used(
    world: FakeWorld, kubelet: Kubelet
) -> None:
    milan = world.leaves["milan"]

    def faster(verb: str, ref: ObjectRef) -> ClusterError | None:
        if (verb, ref.kind) == ("create", r.NAMESPACE):
            milan.put(an_object(r.NAMESPACE, NAMESPACE))
        return None

    milan.fault = faster
    assert check(world).exit_code == 0
    assert left(world) == [f"milan: namespace/{NAMESPACE}"]


def test_who_may_not_see_namespaces_needs_one_to_be_there(
    world: FakeWorld, kubelet: Kubelet
) -> None:
    milan = world.leaves["milan"]
    fault(milan, Forbidden("milan", "namespaces is forbidden"), "get", r.NAMESPACE)
    passes = milan.fault
    milan.fault = lambda verb, ref: None if ref.name == "kube-system" else passes(verb, ref)
    with pytest.raises(ClusterError, match="not found"):
        check(world)
    milan.put(an_object(r.NAMESPACE, NAMESPACE))
    assert check(world).exit_code == 0


@pytest.mark.parametrize(
    ("error", "times"),
    [
        (Transient("milan", "busy"), 1),
        (Forbidden("milan", 'error looking up: serviceaccount "default" not found'), 1),
    ],
    ids=["busy", "no account yet"],
)
def test_what_passes_by_itself_is_waited_for(
    world: FakeWorld, kubelet: Kubelet, error: ClusterError, times: int
) -> None:
    fault(world.leaves["milan"], error, "create", r.POD, times)
    assert check(world).exit_code == 0


def test_a_lost_answer_is_no_second_pod(
    world: FakeWorld, kubelet: Kubelet, monkeypatch: pytest.MonkeyPatch
) -> None:
    milan = world.leaves["milan"]
    make, lost = milan.create, ["one"]

    def make_and_lose(manifest: Manifest, *, dry_run: bool = False) -> Object:
        made = make(manifest, dry_run=dry_run)
        if manifest.ref.kind == r.POD and lost:
            lost.clear()
            raise Transient("milan", "connection reset")
        return made

    monkeypatch.setattr(milan, "create", make_and_lose)
    assert check(world).exit_code == 0
    assert (lost, left(world)) == ([], [])


def test_what_a_killed_run_left_is_removed(world: FakeWorld, kubelet: Kubelet) -> None:
    milan = world.leaves["milan"]
    milan.put(an_object(r.NAMESPACE, NAMESPACE))
    for name, made in (("killed", "2025-12-31T23:50:00Z"), ("running", "2025-12-31T23:56:30Z")):
        labels = {r.VERIFY_RUN: name}
        body = an_object(
            r.POD,
            f"verify-{name}-client",
            NAMESPACE,
            labels=labels,
            spec={"activeDeadlineSeconds": 180},
        )
        body["metadata"] |= {"creationTimestamp": made, "resourceVersion": "1", "uid": name}
        milan.objects[ref_of("milan", body)] = body
    _, told = run(world)
    assert left(world) == [f"milan: namespace/{NAMESPACE}", "milan: pod/verify-running-client"]
    (removed,) = (each for each in told if isinstance(each, Done) and each.why)
    assert removed.why == "a run that was killed left it"


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("pods is forbidden: User x cannot create resource pods", "administrator"),
        ('pods "x" is forbidden: exceeded quota: small', "has no room for it"),
        ('pods "x" is forbidden: violates PodSecurity', "lets no such Pod in"),
    ],
    ids=["role", "quota", "admission"],
)
def test_a_refused_pod_is_an_error_that_names_cluster_and_reason(
    world: FakeWorld, kubelet: Kubelet, said: str, hint: str
) -> None:
    refusal = Forbidden("rome", said, hint="ask that cluster's administrator")
    fault(world.leaves["rome"], refusal, "create", r.POD)
    with pytest.raises(ProbeFailed, match=r"cluster 'rome': pod/verify-.*-server: pods") as caught:
        check(world)
    assert said in caught.value.message
    assert hint in str(caught.value.hint)
    assert left(world) == []


@pytest.mark.parametrize("there", [True, False], ids=["there", "to be made"])
def test_who_may_make_no_probe_pods_hears_so_before_anything_is_written(
    world: FakeWorld, kubelet: Kubelet, there: bool
) -> None:
    for leaf in world.leaves.values():
        leaf.allows = lambda asked: asked["verb"] != "*" and asked["resource"] != "namespaces"
    if there:
        for leaf in world.leaves.values():
            leaf.put(an_object(r.NAMESPACE, NAMESPACE))
        world.leaves["rome"].allows = lambda asked: asked["verb"] not in ("*", "watch")
    before = left(world)
    with pytest.raises(Refused) as caught:
        check(world)
    missing = f"watch pods -n {NAMESPACE}" if there else "create namespaces"
    assert f"rome: not allowed to {missing}" in caught.value.message
    assert ("milan: not allowed" in caught.value.message) != there
    assert "--verify" in str(caught.value.hint)
    assert left(world) == before


@pytest.mark.parametrize(("name", "meant"), [("rmoe", "did you mean rome?"), ("oslo", "leaves")])
def test_a_misspelt_leaf_is_told_before_there_is_no_way_to_it(
    world: FakeWorld, kubelet: Kubelet, name: str, meant: str
) -> None:
    with pytest.raises(Refused, match=f"{name!r} is not a leaf of this hub") as caught:
        check(world, ("milan", name))
    assert str(caught.value.hint).startswith(meant)


@pytest.mark.parametrize("may_list", [True, False])
def test_a_leaf_without_a_way_to_it_is_told_so(
    world: FakeWorld, kubelet: Kubelet, may_list: bool
) -> None:
    del world.leaves["rome"]
    if not may_list:  # of the hub: the leaf's error says more
        hidden = r.CONFIGURATION
        world.hub.fault = lambda _, ref: Forbidden(HUB, "no") if ref.kind == hidden else None
    with pytest.raises(ClusterError, match="cluster 'rome': no credentials"):
        check(world)


def test_a_namespace_that_cannot_be_made_is_an_error(world: FakeWorld, kubelet: Kubelet) -> None:
    refusal = Forbidden("rome", "namespaces is forbidden")
    fault(world.leaves["rome"], refusal, "create", r.NAMESPACE)
    with pytest.raises(Forbidden, match="'rome': namespaces is forbidden"):
        check(world)
    assert left(world) == []


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return status("waiting", {"reason": reason, "message": message}, phase="Pending")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (waiting("ErrImagePull", "not found"), "image python:0: ErrImagePull: not found"),
        (waiting("CreateContainerConfigError", "no"), "image python:0: CreateContainerConfigError"),
        (
            status("terminated", {"exitCode": 128, "reason": "StartError", "message": "no python"}),
            r"exit code 128 \(StartError\): no python",
        ),
        ({"phase": "Failed", "reason": "Evicted", "message": "disk"}, "Evicted: disk"),
        ({"phase": "Failed"}, "ended without a word"),
        (
            status("terminated", {"exitCode": 0, "message": "bye"}),
            "ended early: exit code 0: bye",
        ),
        (status("running", {}, "192.0.2.1"), "192.0.2.1 is not in 10.62.0.0/16, which milan knows"),
        ({"containerStatuses": [{"state": "odd"}]}, "state: not a mapping"),
    ],
    ids=["image", "config", "start", "evicted", "failed", "ended", "address", "odd"],
)
def test_a_pod_that_cannot_work_is_an_error_with_what_kubelet_said(
    world: FakeWorld, kubelet: Kubelet, said: dict[str, Any], words: str
) -> None:
    kubelet.says["rome"] = said
    with pytest.raises(ProbeFailed, match=words) as caught:
        check(world, image="python:0")
    assert caught.value.message.startswith("cluster 'rome': pod/verify-")
    assert ("--image" in str(caught.value.hint)) == ("image python:0" in caught.value.message)
    assert left(world) == []


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Traceback\nSyntaxError: no", "no result, but 'Traceback SyntaxError: no'"),
        ('{"peer":null,"addresses":[]}', "about something else"),
    ],
    ids=["no result", "other"],
)
def test_a_client_without_a_result_is_an_error(
    world: FakeWorld, kubelet: Kubelet, message: str, words: str
) -> None:
    kubelet.message = message
    with pytest.raises(ProbeFailed, match=words):
        check(world)
    assert left(world) == []


def test_a_pod_that_somebody_removes_is_an_error(world: FakeWorld, kubelet: Kubelet) -> None:
    kubelet.says["milan"] = waiting("ContainerCreating")
    rome = world.leaves["rome"]
    running = step_by_step(verify, PAIR, world, RENDERER, OPTIONS, CancelToken())
    for each in running:
        if isinstance(each, Seen) and each.says.startswith("runs"):
            rome.drop(each.ref)
            break
    with pytest.raises(ProbeFailed, match="somebody else removed it"):
        list(running)
    assert left(world) == []


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (waiting("ContainerCreating"), "ContainerCreating"),
        (
            {
                "conditions": [
                    {"type": "Ready"},
                    {
                        "type": "PodScheduled",
                        "status": "False",
                        "reason": "Unschedulable",
                        "message": "0/3 nodes are available",
                    },
                ]
            },
            "Unschedulable: 0/3 nodes are available",
        ),
        ({}, "no node has taken it yet"),
    ],
    ids=["creating", "unschedulable", "nothing"],
)
def test_the_deadline_names_what_was_waited_for(
    world: FakeWorld, kubelet: Kubelet, clock: Clock, said: dict[str, Any], words: str
) -> None:
    def rome_is_seen(event: Event) -> bool:
        return isinstance(event, Seen) and event.ref.cluster == "rome" and words in event.says

    kubelet.says["rome"] = said
    with pytest.raises(ProbeFailed, match=rf"rome.*did not do its work in time: {words}") as caught:
        list(
            clock.until(
                rome_is_seen, step_by_step(verify, PAIR, world, RENDERER, OPTIONS, CancelToken())
            )
        )
    assert (caught.value.exit_code, left(world)) == (1, [])


def test_a_client_that_does_not_end_is_named(
    world: FakeWorld, kubelet: Kubelet, clock: Clock
) -> None:
    def only_servers(cluster: FakeCluster, ref: ObjectRef) -> None:
        if ref.name.endswith("client"):
            cluster.set_status(ref, status("running", {}, "10.61.0.6"))
        else:
            kubelet._run(cluster, ref)

    world.kubelet = only_servers
    with pytest.raises(ProbeFailed, match=r"-client did not .* it runs, and has not ended"):
        list(
            clock.until(
                both_run(), step_by_step(verify, PAIR, world, RENDERER, OPTIONS, CancelToken())
            )
        )


def both_run() -> Callable[[Event], bool]:
    """Whether the clients on both leaves have begun."""
    begun: set[str] = set()

    def seen(event: Event) -> bool:
        if isinstance(event, Seen) and "-client" in event.ref.name and "runs" in event.says:
            begun.add(event.ref.cluster)
        return len(begun) == 2

    return seen


def test_an_ended_pod_need_not_tell_its_address_again(world: FakeWorld, kubelet: Kubelet) -> None:
    def runs_first(cluster: FakeCluster, ref: ObjectRef) -> None:
        kubelet._run(cluster, ref)
        last = cluster.objects[ref]["status"]
        if ref.name.endswith("client"):
            cluster.set_status(ref, status("running", {}, last["podIP"]))
            waits.append((cluster, ref, {**last, "podIP": ""}))

    waits: list[tuple[FakeCluster, ObjectRef, dict[str, Any]]] = []
    world.kubelet = runs_first
    running = step_by_step(verify, PAIR, world, RENDERER, OPTIONS, CancelToken())
    for each in running:
        if isinstance(each, Seen) and "-client" in each.ref.name and waits:
            for cluster, ref, last in waits:
                if cluster.objects[ref]["status"]["podIP"] and each.ref == ref:
                    cluster.set_status(ref, last)
        if len(waits) == 2 and not any(c.objects[ref]["status"]["podIP"] for c, ref, _ in waits):
            break
    assert finish(running)[0].exit_code == 0


def test_ctrl_c_leaves_nothing(world: FakeWorld, kubelet: Kubelet) -> None:
    kubelet.says["rome"] = waiting("ContainerCreating")
    cancel = CancelToken()
    running = step_by_step(verify, PAIR, world, RENDERER, OPTIONS, cancel)
    while not isinstance(next(running), Seen):
        pass
    cancel.request(2)
    with pytest.raises(Interrupted) as caught:
        list(running)
    assert (caught.value.exit_code, left(world)) == (130, [])


def test_afterwards_a_signal_has_nothing_to_wait_for(world: FakeWorld, kubelet: Kubelet) -> None:
    cancel = CancelToken()
    cancel.arm(lambda: None)  # by whom has packets sent in between
    run(world, cancel=cancel)
    assert cancel.armed
    cancel.disarm()
    assert not cancel.armed


def test_ctrl_c_ends_the_wait_for_a_namespace_that_is_being_deleted(
    world: FakeWorld, kubelet: Kubelet
) -> None:
    milan, cancel = world.leaves["milan"], CancelToken()
    milan.put(an_object(r.NAMESPACE, NAMESPACE))
    body = milan.objects[ObjectRef("milan", r.NAMESPACE, "", NAMESPACE)]
    body["metadata"] |= {"deletionTimestamp": "now", "finalizers": ["kubernetes"]}

    def listener(verb: str, asked: ObjectRef) -> None:
        if (verb, asked.kind) == ("list", r.NAMESPACE):
            cancel.request(2)

    milan.fault = listener
    began = time.monotonic()
    with pytest.raises(Interrupted):
        run(world, cancel=cancel)
    assert time.monotonic() - began < OPTIONS.timeout / 2
    assert left(world) == [f"milan: namespace/{NAMESPACE}"]


def test_what_cannot_be_removed_is_told_with_the_command_for_it(
    world: FakeWorld, kubelet: Kubelet
) -> None:
    fault(world.leaves["rome"], ClusterError("rome", "no"), "delete", r.POD)
    found, told = run(world)
    assert found.exit_code == 0
    notes = [each.text for each in told if isinstance(each, Note)]
    assert f"kubectl delete pods -n {NAMESPACE} -l {r.VERIFY_RUN}={found.run}" in notes[-1]
    assert "'rome': no" in notes[-1]


def test_a_pod_that_does_not_go_is_told(
    world: FakeWorld, kubelet: Kubelet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kubectl_liqo_shortcut.engine.verify.probe_pods._REMOVAL", 0.4)
    monkeypatch.setattr(world.leaves["rome"], "drop", lambda _: None)
    _, told = run(world)
    notes = [each.text for each in told if isinstance(each, Note)]
    assert "still terminating" in notes[-1]


def test_pods_that_nobody_saw_go_may_be_left(
    world: FakeWorld, kubelet: Kubelet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kubectl_liqo_shortcut.engine.verify.probe_pods._REMOVAL", 0.3)
    rome = world.leaves["rome"]
    listed = rome.list

    def slow(what: Selection) -> Listing:
        deleted = ("delete", r.POD) in [(verb, ref.kind) for verb, ref in world.calls]
        if what.kind == r.POD and deleted:
            time.sleep(0.5)
        return listed(what)

    monkeypatch.setattr(rome, "list", slow)
    found, told = run(world)
    notes = [each.text for each in told if isinstance(each, Note)]
    assert "not seen to go; to remove them there: kubectl delete pods" in notes[-1]
    gone = [each.ref for each in told if isinstance(each, Done) and each.verb is Verb.DELETED]
    assert "rome" not in {ref.cluster for ref in gone}
    assert found.exit_code == 0


def test_two_runs_at_once_do_not_disturb_each_other(world: FakeWorld, kubelet: Kubelet) -> None:
    first = step_by_step(verify, PAIR, world, RENDERER, OPTIONS, CancelToken())
    while not isinstance(next(first), Seen):
        pass
    assert check(world).exit_code == 0
    assert finish(first)[0].exit_code == 0
    assert left(world) == []


def test_a_watch_that_is_forbidden_is_an_error(world: FakeWorld, kubelet: Kubelet) -> None:
    fault(world.leaves["rome"], Forbidden("rome", "pods is forbidden"), "list", r.POD)
    with pytest.raises(Forbidden, match="pods is forbidden"):
        check(world)


# A Service of the hub


@pytest.mark.parametrize(
    ("addresses", "ways", "exit_code", "path"),
    [
        (["10.62.0.9"], "direct", 0, PathKind.DIRECT),
        ([HUB_POD], "direct", 6, PathKind.VIA_HUB),
        (["10.62.0.9", HUB_POD], "direct", 6, PathKind.VIA_HUB),
        ([HUB_POD], "cut", 6, PathKind.VIA_HUB),
        (["10.62.0.9"], "via hub", 6, PathKind.VIA_HUB),
        (["10.62.0.9"], "192.0.2.1", 1, PathKind.UNKNOWN),
        (["10.61.0.9"], "direct", 1, PathKind.UNKNOWN),
        (["10.62.0.9", "10.61.0.9"], "direct", 0, PathKind.DIRECT),
    ],
    ids=[
        "direct",
        "hub",
        "both",
        "hub although cut",
        "packets via hub",
        "not understood",
        "elsewhere",
        "also elsewhere",
    ],
)
def test_a_service_is_direct_only_if_all_say_so(
    world: FakeWorld,
    kubelet: Kubelet,
    addresses: list[str],
    ways: str,
    exit_code: int,
    path: PathKind,
) -> None:
    offloaded(world, *addresses)
    kubelet.ways[PAIR] = ways
    found, _ = run(world, options=WEB)
    assert found.service is not None
    assert (found.exit_code, found.service.verdict.path) == (exit_code, path)
    assert [each.source for each in found.directions] == ["milan"]
    assert len(kubelet.ran) == 2
    assert bool(list(found.remarks())) == (path is not PathKind.DIRECT)
    assert left(world) == []


@pytest.mark.parametrize("address", ["10.62.0.9", HUB_POD])
def test_an_address_that_does_not_answer_is_unreachable(
    world: FakeWorld, kubelet: Kubelet, address: str
) -> None:
    offloaded(world, address)
    kubelet.answers[f"{address}:80"] = 0
    found, _ = run(world, options=WEB)
    assert found.exit_code == 7
    assert list(found.remarks()) == [
        f"shop/web at {address}:80: timed out",
        "shop/web: 1 of 1 addresses: unreachable",
    ]


def test_a_direct_address_that_answers_sometimes_is_no_success(
    world: FakeWorld, kubelet: Kubelet
) -> None:
    offloaded(world, "10.62.0.9")
    kubelet.answers["10.62.0.9:80"] = 49
    assert run(world, options=WEB)[0].exit_code == 1


def test_a_service_without_a_ready_endpoint_is_unreachable(
    world: FakeWorld, kubelet: Kubelet
) -> None:
    offloaded(world, "10.62.0.9", ready=False)
    found, _ = run(world, options=WEB)
    assert (found.exit_code, "no endpoint is ready" in " ".join(found.remarks())) == (7, True)


def test_a_service_without_a_slice_is_unreachable(world: FakeWorld, kubelet: Kubelet) -> None:
    offloaded(world)
    found, _ = run(world, options=WEB)
    assert (found.exit_code, "no TCP address" in " ".join(found.remarks())) == (7, True)
    (body,) = world.leaves["milan"].of(r.ENDPOINT_SLICE)
    del world.leaves["milan"].objects[ref_of("milan", body)]
    found, _ = run(world, options=WEB)
    assert (found.exit_code, "no EndpointSlice" in " ".join(found.remarks())) == (7, True)


def test_without_a_link_a_service_may_still_go_through_the_hub(
    world: FakeWorld,
) -> None:
    with_hub(world)
    kubelet = Kubelet(world)
    offloaded(world, HUB_POD)
    found, _ = run(world, options=WEB)
    assert (found.exit_code, len(kubelet.ran), left(world)) == (6, 1, [])


def test_more_addresses_than_fit_are_not_believed(world: FakeWorld, kubelet: Kubelet) -> None:
    offloaded(world, *(f"10.62.1.{number}" for number in range(MOST_ADDRESSES + 1)))
    found, _ = run(world, options=WEB)
    assert found.service is not None
    assert (len(found.service.addresses), found.exit_code) == (MOST_ADDRESSES + 1, 1)
    assert any("not called: only 36 results fit" in each for each in found.remarks())


def test_addresses_that_lead_elsewhere_take_no_room(world: FakeWorld, kubelet: Kubelet) -> None:
    offloaded(world, *(f"10.5.1.{number}" for number in range(MOST_ADDRESSES)), "10.62.0.9")
    found, _ = run(world, options=WEB)
    assert found.service is not None
    assert (found.exit_code, found.path) == (0, PathKind.DIRECT)
    (direct,) = (each for each in found.service.addresses if each.target.address == "10.62.0.9")
    assert direct.heard is not None
    (unheard,) = (each for each in found.service.addresses if each.heard is None)
    assert unheard.verdict.path is PathKind.ELSEWHERE


def no_service(world: FakeWorld) -> None:
    (body,) = world.hub.of(r.SERVICE)
    del world.hub.objects[ref_of(HUB, body)]


def no_map(world: FakeWorld) -> None:
    (body,) = world.hub.of(r.NAMESPACE_MAP)
    del world.hub.objects[ref_of(HUB, body)]


def not_accepted(world: FakeWorld) -> None:
    (body,) = world.hub.of(r.NAMESPACE_MAP)
    body["status"]["currentMapping"]["shop"]["phase"] = "CreationLoopBackOff"


def odd_map(world: FakeWorld) -> None:
    (body,) = world.hub.of(r.NAMESPACE_MAP)
    body["status"]["currentMapping"]["shop"]["remoteNamespace"] = "../x"


def not_served(world: FakeWorld) -> None:
    world.hub.not_served.add(r.NAMESPACE_MAP)


def odd_slice(world: FakeWorld) -> None:
    (body,) = world.leaves["milan"].of(r.ENDPOINT_SLICE)
    body["endpoints"][0]["addresses"] = ["\x1b[31m"]


@pytest.mark.parametrize(
    ("change", "words", "exit_code"),
    [
        (no_service, "the hub has no Service shop/web", 4),
        (no_map, "namespace shop of the hub is not offloaded to milan", 4),
        (not_accepted, "namespace shop of the hub is not offloaded to milan", 4),
        (not_served, "namespace shop of the hub is not offloaded to milan", 4),
        (odd_map, "namespace shop of the hub is not offloaded to milan", 4),
        (odd_slice, "cluster 'milan': EndpointSlice: .* is no IP address", 1),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_service_that_is_not_there_is_an_error(
    world: FakeWorld,
    kubelet: Kubelet,
    change: Callable[[FakeWorld], None],
    words: str,
    exit_code: int,
) -> None:
    offloaded(world, "10.62.0.9")
    change(world)
    with pytest.raises(ShortcutError, match=words) as caught:
        run(world, options=WEB)
    assert caught.value.exit_code == exit_code
    assert kubelet.ran == []


# Looking first


def test_a_service_needs_to_know_who_calls(world: FakeWorld) -> None:
    with pytest.raises(Invalid, match="needs both leaves"):
        run(world, ("milan--rome",), WEB)


def test_another_cluster_is_refused(world: FakeWorld, kubelet: Kubelet) -> None:
    for body in world.leaves["rome"].of(r.CONFIG_MAP):
        body["data"]["CLUSTER_ID"] = "venice"
    with pytest.raises(AnotherCluster):
        check(world)


def test_a_silent_leaf_is_an_error_at_once(world: FakeWorld, kubelet: Kubelet) -> None:
    world.leaves["rome"].fault = always(Unreachable("rome", "no route"))
    with pytest.raises(Unreachable):
        check(world)


def test_a_leaf_without_liqo_is_refused(world: FakeWorld, kubelet: Kubelet) -> None:
    world.leaves["rome"].not_served.add(r.CONFIGURATION)
    with pytest.raises(NoLiqo):
        check(world)


def test_who_may_not_list_all_configurations_is_asked_for_fewer(
    world: FakeWorld, kubelet: Kubelet
) -> None:
    rome = world.leaves["rome"]

    def narrow(verb: str, ref: ObjectRef) -> ClusterError | None:
        if (verb, ref.kind, ref.namespace) == ("list", r.CONFIGURATION, ""):
            return Forbidden("rome", "configurations is forbidden")
        return None

    rome.fault = narrow
    assert check(world).exit_code == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": None}, "has no answer from Liqo yet"),
        ({"status": {"remote": {"cidr": {"pod": ["x"], "external": ["y"]}}}}, "is not a CIDR"),
    ],
    ids=["no answer", "nonsense"],
)
def test_a_configuration_that_says_nothing_is_an_error(
    world: FakeWorld, kubelet: Kubelet, change: dict[str, Any], words: str
) -> None:
    milan = world.leaves["milan"]
    milan.patch(ObjectRef("milan", r.CONFIGURATION, "liqo-tenant-rome", "rome"), change)
    with pytest.raises(ClusterError, match=f"cluster 'milan': .*{words}"):
        check(world)


# A dry run


def test_a_dry_run_asks_nobody(world: FakeWorld) -> None:
    milan, rome = plan(PAIR, world, RENDERER, OPTIONS)
    assert [milan["cluster"], rome["cluster"]] == ["milan", "rome"]
    assert [each["kind"] for each in milan["manifests"]] == ["Namespace", "Pod"]
    (client,) = milan["pending"]
    assert "<address of rome's probe Pod>" in client["spec"]["containers"][0]["args"]
    assert world.calls == []


def test_a_dry_run_for_a_service_has_one_server(world: FakeWorld) -> None:
    milan, rome = plan(PAIR, world, RENDERER, WEB)
    assert (len(milan["manifests"]), len(milan["pending"])) == (1, 1)
    assert (len(rome["manifests"]), len(rome["pending"])) == (2, 0)
    assert "<addresses of shop/web>" in json.dumps(milan)


def test_a_dry_run_by_name_asks_for_the_record(world: FakeWorld) -> None:
    link(world)
    world.calls.clear()
    assert len(plan(("milan--rome",), world, RENDERER, OPTIONS)) == 2
    assert {(verb, ref.kind) for verb, ref in world.calls} == {("list", r.SHORTCUT)}
