from __future__ import annotations

from typing import Any

import pytest
import yaml

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.commands.preflight import preflight
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Note
from kubectl_liqo_shortcut.core.kinds import Kind
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.request import Request
from kubectl_liqo_shortcut.core.model import HUB, Object, ObjectRef, cluster_id
from kubectl_liqo_shortcut.core.preflight.findings import Severity
from kubectl_liqo_shortcut.engine.preflight.report import PreflightFailed, PreflightReport
from kubectl_liqo_shortcut.errors import (
    ClusterError,
    ExitCode,
    Forbidden,
    NoServer,
    Refused,
    Unreachable,
)
from tests.cli.runner import Clusters
from tests.cli.runner import run as program
from tests.commands.test_create import events as create
from tests.commands.test_create import foreign, link_objects, put_tenant_namespace, records
from tests.fakes import Body, FakeCluster, FakeWorld, gateway_template
from tests.samples import MILAN, an_object, record_of, spec_of


def report(world: FakeWorld, *, send: bool = False, **wanted: Any) -> PreflightReport:
    request = Request(pair=(cluster_id("milan"), cluster_id("rome")), **wanted)
    return preflight(request, world, Renderer(read_template), 5.0, send=send)


def names(found: PreflightReport) -> list[str]:
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
    with pytest.raises(PreflightFailed, match="milan--rome is blocked by 2 problems") as caught:
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


QUIC = Kind("gateways.example.com/v1", "QuicServerTemplate", "quicservertemplates")
QUIC_REF = {"apiVersion": QUIC.api_version, "kind": QUIC.kind, "name": "fast"}
OTHER_KIND = {"gateway": {"serverTemplateRef": QUIC_REF}}


def put_template(world: FakeWorld, kind: Kind = QUIC, namespace: str = "liqo") -> Body:
    """Of another technology, on milan, which is to serve; to be changed as it is."""
    milan = world.leaves["milan"]
    milan.foreign.add(kind)
    body = gateway_template(kind, "fast", namespace)
    milan.objects[ObjectRef("milan", kind, namespace, "fast")] = body
    return body


def test_a_template_of_another_technology_is_found_by_discovery(world: FakeWorld) -> None:
    put_template(world)
    assert report(world, spec=OTHER_KIND).findings == ()
    asked = [ref.name for verb, ref in world.calls if verb == "served"]
    assert asked == [QUIC.api_version]


def test_liqos_own_templates_need_no_discovery(world: FakeWorld) -> None:
    report(world)
    assert not any(verb == "served" for verb, _ in world.calls)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "Ghost"}, "liqo/fast: the kind Ghost of gateways.example.com/v1 is not served"),
        ({"apiVersion": "quic/v9"}, "the kind QuicServerTemplate of quic/v9 is not served there"),
        ({"apiVersion": "../v1"}, "the kind QuicServerTemplate of ../v1 is not served there"),
        ({"name": "slow"}, "there is no QuicServerTemplate liqo/slow"),
        ({"namespace": "gateways"}, "there is no QuicServerTemplate gateways/fast"),
        ({"name": "../../x"}, "there is no QuicServerTemplate liqo/../../x"),
    ],
    ids=["kind", "version", "no version", "name", "namespace", "no name"],
)
def test_a_template_that_cannot_be_there_is_named_before_anything_is_written(
    world: FakeWorld, change: dict[str, str], said: str
) -> None:
    put_template(world)
    spec = {"gateway": {"serverTemplateRef": {**QUIC_REF, **change}}}
    (finding,) = report(world, spec=spec).findings
    assert (finding.cluster, finding.name) == ("milan", "TemplateMissing")
    assert finding.message.startswith("cluster 'milan': there is no ")
    assert said in finding.message
    with pytest.raises(Refused) as caught:
        list(create(world, spec=spec))
    assert caught.value.exit_code is ExitCode.REFUSED
    assert (link_objects(world), records(world)) == ([], [])


@pytest.mark.parametrize(
    "kind",
    [
        Kind(QUIC.api_version, QUIC.kind, "quics"),
        Kind(QUIC.api_version, QUIC.kind, QUIC.plural, namespaced=False),
    ],
    ids=["another plural", "without namespaces"],
)
def test_a_kind_that_liqo_would_look_for_elsewhere_is_refused(world: FakeWorld, kind: Kind) -> None:
    put_template(world, kind)
    (finding,) = report(world, spec=OTHER_KIND).findings
    assert finding.name == "TemplateUnusable"
    assert f"its kind is served as {kind.plural}" in finding.message


def test_a_template_that_liqo_can_make_nothing_from_is_refused(world: FakeWorld) -> None:
    body = put_template(world)
    del body["spec"]["template"]["metadata"]["name"]
    (finding,) = report(world, spec=OTHER_KIND).findings
    assert (finding.name, finding.severity) == ("TemplateUnusable", Severity.ERROR)
    assert finding.message.endswith(
        "no gateway from QuicServerTemplate liqo/fast: it has no spec.template.metadata.name"
    )


def test_a_template_for_a_kind_that_is_not_there_is_refused(world: FakeWorld) -> None:
    body = put_template(world)
    body["spec"]["objectKind"] = {"apiVersion": QUIC.api_version, "kind": "QuicServer"}
    (finding,) = report(world, spec=OTHER_KIND).findings
    assert finding.message.endswith(
        "the QuicServer of gateways.example.com/v1 that it makes is not served there"
    )
    world.leaves["milan"].foreign.add(Kind(QUIC.api_version, "QuicServer", "quicservers"))
    assert report(world, spec=OTHER_KIND).findings == ()


def test_a_template_for_a_kind_that_liqo_would_look_for_elsewhere_is_refused(
    world: FakeWorld,
) -> None:
    body = put_template(world)
    body["spec"]["objectKind"] = {"apiVersion": QUIC.api_version, "kind": "QuicServer"}
    odd = Kind(QUIC.api_version, "QuicServer", "oddities", namespaced=False)
    world.leaves["milan"].foreign.add(odd)
    (finding,) = report(world, spec=OTHER_KIND).findings
    assert finding.name == "TemplateUnusable"
    assert "that it makes is served as oddities without namespaces" in finding.message


def test_a_question_without_an_answer_hides_nothing_that_others_find(world: FakeWorld) -> None:
    rome = world.leaves["rome"]
    rome.fault = lambda _, ref: ClusterError("rome", "odd") if ref.kind == r.DEPLOYMENT else None
    rome.allows = lambda asked: asked["verb"] not in ("*", "patch")
    assert names(report(world)) == ["rome: MissingPermissions", "rome: Unchecked"]


def test_an_option_that_a_template_does_not_heed_is_a_warning(world: FakeWorld) -> None:
    body = put_template(world)
    body["spec"]["template"]["spec"] = {"args": ["--mtu=1200"]}
    (finding,) = report(world, spec=OTHER_KIND).findings
    assert (finding.name, finding.severity) == ("TemplateIgnoresOptions", Severity.WARNING)
    assert "does not use .Spec.MTU: the shortcut's mtu will not be heeded" in finding.message


@pytest.mark.parametrize("namespace", ["liqo", "gateways"])
def test_who_may_not_look_at_a_template_of_others_is_told_which_right_lacks(
    world: FakeWorld, namespace: str
) -> None:
    put_template(world)
    ref = {**QUIC_REF, "namespace": namespace}

    def fault(verb: str, about: ObjectRef) -> ClusterError | None:
        return Forbidden("milan", "no") if about.kind == QUIC else None

    world.leaves["milan"].fault = fault
    (finding,) = report(world, spec={"gateway": {"serverTemplateRef": ref}}).findings
    assert finding.name == "Unchecked"
    assert f"give it get on quicservertemplates.gateways.example.com in {namespace}" in finding.hint


def put_manager(cluster: FakeCluster, version: str) -> None:
    container = {"name": "controller-manager", "image": f"ghcr.io/liqotech/manager:{version}"}
    name = r.CONTROLLER_MANAGER
    template = {"spec": {"containers": [container]}}
    cluster.put(an_object(r.DEPLOYMENT, name, r.LIQO_NAMESPACE, spec={"template": template}))


@pytest.mark.parametrize(
    ("hub", "milan", "rome", "found"),
    [
        ("v1.2.0", "v1.2.0", "v1.2.0", []),
        ("v1.2.0", "v1.1.0", "v1.2.0", ["milan: VersionSkew"]),
        ("v1.1.0", "v1.2.0", "v1.2.0", ["milan: VersionSkew"]),
        ("", "v1.2.0", "v1.1.0", ["rome: VersionSkew"]),
        ("v1.2.0", "", "", []),
    ],
    ids=["one", "a leaf", "the hub", "the leaves alone", "not known"],
)
def test_liqo_of_several_versions_is_a_warning(
    world: FakeWorld, hub: str, milan: str, rome: str, found: list[str]
) -> None:
    for cluster, version in ((world.hub, hub), (world("milan"), milan), (world("rome"), rome)):
        if version:
            put_manager(cluster, version)
    seen = report(world)
    assert names(seen) == found
    assert seen.errors == []
    for each in seen.findings:
        assert f"{milan} on milan, {rome} on rome" in each.message


def test_who_may_not_see_the_version_compares_nothing(world: FakeWorld) -> None:
    for cluster, version in ((world.hub, "v1.2.0"), (world("milan"), "v1.1.0")):
        put_manager(cluster, version)

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return Forbidden(ref.cluster, "no") if ref.kind == r.DEPLOYMENT else None

    world.leaves["milan"].fault = fault
    assert names(report(world)) == []


@pytest.mark.parametrize("kind", [r.GATEWAY_SERVER, r.GATEWAY_CLIENT])
def test_another_mtu_of_the_hubs_own_gateway_is_a_warning(world: FakeWorld, kind: Kind) -> None:
    labels = {r.REMOTE_CLUSTER_ID: "milan"}
    world.hub.put(an_object(kind, "milan", "liqo-hub", labels=labels, spec={"mtu": 1400}))
    (finding,) = report(world).findings
    assert (finding.cluster, finding.name) == ("milan", "OtherMTU")
    assert finding.message == (
        f"the shortcut will have MTU 1340, the hub's {kind.kind} liqo-hub/milan has 1400"
    )
    assert finding.hint == "--mtu 1400 gives the shortcut the same"
    assert names(report(world, spec={"gateway": {"mtu": 1400}})) == []


def test_a_shortcut_on_record_gets_another_mtu_by_an_edit(world: FakeWorld) -> None:
    list(create(world))
    labels = {r.REMOTE_CLUSTER_ID: "milan"}
    world.hub.put(
        an_object(r.GATEWAY_SERVER, "milan", "liqo-hub", labels=labels, spec={"mtu": 1400})
    )
    (finding,) = report(world).findings
    assert finding.hint == (
        "kubectl edit shortcut milan--rome (spec.gateway.mtu: 1400), then "
        "kubectl liqo-shortcut sync milan--rome, gives the shortcut the same"
    )


@pytest.mark.parametrize(
    ("milan", "rome", "mtu", "said"),
    [
        (1400, None, 1340, "has MTU 1400, the one on the other leaf 1340"),
        (None, 1400, 1340, "has MTU 1400, the one on the other leaf 1340"),
        (1400, None, 1400, ""),
        (1400, 1300, 1340, "has MTU 1400, the one on the other leaf 1300"),
        (1400, 1400, 1340, ""),
    ],
    ids=["the server's", "the client's", "as asked for", "both", "both alike"],
)
def test_a_gateway_of_others_must_have_the_mtu_of_the_other_side(
    world: FakeWorld, milan: int | None, rome: int | None, mtu: int, said: str
) -> None:
    there = ((r.GATEWAY_SERVER, "milan", "rome", milan), (r.GATEWAY_CLIENT, "rome", "milan", rome))
    for kind, leaf, peer, theirs in there:
        if theirs is not None:
            put_tenant_namespace(world.leaves[leaf], peer)
            spec = {"mtu": theirs, "endpoint": {"port": 51840}}
            world.leaves[leaf].put(foreign(kind, leaf, peer, spec))
    found = report(world, spec={"gateway": {"mtu": mtu}})
    assert [each.name for each in found.findings] == (["Conflict"] if said else [])
    assert said in "".join(each.message for each in found.findings)


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


@pytest.mark.parametrize(
    ("level", "found"),
    [("restricted", True), ("baseline", True), ("privileged", False), ("", False)],
)
def test_a_label_that_keeps_the_gateways_pod_out_is_a_warning(
    world: FakeWorld, level: str, found: bool
) -> None:
    rome, label = world.leaves["rome"], "pod-security.kubernetes.io/enforce"
    put_tenant_namespace(rome, "milan")
    if level:
        ref = ObjectRef("rome", r.NAMESPACE, "", "liqo-tenant-milan")
        rome.patch(ref, {"metadata": {"labels": {label: level}}})
    says = report(world).findings
    assert [f"{each.cluster}: {each.name}" for each in says] == ["rome: PodSecurity"] * found
    for each in says:
        assert f"liqo-tenant-milan has the label {label}={level}" in each.message
        command = f"kubectl label namespace liqo-tenant-milan {label}=privileged --overwrite"
        assert each.hint == f"there: {command}"


NODE_PORT = {"gateway": {"service": {"type": "NodePort", "nodePort": 31000}}}
SERVED: dict[str, Any] = {"server": cluster_id("milan"), "spec": NODE_PORT}


def gateway_server(peer: str, spec: Body, port: int = 0, **metadata: Any) -> Body:
    status = {"endpoint": {"addresses": ["10.0.0.1"], "port": port}} if port else {}
    labels = {r.REMOTE_CLUSTER_ID: peer}
    body = an_object(r.GATEWAY_SERVER, peer, f"liqo-tenant-{peer}", labels=labels)
    metadata = {**body["metadata"], **metadata}
    return {**body, "metadata": metadata, "spec": {"endpoint": spec}, "status": status}


@pytest.mark.parametrize(
    ("endpoint", "port", "taken"),
    [
        ({"serviceType": "NodePort", "nodePort": 31000}, 0, True),
        ({"serviceType": "NodePort"}, 31000, True),  # which Kubernetes chose
        ({"serviceType": "NodePort", "nodePorts": [30000, 31000]}, 0, True),
        ({"serviceType": "NodePort", "nodePort": 31001}, 31001, False),
        ({"serviceType": "LoadBalancer", "port": 31000}, 31000, False),
    ],
    ids=str,
)
def test_the_node_port_of_another_gateway_there_is_refused(
    world: FakeWorld, endpoint: Body, port: int, taken: bool
) -> None:
    world.paused.add(r.GATEWAY_SERVER)
    world.leaves["milan"].put(gateway_server("torino", endpoint, port))
    found = report(world, **SERVED)
    assert names(found) == ["milan: NodePortTaken"] * taken
    for each in found.errors:
        assert "31000 is not free there: GatewayServer liqo-tenant-torino/torino" in each.message
        assert "--gw-server-service-nodeport" in each.hint


def test_one_that_is_being_deleted_gives_its_node_port_back(world: FakeWorld) -> None:
    leaving: dict[str, Any] = {
        "deletionTimestamp": "2026-01-01T00:00:00Z",
        "finalizers": ["liqo.io/slow"],
    }
    endpoint = {"serviceType": "NodePort", "nodePort": 31000}
    world.paused.add(r.GATEWAY_SERVER)
    world.leaves["milan"].put(gateway_server("torino", endpoint, **leaving))
    assert names(report(world, **SERVED)) == []


@pytest.mark.parametrize(
    ("server", "reason", "taken"),
    [("milan", "Progressing", True), ("paris", "Progressing", False), ("milan", "Expired", False)],
)
def test_the_node_port_that_another_record_names_is_refused(
    world: FakeWorld, server: str, reason: str, taken: bool
) -> None:
    """Nobody has worked on it yet."""
    roles = {"milan": "paris", "paris": "milan"}
    spec = {**spec_of(server, roles[server]), **NODE_PORT}
    ready = {"type": "Ready", "status": "False", "reason": reason, "message": ""}
    world.hub.put(record_of("milan--paris", spec=spec, status={"conditions": [ready]}))
    found = report(world, **SERVED)
    assert names(found) == ["milan: NodePortTaken"] * taken
    assert all("shortcut milan--paris names it too" in each.message for each in found.errors)


def test_a_link_does_not_stand_in_its_own_way_with_its_node_port(world: FakeWorld) -> None:
    list(create(world, **SERVED))
    (key,) = (ref for ref in world.leaves["rome"].objects if ref.kind == r.PUBLIC_KEY)
    world.leaves["rome"].drop(key)
    assert names(report(world, **SERVED)) == []


def test_two_links_of_one_file_with_the_same_node_port_are_refused_before_anything_is_asked() -> (
    None
):
    clusters = Clusters("milan", "rome", "paris")
    both = [
        record_of(f"milan--{peer}", spec={**spec_of("milan", peer), **NODE_PORT})
        for peer in ("rome", "paris")
    ]
    for command in ("create", "preflight"):
        refused = program(command, "-f", "-", on=clusters, stdin=yaml.safe_dump_all(both))
        assert (refused.exit_code, clusters.asked) == (ExitCode.USAGE, [])
        assert "milan--rome and milan--paris name the same node port 31000" in refused.stderr


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


def test_a_leafs_configuration_with_host_bits_is_in_the_way(world: FakeWorld) -> None:
    put_tenant_namespace(world.leaves["rome"], "milan")
    other = {"remote": {"cidr": {"pod": ["10.61.0.5/16"], "external": ["10.171.0.0/16"]}}}
    world.leaves["rome"].put(foreign(r.CONFIGURATION, "rome", "milan", other))
    (finding,) = report(world).findings
    assert (finding.cluster, finding.name) == ("rome", "Conflict")
    assert "cluster 'rome': configuration/milan was made by somebody else" in finding.message


def test_the_hub_is_no_leaf_of_itself(world: FakeWorld) -> None:
    world.leaves["torino"] = FakeWorld("torino").leaves["torino"]
    request = Request(pair=(cluster_id("milan"), cluster_id("torino")))
    found = preflight(request, world, Renderer(read_template), 5.0)
    assert found.findings[0].message == (
        "'torino' is not a leaf of this hub: the hub has no Configuration for it"
    )
    assert found.findings[0].hint == "leaves of this hub: milan, rome"


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


def behind_nat(world: FakeWorld, *leaves: str) -> None:
    """The hub does not dial them."""
    for ref in list(world.hub.objects):
        if ref.kind == r.GATEWAY_CLIENT and ref.name in leaves:
            world.hub.drop(ref)


def test_a_leaf_behind_nat_becomes_the_client(world: FakeWorld) -> None:
    behind_nat(world, "milan")
    assert names(report(world)) == []
    list(create(world))
    assert records(world)[0]["spec"]["server"]["clusterID"] == "rome"


def test_a_leaf_behind_nat_that_is_named_as_server_is_refused(world: FakeWorld) -> None:
    behind_nat(world, "milan")
    assert names(report(world, server=MILAN)) == ["milan: ServerBehindNAT"]
    with pytest.raises(Refused, match="milan is not known to be reachable") as caught:
        list(create(world, server=MILAN))
    assert caught.value.exit_code is ExitCode.REFUSED
    assert "let rome be the server: --gw-server rome" in str(caught.value.hint)
    assert {verb for verb, _ in world.calls} <= {"get", "list", "ask"}


def test_with_both_behind_nat_nobody_is_chosen(world: FakeWorld) -> None:
    behind_nat(world, "milan", "rome")
    assert names(report(world)) == ["the hub: NoServer"]
    with pytest.raises(NoServer):
        list(create(world))


def test_with_both_behind_nat_the_one_that_is_named_serves_with_a_warning(world: FakeWorld) -> None:
    behind_nat(world, "milan", "rome")
    assert names(report(world, server=MILAN)) == ["milan: ServerUnknown"]
    said = [each.text for each in create(world, server=MILAN) if isinstance(each, Note)]
    assert any("milan is not known to be reachable" in each for each in said)


def test_a_record_that_is_there_is_not_doubted(world: FakeWorld) -> None:
    list(create(world, server=MILAN))
    behind_nat(world, "milan")
    assert names(report(world, server=MILAN)) == []
    list(create(world, server=MILAN))


def test_a_link_that_is_there_is_not_doubted(world: FakeWorld) -> None:
    milan = world.leaves["milan"]
    put_tenant_namespace(milan, "rome")
    milan.put(foreign(r.GATEWAY_SERVER, "milan", "rome", {"endpoint": {"port": 51840}}))
    behind_nat(world, "milan")
    assert names(report(world)) == []
    list(create(world))
    assert records(world)[0]["spec"]["server"]["clusterID"] == "milan"
