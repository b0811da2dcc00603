"""Whoever may label a namespace of their own is not given a gateway and its private key."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.commands.preflight import preflight
from kubectl_liqo_shortcut.commands.sync import SyncOptions, next_steps, sync
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Note
from kubectl_liqo_shortcut.core.link.inventory import Ownership, objects_of
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.request import Request
from kubectl_liqo_shortcut.core.model import Manifest, Object, ObjectRef
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken
from kubectl_liqo_shortcut.errors import LONGEST, ExitCode, Forbidden, Refused, TimedOut
from tests.cli.runner import Clusters
from tests.cli.runner import run as program
from tests.commands import test_adopt
from tests.commands.test_create import (
    events,
    foreign,
    link_objects,
    outcome,
    put_tenant_namespace,
    records,
)
from tests.fakes import Body, FakeWorld
from tests.samples import MILAN, ROME, record_of, spec_of
from tests.told import all_told

RENDERER = Renderer(read_template)
NAMED = {"tenantNamespaces": {"rome": "jane"}}
SAID = (
    "cluster 'rome': its tenant namespace for milan is 'jane' by its labels alone, "
    "not 'liqo-tenant-milan'"
)


@pytest.fixture
def labelled(world: FakeWorld) -> FakeWorld:
    """Jane labelled a namespace of her own on rome."""
    put_tenant_namespace(world.leaves["rome"], "milan", "jane")
    return world


def places(world: FakeWorld) -> set[tuple[str, str]]:
    """Where the link objects are, and the Secrets with the keys."""
    kinds = (*r.LINK_KINDS[1:], r.SECRET)
    return {
        (leaf, ref.namespace)
        for leaf, cluster in world.leaves.items()
        for ref in cluster.objects
        if ref.kind in kinds
    }


IN_JANES = {("milan", "liqo-tenant-rome"), ("rome", "jane")}


def recorded(world: FakeWorld, **spec: Any) -> Body:
    """A record that nobody has worked on yet, such as one from git."""
    body = record_of(spec=spec_of("milan", "rome", **spec))
    del body["metadata"]["uid"]
    world.hub.create(Manifest(world.hub.name, body))
    return records(world)[0]


def synced(world: FakeWorld, record: Object) -> None:
    all_told(sync, record, world, RENDERER, SyncOptions(timeout=5), CancelToken())


def test_create_refuses_a_namespace_that_only_its_labels_make_one(labelled: FakeWorld) -> None:
    with pytest.raises(Refused) as caught:
        list(events(labelled))
    assert (caught.value.message, caught.value.exit_code) == (SAID, ExitCode.REFUSED)
    assert (records(labelled), places(labelled)) == ([], set())


def test_preflight_finds_those_of_both_leaves_with_one_command_for_both(
    labelled: FakeWorld,
) -> None:
    put_tenant_namespace(labelled.leaves["milan"], "rome", "joe")
    report = preflight(Request(pair=(MILAN, ROME)), labelled, RENDERER, 5.0)
    assert [f"{each.cluster}: {each.name}" for each in report.findings] == [
        "milan: UnnamedTenantNamespace",
        "rome: UnnamedTenantNamespace",
    ]
    command = (
        "kubectl liqo-shortcut create milan rome "
        "--tenant-namespace milan=joe --tenant-namespace rome=jane"
    )
    assert {each.hint.rpartition("; else ")[2] for each in report.findings} == {command}


def test_the_command_of_the_hint_works_when_pasted() -> None:
    clusters = Clusters("milan", "rome")
    put_tenant_namespace(clusters.leaves["rome"], "milan", "jane")
    refused = program("create", "milan", "rome", "--timeout", "5s", on=clusters)
    assert (refused.exit_code, SAID in refused.stderr) == (ExitCode.REFUSED, True)
    hint = refused.stderr.rpartition("kubectl liqo-shortcut ")[2]
    made = program(*shlex.split(hint), "--timeout", "5s", on=clusters)
    assert made.exit_code == ExitCode.OK
    assert places(clusters) == IN_JANES


def test_one_that_is_named_is_used_and_stays_named_in_the_record(labelled: FakeWorld) -> None:
    done = outcome(events(labelled, spec=NAMED))
    assert places(labelled) == IN_JANES
    assert done.record["spec"]["tenantNamespaces"] == {"rome": "jane"}
    synced(labelled, done.record)


def test_one_that_is_named_and_not_there_is_made(world: FakeWorld) -> None:
    done = outcome(events(world, spec=NAMED))
    assert places(world) == IN_JANES
    made = ObjectRef("rome", r.NAMESPACE, "", "jane")
    assert objects_of(done.record)[made].ownership is Ownership.CREATED


def test_the_name_that_liqo_gives_may_be_named_too(world: FakeWorld) -> None:
    usual = {"tenantNamespaces": {"rome": "liqo-tenant-milan"}}
    list(events(world, spec=usual))
    assert len(link_objects(world)) == 6


@pytest.mark.parametrize("named", ["joe", "liqo-tenant-milan"])
def test_another_one_than_the_named_is_refused(labelled: FakeWorld, named: str) -> None:
    with pytest.raises(Refused, match=f"is 'jane', but the shortcut names '{named}'"):
        list(events(labelled, spec={"tenantNamespaces": {"rome": named}}))
    assert places(labelled) == set()


def test_one_that_is_being_deleted_is_not_the_one(labelled: FakeWorld) -> None:
    ref = ObjectRef("rome", r.NAMESPACE, "", "jane")
    labelled.leaves["rome"].objects[ref]["metadata"]["finalizers"] = ["kubernetes"]
    labelled.leaves["rome"].drop(ref)
    report = preflight(Request(pair=(MILAN, ROME)), labelled, RENDERER, 5.0)
    assert [each.name for each in report.findings] == ["TerminatingNamespace"]


# The record


def test_sync_of_a_record_from_git_refuses_it_with_the_edit_that_names_it(
    labelled: FakeWorld,
) -> None:
    record = recorded(labelled)
    with pytest.raises(Refused) as caught:
        synced(labelled, record)
    assert caught.value.message == SAID
    command, _, then = str(caught.value.hint).removeprefix("if it is meant: ").partition(" && ")
    assert command.startswith("kubectl patch shortcut milan--rome --type merge -p '{")
    assert then == "kubectl liqo-shortcut sync milan--rome"
    with pytest.raises(Refused, match="by its labels alone"):
        list(next_steps(record, labelled, RENDERER, 5))
    ref = ObjectRef(labelled.hub.name, r.SHORTCUT, "", "milan--rome")
    labelled.hub.patch(ref, json.loads(shlex.split(command)[-1]))
    synced(labelled, records(labelled)[0])
    assert places(labelled) == IN_JANES


def test_sync_heeds_a_record_that_names_it(labelled: FakeWorld) -> None:
    synced(labelled, recorded(labelled, **NAMED))
    assert places(labelled) == IN_JANES


def test_a_request_that_names_another_one_than_the_record_is_refused(labelled: FakeWorld) -> None:
    list(events(labelled, spec=NAMED))
    with pytest.raises(Refused, match=r"differs in spec\.tenantNamespaces\.rome"):
        list(events(labelled, spec={"tenantNamespaces": {"rome": "joe"}}))
    list(events(labelled, spec=NAMED))
    list(events(labelled))


def forget(world: FakeWorld, **changes: Any) -> Object:
    """The record without the name that it had in its spec."""
    (record,) = records(world)
    ref = ObjectRef(world.hub.name, r.SHORTCUT, "", "milan--rome")
    world.hub.patch(ref, {"spec": {"tenantNamespaces": None}, **changes})
    assert record["metadata"]["name"] == "milan--rome"
    return records(world)[0]


def gone(world: FakeWorld) -> None:
    """All of the link on rome but the namespace is taken away."""
    rome = world.leaves["rome"]
    for ref in [ref for ref in rome.objects if ref.namespace == "jane"]:
        if ref in rome.objects:
            rome.drop(ref)


def test_one_that_is_on_record_needs_no_name(labelled: FakeWorld) -> None:
    """As links of v0.1.0 are, which knew no names."""
    list(events(labelled, spec=NAMED))
    record = forget(labelled)
    gone(labelled)
    all_told(sync, record, labelled, RENDERER, SyncOptions(timeout=5, recreate=True), CancelToken())
    assert places(labelled) == IN_JANES


def test_one_in_which_the_link_is_needs_no_name(labelled: FakeWorld) -> None:
    """Also where the record lost its status, as one restored from a backup."""
    list(events(labelled, spec=NAMED))
    synced(labelled, forget(labelled, status=None))
    assert places(labelled) == IN_JANES


def test_one_that_was_made_anew_under_a_recorded_name_is_another(labelled: FakeWorld) -> None:
    list(events(labelled, spec=NAMED))
    record = forget(labelled)
    gone(labelled)
    rome = labelled.leaves["rome"]
    rome.drop(ObjectRef("rome", r.NAMESPACE, "", "jane"))
    put_tenant_namespace(rome, "milan", "jane")
    with pytest.raises(Refused, match="by its labels alone"):
        all_told(
            sync, record, labelled, RENDERER, SyncOptions(timeout=5, recreate=True), CancelToken()
        )


def test_a_link_that_is_going_does_not_make_it_known(labelled: FakeWorld) -> None:
    rome = labelled.leaves["rome"]
    body = foreign(r.CONFIGURATION, "rome", "milan", {"remote": {}})
    body["metadata"] |= {"namespace": "jane", "finalizers": ["x"]}
    rome.put(body)
    rome.drop(ObjectRef("rome", r.CONFIGURATION, "jane", "milan"))
    with pytest.raises(Refused, match="by its labels alone"):
        list(events(labelled))


# Adopting


def test_a_link_that_is_there_is_adopted_where_it_is(world: FakeWorld) -> None:
    def elsewhere(*args: Any) -> Body:
        body = foreign(*args)
        body["metadata"]["namespace"] = body["metadata"]["namespace"].replace("liqo-tenant", "net")
        return body

    for leaf, peer in (("milan", "rome"), ("rome", "milan")):
        put_tenant_namespace(world.leaves[leaf], peer, f"net-{peer}")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(test_adopt, "foreign", elsewhere)
        patched.setattr(test_adopt, "put_tenant_namespace", lambda *_: None)
        test_adopt.connect(world)
    test_adopt.run(world)
    assert places(world) == {("milan", "net-rome"), ("rome", "net-milan")}


def test_adopt_refuses_a_link_that_is_not_in_the_tenant_namespace(world: FakeWorld) -> None:
    """Else nobody could tell its objects from somebody else's later."""
    test_adopt.connect(world)
    rome = world.leaves["rome"]
    usual = ObjectRef("rome", r.NAMESPACE, "", "liqo-tenant-milan")
    rome.objects[usual]["metadata"]["labels"] = {}
    put_tenant_namespace(rome, "milan", "jane")
    with pytest.raises(Refused, match=r"is not in the tenant namespace of milan \(jane\)"):
        test_adopt.run(world)
    assert records(world) == []


def test_adopt_takes_the_name_that_is_given() -> None:
    clusters = Clusters("milan", "rome")
    test_adopt.connect(clusters)
    usual = ("--tenant-namespace", "rome=liqo-tenant-milan")
    result = program("adopt", "milan", "rome", *usual, "--timeout", "5s", on=clusters)
    assert result.exit_code == ExitCode.OK
    assert records(clusters)[0]["spec"]["tenantNamespaces"] == {"rome": "liqo-tenant-milan"}


# The rest


def test_a_name_that_is_none_is_in_no_command(labelled: FakeWorld) -> None:
    """A leaf says anything: nobody shall paste it into a shell."""
    rome = labelled.leaves["rome"]
    rome.drop(ObjectRef("rome", r.NAMESPACE, "", "jane"))
    put_tenant_namespace(rome, "milan", "jane; reboot")
    with pytest.raises(Refused, match="is 'jane; reboot' by its labels alone") as caught:
        list(events(labelled))
    assert "reboot" not in str(caught.value.hint)


def test_permissions_are_asked_for_in_the_named_one(world: FakeWorld) -> None:
    rome = world.leaves["rome"]
    rome.fault = lambda verb, ref: (
        Forbidden("rome", "no") if (verb, ref.kind) == ("list", r.NETWORK) else None
    )
    asked: list[str] = []

    def allows(attributes: Object) -> bool:
        asked.append(str(attributes.get("namespace")))
        return False

    rome.allows = allows
    preflight(Request(pair=(MILAN, ROME), spec=NAMED), world, RENDERER, 5.0)
    assert ("jane" in asked, "liqo-tenant-milan" in asked) == (True, False)


# One that does not end


REMAINING = {
    "type": "NamespaceContentRemaining",
    "status": "True",
    "message": "Some resources are remaining: configurations.networking.liqo.io has 1 resource "
    "instances",
}
FAILING = {
    "type": "NamespaceDeletionDiscoveryFailure",
    "status": "True",
    "message": "Discovery failed for some groups, 1 failing: metrics.k8s.io/v1beta1",
}
OVER = {"type": "NamespaceFinalizersRemaining", "status": "False", "message": "All is gone"}
HELD = (
    "rome: its tenant namespace liqo-tenant-milan is being deleted since 2026-01-01T00:00:00Z: "
    f"it has the finalizers example.org/slow; {FAILING['message']}; {REMAINING['message']}"
)


def put_stuck_namespace(world: FakeWorld, leaf: str = "rome", peer: str = "milan") -> None:
    there = world.leaves[leaf]
    put_tenant_namespace(there, peer)
    ref = ObjectRef(leaf, r.NAMESPACE, "", f"liqo-tenant-{peer}")
    there.objects[ref]["metadata"]["finalizers"] = ["example.org/slow"]
    there.drop(ref)
    there.set_status(ref, {"phase": "Terminating", "conditions": [REMAINING, OVER, FAILING]})


def test_preflight_names_what_holds_a_namespace_that_does_not_end(world: FakeWorld) -> None:
    put_stuck_namespace(world)
    (found,) = preflight(Request(pair=(MILAN, ROME)), world, RENDERER, 5.0).findings
    assert f"{found.cluster}: {found.message}" == HELD
    assert found.hint.endswith("kubectl get namespace liqo-tenant-milan -o yaml there")


def test_of_what_holds_a_namespace_no_more_is_told_than_a_person_reads(world: FakeWorld) -> None:
    put_stuck_namespace(world)
    ref = ObjectRef("rome", r.NAMESPACE, "", "liqo-tenant-milan")
    metadata = world.leaves["rome"].objects[ref]["metadata"]
    metadata["finalizers"] = [f"example.org/{number}" for number in range(9999)]
    (found,) = preflight(Request(pair=(MILAN, ROME)), world, RENDERER, 5.0).findings
    assert len(found.message) < 2 * LONGEST


def test_create_says_before_and_after_its_wait_what_holds_the_namespace(world: FakeWorld) -> None:
    put_stuck_namespace(world)
    told: list[str] = []
    with pytest.raises(TimedOut) as caught:
        told.extend(each.text for each in events(world, timeout=1) if isinstance(each, Note))
    assert HELD in caught.value.message
    assert any(HELD in each for each in told)


def test_create_warns_also_where_it_can_do_nothing_else_meanwhile(world: FakeWorld) -> None:
    for leaf, peer in (("rome", "milan"), ("milan", "rome")):
        put_stuck_namespace(world, leaf, peer)
    told: list[str] = []
    with pytest.raises(TimedOut):
        told.extend(each.text for each in events(world, timeout=1) if isinstance(each, Note))
    assert any(HELD in each for each in told)
