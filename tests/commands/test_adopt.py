"""``adopt``: a link that somebody made by hand becomes a shortcut, and stays as it is."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.commands.adopt import adopt, would_adopt
from kubectl_liqo_shortcut.commands.delete import DeleteOptions, delete
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Done, Event, Note, Outcome, Verb
from kubectl_liqo_shortcut.core.link.inventory import Ownership, objects_of
from kubectl_liqo_shortcut.core.link.ownership import ownership_labels
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.request import Request
from kubectl_liqo_shortcut.core.model import Object, ObjectRef, cluster_id, ref_of, uid_of
from kubectl_liqo_shortcut.core.record.conditions import is_ready
from kubectl_liqo_shortcut.engine.link import gateway_service
from kubectl_liqo_shortcut.engine.runtime import lease
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken
from kubectl_liqo_shortcut.engine.runtime.lease import LeaseLost
from kubectl_liqo_shortcut.errors import (
    ClusterError,
    Conflict,
    ExitCode,
    Forbidden,
    Interrupted,
    NoLiqo,
    PartlyDone,
    Refused,
    ShortcutError,
    TimedOut,
    Unreachable,
)
from tests.commands.test_create import events as create
from tests.commands.test_create import foreign, link_objects, put_tenant_namespace, records
from tests.commands.test_delete import foreign_cluster
from tests.fakes import BY_GIT, Body, FakeCluster, FakeWorld, gateway_template
from tests.samples import an_object
from tests.told import all_told, step_by_step

CIDRS = {
    "milan": {"pod": ["10.61.0.0/16"], "external": ["10.171.0.0/16"]},
    "rome": {"pod": ["10.62.0.0/16"], "external": ["10.172.0.0/16"]},
}
RENDERER = Renderer(read_template)


def connect(world: FakeWorld, server: str = "rome", client: str = "milan", **gateway: Any) -> None:
    """A link as ``liqoctl network connect`` makes it: no labels of ours, keys with an owner."""
    for leaf, peer in ((server, client), (client, server)):
        put_tenant_namespace(world.leaves[leaf], peer)
        remote = {"remote": {"cidr": CIDRS[peer]}}
        world.leaves[leaf].put(foreign(r.CONFIGURATION, leaf, peer, remote))
    endpoint = {"port": 51840, "serviceType": "LoadBalancer", **gateway.pop("endpoint", {})}
    serves = {"mtu": 1340, "endpoint": endpoint, **template("Server"), **gateway}
    made = world.leaves[server].put(foreign(r.GATEWAY_SERVER, server, client, serves))
    dials = {"mtu": 1340, "endpoint": made["status"]["endpoint"], **template("Client"), **gateway}
    world.leaves[client].put(foreign(r.GATEWAY_CLIENT, client, server, dials))
    for leaf, peer in ((server, client), (client, server)):
        (secret,) = world.leaves[peer].of(r.SECRET)
        key = {"publicKey": secret["data"]["publicKey"]}
        world.leaves[leaf].put(foreign(r.PUBLIC_KEY, leaf, peer, key))


def template(role: str) -> Body:
    kind, name = f"WgGateway{role}Template", f"wireguard-{role.lower()}"
    ref = {"apiVersion": r.GATEWAY_SERVER.api_version, "kind": kind, "name": name}
    return {f"{role.lower()}TemplateRef": {**ref, "namespace": "liqo"}}


def the(cluster: FakeCluster, kind: r.Kind) -> ObjectRef:
    return next(ref for ref in cluster.objects if ref.kind == kind)


def asked(**wanted: Any) -> Request:
    return Request(pair=(cluster_id("milan"), cluster_id("rome")), **wanted)


def run(world: FakeWorld, *, cancel: CancelToken | None = None, timeout: float = 5) -> list[Event]:
    return all_told(adopt, asked(), world, RENDERER, timeout, cancel or CancelToken())


def verb(happened: list[Event]) -> Verb:
    last = happened[-1]
    assert isinstance(last, Outcome)
    return last.verb


def present(world: FakeWorld) -> Body:
    (record,) = records(world)
    return record


def everything(world: FakeWorld) -> dict[ObjectRef, Any]:
    """All objects on the leaves, without their versions and our labels."""
    found = {}
    for cluster in world.leaves.values():
        for ref, body in cluster.objects.items():
            copied = copy.deepcopy(body)
            copied["metadata"].pop("resourceVersion")
            copied["metadata"].pop("managedFields", None)
            found[ref] = copied
    return found


def without_our_labels(objects: dict[ObjectRef, Any]) -> dict[ObjectRef, Any]:
    for body in objects.values():
        for label in (r.MANAGED_BY, r.SHORTCUT_NAME, r.SHORTCUT_HUB):
            body["metadata"]["labels"].pop(label, None)
    return objects


@pytest.mark.parametrize(("server", "client"), [("rome", "milan"), ("milan", "rome")])
def test_a_link_in_either_direction_is_taken_over_as_it_is(
    world: FakeWorld, server: str, client: str
) -> None:
    connect(world, server, client)
    before = everything(world)
    assert verb(run(world)) is Verb.ADOPTED
    assert without_our_labels(everything(world)) == before
    record = present(world)
    assert record["spec"]["server"]["clusterID"] == server
    assert is_ready(record)
    owners = [each.ownership for each in objects_of(record).values()]
    assert owners == [Ownership.ADOPTED] * 8


def test_what_troubles_a_link_is_said_and_it_is_taken_over(world: FakeWorld) -> None:
    connect(world)
    labels = {r.REMOTE_CLUSTER_ID: "milan"}
    other = an_object(r.GATEWAY_SERVER, "milan", "liqo-hub", labels=labels, spec={"mtu": 1400})
    world.hub.put(other)
    told = run(world)
    assert verb(told) is Verb.ADOPTED
    assert any("(OtherMTU)" in each.text for each in told if isinstance(each, Note))


def test_what_git_applies_with_our_labels_is_left_to_git(world: FakeWorld) -> None:
    connect(world)
    (gateway,) = world.leaves["rome"].of(r.GATEWAY_SERVER)
    gateway["metadata"]["labels"] |= ownership_labels("milan--rome", "torino")
    gateway["metadata"]["managedFields"] = [BY_GIT]
    with pytest.raises(Refused, match="for example from git") as caught:
        run(world)
    assert "kubectl liqo-shortcut create rome milan" in str(caught.value.hint)
    assert records(world) == []


def test_its_objects_bear_our_labels_then(world: FakeWorld) -> None:
    connect(world)
    run(world)
    for entry in objects_of(present(world)).values():
        labels = world.leaves[entry.ref.cluster].objects[entry.ref]["metadata"]["labels"]
        assert labels[r.SHORTCUT_NAME] == "milan--rome"
        assert labels[r.SHORTCUT_HUB] == "torino"


def test_adopting_twice_changes_nothing(world: FakeWorld) -> None:
    connect(world)
    run(world)
    before = everything(world)
    assert verb(run(world)) is Verb.UNCHANGED
    assert everything(world) == before


def test_create_after_it_finds_everything_as_it_should_be(world: FakeWorld) -> None:
    connect(world, mtu=1280, endpoint={"port": 51900})
    run(world)
    assert verb(list(create(world))) is Verb.UNCHANGED


def test_delete_takes_away_what_was_adopted(world: FakeWorld) -> None:
    connect(world)
    run(world)
    all_told(delete, present(world), world, DeleteOptions(timeout=5), CancelToken())
    assert link_objects(world) == []
    assert records(world) == []


def test_namespaces_that_were_adopted_go_when_asked(world: FakeWorld) -> None:
    connect(world)
    run(world)
    options = DeleteOptions(timeout=5, delete_namespaces=True)
    all_told(delete, present(world), world, options, CancelToken())
    assert [ref for ref in world.leaves["milan"].objects if "tenant" in ref.name] == []


@pytest.mark.parametrize(
    ("gateway", "field", "expected"),
    [
        ({"mtu": 1280}, "mtu", 1280),
        ({"endpoint": {"port": 51900}}, "service", {"type": "LoadBalancer", "port": 51900}),
        (
            {"endpoint": {"serviceType": "NodePort", "nodePort": 31000}},
            "service",
            {"type": "NodePort", "port": 51840, "nodePort": 31000},
        ),
    ],
    ids=["mtu", "port", "node port"],
)
def test_the_record_says_how_the_gateways_were_made(
    world: FakeWorld, gateway: Body, field: str, expected: object
) -> None:
    connect(world, **gateway)
    run(world)
    assert present(world)["spec"]["gateway"][field] == expected


def test_what_the_client_dials_instead_is_on_record(world: FakeWorld) -> None:
    connect(world)
    ref = next(ref for ref in world.leaves["milan"].objects if ref.kind == r.GATEWAY_CLIENT)
    world.leaves["milan"].patch(ref, {"spec": {"endpoint": {"addresses": ["198.51.100.9"]}}})
    run(world)
    assert present(world)["spec"]["gateway"]["clientEndpoint"] == {"address": "198.51.100.9"}


def test_a_missing_key_is_published(world: FakeWorld) -> None:
    connect(world)
    milan = world.leaves["milan"]
    milan.drop(next(ref for ref in milan.objects if ref.kind == r.PUBLIC_KEY))
    run(world)
    assert "milan publickey/rome" in link_objects(world)
    entry = next(
        each
        for each in objects_of(present(world)).values()
        if each.ref.kind == r.PUBLIC_KEY and each.ref.cluster == "milan"
    )
    assert entry.ownership is Ownership.CREATED


def test_what_create_reused_can_be_adopted_later(world: FakeWorld) -> None:
    connect(world)
    list(create(world))
    owners = {each.ownership for each in objects_of(present(world)).values()}
    assert owners == {Ownership.REUSED}
    assert verb(run(world)) is Verb.ADOPTED
    owners = {each.ownership for each in objects_of(present(world)).values()}
    assert owners == {Ownership.ADOPTED}


def test_what_create_made_itself_stays_created(world: FakeWorld) -> None:
    list(create(world))
    assert verb(run(world)) is Verb.UNCHANGED
    owners = {each.ownership for each in objects_of(present(world)).values()}
    assert owners == {Ownership.CREATED}


def test_what_others_made_is_adopted_whatever_the_record_calls_it(world: FakeWorld) -> None:
    """Else a failing command could undo it, since what was created here is undone."""
    connect(world)
    list(create(world))
    record = present(world)
    for each in record["status"]["objects"]:
        each["ownership"] = "Created"
    world.hub.set_status(ref_of(world.hub.name, record), record["status"])
    run(world)
    others = [each for each in objects_of(present(world)).values() if each.ref.namespace]
    kinds = {each.ref.kind for each in others if each.ownership is Ownership.ADOPTED}
    assert kinds >= {r.CONFIGURATION, r.GATEWAY_CLIENT, r.GATEWAY_SERVER}


def refused(world: FakeWorld, match: str) -> None:
    before = everything(world)
    with pytest.raises(Refused, match=match):
        run(world)
    assert everything(world) == before
    assert records(world) == []


def label(world: FakeWorld, leaf: str, kind: r.Kind, **labels: str) -> None:
    cluster = world.leaves[leaf]
    ref = next(ref for ref in cluster.objects if ref.kind == kind)
    cluster.patch(ref, {"metadata": {"labels": labels}})


def test_another_hubs_link_is_refused(world: FakeWorld) -> None:
    connect(world)
    label(world, "rome", r.GATEWAY_SERVER, **{r.SHORTCUT_HUB: "napoli"})
    refused(world, "belongs to a shortcut of the hub 'napoli'")


def test_what_another_program_manages_is_refused(world: FakeWorld) -> None:
    connect(world)
    label(world, "rome", r.CONFIGURATION, **{r.MANAGED_BY: "argocd"})
    refused(world, "is managed by 'argocd'")


def test_where_there_is_no_link_there_is_nothing_to_adopt(world: FakeWorld) -> None:
    refused(world, "no link to adopt: milan has no Configuration for rome")


def test_half_a_link_is_refused(world: FakeWorld) -> None:
    connect(world)
    milan = world.leaves["milan"]
    milan.drop(next(ref for ref in milan.objects if ref.kind == r.GATEWAY_CLIENT))
    refused(world, "milan has no GatewayClient for rome")


def test_a_link_that_is_going_is_refused(world: FakeWorld) -> None:
    connect(world)
    milan = world.leaves["milan"]
    ref = next(ref for ref in milan.objects if ref.kind == r.CONFIGURATION)
    milan.patch(ref, {"metadata": {"finalizers": ["some/one"]}})
    milan.drop(ref)
    refused(world, "milan has a Configuration that is being deleted")


def test_gateways_that_do_not_fit_each_other_are_refused(world: FakeWorld) -> None:
    connect(world)
    milan = world.leaves["milan"]
    ref = next(ref for ref in milan.objects if ref.kind == r.GATEWAY_CLIENT)
    milan.patch(ref, {"spec": {"mtu": 1500}})
    refused(world, r"gatewayclient/rome is not as a shortcut .* differs in spec.mtu")


def test_the_link_of_a_peering_is_refused(world: FakeWorld) -> None:
    connect(world)
    world.leaves["rome"].put(foreign_cluster("milan", "Consumer"))
    refused(world, "nothing was adopted")


def test_a_missing_permission_is_told_before_anything_is_written(world: FakeWorld) -> None:
    connect(world)
    world.leaves["rome"].allows = lambda asked: asked.get("resource") not in ("*", "namespaces")
    refused(world, r"not allowed to .*patch namespaces/liqo-tenant-milan")


def failing_at(world: FakeWorld, error: ClusterError, kind: r.Kind) -> None:
    """From now on milan does not let its objects of *kind* be patched."""

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return error if (verb, ref.kind) == ("patch", kind) else None

    world.leaves["milan"].fault = fault


def test_a_failure_half_way_takes_labels_and_record_away_again(world: FakeWorld) -> None:
    connect(world)
    before = everything(world)
    failing_at(world, NoLiqo("milan", "no"), r.GATEWAY_CLIENT)
    with pytest.raises(NoLiqo) as caught:
        run(world)
    assert caught.value.exit_code is ExitCode.FAILED  # 4 says that nothing was changed
    assert everything(world) == before
    assert records(world) == []


def test_a_failure_half_way_leaves_an_older_record_as_it_was(world: FakeWorld) -> None:
    connect(world)
    list(create(world))
    failing_at(world, Forbidden("milan", "no"), r.GATEWAY_CLIENT)
    with pytest.raises(Forbidden):
        run(world)
    owners = {each.ownership for each in objects_of(present(world)).values()}
    assert owners == {Ownership.REUSED}


def test_a_bug_half_way_is_undone_too(world: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(world)
    before = everything(world)
    patch = world.leaves["milan"].patch

    def broken(
        ref: ObjectRef, body: Object, *, subresource: str = "", dry_run: bool = False
    ) -> Object:
        if ref.kind == r.GATEWAY_CLIENT:
            raise ZeroDivisionError
        return patch(ref, body, subresource=subresource)

    monkeypatch.setattr(world.leaves["milan"], "patch", broken)
    with pytest.raises(ZeroDivisionError):
        run(world)
    assert everything(world) == before


def test_what_could_not_be_undone_is_partly_done_and_on_record(world: FakeWorld) -> None:
    connect(world)
    failed = False

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        nonlocal failed
        failed = failed or (verb, ref.kind) == ("patch", r.GATEWAY_CLIENT)
        return Forbidden("milan", "no") if failed and verb == "patch" else None

    world.leaves["milan"].fault = fault
    with pytest.raises(PartlyDone, match="not everything could be undone"):
        run(world)
    assert len(objects_of(present(world))) == 8
    world.leaves["milan"].fault = lambda *_: None
    assert verb(run(world)) in (Verb.ADOPTED, Verb.UNCHANGED)


def test_a_signal_half_way_undoes(world: FakeWorld) -> None:
    connect(world)
    before = everything(world)
    cancel = CancelToken()
    told: list[Event] = []
    with pytest.raises(Interrupted):
        told.extend(_stopping(step_by_step(adopt, asked(), world, RENDERER, 5, cancel), cancel))
    assert everything(world) == before
    assert records(world) == []


def _stopping(happening: Iterator[Event], cancel: CancelToken) -> Iterator[Event]:
    for event in happening:
        if isinstance(event, Done):
            cancel.request(2)
        yield event


def test_a_lost_lease_stops_without_undoing(
    world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(world)
    happening = step_by_step(adopt, asked(), world, RENDERER, 5, CancelToken())
    next(event for event in happening if isinstance(event, Done))
    monkeypatch.setattr(lease, "_TRUSTED_FOR", -1.0)
    with pytest.raises(LeaseLost):
        list(happening)
    assert len(objects_of(present(world))) == 8


def test_a_template_elsewhere_is_on_record_with_its_namespace(world: FakeWorld) -> None:
    other = {"kind": "WgGatewayServerTemplate", "name": "ours", "namespace": "templates"}
    template = {"apiVersion": r.WG_SERVER_TEMPLATE.api_version, **other}
    world.leaves["rome"].put(gateway_template(r.WG_SERVER_TEMPLATE, "ours", "templates"))
    connect(world, serverTemplateRef=template)
    run(world)
    assert present(world)["spec"]["gateway"]["serverTemplateRef"] == template


@pytest.mark.parametrize("kind", [r.CONFIG_MAP, r.FOREIGN_CLUSTER], ids=["at first", "later"])
def test_a_leaf_that_does_not_answer_stops_it_before_anything_is_written(
    world: FakeWorld, kind: r.Kind
) -> None:
    connect(world)

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return Unreachable("rome", "cannot be reached") if ref.kind == kind else None

    world.leaves["rome"].fault = fault
    with pytest.raises(ShortcutError, match="cannot be reached"):
        run(world)
    assert records(world) == []


def test_a_conflict_is_looked_at_again(world: FakeWorld) -> None:
    connect(world)
    conflicts = [Conflict("milan", "the object has been modified")] * 2

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return conflicts.pop() if conflicts and verb == "patch" else None

    world.leaves["milan"].fault = fault
    assert verb(run(world)) is Verb.ADOPTED


def test_who_changes_an_object_all_the_time_ends_it(world: FakeWorld) -> None:
    connect(world)
    failing_at(world, Conflict("milan", "the object has been modified"), r.PUBLIC_KEY)
    with pytest.raises(Conflict):
        run(world)
    assert records(world) == []


def test_an_object_made_anew_in_between_is_not_labelled(world: FakeWorld) -> None:
    connect(world)
    milan = world.leaves["milan"]
    ref = next(ref for ref in milan.objects if ref.kind == r.CONFIGURATION)
    happening = step_by_step(adopt, asked(), world, RENDERER, 5, CancelToken())
    next(event for event in happening if isinstance(event, Done))
    body = copy.deepcopy(milan.objects[ref])
    milan.drop(ref)
    milan.put(body)
    with pytest.raises(ClusterError, match="not the one any more"):
        list(happening)
    assert records(world) == []


def test_a_link_that_gives_no_key_is_kept_and_times_out(world: FakeWorld) -> None:
    connect(world)
    milan = world.leaves["milan"]
    for kind in (r.PUBLIC_KEY, r.SECRET):
        milan.drop(next(ref for ref in milan.objects if ref.kind == kind))
    with pytest.raises(TimedOut):
        run(world, timeout=0.5)
    assert len(objects_of(present(world))) == 8


def test_who_waited_looks_again(world: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record of the one that was waited for is heeded."""
    connect(world)
    happening = step_by_step(adopt, asked(), world, RENDERER, 5, CancelToken())
    taken = lease.Lock.take

    def after_another(self: lease.Lock, deadline: Any, tell: Any) -> Any:
        monkeypatch.setattr(lease.Lock, "take", taken)
        run(world)
        return taken(self, deadline, tell)

    monkeypatch.setattr(lease.Lock, "take", after_another)
    assert verb(list(happening)) is Verb.UNCHANGED


def test_a_dry_run_tells_and_writes_nothing(world: FakeWorld) -> None:
    connect(world)
    before = everything(world)
    lines = list(would_adopt(asked(), world, RENDERER, 5))
    assert "rome: gatewayserver/milan would be adopted" in lines
    assert len(lines) == 8
    assert everything(world) == before
    assert records(world) == []
    run(world)
    assert list(would_adopt(asked(), world, RENDERER, 5)) == []


def test_the_reason_is_kept(world: FakeWorld) -> None:
    connect(world)
    request = asked(annotations={"shortcut.liqo.io/reason": "an old one"})
    all_told(adopt, request, world, RENDERER, 5, CancelToken())
    assert present(world)["metadata"]["annotations"] == {
        "shortcut.liqo.io/reason": "an old one",
        "shortcut.liqo.io/created-by": "tester",
    }


def test_notes_say_that_it_is_undone(world: FakeWorld) -> None:
    connect(world)
    failing_at(world, Forbidden("milan", "no"), r.GATEWAY_CLIENT)
    happening = step_by_step(adopt, asked(), world, RENDERER, 5, CancelToken())
    note = next(event for event in happening if isinstance(event, Note))
    assert "undoing: cluster 'milan': no" in note.text


def test_every_object_of_the_link_is_on_record_under_its_own_name(world: FakeWorld) -> None:
    connect(world)
    run(world)
    there = {
        ref_of(leaf, body)
        for leaf, cluster in world.leaves.items()
        for body in cluster.objects.values()
        if r.SHORTCUT_NAME in body["metadata"]["labels"]
    }
    assert set(objects_of(present(world))) == there


def tunnel_down(world: FakeWorld) -> None:
    for leaf in world.leaves.values():
        leaf.set_status(the(leaf, r.CONNECTION), {"value": "Error"})


def test_a_failing_sync_takes_nothing_of_an_adopted_link_away(world: FakeWorld) -> None:
    """It never was Ready by the record, and yet it is not ours to undo."""
    connect(world)
    tunnel_down(world)
    run(world)
    before = everything(world)
    milan = world.leaves["milan"]
    milan.patch(
        the(milan, r.CONFIGURATION), {"spec": {"remote": {"cidr": {"pod": ["10.9.0.0/16"]}}}}
    )
    failing_at(world, Forbidden("milan", "no"), r.CONFIGURATION)
    with pytest.raises(Forbidden):
        list(create(world))
    assert set(everything(world)) == set(before)
    owners = {each.ownership for each in objects_of(present(world)).values()}
    assert owners == {Ownership.ADOPTED}


def test_a_lost_answer_leaves_no_label_behind(world: FakeWorld, monkeypatch: Any) -> None:
    connect(world)
    before = everything(world)
    milan = world.leaves["milan"]
    patch, lost = milan.patch, False

    def losing(
        ref: ObjectRef, body: Object, *, subresource: str = "", dry_run: bool = False
    ) -> Object:
        nonlocal lost
        if ref.kind == r.CONFIGURATION and not lost:
            lost = True
            patch(ref, body, subresource=subresource)
            raise Unreachable("milan", "connection reset")
        if ref.kind == r.GATEWAY_CLIENT:
            raise Forbidden("milan", "no")
        return patch(ref, body, subresource=subresource)

    monkeypatch.setattr(milan, "patch", losing)
    with pytest.raises(Forbidden):
        run(world)
    assert lost
    assert everything(world) == before
    assert records(world) == []


def test_a_gateway_without_an_endpoint_is_not_made_anew(
    world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_service, "GRACE", 0.01)
    connect(world)
    rome, milan = world.leaves["rome"], world.leaves["milan"]
    rome.set_status(the(rome, r.GATEWAY_SERVER), {})
    rome.drop(the(rome, r.SERVICE))
    for kind in (r.PUBLIC_KEY, r.SECRET):
        milan.drop(the(milan, kind))
    ref = the(rome, r.GATEWAY_SERVER)
    owner = {"uid": rome.objects[ref]["metadata"]["uid"]}
    at = {"name": f"gw-{ref.name}", "namespace": ref.namespace, "ownerReferences": [owner]}
    rome.put({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": at})
    before = [milan.objects[the(milan, r.GATEWAY_CLIENT)], rome.objects[ref]]
    with pytest.raises(TimedOut):
        run(world, timeout=1)
    after = [milan.objects[the(milan, r.GATEWAY_CLIENT)], rome.objects[the(rome, ref.kind)]]
    assert list(map(uid_of, after)) == list(map(uid_of, before))
    assert [each["spec"] for each in after] == [each["spec"] for each in before]


def test_what_drifts_while_it_is_adopted_is_left_as_it_is(world: FakeWorld) -> None:
    connect(world)
    milan = world.leaves["milan"]
    milan.drop(the(milan, r.PUBLIC_KEY))
    happening = step_by_step(adopt, asked(), world, RENDERER, 5, CancelToken())
    for event in happening:
        if isinstance(event, Done) and event.ref.kind == r.GATEWAY_CLIENT:
            break
    other = {"spec": {"mtu": 1500}}
    milan.patch(the(milan, r.GATEWAY_CLIENT), other)
    with pytest.raises(PartlyDone, match="left as it is"):
        list(happening)
    assert milan.objects[the(milan, r.GATEWAY_CLIENT)]["spec"]["mtu"] == 1500
    assert len(objects_of(present(world))) >= 7


def test_what_has_expired_is_not_adopted_only_to_be_switched_off(world: FakeWorld) -> None:
    connect(world)
    list(create(world))
    ref = the(world.hub, r.SHORTCUT)
    world.hub.patch(ref, {"spec": {"expirationTime": "2025-01-01T00:00:00Z"}})
    with pytest.raises(Refused, match="expired at"):
        run(world)


def test_a_link_that_no_shortcut_can_be_like_is_refused(world: FakeWorld) -> None:
    connect(world, endpoint={"nodePort": 31000})  # of a load balancer: Kubernetes allows it
    refused(world, "no shortcut can be like the link that is there")


def test_a_client_that_dials_elsewhere_is_refused_before_the_endpoint_is_known(
    world: FakeWorld,
) -> None:
    """What waits for a fact is compared as far as it is known."""
    connect(world)
    rome, milan = world.leaves["rome"], world.leaves["milan"]
    rome.set_status(the(rome, r.GATEWAY_SERVER), {})
    milan.patch(the(milan, r.GATEWAY_CLIENT), {"spec": {"mtu": 1500, "endpoint": None}})
    refused(world, "differs in spec.mtu")


def test_a_leaf_that_fails_once_all_is_labelled_leaves_it_adopted(world: FakeWorld) -> None:
    connect(world)
    milan = world.leaves["milan"]
    milan.drop(the(milan, r.PUBLIC_KEY))
    milan.fault = lambda verb, ref: (
        Forbidden("milan", "no") if (verb, ref.kind) == ("create", r.PUBLIC_KEY) else None
    )
    with pytest.raises(Forbidden):
        run(world)
    assert Ownership.ADOPTED in {each.ownership for each in objects_of(present(world)).values()}
