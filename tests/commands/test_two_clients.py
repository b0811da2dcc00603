"""Two clients at once, each with failures of its own: whatever happens, the invariants hold."""

from __future__ import annotations

import copy
import functools
import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.commands import adopt as adopting
from kubectl_liqo_shortcut.commands import create as making
from kubectl_liqo_shortcut.commands import delete as removing
from kubectl_liqo_shortcut.commands import sync as syncing
from kubectl_liqo_shortcut.commands.get import find
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Event
from kubectl_liqo_shortcut.core.link.inventory import objects_of
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.request import Request
from kubectl_liqo_shortcut.core.model import (
    ObjectRef,
    cluster_id,
    is_terminating,
    labels_of,
    ref_of,
    uid_of,
)
from kubectl_liqo_shortcut.core.ports import OpenCluster
from kubectl_liqo_shortcut.core.record.conditions import is_ready
from kubectl_liqo_shortcut.engine.runtime import lease
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken
from kubectl_liqo_shortcut.errors import ShortcutError
from tests.chaos import Chaos, Killed
from tests.commands.test_adopt import connect
from tests.commands.test_create import link_objects, records
from tests.fakes import FakeWorld
from tests.told import step_by_step

NAME = "milan--rome"
RENDERER = Renderer(read_template)
LINK = (r.CONFIGURATION, r.GATEWAY_SERVER, r.GATEWAY_CLIENT, r.PUBLIC_KEY)

Command = Callable[[OpenCluster], Iterator[Event]]

every_seed = pytest.mark.parametrize(
    "seed",
    [*range(4), *(pytest.param(seed, marks=pytest.mark.soak("clients")) for seed in range(4, 60))],
)


def create(*pair: str, **options: Any) -> Command:
    ids = [cluster_id(each) for each in pair]
    request = Request(pair=(ids[0], ids[1]), **options)
    wanted = making.CreateOptions(timeout=2, undo_on_timeout=False)
    return lambda clusters: step_by_step(
        making.create, request, clusters, RENDERER, wanted, CancelToken()
    )


def delete(clusters: OpenCluster, *, forget: bool = False) -> Iterator[Event]:
    options = removing.DeleteOptions(timeout=2, forget=forget)
    return step_by_step(removing.delete, find(NAME, clusters), clusters, options, CancelToken())


def sync(clusters: OpenCluster) -> Iterator[Event]:
    return step_by_step(
        syncing.sync,
        find(NAME, clusters),
        clusters,
        RENDERER,
        syncing.SyncOptions(timeout=2),
        CancelToken(),
    )


def adopt(clusters: OpenCluster) -> Iterator[Event]:
    request = Request(pair=(cluster_id("milan"), cluster_id("rome")))
    return step_by_step(adopting.adopt, request, clusters, RENDERER, 2, CancelToken())


def commands() -> list[Command]:
    return [
        create("milan", "rome"),
        create("rome", "milan"),
        create("milan", "rome", spec={"gateway": {"mtu": 1280}}),
        delete,
        sync,
    ]


@pytest.fixture(autouse=True)
def _quick_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed client's Lease runs out within the test; the proportions are the real ones."""
    monkeypatch.setattr(lease, "SECONDS", 1.0)
    monkeypatch.setattr(lease, "_RENEWED_EVERY", 0.2)
    monkeypatch.setattr(lease, "_TRUSTED_FOR", 0.5)


class Client(threading.Thread):
    """Runs some commands one after the other, each with its own failures, some to the death."""

    def __init__(self, world: FakeWorld, seed: int, possible: list[Command]) -> None:
        super().__init__(daemon=True)
        self._random = random.Random(seed)
        self._chaos = Chaos(world, seed)
        self._possible = possible
        self.told: list[str] = []
        self.bug: BaseException | None = None

    def run(self) -> None:
        for _ in range(3):
            command = self._random.choice(self._possible)
            killed_after = self._random.choice([None, None, self._random.randrange(60)])
            self._chaos.new_command(faults=self._random.randrange(4), kill_after=killed_after)
            try:
                events = [str(event) for event in command(self._chaos)]
                self.told += events[-1:]
            except (ShortcutError, Killed) as error:
                self.told.append(f"{type(error).__name__}: {error}")
            except BaseException as bug:  # noqa: BLE001 - raised again by who joins
                self.bug = bug
                return

    def done(self) -> None:
        self.join(60)
        assert not self.is_alive(), self.told
        if self.bug is not None:
            raise self.bug


def everything(world: FakeWorld) -> dict[ObjectRef, Any]:
    """All objects on all clusters, without what Kubernetes or Liqo change by themselves."""
    found = {}
    for cluster in (world.hub, *world.leaves.values()):
        for ref, body in cluster.objects.items():
            copied = copy.deepcopy(body)
            copied["metadata"].pop("resourceVersion")
            copied["metadata"].pop("managedFields", None)
            copied.pop("status", None)
            found[ref] = copied
    return found


def ours(world: FakeWorld) -> list[tuple[ObjectRef, str]]:
    """The link objects that bear our labels, and their UIDs."""
    return [
        (ref_of(leaf, body), uid_of(body))
        for leaf, cluster in world.leaves.items()
        for body in cluster.objects.values()
        if r.SHORTCUT_NAME in labels_of(body) and body["kind"] != "Namespace"
    ]


def check(world: FakeWorld, foreign: dict[ObjectRef, Any]) -> None:
    now = everything(world)
    assert {ref: now.get(ref) for ref in foreign} == foreign, "something foreign was touched"
    for cluster in world.leaves.values():
        for kinds in ((r.CONFIGURATION,), (r.GATEWAY_SERVER, r.GATEWAY_CLIENT)):
            there = [body for kind in kinds for body in cluster.of(kind)]
            assert len(there) <= 1, f"{cluster.name} has two of {kinds}"
    known = {ref: each for record in records(world) for ref, each in objects_of(record).items()}
    for ref, uid in ours(world):
        assert ref in known, f"{ref} of {ref.cluster} is on no record"
        assert known[ref].uid in ("", uid), f"the record has another {ref} of {ref.cluster}"


def finish(command: Command, world: FakeWorld) -> None:
    """A plain command without failures; who was killed before has left a Lease behind."""
    try:
        list(command(world))
    except ShortcutError as error:
        if "not found" not in error.message and "is on record, but" not in error.message:
            raise


def run_two(world: FakeWorld, seed: int, possible: list[Command]) -> list[str]:
    clients = [Client(world, seed * 2 + number, possible) for number in range(2)]
    for client in clients:
        client.start()
    for client in clients:
        client.done()
    return [line for client in clients for line in client.told]


@every_seed
def test_nothing_foreign_is_touched_at_most_one_link_is_made_and_the_record_is_true(
    world: FakeWorld, seed: int
) -> None:
    foreign = everything(world)
    told = run_two(world, seed, commands())
    check(world, foreign)
    finish(delete, world)
    finish(create("milan", "rome"), world)
    (record,) = records(world)
    assert is_ready(record), told
    finish(delete, world)
    assert link_objects(world) == [], told
    assert records(world) == []
    check(world, foreign)


@every_seed
def test_a_link_that_others_made_stays_as_it_is(world: FakeWorld, seed: int) -> None:
    connect(world)
    foreign = everything(world)
    run_two(world, seed, commands())
    check(world, foreign)
    finish(delete, world)
    check(world, foreign)
    assert records(world) == []


@every_seed
def test_an_adopted_link_is_whole_or_gone(world: FakeWorld, seed: int) -> None:
    before = everything(world)
    connect(world)
    run_two(world, seed, [adopt, adopt, sync, delete])
    check(world, before)
    if len(link_objects(world)) == 6 and not any(map(is_terminating, records(world))):
        finish(adopt, world)
    finish(delete, world)
    finish(functools.partial(delete, forget=True), world)
    assert ours(world) == [], (
        "who was killed before it put its labels on leaves those who others made"
    )
    assert records(world) == []
