from __future__ import annotations

from typing import Any

import pytest

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.commands.preflight import preflight
from kubectl_liqo_shortcut.core import resources as r
from kubectl_liqo_shortcut.core.events import Note
from kubectl_liqo_shortcut.core.findings import Severity
from kubectl_liqo_shortcut.core.model import HUB, Object, ObjectRef, cluster_id
from kubectl_liqo_shortcut.core.render import Renderer
from kubectl_liqo_shortcut.core.request import Request
from kubectl_liqo_shortcut.engine.preflight import PreflightFailed, Report
from kubectl_liqo_shortcut.errors import ClusterError, ExitCode, Forbidden, Refused, Unreachable
from tests.commands.test_create import events as create
from tests.commands.test_create import foreign, link_objects, put_tenant_namespace, records
from tests.fakes import Body, FakeCluster, FakeWorld


def report(world: FakeWorld, *, send: bool = False, **wanted: Any) -> Report:
    request = Request(pair=(cluster_id("milan"), cluster_id("rome")), **wanted)
    return preflight(request, world, Renderer(read_template), 5.0, send=send)


def names(found: Report) -> list[str]:
    return [f"{each.cluster}: {each.name}" for each in found.findings]


def test_where_all_is_well_nothing_is_found_and_nothing_written(world: FakeWorld) -> None:
    assert names(report(world)) == []
    assert {verb for verb, _ in world.calls} <= {"get", "list", "ask"}


def test_all_that_forbids_it_is_found_at_once(world: FakeWorld) -> None:
    silence(world.leaves["milan"])
    put_tenant_namespace(world.leaves["rome"], "milan")
    put_tenant_namespace(world.leaves["rome"], "milan", "another")
    world.hub.not_served.add(r.SHORTCUT)
    found = report(world)
    assert sorted(names(found)) == [
        "milan: Unreachable",
        "rome: Conflict",
        "the hub: Refused",
    ]
    assert all(each.severity is Severity.ERROR for each in found.findings)


def silence(leaf: FakeCluster) -> None:
    leaf.fault = lambda *_: Unreachable(leaf.name, "cannot be reached")


def test_every_object_in_the_way_is_found(world: FakeWorld) -> None:
    for leaf, peer in (("milan", "rome"), ("rome", "milan")):
        put_tenant_namespace(world.leaves[leaf], peer)
        other = {"remote": {"cidr": {"pod": ["10.9.0.0/16"]}}}
        world.leaves[leaf].put(foreign(r.CONFIGURATION, leaf, peer, other))
    assert sorted(names(report(world))) == ["milan: Conflict", "rome: Conflict"]


def test_create_refuses_with_all_of_it(world: FakeWorld) -> None:
    for leaf, peer in (("milan", "rome"), ("rome", "milan")):
        put_tenant_namespace(world.leaves[leaf], peer)
        other = {"remote": {"cidr": {"pod": ["10.9.0.0/16"]}}}
        world.leaves[leaf].put(foreign(r.CONFIGURATION, leaf, peer, other))
    with pytest.raises(PreflightFailed, match="2 things forbid shortcut milan--rome") as caught:
        list(create(world))
    assert caught.value.exit_code is ExitCode.REFUSED
    assert caught.value.hint is not None
    assert "kubectl liqo-shortcut preflight milan rome" in caught.value.hint
    assert records(world) == []


def test_create_with_two_silent_leaves_names_both(world: FakeWorld) -> None:
    for leaf in world.leaves.values():
        silence(leaf)
    with pytest.raises(PreflightFailed, match=r"'milan'.*'rome'|'rome'.*'milan'"):
        list(create(world))


def test_one_silent_leaf_is_told_as_it_is_with_nothing_changed(world: FakeWorld) -> None:
    silence(world.leaves["rome"])
    with pytest.raises(Unreachable) as caught:
        list(create(world))
    assert caught.value.exit_code is ExitCode.REFUSED


def allow_but(verb: str, kind: r.Kind) -> Any:
    def allows(asked: Object) -> bool:
        return (asked["verb"], asked["resource"]) not in (("*", "*"), (verb, kind.plural))

    return allows


@pytest.mark.parametrize(
    ("where", "kind"), [("milan", r.GATEWAY_SERVER), ("the hub", r.LEASE)], ids=["leaf", "hub"]
)
def test_a_missing_permission_is_named(world: FakeWorld, where: str, kind: r.Kind) -> None:
    (world.hub if where == HUB else world.leaves[where]).allows = allow_but("create", kind)
    (finding,) = report(world).findings
    assert (finding.cluster, finding.name) == (where, "MissingPermissions")
    assert f"create {kind.plural}.{kind.group} -n liqo" in finding.message
    with pytest.raises(Refused, match="not allowed to create"):
        list(create(world))


def test_who_may_do_all_is_asked_once_for_each_cluster(world: FakeWorld) -> None:
    report(world)
    asked = [
        ref
        for verb, ref in world.calls
        if verb == "ask" and ref.kind == r.SELF_SUBJECT_ACCESS_REVIEW
    ]
    assert len(asked) == 3


def test_a_template_that_is_not_there_is_found(world: FakeWorld) -> None:
    spec = {"gateway": {"serverTemplateRef": {"kind": "WgGatewayServerTemplate", "name": "fast"}}}
    (finding,) = report(world, spec=spec).findings
    assert (finding.cluster, finding.name) == ("milan", "TemplateMissing")
    assert "no WgGatewayServerTemplate liqo/fast" in finding.message


def test_a_template_of_another_technology_is_liqos_own_business(world: FakeWorld) -> None:
    ref = {"apiVersion": "example.org/v1", "kind": "QuicServerTemplate", "name": "fast"}
    assert report(world, spec={"gateway": {"serverTemplateRef": ref}}).findings == ()


def test_a_quota_of_the_tenant_namespace_is_found(world: FakeWorld) -> None:
    rome = world.leaves["rome"]
    put_tenant_namespace(rome, "milan")
    for kind, body in (
        (r.RESOURCE_QUOTA, {"status": {"hard": {"pods": "1"}, "used": {"pods": "1"}}}),
        (r.LIMIT_RANGE, {"spec": {"limits": [{"type": "Pod", "min": {"cpu": "1"}}]}}),
    ):
        metadata = {"name": "small", "namespace": "liqo-tenant-milan"}
        about = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}
        rome.put({**about, **body})
    assert names(report(world)) == ["rome: QuotaExhausted", "rome: LimitRange"]


def test_one_who_may_not_even_look_who_a_leaf_is_hears_of_all_that_lacks(world: FakeWorld) -> None:
    rome = world.leaves["rome"]
    rome.allows = lambda asked: asked["verb"] not in ("*", "get", "patch")
    rome.fault = lambda verb, _: Forbidden("rome", "get is forbidden") if verb == "get" else None
    found = report(world)
    assert names(found) == ["rome: Forbidden", "rome: MissingPermissions"]
    assert "patch publickeies.networking.liqo.io/milan" in found.findings[1].message


def test_what_may_not_be_looked_at_is_said_to_be_unchecked(world: FakeWorld) -> None:
    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return Forbidden("rome", "no") if ref.kind == r.WG_CLIENT_TEMPLATE else None

    world.leaves["rome"].fault = fault
    assert names(report(world)) == ["rome: Unchecked"]


def test_a_check_that_gets_no_answer_is_said_to_be_unchecked(world: FakeWorld) -> None:
    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return ClusterError("rome", "odd") if ref.kind == r.WG_CLIENT_TEMPLATE else None

    world.leaves["rome"].fault = fault
    assert names(report(world)) == ["rome: Unchecked"]


def test_warnings_are_said_by_create_and_forbid_nothing(world: FakeWorld) -> None:
    (ref,) = (
        ref for ref in world.hub.objects if ref.kind == r.CONFIGURATION and ref.name == "rome"
    )
    world.hub.set_status(ref, {"remote": {"cidr": {"pod": ["10.99.0.0/16"]}}})
    told = [event.text for event in create(world) if isinstance(event, Note)]
    assert any(text.startswith("warning: rome: the hub sees its Pod CIDR") for text in told)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (
            "rome",
            "cluster 'rome': Network pod-cidr: "
            "'10.62.0.1/16' is not a CIDR but an address in 10.62.0.0/16",
        ),
        (
            HUB,
            "the hub: Configuration for rome: pod[0]: "
            "'10.62.0.1/16' is not a CIDR but an address in 10.62.0.0/16",
        ),
    ],
    ids=["the leaf's", "the hub's"],
)
def test_a_cidr_with_host_bits_is_refused_in_one_sentence(
    world: FakeWorld, where: str, said: str
) -> None:
    if where == HUB:
        (ref,) = (
            ref for ref in world.hub.objects if ref.kind == r.CONFIGURATION and ref.name == "rome"
        )
        world.hub.objects[ref]["spec"]["remote"]["cidr"]["pod"] = ["10.62.0.1/16"]
    else:
        ref = ObjectRef("rome", r.NETWORK, "liqo", "pod-cidr")
        world.leaves["rome"].set_status(ref, {"cidr": "10.62.0.1/16"})
    (finding,) = report(world).findings
    assert (finding.cluster, finding.message) == (where, said)
    with pytest.raises(ClusterError, match="is not a CIDR but an address in") as caught:
        list(create(world))
    assert caught.value.exit_code is ExitCode.REFUSED


def test_an_outdated_crd_is_found(world: FakeWorld) -> None:
    name = "shortcuts.shortcut.liqo.io"
    metadata: Body = {"name": name, "annotations": {}}
    world.hub.put({"apiVersion": r.CRD.api_version, "kind": r.CRD.kind, "metadata": metadata})
    assert names(report(world)) == ["the hub: OutdatedCRD"]


def test_a_leaf_rebuilt_since_it_was_linked_is_refused(world: FakeWorld) -> None:
    list(create(world))
    (kube_system,) = (
        body
        for body in world.leaves["rome"].of(r.NAMESPACE)
        if body["metadata"]["name"] == "kube-system"
    )
    kube_system["metadata"]["uid"] = "another cluster"
    with pytest.raises(Refused, match="was rebuilt"):
        list(create(world))


def test_what_the_api_servers_would_take_is_sent_and_not_kept(world: FakeWorld) -> None:
    found = report(world, send=True)
    sent = [ref.kind for verb, ref in world.calls if verb == "create dry run"]
    assert sorted(kind.kind for kind in sent) == ["Namespace", "Namespace", "Shortcut"]
    assert len(found.findings) == 6  # their namespaces are not there
    assert {each.name for each in found.findings} == {"Unchecked"}
    assert (link_objects(world), records(world)) == ([], [])


def test_of_a_link_that_is_there_nothing_is_sent(world: FakeWorld) -> None:
    list(create(world))
    assert report(world, send=True).findings == ()
    assert not any(verb == "create dry run" for verb, _ in world.calls)


def test_what_an_api_server_rejects_is_found(world: FakeWorld) -> None:
    refusal = ClusterError("rome", "admission webhook says no")
    world.leaves["rome"].fault = lambda verb, _: refusal if verb == "create dry run" else None
    assert names(report(world, send=True))[0] == "rome: Rejected"


def test_where_something_forbids_it_nothing_is_sent(world: FakeWorld) -> None:
    silence(world.leaves["rome"])
    assert names(report(world, send=True)) == ["rome: Unreachable"]
    assert not any(verb == "create dry run" for verb, _ in world.calls)
