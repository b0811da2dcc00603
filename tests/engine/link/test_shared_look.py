from __future__ import annotations

import collections
import dataclasses
import threading
from collections.abc import Callable
from functools import partial

import pytest

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.commands.sync import SyncOptions, next_steps, sync
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Event, Note, Outcome, Verb
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.request import of_record
from kubectl_liqo_shortcut.core.link.shortcut import pair_of
from kubectl_liqo_shortcut.core.model import Object, ObjectRef, ref_of
from kubectl_liqo_shortcut.core.ports import Listing, Selection
from kubectl_liqo_shortcut.core.record.conditions import is_ready
from kubectl_liqo_shortcut.engine.link.shared_look import SharedLook, share
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken, Deadline, Future
from kubectl_liqo_shortcut.errors import Forbidden, ShortcutError, Unreachable
from tests.clock import Clock
from tests.commands.test_create import records
from tests.fakes import Body, FakeWorld
from tests.linked import link
from tests.told import all_told

RENDERER = Renderer(read_template)
PAIRS = (("milan", "rome"), ("milan", "oslo"), ("oslo", "rome"))
WRITES = {"create", "patch", "patch status", "delete", "apply"}


@pytest.fixture
def mesh() -> FakeWorld:
    """Three leaves, each linked with each."""
    world = FakeWorld("milan", "rome", "oslo")
    for pair in PAIRS:
        link(world, *pair)
    return world


def look(world: FakeWorld) -> SharedLook:
    shared = share([pair_of(each).leaves for each in records(world)], world, 5.0)
    assert shared is not None
    return shared


def run(world: FakeWorld, shared: SharedLook) -> dict[str, list[Event]]:
    """What ``sync`` tells of each record."""
    told = {}
    for record in records(world):
        name = record["metadata"]["name"]
        options, cancel = SyncOptions(timeout=5), CancelToken()
        told[name] = all_told(sync, record, world, RENDERER, options, cancel, shared=shared)
    return told


def verbs(told: dict[str, list[Event]]) -> dict[str, Verb]:
    last = {name: events[-1] for name, events in told.items()}
    return {name: each.verb for name, each in last.items() if isinstance(each, Outcome)}


def key_at(world: FakeWorld, leaf: str, peer: str) -> Body:
    """The key of *peer* as it is published on *leaf*."""
    cluster = world.leaves[leaf]
    return cluster.objects[ObjectRef(leaf, r.PUBLIC_KEY, f"liqo-tenant-{peer}", peer)]


def prove_keys(world: FakeWorld, *, written: str, pinged: str) -> None:
    for cluster in world.leaves.values():
        for body in cluster.of(r.PUBLIC_KEY):
            for entry in body["metadata"]["managedFields"]:
                entry["time"] = written
        for body in cluster.of(r.CONNECTION):
            body["status"]["latency"]["timestamp"] = pinged


def asked(world: FakeWorld, since: int) -> collections.Counter[tuple[str, str, str]]:
    return collections.Counter(
        (ref.cluster, verb, ref.kind.kind) for verb, ref in world.calls[since:]
    )


def secrets(world: FakeWorld, since: int) -> int:
    return sum(ref.kind == r.SECRET for _, ref in world.calls[since:])


def test_each_kind_is_listed_once_a_cluster_and_each_link_costs_one_write(mesh: FakeWorld) -> None:
    prove_keys(mesh, written="2026-01-01T00:00:00Z", pinged="2026-01-01T00:00:10Z")
    since = len(mesh.calls)
    assert set(verbs(run(mesh, look(mesh))).values()) == {Verb.UNCHANGED}
    counted = asked(mesh, since)
    records_written = {("the hub", "patch status", "Shortcut"): len(PAIRS)}
    assert {each: n for each, n in counted.items() if each[1] in WRITES} == records_written
    assert {n for each, n in counted.items() if each[1] not in WRITES} == {1}


def test_for_one_link_nothing_is_shared(world: FakeWorld) -> None:
    link(world)
    assert share([("milan", "rome")], world, 5.0) is None


def test_what_needs_work_is_looked_at_by_itself_and_repaired(mesh: FakeWorld) -> None:
    milan = mesh.leaves["milan"]
    milan.drop(ObjectRef("milan", r.PUBLIC_KEY, "liqo-tenant-rome", "rome"))
    told = run(mesh, look(mesh))
    assert verbs(told) == {
        "milan--rome": Verb.CONFIGURED,
        "milan--oslo": Verb.UNCHANGED,
        "oslo--rome": Verb.UNCHANGED,
    }
    assert key_at(mesh, "milan", "rome")
    notes = [each.text for each in told["milan--rome"] if isinstance(each, Note)]
    assert notes == list(dict.fromkeys(notes))


def test_a_key_is_believed_after_a_ping_and_else_asked_for_by_name(mesh: FakeWorld) -> None:
    prove_keys(mesh, written="2026-01-01T00:00:10Z", pinged="2026-01-01T00:00:10Z")
    since = len(mesh.calls)
    run(mesh, look(mesh))
    assert secrets(mesh, since) == 2 * len(PAIRS)
    prove_keys(mesh, written="2026-01-01T00:00:10Z", pinged="2026-01-01T00:00:11Z")
    since = len(mesh.calls)
    run(mesh, look(mesh))
    assert secrets(mesh, since) == 0


def test_a_key_that_somebody_changed_since_the_last_ping_is_put_right(mesh: FakeWorld) -> None:
    prove_keys(mesh, written="2026-01-01T00:00:12Z", pinged="2026-01-01T00:00:11Z")
    right = dict(key_at(mesh, "milan", "rome")["spec"])
    key_at(mesh, "milan", "rome")["spec"] = dict(key_at(mesh, "milan", "oslo")["spec"])
    assert verbs(run(mesh, look(mesh)))["milan--rome"] is Verb.CONFIGURED
    assert key_at(mesh, "milan", "rome")["spec"] == right


def test_a_key_in_another_namespace_does_not_count(mesh: FakeWorld) -> None:
    milan = mesh.leaves["milan"]
    here = ObjectRef("milan", r.PUBLIC_KEY, "liqo-tenant-rome", "rome")
    body = milan.objects.pop(here)
    milan.objects[dataclasses.replace(here, namespace="elsewhere")] = {
        **body,
        "metadata": {**body["metadata"], "namespace": "elsewhere"},
    }
    assert verbs(run(mesh, look(mesh)))["milan--rome"] is Verb.CONFIGURED
    assert key_at(mesh, "milan", "rome")


def silent(mesh: FakeWorld) -> None:
    mesh.leaves["oslo"].fault = lambda *_: Unreachable("oslo", "cannot be reached")


def forbids_keys(mesh: FakeWorld) -> None:
    mesh.leaves["oslo"].fault = lambda _, ref: (
        Forbidden("oslo", "not allowed to list publickeies") if ref.kind == r.PUBLIC_KEY else None
    )


def was_rebuilt(mesh: FakeWorld) -> None:
    system = ObjectRef("oslo", r.NAMESPACE, "", "kube-system")
    mesh.leaves["oslo"].objects[system]["metadata"]["uid"] = "another"


def renumbered(mesh: FakeWorld) -> None:
    for body in mesh.leaves["oslo"].of(r.NETWORK):
        body["status"]["cidr"] = "10.99.0.0/16"


def serves_no_connections(mesh: FakeWorld) -> None:
    mesh.leaves["oslo"].not_served.add(r.CONNECTION)


@pytest.mark.parametrize("wait", [True, False])
@pytest.mark.parametrize(
    "damage", [silent, forbids_keys, was_rebuilt, renumbered, serves_no_connections]
)
def test_one_leaf_that_is_not_as_it_should_be_is_told_as_without_it_and_stops_nobody(
    mesh: FakeWorld, damage: Callable[[FakeWorld], None], *, wait: bool
) -> None:
    damage(mesh)
    shared = look(mesh)
    for record in records(mesh):
        said = [_outcome(mesh, record, each, wait=wait) for each in (shared, None)]
        assert said[0] == said[1]
        assert (said[0] is Verb.UNCHANGED) == ("oslo" not in record["metadata"]["name"])


def _outcome(
    mesh: FakeWorld, record: Object, shared: SharedLook | None, *, wait: bool = True
) -> object:
    options, cancel = SyncOptions(timeout=5, wait=wait), CancelToken()
    try:
        told = all_told(sync, record, mesh, RENDERER, options, cancel, shared=shared)
    except ShortcutError as error:
        return type(error), error.message, error.hint
    last = told[-1]
    assert isinstance(last, Outcome)
    return last.verb


def test_a_look_that_is_old_is_taken_anew(mesh: FakeWorld, clock: Clock) -> None:
    shared = look(mesh)
    run(mesh, shared)
    mesh.leaves["milan"].drop(ObjectRef("milan", r.PUBLIC_KEY, "liqo-tenant-rome", "rome"))
    clock.forward(31)
    assert verbs(run(mesh, shared))["milan--rome"] is Verb.CONFIGURED


def test_the_status_says_when_the_look_was_taken(
    mesh: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = look(mesh)
    request = of_record(records(mesh)[0])
    session = shared.session(request, RENDERER, Deadline(5))
    monkeypatch.setattr(
        "kubectl_liqo_shortcut.engine.link.link.utc_now", lambda: "2030-01-01T00:00:00Z"
    )
    link_ = session.link
    assert str(link_.status(link_.ends())["lastObservedTime"]) < "2030"


def test_nothing_can_be_written_through_it(mesh: FakeWorld) -> None:
    session = look(mesh).session(of_record(records(mesh)[0]), RENDERER, Deadline(5))
    (ref, *_) = (ref for ref in mesh.leaves["milan"].objects if ref.kind == r.PUBLIC_KEY)
    with pytest.raises(RuntimeError, match="is not held"):
        session.link.leaves["milan"].patch(ref, {})


def test_all_links_are_ready_afterwards(mesh: FakeWorld) -> None:
    for each in records(mesh):
        mesh.hub.patch(
            ref_of(mesh.hub.name, each), {"status": {"conditions": []}}, subresource="status"
        )
    run(mesh, look(mesh))
    assert all(map(is_ready, records(mesh)))


def test_a_record_that_changed_since_the_look_is_looked_at_by_itself(mesh: FakeWorld) -> None:
    shared = look(mesh)
    shared.session(of_record(records(mesh)[0]), RENDERER, Deadline(5))
    for each in records(mesh):
        mesh.hub.patch(ref_of(mesh.hub.name, each), {"spec": {"gateway": {"mtu": 1280}}})
    assert set(verbs(run(mesh, shared)).values()) == {Verb.CONFIGURED}


def test_a_leaf_that_hangs_keeps_no_other_link_waiting(
    mesh: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    oslo = mesh.leaves["oslo"]
    lists = oslo.list

    def hangs(what: Selection) -> Listing:
        released.wait(60)
        return lists(what)

    monkeypatch.setattr(oslo, "list", hangs)
    shared = share([pair_of(each).leaves for each in records(mesh)], mesh, 60.0)
    healthy = next(each for each in records(mesh) if each["metadata"]["name"] == "milan--rome")
    working = Future(partial(_outcome, mesh, healthy, shared))
    try:
        assert working.join(10)
        assert working.result() is Verb.UNCHANGED
    finally:
        released.set()


def test_where_the_look_fails_each_link_is_looked_at_by_itself_and_the_look_is_not_repeated(
    mesh: FakeWorld,
) -> None:
    mesh.hub.fault = lambda verb, ref: (
        Forbidden(mesh.hub.name, "not allowed to list all")
        if (verb, ref.kind, ref.name) == ("list", r.SHORTCUT, "")
        else None
    )
    shared, since = look(mesh), len(mesh.calls)
    assert {_outcome(mesh, each, shared) for each in records(mesh)} == {Verb.UNCHANGED}
    of_all = ("list", ObjectRef(mesh.hub.name, r.SHORTCUT, "", ""))
    assert mesh.calls[since:].count(of_all) == 1


def test_the_records_are_read_before_the_leaves_so_that_no_write_in_between_is_missed(
    mesh: FakeWorld,
) -> None:
    since = len(mesh.calls)
    look(mesh).session(of_record(records(mesh)[0]), RENDERER, Deadline(5))
    calls = [(ref.cluster, ref.kind) for _, ref in mesh.calls[since:]]
    first_of_a_leaf = next(n for n, (cluster, _) in enumerate(calls) if cluster != mesh.hub.name)
    assert calls.index((mesh.hub.name, r.SHORTCUT)) < first_of_a_leaf


def told_by_diff(mesh: FakeWorld, shared: SharedLook | None) -> object:
    """Of milan--rome."""
    record = next(each for each in records(mesh) if each["metadata"]["name"] == "milan--rome")
    try:
        return list(next_steps(record, mesh, RENDERER, 5.0, shared))
    except ShortcutError as error:
        return type(error), error.message


def test_a_right_that_lacks_in_one_tenant_namespace_is_no_word_of_what_is_there(
    mesh: FakeWorld,
) -> None:
    mesh.leaves["milan"].fault = lambda verb, ref: (
        Forbidden("milan", f"not allowed to {verb} publickeies")
        if ref.kind == r.PUBLIC_KEY and ref.namespace != "liqo-tenant-oslo"
        else None
    )
    assert told_by_diff(mesh, look(mesh)) == told_by_diff(mesh, None)


def test_a_key_is_not_believed_where_the_gateway_was_made_anew_since(mesh: FakeWorld) -> None:
    prove_keys(mesh, written="2026-01-01T00:00:00Z", pinged="2026-01-01T00:00:10Z")
    milan = mesh.leaves["milan"]
    (gateway,) = (
        body
        for kind in (r.GATEWAY_SERVER, r.GATEWAY_CLIENT)
        for body in milan.of(kind)
        if body["metadata"]["name"] == "rome"
    )
    mesh.paused = {r.CONNECTION}  # rome has not noticed yet
    milan.drop(ref_of("milan", gateway))
    milan.put(gateway)
    steps = told_by_diff(mesh, None)
    assert isinstance(steps, list)
    assert any("rome: publickey" in each.lower() for each in steps), steps
    assert told_by_diff(mesh, look(mesh)) == steps


def test_what_a_record_names_wrongly_is_cleared_once_and_told_once(mesh: FakeWorld) -> None:
    record = next(each for each in records(mesh) if each["metadata"]["name"] == "milan--rome")
    nonsense = {**record["status"]["objects"][0], "kind": "Pod", "apiVersion": "v1"}
    mesh.hub.patch(
        ref_of(mesh.hub.name, record),
        {"status": {"objects": [*record["status"]["objects"], nonsense]}},
        subresource="status",
    )
    for told in (True, False):
        events = run(mesh, look(mesh))["milan--rome"]
        notes = [each.text for each in events if isinstance(each, Note)]
        assert any("no object of this link" in each for each in notes) == told


def test_where_tunnels_may_be_listed_in_tenant_namespaces_alone_they_are(mesh: FakeWorld) -> None:
    prove_keys(mesh, written="2026-01-01T00:00:00Z", pinged="2026-01-01T00:00:10Z")
    for cluster in mesh.leaves.values():
        cluster.fault = lambda _, ref: (
            Forbidden(ref.cluster, "not allowed to list it everywhere")
            if ref.kind in (r.CONNECTION, r.PUBLIC_KEY) and not ref.namespace
            else None
        )
    since = len(mesh.calls)
    assert set(verbs(run(mesh, look(mesh))).values()) == {Verb.UNCHANGED}
    assert asked(mesh, since)["milan", "list", "Connection"] == 1 + 2


def test_for_a_link_without_a_record_no_leaf_is_asked(mesh: FakeWorld) -> None:
    shared = look(mesh)
    first = records(mesh)[0]
    mesh.hub.objects.pop(ref_of(mesh.hub.name, first))
    since = len(mesh.calls)
    with pytest.raises(ShortcutError, match="no record"):
        shared.session(of_record(first), RENDERER, Deadline(5.0))
    assert {ref.cluster for _, ref in mesh.calls[since:]} == {mesh.hub.name}
