from __future__ import annotations

import copy
import threading
from collections.abc import Callable

import pytest

from kubectl_liqo_shortcut.commands.delete import DeleteOptions, delete
from kubectl_liqo_shortcut.commands.delete_dry_run import plan_lines
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Done, Event, Note, Outcome, Verb
from kubectl_liqo_shortcut.core.link.inventory import Ownership, objects_of
from kubectl_liqo_shortcut.core.model import ObjectRef, ref_of
from kubectl_liqo_shortcut.core.record.conditions import condition_of, is_ready
from kubectl_liqo_shortcut.engine.hub.identity import LiqoLost
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken, Deadline
from kubectl_liqo_shortcut.engine.runtime.lease import Lock
from kubectl_liqo_shortcut.errors import (
    AnotherCluster,
    ClusterError,
    ExitCode,
    Forbidden,
    NoLiqo,
    PartlyDone,
    Refused,
    ShortcutError,
    TimedOut,
    Transient,
    Unreachable,
)
from tests.commands.test_create import events as create
from tests.commands.test_create import foreign, link_objects, outcome, put_tenant_namespace, records
from tests.fakes import BY_GIT, Body, FakeCluster, FakeWorld
from tests.linked import link
from tests.samples import an_object
from tests.told import all_told, ignore, step_by_step

_CONFIGURATION = {
    "clusterID": "rome",
    "apiVersion": r.CONFIGURATION.api_version,
    "kind": "Configuration",
    "namespace": "liqo-tenant-milan",
    "name": "milan",
    "uid": "one",
    "ownership": "Created",
}
EVIL_ENTRIES = [
    {**_CONFIGURATION, "name": "../../../../../../apis/apps/v1/namespaces/x/deployments/evil"},
    {**_CONFIGURATION, "name": "evil"},
    {**_CONFIGURATION, "name": "torino", "namespace": "liqo-tenant-evil"},
    {**_CONFIGURATION, "namespace": "evil?x="},
    {**_CONFIGURATION, "namespace": "../evil"},
    {**_CONFIGURATION, "clusterID": "evil"},
    {**_CONFIGURATION, "kind": "Secret", "apiVersion": "v1", "name": "evil"},
    {**_CONFIGURATION, "kind": "Evil"},
    {**_CONFIGURATION, "kind": "Namespace", "apiVersion": "v1", "name": "evil?x="},
    {**_CONFIGURATION, "name": ["evil"]},
    {**_CONFIGURATION, "uid": {"evil": 1}},
    {"evil": "entry"},
    ["evil"],
]
"""Of a record's status: somebody steers our requests with them."""


@pytest.fixture
def record(world: FakeWorld) -> Body:
    return link(world)


def run(world: FakeWorld, record: Body, timeout: float = 5, **given: bool) -> list[Event]:
    return all_told(delete, record, world, DeleteOptions(timeout=timeout, **given), CancelToken())


def foreign_cluster(peer: str, role: str) -> Body:
    kind = r.FOREIGN_CLUSTER
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": peer},
        "status": {"role": role},
    }


def test_it_removes_what_create_made_and_ends_the_record(world: FakeWorld, record: Body) -> None:
    *_, last = run(world, record)
    assert isinstance(last, Outcome)
    assert last.verb is Verb.DELETED
    assert link_objects(world) == []
    assert records(world) == []


def test_clients_go_first_and_configurations_last(world: FakeWorld, record: Body) -> None:
    deleted = [
        event.ref.kind.kind
        for event in run(world, record)
        if isinstance(event, Done) and event.verb is Verb.DELETED
    ]
    assert deleted == [
        "GatewayClient",
        "GatewayServer",
        "PublicKey",
        "PublicKey",
        "Configuration",
        "Configuration",
    ]


def test_a_gateway_goes_only_once_liqo_can_take_away_all_that_it_made_of_it(
    world: FakeWorld, record: Body
) -> None:
    milan = world.leaves["milan"]
    (child,) = (ref for ref in milan.objects if ref.kind == r.WG_GATEWAY_SERVER)
    finalizers = milan.objects[child]["metadata"].pop("finalizers")
    late = {"metadata": {"finalizers": finalizers}}
    threading.Timer(0.3, milan.patch, [child, late]).start()
    run(world, record)
    order = [(verb, ref.kind) for verb, ref in world.calls]
    assert order.index(("patch", child.kind)) < order.index(("delete", r.GATEWAY_SERVER))


def test_tenant_namespaces_stay_and_that_is_said(world: FakeWorld, record: Body) -> None:
    kept = [
        str(event.ref)
        for event in run(world, record)
        if isinstance(event, Done) and event.verb is Verb.KEPT
    ]
    assert kept == ["namespace/liqo-tenant-rome", "namespace/liqo-tenant-milan"]
    assert all(
        any(ref.name.startswith("liqo-tenant-") for ref in leaf.objects)
        for leaf in world.leaves.values()
    )


def test_creating_again_after_a_delete_works(world: FakeWorld, record: Body) -> None:
    run(world, record)
    assert is_ready(outcome(create(world)).record)


def test_a_link_that_carries_a_peering_is_left_alone(world: FakeWorld, record: Body) -> None:
    before = link_objects(world)
    world.leaves["rome"].put(foreign_cluster("milan", "Consumer"))
    with pytest.raises(PartlyDone, match="peered") as caught:
        run(world, record)
    assert caught.value.exit_code is ExitCode.PARTLY
    assert link_objects(world) == before
    (kept,) = records(world)
    assert condition_of(kept, "Ready")["reason"] == "InUseByPeering"
    assert {each.ownership for each in objects_of(kept).values()} == {Ownership.CREATED}
    assert "deletionTimestamp" not in kept["metadata"]


def test_the_gate_holds_each_time_and_opens_when_the_peering_ends(
    world: FakeWorld, record: Body
) -> None:
    peering = world.leaves["rome"].put(foreign_cluster("milan", "Consumer"))
    for _ in range(2):
        with pytest.raises(PartlyDone):
            run(world, dict(records(world)[0]))
    world.leaves["rome"].set_status(ref_of("rome", peering), {"role": "Unknown"})
    run(world, dict(records(world)[0]))
    assert (link_objects(world), records(world)) == ([], [])


@pytest.mark.parametrize("kind", [r.IDENTITY, r.RESOURCE_SLICE, r.VIRTUAL_NODE], ids=str)
def test_a_leaf_that_consumes_the_other_one_is_peered(
    world: FakeWorld, record: Body, kind: r.Kind
) -> None:
    rome = world.leaves["rome"]
    rome.put(foreign_cluster("milan", "Provider"))
    rome.put(
        {
            "apiVersion": kind.api_version,
            "kind": kind.kind,
            "metadata": {
                "name": "milan",
                "namespace": "liqo-tenant-milan",
                "labels": {r.REMOTE_CLUSTER_ID: "milan"},
            },
        }
    )
    with pytest.raises(PartlyDone, match="the role Provider"):
        run(world, record)


def test_a_leaf_that_consumes_nothing_any_more_is_not_peered(
    world: FakeWorld, record: Body
) -> None:
    rome = world.leaves["rome"]
    rome.put(foreign_cluster("milan", "Provider"))  # Liqo may never take it back
    rome.not_served.add(r.VIRTUAL_NODE)
    run(world, record)
    assert (link_objects(world), records(world)) == ([], [])


def test_a_leaf_that_may_not_be_looked_at_is_believed(world: FakeWorld, record: Body) -> None:
    rome = world.leaves["rome"]
    rome.put(foreign_cluster("milan", "Provider"))
    rome.fault = lambda _, ref: Forbidden("rome", "no") if ref.kind == r.IDENTITY else None
    with pytest.raises(PartlyDone, match="the role Provider"):
        run(world, record)


def test_a_failed_create_does_not_cut_a_peering_either(world: FakeWorld) -> None:
    rome = world.leaves["rome"]

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        if (verb, ref.kind) == ("create", r.PUBLIC_KEY):
            rome.put(foreign_cluster("milan", "Consumer"))
            return ClusterError("rome", "no")
        return None

    rome.fault = fault
    with pytest.raises(PartlyDone):
        list(create(world))
    assert "rome gatewayclient/milan" in link_objects(world)
    assert condition_of(records(world)[0], "Ready")["reason"] == "InUseByPeering"


def test_an_object_that_somebody_made_anew_is_not_ours_any_more(
    world: FakeWorld, record: Body
) -> None:
    rome = world.leaves["rome"]
    (ref,) = (ref for ref in rome.objects if ref.kind == r.CONFIGURATION)
    spec = rome.objects[ref]["spec"]
    rome.drop(ref)
    rome.put(foreign(r.CONFIGURATION, "rome", "milan", spec))
    labels = {r.REMOTE_CLUSTER_ID: "milan"}
    network = {"name": "milan-pod", "namespace": "liqo-tenant-milan", "labels": labels}
    kind = r.NETWORK
    rome.put({"apiVersion": kind.api_version, "kind": kind.kind, "metadata": network})
    run(world, record)
    assert link_objects(world) == ["rome configuration/milan"]


def test_it_waits_for_what_liqo_made_and_says_what_holds_it(world: FakeWorld, record: Body) -> None:
    metadata = {
        "name": "gw-milan-x",
        "namespace": "liqo-tenant-milan",
        "labels": {"networking.liqo.io/gateway-name": "milan"},
        "finalizers": ["example.org/slow"],
    }
    world.leaves["rome"].put({"apiVersion": "v1", "kind": "Pod", "metadata": metadata})
    with pytest.raises(TimedOut, match=r"gw-milan-x \(finalizers example.org/slow\)"):
        run(world, record, timeout=0.3)
    (left,) = records(world)
    assert condition_of(left, "Ready")["reason"] == "CleanupPending"
    assert left["metadata"]["deletionTimestamp"]


def test_a_hub_that_cannot_be_told_does_not_hide_the_cause(world: FakeWorld, record: Body) -> None:
    refusal = ClusterError("rome", "webhook says no")
    world.leaves["rome"].fault = lambda verb, _: refusal if verb == "delete" else None
    world.hub.fault = lambda verb, _: (
        ClusterError("the hub", "no") if verb == "patch status" else None
    )
    told: list[Event] = []
    with pytest.raises(PartlyDone, match="webhook says no"):
        told.extend(step_by_step(delete, record, world, DeleteOptions(timeout=5), CancelToken()))
    assert any(isinstance(event, Note) and "not up to date" in event.text for event in told)


def test_a_second_delete_finishes_what_the_first_one_left(world: FakeWorld, record: Body) -> None:
    failures = iter([ClusterError("rome", "webhook says no")])

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return next(failures, None) if verb == "delete" else None

    world.leaves["rome"].fault = fault
    with pytest.raises(PartlyDone):
        run(world, record)
    (left,) = records(world)
    run(world, left)
    assert (link_objects(world), records(world)) == ([], [])


def test_a_passing_fault_is_waited_out(world: FakeWorld, record: Body) -> None:
    failures = iter([Transient("rome", "too many requests")])

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return next(failures, None) if verb == "delete" else None

    world.leaves["rome"].fault = fault
    run(world, record)
    assert records(world) == []


def test_a_leaf_rebuilt_under_its_old_name_is_not_touched_and_the_rest_is_cleaned(
    world: FakeWorld, record: Body
) -> None:
    rome = world.leaves["rome"]
    for ref in [ref for ref in rome.objects if ref.namespace == "liqo-tenant-milan"]:
        rome.objects.pop(ref, None)
    rome.put(foreign(r.CONFIGURATION, "rome", "milan", {"remote": {}}))
    rebuild(rome)
    told = run(world, record)
    assert any(isinstance(event, Note) and "was rebuilt" in event.text for event in told)
    assert link_objects(world) == ["rome configuration/milan"]
    assert records(world) == []


def test_objects_of_ours_on_a_leaf_that_looks_rebuilt_are_told_and_not_touched(
    world: FakeWorld, record: Body
) -> None:
    """The UID of that leaf is on record too: whoever writes it must not make us forget a link."""
    rebuild(world.leaves["rome"])
    with pytest.raises(PartlyDone, match=r"kubectl delete gatewayclients.* milan -n liqo-tenant"):
        run(world, record)
    assert {each.partition(" ")[0] for each in link_objects(world)} == {"rome"}
    assert len(link_objects(world)) == 3
    run(world, dict(records(world)[0]), forget=True)
    assert records(world) == []


def rebuild(leaf: FakeCluster) -> None:
    (kube_system,) = (
        body for body in leaf.of(r.NAMESPACE) if body["metadata"]["name"] == "kube-system"
    )
    kube_system["metadata"]["uid"] = "another cluster"


def lose_liqo(cluster: FakeCluster) -> None:
    for ref in [ref for ref in cluster.objects if ref.name == r.CLUSTER_ID_CONFIGMAP]:
        del cluster.objects[ref]


def rename(leaf: FakeCluster) -> None:
    """Liqo was installed again there, under another cluster ID."""
    for ref, body in leaf.objects.items():
        if ref.name == r.CLUSTER_ID_CONFIGMAP:
            body["data"] = {"CLUSTER_ID": "roma"}


LOST = pytest.mark.parametrize("lose", [lose_liqo, rename])


@LOST
def test_a_leaf_that_lost_its_liqo_does_not_keep_the_other_one_from_being_cleaned(
    world: FakeWorld, record: Body, lose: Callable[[FakeCluster], None]
) -> None:
    lose(world.leaves["rome"])
    with pytest.raises(PartlyDone, match="not gone from rome") as caught:
        run(world, record)
    assert "--forget" in str(caught.value.hint)
    assert {each.partition(" ")[0] for each in link_objects(world)} == {"rome"}
    (left,) = records(world)
    assert {ref.cluster for ref in objects_of(left)} == {"rome"}
    told = [event.text for event in run(world, left, forget=True) if isinstance(event, Note)]
    assert any("left on rome; there: kubectl delete gatewayclients" in each for each in told)
    assert records(world) == []


@LOST
def test_two_leaves_that_lost_their_liqo_stop_it_before_anything_is_changed(
    world: FakeWorld, record: Body, lose: Callable[[FakeCluster], None]
) -> None:
    for leaf in world.leaves.values():
        lose(leaf)
    with pytest.raises(LiqoLost) as caught:
        run(world, record)
    assert "delete milan--rome --forget" in str(caught.value.hint)
    elsewhere = "where Liqo is in another namespace there: --leaf-liqo-namespace milan=NS"
    assert (elsewhere in str(caught.value.hint)) is (lose is lose_liqo)
    assert "deletionTimestamp" not in records(world)[0]["metadata"]


@LOST
def test_another_cluster_than_the_one_that_was_linked_is_no_leaf_that_lost_its_liqo(
    world: FakeWorld, record: Body, lose: Callable[[FakeCluster], None]
) -> None:
    """The kubeconfig context leads elsewhere: the link may well be in use."""
    lose(world.leaves["rome"])
    rebuild(world.leaves["rome"])
    before = link_objects(world)
    with pytest.raises((NoLiqo, AnotherCluster)) as caught:
        run(world, record)
    assert "context" in str(caught.value.hint)
    assert "delete milan--rome --forget" in str(caught.value.hint)
    assert link_objects(world) == before


def test_what_others_made_stays(world: FakeWorld) -> None:
    rome = world.leaves["rome"]
    put_tenant_namespace(rome, "milan")
    spec = {"remote": {"cidr": {"pod": ["10.61.0.0/16"], "external": ["10.171.0.0/16"]}}}
    rome.put(foreign(r.CONFIGURATION, "rome", "milan", spec))
    record = link(world)
    run(world, record)
    assert link_objects(world) == ["rome configuration/milan"]


def test_a_record_that_lost_its_status_still_takes_its_link_away(
    world: FakeWorld, record: Body
) -> None:
    world.hub.set_status(ref_of(world.hub.name, record), {})
    *_, last = run(world, record)
    assert isinstance(last, Outcome)
    assert (link_objects(world), records(world)) == ([], [])


def test_a_record_that_says_all_is_somebody_elses_still_takes_its_link_away(
    world: FakeWorld, record: Body
) -> None:
    for each in record["status"]["objects"]:
        each["ownership"] = "Reused"
    world.hub.set_status(ref_of(world.hub.name, record), record["status"])
    run(world, record)
    assert (link_objects(world), records(world)) == ([], [])


def applied(world: FakeWorld) -> None:
    """All link objects are as if git had applied them, labels and all."""
    for leaf in world.leaves.values():
        for body in leaf.objects.values():
            body["metadata"].pop("managedFields", None)


def test_what_git_applied_and_no_record_names_is_told_and_stays(
    world: FakeWorld, record: Body
) -> None:
    applied(world)
    world.hub.set_status(ref_of(world.hub.name, record), {})
    before = link_objects(world)
    for _ in range(2):
        with pytest.raises(PartlyDone, match="nothing proves that it made them"):
            run(world, record)
    assert link_objects(world) == before
    assert objects_of(records(world)[0]) == {}
    told = [str(each) for each in run(world, dict(records(world)[0]), forget=True)]
    assert sum("there: kubectl delete" in each for each in told) == len(before)
    assert records(world) == []


def test_what_a_backup_tool_restored_is_told_and_its_record_stays(
    world: FakeWorld, record: Body
) -> None:
    """UIDs and managers are others than on record: only the labels say that it is ours."""
    applied(world)
    for leaf in world.leaves.values():
        for ref, body in leaf.objects.items():
            if ref.kind in r.LINK_KINDS and ref.namespace:
                body["metadata"]["uid"] += "-restored"
    before = link_objects(world)
    for _ in range(2):
        with pytest.raises(PartlyDone, match="nothing proves that it made them"):
            run(world, record)
    assert link_objects(world) == before
    assert {each.ownership for each in objects_of(records(world)[0]).values()} == {
        Ownership.CREATED
    }


def test_a_link_in_a_namespace_that_is_no_tenants_any_more_is_told_and_its_record_stays(
    world: FakeWorld, record: Body
) -> None:
    for body in world.leaves["rome"].of(r.NAMESPACE):
        body["metadata"].get("labels", {}).pop(r.TENANT_NAMESPACE, None)
    with pytest.raises(PartlyDone, match=r"kubectl delete .* milan -n liqo-tenant-milan"):
        run(world, record)
    assert {each.partition(" ")[0] for each in link_objects(world)} == {"rome"}
    assert len(records(world)) == 1


def test_what_git_applied_and_the_record_calls_reused_stays_without_a_word(
    world: FakeWorld, record: Body
) -> None:
    applied(world)
    for each in record["status"]["objects"]:
        each["ownership"] = "Reused"
    world.hub.set_status(ref_of(world.hub.name, record), record["status"])
    before = link_objects(world)
    run(world, dict(records(world)[0]))
    assert (link_objects(world), records(world)) == (before, [])


def test_without_its_labels_an_object_stays_although_its_uid_is_on_record(
    world: FakeWorld, record: Body
) -> None:
    rome = world.leaves["rome"]
    for ref, body in rome.objects.items():
        if ref.kind == r.GATEWAY_CLIENT:
            del body["metadata"]["labels"][r.SHORTCUT_HUB]
    with pytest.raises(PartlyDone, match="is on record, but it does not bear the labels"):
        run(world, record)
    assert link_objects(world) == ["rome gatewayclient/milan"]
    with pytest.raises(PartlyDone):
        run(world, dict(records(world)[0]))


def test_a_hub_that_has_lost_liqo_takes_away_what_its_record_names(
    world: FakeWorld, record: Body
) -> None:
    lose_liqo(world.hub)
    told = [each.text for each in run(world, record) if isinstance(each, Note)]
    assert any("the link's objects bear its cluster ID torino" in each for each in told)
    assert (link_objects(world), records(world)) == ([], [])


def test_a_hub_that_has_lost_liqo_ends_a_record_of_which_nothing_is_left(
    world: FakeWorld, record: Body
) -> None:
    lose_liqo(world.hub)
    for leaf in world.leaves.values():
        for ref in [each for each in leaf.objects if each.kind in r.LINK_KINDS and each.namespace]:
            if ref in leaf.objects:
                leaf.objects[ref]["metadata"].pop("finalizers", None)
                leaf.drop(ref)
    told = [each.text for each in run(world, record) if isinstance(each, Note)]
    assert any("Liqo is not there" in each for each in told)
    assert records(world) == []


def of_another_hub(world: FakeWorld, record: Body) -> None:
    """Whoever writes a status may name anything in it: here a link of another hub too."""
    for ref, body in world.leaves["rome"].objects.items():
        if ref.kind == r.GATEWAY_CLIENT:
            body["metadata"]["labels"][r.SHORTCUT_HUB] = "napoli"


def test_what_bears_the_id_of_a_hub_that_lives_is_not_taken_for_that_of_a_lost_one(
    world: FakeWorld, record: Body
) -> None:
    """All that the status names is a link of another hub, to which a leaf has its tunnel."""
    lose_liqo(world.hub)
    for leaf in world.leaves.values():
        for body in leaf.objects.values():
            if r.SHORTCUT_HUB in body["metadata"].get("labels", {}):
                body["metadata"]["labels"][r.SHORTCUT_HUB] = "napoli"
    labels = {r.REMOTE_CLUSTER_ID: "napoli"}
    status = {"value": "Connected"}
    tunnel = an_object(r.CONNECTION, "napoli", "liqo-tenant-napoli", labels=labels, status=status)
    world.leaves["milan"].put(tunnel)
    before = link_objects(world)
    with pytest.raises(Refused, match="tunnel to napoli is Connected") as caught:
        run(world, record)
    assert "kubectl liqo-shortcut delete milan--rome --forget" in str(caught.value.hint)
    assert link_objects(world) == before
    tunnel["status"]["value"] = "Error"
    world.leaves["milan"].put(tunnel)
    run(world, record)
    assert link_objects(world) == []


def without_status(world: FakeWorld, record: Body) -> None:
    world.hub.set_status(ref_of(world.hub.name, record), {})


@pytest.mark.parametrize("unclear", [of_another_hub, without_status])
def test_a_hub_that_has_lost_liqo_gives_up_what_is_unclear_only_if_told_to(
    world: FakeWorld, record: Body, unclear: Callable[[FakeWorld, Body], None]
) -> None:
    lose_liqo(world.hub)
    unclear(world, record)
    before = link_objects(world)
    with pytest.raises(NoLiqo) as caught:
        run(world, record)
    assert "kubectl liqo-shortcut delete milan--rome --forget" in str(caught.value.hint)
    told = [str(each) for each in run(world, record, forget=True)]
    listed = any("kubectl delete gatewayclients.networking.liqo.io milan" in each for each in told)
    assert listed or unclear is without_status
    assert (link_objects(world), records(world)) == (before, [])


def test_a_leaf_that_may_not_be_asked_for_labels_is_no_leaf_that_is_gone(
    world: FakeWorld, record: Body
) -> None:
    rome, no = world.leaves["rome"], Forbidden("rome", "no list", hint="rbac check says what lacks")
    rome.fault = lambda *what: no if what[0] == "list" and what[1].kind == r.PUBLIC_KEY else None
    before = link_objects(world)
    with pytest.raises(Forbidden) as caught:
        run(world, record)
    assert caught.value.hint == "rbac check says what lacks"
    assert link_objects(world) == before
    run(world, record, forget=True)
    assert records(world) == []


def test_a_record_whose_leaves_were_never_reached_is_not_ended_without_asking_them(
    world: FakeWorld, record: Body
) -> None:
    world.hub.set_status(ref_of(world.hub.name, record), {})
    world.leaves.clear()
    with pytest.raises(ClusterError):
        run(world, record)
    assert len(records(world)) == 1
    run(world, record, forget=True)
    assert records(world) == []


@pytest.mark.parametrize("evil", EVIL_ENTRIES, ids=lambda entry: str(entry)[:40])
def test_what_a_record_names_that_is_no_object_of_its_link_is_told_and_never_asked_for(
    world: FakeWorld, record: Body, evil: Body
) -> None:
    status = copy.deepcopy(record["status"])
    status["objects"].append(evil)
    world.hub.set_status(ref_of(world.hub.name, record), status)
    world.calls.clear()
    told = run(world, dict(records(world)[0]))
    assert any(isinstance(each, Note) and "no object of this link" in each.text for each in told)
    assert [ref for _, ref in world.calls if "evil" in str((ref.name, ref.namespace))] == []
    assert (link_objects(world), records(world)) == ([], [])


def test_a_finalizer_of_somebody_else_is_left_to_them(world: FakeWorld, record: Body) -> None:
    (ref,) = (ref for ref in world.hub.objects if ref.kind == r.SHORTCUT)
    world.hub.objects[ref]["metadata"]["finalizers"].append("example.org/audit")
    run(world, record)
    assert records(world)[0]["metadata"]["finalizers"] == ["example.org/audit"]


def test_the_plan_names_what_goes_and_what_stays(record: Body) -> None:
    lines = list(plan_lines(record))
    assert "rome: gatewayclient/milan would be deleted" in lines
    assert "rome: namespace/liqo-tenant-milan would be kept" in lines


def test_the_plan_keeps_what_others_made(record: Body) -> None:
    for each in record["status"]["objects"]:
        each["ownership"] = "Reused"
    assert all(line.endswith("would be kept") for line in plan_lines(record))


@pytest.mark.parametrize("policy", ["asked for", "on record"])
def test_the_plan_says_when_namespaces_go_too(record: Body, policy: str) -> None:
    record["spec"]["tenantNamespaceReclaimPolicy"] = "Delete" if policy == "on record" else "Retain"
    lines = list(plan_lines(record, delete_namespaces=policy == "asked for"))
    line = "rome: namespace/liqo-tenant-milan would be deleted if nothing else is in it"
    assert line in lines


def silence(leaf: FakeCluster) -> None:
    leaf.fault = lambda *_: Unreachable(leaf.name, "cannot be reached")


def test_a_dead_leaf_does_not_keep_the_other_one_from_being_cleaned(
    world: FakeWorld, record: Body
) -> None:
    silence(world.leaves["rome"])
    with pytest.raises(PartlyDone, match="not gone from rome") as caught:
        run(world, record)
    assert "--forget" in str(caught.value.hint)
    assert {each.partition(" ")[0] for each in link_objects(world)} == {"rome"}
    (left,) = records(world)
    assert condition_of(left, "Ready")["reason"] == "CleanupPending"
    assert {ref.cluster for ref in objects_of(left)} == {"rome"}
    world.leaves["rome"].fault = lambda *_: None
    run(world, left)
    assert (link_objects(world), records(world)) == ([], [])


def test_two_dead_leaves_stop_it_before_anything_is_changed(world: FakeWorld, record: Body) -> None:
    for leaf in world.leaves.values():
        silence(leaf)
    with pytest.raises(Unreachable, match="cannot be reached") as caught:
        run(world, record)
    assert "--forget" in str(caught.value.hint)
    assert "deletionTimestamp" not in records(world)[0]["metadata"]


def test_forget_ends_the_record_and_prints_what_is_left(world: FakeWorld, record: Body) -> None:
    silence(world.leaves["rome"])
    told = [event.text for event in run(world, record, forget=True) if isinstance(event, Note)]
    assert any(
        "kubectl delete gatewayclients.networking.liqo.io milan -n liqo-tenant-milan" in text
        for text in told
    )
    assert records(world) == []
    assert {each.partition(" ")[0] for each in link_objects(world)} == {"rome"}


def test_forget_works_without_a_way_to_the_leaf(world: FakeWorld, record: Body) -> None:
    def open_cluster(name: str) -> FakeCluster:
        if name == "rome":
            raise ClusterError("rome", "no credentials")
        return world(name)

    with pytest.raises(ClusterError, match="no credentials"):
        all_told(delete, record, open_cluster, DeleteOptions(timeout=5), CancelToken())
    assert len(link_objects(world)) == 6
    all_told(delete, record, open_cluster, DeleteOptions(timeout=5, forget=True), CancelToken())
    assert records(world) == []


def test_a_leaf_that_refuses_us_stops_it_unless_it_is_forgotten(
    world: FakeWorld, record: Body
) -> None:
    world.leaves["rome"].fault = lambda *_: Forbidden("rome", "no")
    with pytest.raises(Forbidden):
        run(world, record)
    assert len(link_objects(world)) == 6
    run(world, record, forget=True)
    assert records(world) == []


@pytest.mark.parametrize("error", [Forbidden("rome", "no"), Transient("rome", "busy")], ids=str)
def test_a_gate_that_does_not_answer_stays_shut(
    world: FakeWorld, record: Body, error: ClusterError
) -> None:
    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return error if ref.kind == r.FOREIGN_CLUSTER else None

    world.leaves["rome"].fault = fault
    with pytest.raises(ShortcutError):
        run(world, record, timeout=1)
    assert sum(each.startswith("rome") for each in link_objects(world)) == 3


def test_forget_leaves_what_a_peering_uses(world: FakeWorld, record: Body) -> None:
    before = link_objects(world)
    world.leaves["rome"].put(foreign_cluster("milan", "Consumer"))
    told = [event.text for event in run(world, record, forget=True) if isinstance(event, Note)]
    assert any("the peering uses its gatewayclient/milan" in text for text in told)
    assert (link_objects(world), records(world)) == (before, [])


def test_a_record_that_ended_while_waiting_is_deleted(world: FakeWorld, record: Body) -> None:
    run(world, record)
    (last,) = run(world, record)
    assert isinstance(last, Outcome)
    assert last.verb is Verb.DELETED


@pytest.mark.parametrize("policy", ["asked for", "on record"])
def test_namespaces_of_ours_go_when_asked(world: FakeWorld, record: Body, policy: str) -> None:
    ref = ref_of(world.hub.name, record)
    if policy == "on record":
        world.hub.patch(ref, {"spec": {"tenantNamespaceReclaimPolicy": "Delete"}})
    told = run(world, record, delete_namespaces=policy == "asked for")
    gone = [
        str(event.ref)
        for event in told
        if isinstance(event, Done) and (event.verb, event.ref.kind) == (Verb.DELETED, r.NAMESPACE)
    ]
    assert gone == ["namespace/liqo-tenant-rome", "namespace/liqo-tenant-milan"]
    assert not any(
        ref.name.startswith("liqo-tenant-")
        for leaf in world.leaves.values()
        for ref in leaf.objects
        if ref.kind == r.NAMESPACE
    )


def namespace_fate(world: FakeWorld, record: Body) -> str:
    """What becomes of rome's tenant namespace, and why."""
    for event in run(world, record, delete_namespaces=True):
        if isinstance(event, Done) and event.ref == TENANT:
            return f"{event.verb}: {event.why}"
    raise AssertionError("nothing was said of it")


TENANT = ObjectRef("rome", r.NAMESPACE, "", "liqo-tenant-milan")


def test_a_namespace_with_something_else_in_it_stays_and_says_what(
    world: FakeWorld, record: Body
) -> None:
    for name in ("kube-root-ca.crt", *"abcdefg"):
        put_config_map(world.leaves["rome"], name)
    assert namespace_fate(world, record) == (
        "kept: it still holds configmap/a, configmap/b, configmap/c, configmap/d, configmap/e "
        "and 2 more"
    )


def put_config_map(cluster: FakeCluster, name: str) -> None:
    metadata = {"name": name, "namespace": "liqo-tenant-milan"}
    cluster.put({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})


def test_a_namespace_that_cannot_be_looked_into_stays(world: FakeWorld, record: Body) -> None:
    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return Forbidden("rome", "no") if (verb, ref.kind) == ("list", r.CONFIG_MAP) else None

    world.leaves["rome"].fault = fault
    assert "cannot be told whether it is empty" in namespace_fate(world, record)


def second_life(world: FakeWorld, record: Body, fields: list[Body]) -> Body:
    """The shortcut anew, in the namespaces that its first life left; who set what, is *fields*."""
    run(world, record)
    for leaf in world.leaves.values():
        for body in leaf.of(r.NAMESPACE):
            body["metadata"]["managedFields"] = fields
    return dict(outcome(create(world)).record)


def test_a_namespace_of_an_earlier_life_goes_too(world: FakeWorld, record: Body) -> None:
    """It bears our labels, and who set them is not known any more: a backup tool made it anew."""
    again = second_life(world, record, [])
    assert objects_of(again)[TENANT].ownership is Ownership.REUSED
    said = "would be deleted if it bears this shortcut's labels and nothing else is in it"
    assert f"rome: {TENANT} {said}" in list(plan_lines(again, delete_namespaces=True))
    put_config_map(world.leaves["rome"], "a")
    assert namespace_fate(world, again) == "kept: it still holds configmap/a"
    again = dict(outcome(create(world)).record)
    del world.leaves["rome"].objects[ObjectRef("rome", r.CONFIG_MAP, TENANT.name, "a")]
    assert namespace_fate(world, again) == "deleted: "
    assert TENANT not in world.leaves["rome"].objects


def test_a_namespace_that_git_applies_stays_in_each_life(world: FakeWorld, record: Body) -> None:
    assert namespace_fate(world, second_life(world, record, [BY_GIT])).startswith(
        "kept: kustomize-controller set"
    )


def test_a_namespace_that_a_tool_without_server_side_apply_keeps_stays(
    world: FakeWorld, record: Body
) -> None:
    """Argo CD and Helm write as kubectl edit does, by another name."""
    argo = {**BY_GIT, "manager": "argocd-controller", "operation": "Update"}
    fate = namespace_fate(world, second_life(world, record, [argo]))
    assert fate == "kept: argocd-controller set this shortcut's labels on it"


def test_a_namespace_of_ours_whose_labels_a_person_put_back_goes(
    world: FakeWorld, record: Body
) -> None:
    by_hand = {**BY_GIT, "manager": "kubectl-label", "operation": "Update"}
    world.leaves["rome"].objects[TENANT]["metadata"]["managedFields"] = [by_hand]
    assert namespace_fate(world, record) == "deleted: "


def test_a_namespace_that_was_there_before_stays(world: FakeWorld) -> None:
    put_tenant_namespace(world.leaves["rome"], "milan")
    assert namespace_fate(world, link(world)) == "kept: it existed before this link"


def test_a_namespace_made_anew_by_somebody_else_stays(world: FakeWorld, record: Body) -> None:
    metadata = world.leaves["rome"].objects[TENANT]["metadata"]
    kept = (r.TENANT_NAMESPACE, r.REMOTE_CLUSTER_ID)
    labels = {key: metadata["labels"][key] for key in kept}
    metadata |= {"uid": "another", "managedFields": [], "labels": labels}
    assert namespace_fate(world, record).startswith("kept: somebody else made it anew")


def test_a_namespace_that_is_gone_already_is_fine(world: FakeWorld, record: Body) -> None:
    rome = world.leaves["rome"]
    for ref in [ref for ref in rome.objects if TENANT.name in (ref.name, ref.namespace)]:
        del rome.objects[ref]
    assert namespace_fate(world, record) == "deleted: "


def test_kinds_that_went_away_since_they_were_discovered_hold_nothing(
    world: FakeWorld, record: Body
) -> None:
    world.leaves["rome"].not_served.add(r.DEPLOYMENT)
    assert namespace_fate(world, record) == "deleted: "


def test_a_namespace_that_does_not_end_is_named(world: FakeWorld, record: Body) -> None:
    world.leaves["rome"].objects[TENANT]["metadata"]["finalizers"] = ["kubernetes"]
    with pytest.raises(
        TimedOut, match=r"namespace liqo-tenant-milan is being deleted since .*: it has"
    ):
        run(world, record, timeout=1, delete_namespaces=True)
    assert len(records(world)) == 1


def test_a_second_command_waits_for_the_first(world: FakeWorld, record: Body) -> None:
    other = Lock(world.hub, "milan--rome")
    other.take(Deadline(5), ignore)
    with pytest.raises(TimedOut, match="still works on it"):
        run(world, record, timeout=0.5)
    assert len(link_objects(world)) == 6
