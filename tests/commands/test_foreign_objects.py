"""Whatever a record's status says: what is not the link's own is the same before and after."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.commands.adopt import adopt
from kubectl_liqo_shortcut.commands.create import CreateOptions as CreateOptions
from kubectl_liqo_shortcut.commands.create import create
from kubectl_liqo_shortcut.commands.delete import DeleteOptions, delete
from kubectl_liqo_shortcut.commands.prune import find_orphans, prune
from kubectl_liqo_shortcut.commands.sync import SyncOptions as SyncOptions
from kubectl_liqo_shortcut.commands.sync import sync
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.ownership import ownership_labels
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.request import Request
from kubectl_liqo_shortcut.core.model import ObjectRef, cluster_id, ref_of
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken
from kubectl_liqo_shortcut.errors import ClusterError, Forbidden, ShortcutError
from tests.fakes import BY_GIT, Body, FakeWorld, made_by_us
from tests.linked import link
from tests.told import step_by_step

RENDERER = Renderer(read_template)
PAIR = Request(pair=(cluster_id("milan"), cluster_id("rome")))
PEERS = {"milan": "rome", "rome": "milan"}
TIMEOUT = 0.3
SEEN_KINDS = (*r.LINK_KINDS[1:], r.SECRET, r.DEPLOYMENT, r.CONFIG_MAP)

names = st.sampled_from(["milan", "rome", "torino", "payments", "no"])
namespaces = st.sampled_from(
    ["liqo-tenant-milan", "liqo-tenant-rome", "liqo-tenant-torino", "kube-system", "prod"]
)
FLAWS: dict[str, Callable[[Body, str], object]] = {
    "no labels": lambda body, _: body["metadata"]["labels"].clear(),
    "another hub": lambda body, _: body["metadata"]["labels"].update({r.SHORTCUT_HUB: "paris"}),
    "another shortcut": lambda body, _: body["metadata"]["labels"].update(
        {r.SHORTCUT_NAME: "milan--paris"}
    ),
    "another program": lambda body, _: body["metadata"]["labels"].update({r.MANAGED_BY: "Helm"}),
    "another peer": lambda body, _: body["metadata"]["labels"].update(
        {r.REMOTE_CLUSTER_ID: "torino"}
    ),
    "another name": lambda body, _: body["metadata"].update(name="torino"),
    "another place": lambda body, _: body["metadata"].update(namespace="prod"),
    "kept by git": lambda body, _: body["metadata"].update(managedFields=[BY_GIT]),
}
"""What makes an object on a leaf somebody else's, however much else it shares with ours."""


@st.composite
def foreign_objects(draw: st.DrawFn) -> tuple[str, Body]:
    leaf = draw(st.sampled_from(sorted(PEERS)))
    free = r.GATEWAY_SERVER if leaf == "rome" else r.GATEWAY_CLIENT  # the link has none there
    kind = draw(st.just(free) | st.sampled_from(SEEN_KINDS))
    labels = {**ownership_labels("milan--rome", "torino"), r.REMOTE_CLUSTER_ID: PEERS[leaf]}
    peer = PEERS[leaf]
    name, place = draw(st.just(peer) | names), draw(st.just(f"liqo-tenant-{peer}") | namespaces)
    metadata = {"name": name, "namespace": place, "labels": labels}
    body = made_by_us({"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata})
    for flaw in draw(st.sets(st.sampled_from(sorted(FLAWS)), min_size=1, max_size=3)):
        FLAWS[flaw](body, leaf)
    if draw(st.booleans()) and BY_GIT not in body["metadata"]["managedFields"]:
        del body["metadata"]["managedFields"]
    return leaf, {**body, "spec": {"remote": {}}}


junk = st.none() | st.integers() | st.text(max_size=8) | st.lists(st.integers(), max_size=2)
paths = st.sampled_from(["../../x", "prod?x=", "a/b", "..", "http:x:80/proxy/reset?confirm=1&"])


def entries(there: list[tuple[str, Body]]) -> st.SearchStrategy[object]:
    """Of ``status.objects``: what is *there*, by its very UID, and everything random."""
    uids = [body["metadata"]["uid"] for _, body in there]
    real = st.builds(
        lambda of, ownership: {**_entry_of(*of), "ownership": ownership},
        st.sampled_from(there),
        st.sampled_from(["Created", "Adopted"]),
    )
    kinds = st.sampled_from([(each.api_version, each.kind) for each in (r.NAMESPACE, *SEEN_KINDS)])
    typed = st.builds(
        lambda kind, **rest: {"apiVersion": kind[0], "kind": kind[1], **rest},
        kinds,
        clusterID=st.sampled_from(["milan", "rome", "torino"]) | junk,
        namespace=namespaces | st.just("") | paths | junk,
        name=names | namespaces | paths | junk,
        uid=st.sampled_from(uids) | st.just("") | junk,
        ownership=st.sampled_from(["Created", "Adopted", "Reused"]) | junk,
    )
    return real | real | typed | junk


def _entry_of(leaf: str, body: Body) -> Body:
    return {
        "clusterID": leaf,
        "apiVersion": body["apiVersion"],
        "kind": body["kind"],
        "namespace": body["metadata"].get("namespace") or "",
        "name": body["metadata"]["name"],
        "uid": body["metadata"]["uid"],
        "ownership": "Created",
    }


def _run(events: Iterable[object]) -> None:
    with contextlib.suppress(ShortcutError):
        list(events)


def _record(world: FakeWorld) -> Body:
    return next(iter(world.hub.of(r.SHORTCUT)), {})


def _delete(world: FakeWorld) -> None:
    _run(
        step_by_step(
            delete,
            _record(world),
            world,
            DeleteOptions(timeout=TIMEOUT, delete_namespaces=True),
            CancelToken(),
        )
    )


def _sync(world: FakeWorld) -> None:
    _run(
        step_by_step(
            sync, _record(world), world, RENDERER, SyncOptions(timeout=TIMEOUT), CancelToken()
        )
    )


def _sync_deleted(world: FakeWorld) -> None:
    world.hub.drop(ref_of(world.hub.name, _record(world)))
    _sync(world)


def _sync_expired(world: FakeWorld) -> None:
    ref = ref_of(world.hub.name, _record(world))
    world.hub.patch(ref, {"spec": {"expirationTime": "2020-01-01T00:00:00Z"}})
    _sync(world)


def _sync_edited(world: FakeWorld) -> None:
    ref = ref_of(world.hub.name, _record(world))
    world.hub.patch(ref, {"spec": {"gateway": {"mtu": 1280}}})
    _sync(world)


def _prune(world: FakeWorld) -> None:
    ref = ref_of(world.hub.name, _record(world))
    world.hub.patch(ref, {"metadata": {"finalizers": None}})
    world.hub.drop(ref)
    orphans = find_orphans(world, TIMEOUT)
    for name in orphans.shortcuts:
        _run(step_by_step(prune, name, orphans, world, TIMEOUT, CancelToken()))


def _adopt(world: FakeWorld) -> None:
    _run(step_by_step(adopt, PAIR, world, RENDERER, TIMEOUT, CancelToken()))


def _undo(world: FakeWorld) -> None:
    """A create that makes what is missing, fails, and goes back."""

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return Forbidden("rome", "no") if (verb, ref.kind) == ("create", r.PUBLIC_KEY) else None

    world.leaves["rome"].fault = fault
    own = ObjectRef("rome", r.PUBLIC_KEY, "liqo-tenant-milan", "milan")
    world.leaves["rome"].objects.pop(own, None)
    options = CreateOptions(timeout=TIMEOUT, undo_on_timeout=True)
    _run(step_by_step(create, PAIR, world, RENDERER, options, CancelToken()))


DEEDS = [_delete, _sync, _sync_deleted, _sync_expired, _sync_edited, _prune, _adopt, _undo]


@given(st.data(), st.sampled_from(DEEDS), st.lists(foreign_objects(), max_size=6))
def test_nothing_foreign_is_touched_whatever_a_status_says(
    data: st.DataObject, deed: Callable[[FakeWorld], None], foreign: list[tuple[str, Body]]
) -> None:
    world = FakeWorld("milan", "rome")
    link(world)
    before = _put(world, foreign)
    there = [(ref.cluster, world.leaves[ref.cluster].objects[ref]) for ref in before]
    there = there or [("milan", {**_record(world), "kind": "Secret", "apiVersion": "v1"})]
    _lie(world, data.draw(st.lists(entries(there), max_size=8)))
    deed(world)
    assert {ref: world.leaves[ref.cluster].objects.get(ref) for ref in before} == before
    world.close()


def _put(world: FakeWorld, foreign: list[tuple[str, Body]]) -> dict[ObjectRef, Any]:
    """Put *foreign* objects where none of the link's own are; Liqo makes nothing of them."""
    world.paused = set(r.LINK_KINDS)
    put: dict[ObjectRef, Any] = {}
    for leaf, body in foreign:
        cluster, ref = world.leaves[leaf], ref_of(leaf, body)
        if ref not in cluster.objects:
            cluster.put(body)
            put[ref] = None
    world.paused = set()
    return {ref: copy.deepcopy(world.leaves[ref.cluster].objects[ref]) for ref in put}


def _lie(world: FakeWorld, objects: list[object]) -> None:
    record = _record(world)
    status = {**record["status"], "objects": [*record["status"]["objects"], *objects]}
    world.hub.set_status(ref_of(world.hub.name, record), status)


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__.strip("_"))
@pytest.mark.parametrize("flaw", FLAWS)
def test_a_record_that_calls_a_foreign_gateway_ours_does_not_make_it_so(
    flaw: str, deed: Callable[[FakeWorld], None]
) -> None:
    world = FakeWorld("milan", "rome")
    link(world)
    kind = r.GATEWAY_SERVER
    labels = {**ownership_labels("milan--rome", "torino"), r.REMOTE_CLUSTER_ID: "milan"}
    metadata = {"name": "milan", "namespace": "liqo-tenant-milan", "labels": labels}
    body = made_by_us({"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata})
    FLAWS[flaw](body, "rome")
    before = _put(world, [("rome", body)])
    _lie(world, [_entry_of("rome", world.leaves["rome"].objects[next(iter(before))])])
    deed(world)
    assert {ref: world.leaves[ref.cluster].objects.get(ref) for ref in before} == before
    world.close()
