from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.commands.diff import Diff, diff
from kubectl_liqo_shortcut.commands.sync import next_steps
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Verb
from kubectl_liqo_shortcut.core.link.preview import Comparison
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.model import Manifest, ObjectRef, ref_of
from kubectl_liqo_shortcut.errors import ClusterError, ExitCode, Forbidden, Refused, Unreachable
from kubectl_liqo_shortcut.output.difference import difference_files
from tests.commands.test_create import foreign, put_tenant_namespace, records, reset
from tests.commands.test_delete import foreign_cluster
from tests.commands.test_sync import PAST, edit, present, verb
from tests.commands.test_sync import run as sync
from tests.commands.test_why import LABELS, unlabel
from tests.fakes import Body, FakeCluster, FakeWorld
from tests.linked import link
from tests.samples import record_of

RENDERER = Renderer(read_template)
LINK = [
    "milan configuration/rome",
    "milan gatewayserver/rome",
    "milan publickey/rome",
    "rome configuration/milan",
    "rome gatewayclient/milan",
    "rome publickey/milan",
]
NAMESPACES = ["milan namespace/liqo-tenant-rome", "rome namespace/liqo-tenant-milan"]


@pytest.fixture
def record(world: FakeWorld) -> Body:
    return link(world)


def run(world: FakeWorld) -> Diff:
    """Of the one record that is there."""
    (found,) = diff(records(world), world, RENDERER, 5.0).values()
    return found


def differing(found: Diff) -> dict[str, Comparison]:
    return {
        f"{each.ref.cluster} {each.ref}": each
        for each in found.compared
        if each.live != each.merged
    }


def spec(body: Any) -> Any:
    return body["spec"]


def the(kind: r.Kind, leaf: FakeCluster) -> ObjectRef:
    return next(ref for ref in leaf.objects if ref.kind == kind)


def said(found: Diff) -> str:
    return "\n".join(note.text for note in found.notes)


def test_a_healthy_link_has_no_difference_and_nothing_is_written(
    world: FakeWorld, record: Body
) -> None:
    before = len(world.calls)
    found = run(world)
    assert (differing(found), found.notes, found.errors) == ({}, (), ())
    assert found.compared == ()
    assert {verb for verb, _ in world.calls[before:]} <= {"list", "get", "ask"}


def test_an_edited_record_differs_in_both_gateways(world: FakeWorld, record: Body) -> None:
    edit(world, gateway={"mtu": 1280})
    found = differing(run(world))
    assert sorted(found) == ["milan gatewayserver/rome", "rome gatewayclient/milan"]
    for each in found.values():
        assert each.live == {**(each.merged or {}), "spec": {**spec(each.merged), "mtu": 1340}}


def test_what_we_do_not_render_is_not_shown(world: FakeWorld, record: Body) -> None:
    milan = world.leaves["milan"]
    others = {"spec": {"secretRef": {"name": "x"}}, "metadata": {"annotations": {"a": "b"}}}
    milan.patch(the(r.GATEWAY_SERVER, milan), others)
    edit(world, gateway={"mtu": 1280})
    live = differing(run(world))["milan gatewayserver/rome"].live
    assert live is not None
    assert live.keys() == {"apiVersion", "kind", "metadata", "spec"}
    assert live["metadata"].keys() == {"name", "namespace", "labels"}
    assert "secretRef" not in live["spec"]


def test_labels_that_sync_leaves_alone_are_no_difference(world: FakeWorld, record: Body) -> None:
    rome = world.leaves["rome"]
    for kind in (r.CONFIGURATION, r.NAMESPACE):
        rome.patch(the(kind, rome), {"metadata": {"labels": {"team": "network"}}})
    assert differing(run(world)) == {}
    change_configuration(world)
    (each,) = differing(run(world)).values()
    assert each.live is not None
    assert each.merged is not None
    assert each.live["metadata"] == each.merged["metadata"]


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("kind", [r.CONFIGURATION, r.GATEWAY_CLIENT, r.PUBLIC_KEY])
def test_a_lost_label_is_no_difference_and_is_told_with_what_puts_it_back(
    world: FakeWorld, record: Body, kind: r.Kind, labels: str
) -> None:
    unlabel(world, kind, LABELS[labels])
    found = run(world)
    assert differing(found) == {}
    assert "is on record as ours, but lost its labels" in said(found)
    assert f"kubectl --context rome -n liqo-tenant-milan label {kind.resource} milan" in said(found)


def change_configuration(world: FakeWorld) -> None:
    rome = world.leaves["rome"]
    pods = {"spec": {"remote": {"cidr": {"pod": ["10.99.0.0/16"]}}}}
    rome.patch(the(r.CONFIGURATION, rome), pods)


def test_a_changed_configuration_differs_in_that_field(world: FakeWorld, record: Body) -> None:
    change_configuration(world)
    found = differing(run(world))
    assert list(found) == ["rome configuration/milan"]
    (each,) = found.values()
    assert spec(each.live)["remote"]["cidr"]["pod"] == ["10.99.0.0/16"]
    assert spec(each.merged)["remote"]["cidr"]["pod"] == ["10.61.0.0/16"]


def drop_key(world: FakeWorld) -> None:
    rome = world.leaves["rome"]
    rome.drop(the(r.PUBLIC_KEY, rome))


def test_what_is_missing_is_shown_whole(world: FakeWorld, record: Body) -> None:
    drop_key(world)
    (each,) = differing(run(world)).values()
    assert (str(each.ref), each.live) == ("publickey/milan", None)
    assert each.merged is not None
    assert each.merged["metadata"]["labels"][r.SHORTCUT_NAME] == "milan--rome"


def put_record(world: FakeWorld) -> None:
    body = record_of()
    del body["metadata"]["uid"]
    world.hub.create(Manifest(world.hub.name, body))


def test_of_a_record_alone_all_is_missing_and_what_waits_names_its_fact(world: FakeWorld) -> None:
    put_record(world)
    found = differing(run(world))
    assert len(found) == 8
    assert {each.live for each in found.values()} == {None}
    client = found["milan gatewayclient/rome"].merged
    assert spec(client)["endpoint"]["addresses"] == ["<endpoint of rome's gateway>"]


def lose_endpoint(world: FakeWorld) -> None:
    milan = world.leaves["milan"]
    milan.set_status(the(r.GATEWAY_SERVER, milan), {})


def test_what_is_there_is_compared_as_far_as_the_facts_are_known(
    world: FakeWorld, record: Body
) -> None:
    lose_endpoint(world)
    assert differing(run(world)) == {}
    edit(world, gateway={"mtu": 1280})
    client = differing(run(world))["rome gatewayclient/milan"]
    assert spec(client.live) == {**spec(client.merged), "mtu": 1340}
    again = "rome: gatewayclient/milan would be deleted and made anew: it differs in spec.mtu"
    waits = ", once it has endpoint of milan's gateway"
    assert again + waits in next_steps(present(world), world, RENDERER, 5.0)


def test_a_value_that_waits_and_was_lost_is_named(world: FakeWorld, record: Body) -> None:
    lose_endpoint(world)
    rome = world.leaves["rome"]
    rome.patch(the(r.GATEWAY_CLIENT, rome), {"spec": {"endpoint": {"port": None}}})
    (client,) = differing(run(world)).values()
    assert spec(client.merged)["endpoint"]["port"] == "<endpoint of milan's gateway>"


def begin_deletion(world: FakeWorld) -> None:
    rome = world.leaves["rome"]
    configuration = the(r.CONFIGURATION, rome)
    rome.patch(configuration, {"metadata": {"finalizers": ["liqo.io/slow"]}})
    rome.drop(configuration)


def test_what_is_being_deleted_is_as_good_as_gone(world: FakeWorld, record: Body) -> None:
    begin_deletion(world)
    (each,) = differing(run(world)).values()
    assert (str(each.ref), each.live) == ("configuration/milan", None)
    assert list(next_steps(present(world), world, RENDERER, 5.0)) == [
        "rome: configuration/milan would be created, once the present one is gone"
    ]


def test_what_others_made_and_is_used_is_no_difference(world: FakeWorld) -> None:
    rome = world.leaves["rome"]
    put_tenant_namespace(rome, "milan")
    pods = {"remote": {"cidr": {"pod": ["10.61.0.0/16"], "external": ["10.171.0.0/16"]}}}
    rome.put(foreign(r.CONFIGURATION, "rome", "milan", pods))
    endpoint = {"port": 1234, "serviceType": "NodePort"}
    rome.put(foreign(r.GATEWAY_SERVER, "rome", "milan", {"mtu": 1340, "endpoint": endpoint}))
    link(world)
    assert differing(run(world)) == {}


def test_what_stands_in_the_way_is_trouble(world: FakeWorld) -> None:
    put_record(world)
    put_tenant_namespace(world.leaves["rome"], "milan")
    other = {"remote": {"cidr": {"pod": ["10.9.0.0/16"]}}}
    world.leaves["rome"].put(foreign(r.CONFIGURATION, "rome", "milan", other))
    found = run(world)
    assert found.compared == ()
    assert [error.exit_code for error in found.errors] == [ExitCode.REFUSED]


def test_a_link_that_was_taken_away_is_missing_and_how_it_comes_back_is_told(
    world: FakeWorld, record: Body
) -> None:
    reset(world, "rome")
    found = run(world)
    assert [each for each in LINK if each.startswith("rome")] == sorted(differing(found))
    assert "deleted the link's objects on rome" in said(found)
    assert "--recreate" in said(found)


def test_a_record_that_ended_after_it_was_read_is_refused(world: FakeWorld, record: Body) -> None:
    del world.hub.objects[ref_of(world.hub.name, record)]
    (found,) = diff([record], world, RENDERER, 5.0).values()
    (error,) = found.errors
    assert isinstance(error, Refused)
    assert "has no record any more" in error.message


def mark_for_deletion(world: FakeWorld) -> None:
    world.hub.drop(ref_of(world.hub.name, present(world)))


def expire(world: FakeWorld) -> None:
    edit(world, expirationTime=PAST)


goes = pytest.mark.parametrize("end", [mark_for_deletion, expire], ids=["deleted", "expired"])


@goes
def test_of_a_link_that_goes_all_that_is_ours_goes(
    world: FakeWorld, record: Body, end: Callable[[FakeWorld], None]
) -> None:
    end(world)
    found = run(world)
    assert sorted(differing(found)) == LINK
    assert {each.merged for each in found.compared} == {None}
    assert "sync takes its link away" in said(found)
    live = differing(found)["rome configuration/milan"].live
    assert live is not None
    assert live["metadata"].keys() == {"name", "namespace", "labels"}


def test_an_object_without_a_spec_goes_too(world: FakeWorld, record: Body) -> None:
    rome = world.leaves["rome"]
    del rome.objects[the(r.PUBLIC_KEY, rome)]["spec"]
    mark_for_deletion(world)
    assert "spec" not in (differing(run(world))["rome publickey/milan"].live or {})


def test_of_one_that_is_switched_off_nothing_is_left(world: FakeWorld, record: Body) -> None:
    expire(world)
    sync(world, present(world))
    assert run(world).compared == ()


def test_namespaces_go_only_where_the_record_says_so(world: FakeWorld, record: Body) -> None:
    edit(world, tenantNamespaceReclaimPolicy="Delete")
    mark_for_deletion(world)
    found = run(world)
    assert sorted(differing(found)) == sorted(LINK + NAMESPACES)
    assert "rome: namespace/liqo-tenant-milan goes only if nothing else is in it" in said(found)


def test_what_is_somebody_elses_stays(world: FakeWorld, record: Body) -> None:
    rome = world.leaves["rome"]
    rome.drop(the(r.CONFIGURATION, rome))
    rome.put(foreign(r.CONFIGURATION, "rome", "milan", {"remote": {}}))
    drop_key(world)
    mark_for_deletion(world)
    kept = {"rome configuration/milan", "rome publickey/milan"}
    assert sorted(differing(run(world))) == sorted(set(LINK) - kept)


def test_nothing_goes_while_a_peering_uses_the_link(world: FakeWorld, record: Body) -> None:
    world.leaves["rome"].put(foreign_cluster("milan", "Consumer"))
    mark_for_deletion(world)
    found = run(world)
    assert found.compared == ()
    assert [error.exit_code for error in found.errors] == [ExitCode.PARTLY]


def silence(cluster: FakeCluster) -> None:
    cluster.fault = lambda *_: Unreachable(cluster.name, "cannot be reached")


def test_what_goes_from_the_living_leaf_is_shown(world: FakeWorld, record: Body) -> None:
    mark_for_deletion(world)
    silence(world.leaves["rome"])
    found = run(world)
    assert sorted(differing(found)) == [each for each in LINK if each.startswith("milan")]
    assert [error.message for error in found.errors] == ["cluster 'rome': cannot be reached"]


def test_a_leaf_that_fails_in_between_is_trouble(world: FakeWorld, record: Body) -> None:
    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return Forbidden("rome", "no") if ref.kind == r.PUBLIC_KEY else None

    mark_for_deletion(world)
    world.leaves["rome"].fault = fault
    found = run(world)
    assert "milan configuration/rome" in differing(found)
    assert [type(error) for error in found.errors] == [Forbidden]


def test_a_leaf_that_was_rebuilt_has_nothing_of_ours(world: FakeWorld, record: Body) -> None:
    rome = world.leaves["rome"]
    rome.objects[ObjectRef("rome", r.NAMESPACE, "", "kube-system")]["metadata"]["uid"] = "new"
    mark_for_deletion(world)
    found = run(world)
    assert sorted(differing(found)) == [each for each in LINK if each.startswith("milan")]
    assert (found.errors, "was rebuilt" in said(found)) == ((), True)


def test_one_that_fails_does_not_keep_the_others() -> None:
    world = FakeWorld("milan", "rome", "oslo")
    for peer in ("rome", "oslo"):
        link(world, "milan", peer)
    silence(world.leaves["rome"])
    for each in records(world):
        world.hub.patch(ref_of(world.hub.name, each), {"spec": {"gateway": {"mtu": 1280}}})
    found = diff(records(world), world, RENDERER, 5.0)
    assert list(found) == ["milan--rome", "milan--oslo"]
    assert [type(error) for error in found["milan--rome"].errors] == [Unreachable]
    assert len(found["milan--oslo"].compared) == 2


PRIVATE = "cHJpdmF0ZS1rZXktb2YtbWlsYW4="


@pytest.mark.parametrize("end", [None, mark_for_deletion], ids=["stays", "goes"])
def test_no_secret_is_ever_part_of_it(
    world: FakeWorld, record: Body, end: Callable[[FakeWorld], None] | None
) -> None:
    for leaf in world.leaves.values():
        leaf.objects[the(r.SECRET, leaf)]["data"]["privateKey"] = PRIVATE
    edit(world, gateway={"mtu": 1280})
    if end:
        end(world)
    else:
        world.leaves["milan"].objects.pop(the(r.PUBLIC_KEY, world.leaves["milan"]))
    found = run(world)
    shown = str([difference_files(found.compared), found])
    assert {each.ref.kind for each in found.compared} <= set(r.LINK_KINDS)
    assert "publicKey" in shown
    assert (PRIVATE in shown, "privateKey" in shown) == (False, False)


def nothing(world: FakeWorld) -> None:
    """Leave all as it is."""


def edit_mtu(world: FakeWorld) -> None:
    edit(world, gateway={"mtu": 1280})


def edit_policy(world: FakeWorld) -> None:
    edit(world, tenantNamespaceReclaimPolicy="Delete")


def lose_namespace(world: FakeWorld) -> None:
    reset(world, "rome")
    reset(world, "milan")
    world.hub.patch(
        ref_of(world.hub.name, present(world)),
        {"status": {"firstReadyTime": None}},
        subresource="status",
    )
    rome = world.leaves["rome"]
    rome.drop(ObjectRef("rome", r.NAMESPACE, "", "liqo-tenant-milan"))


@pytest.mark.parametrize(
    "change",
    [
        nothing,
        edit_mtu,
        edit_policy,
        change_configuration,
        drop_key,
        lose_namespace,
        mark_for_deletion,
        expire,
    ],
    ids=lambda change: change.__name__.replace("_", " "),
)
def test_it_is_empty_exactly_when_sync_does_nothing(
    world: FakeWorld, record: Body, change: Callable[[FakeWorld], None]
) -> None:
    change(world)
    expected = bool(differing(run(world)))
    assert (verb(sync(world, present(world))) is not Verb.UNCHANGED) == expected
    if records(world):
        assert differing(run(world)) == {}
