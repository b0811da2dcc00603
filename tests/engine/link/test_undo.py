"""Going back by itself, whatever command it is that failed."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterator

import pytest

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.commands.create import CreateOptions, create
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Verb
from kubectl_liqo_shortcut.core.link.inventory import Ownership, objects_of
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.request import Request
from kubectl_liqo_shortcut.core.model import Manifest, ObjectRef, cluster_id
from kubectl_liqo_shortcut.core.record.conditions import condition_of
from kubectl_liqo_shortcut.engine.link import undo as undoing
from kubectl_liqo_shortcut.engine.link.link import Link
from kubectl_liqo_shortcut.engine.link.session import survey_link
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken, Deadline
from kubectl_liqo_shortcut.engine.runtime.lease import Lock
from kubectl_liqo_shortcut.engine.runtime.reflector import Made
from kubectl_liqo_shortcut.errors import ClusterError, Forbidden
from tests.fakes import FakeWorld
from tests.told import all_told, ignore

RENDERER = Renderer(read_template)
REQUEST = Request(pair=(cluster_id("milan"), cluster_id("rome")))


@pytest.fixture
def link(world: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> Iterator[Link]:
    """One that is up, in the hands of a command that works on it."""
    monkeypatch.setattr(undoing, "_SECONDS", 5.0)
    all_told(create, REQUEST, world, RENDERER, CreateOptions(timeout=10), CancelToken())
    with Lock(world.hub, REQUEST.name) as hold:
        hold.take(Deadline(10), ignore)
        looked = survey_link(REQUEST, world, hold, RENDERER, Deadline(10))
        yield looked.link
        looked.close()


def link_objects(world: FakeWorld) -> list[ObjectRef]:
    kinds = set(r.LINK_KINDS) - {r.NAMESPACE}
    return [ref for leaf in world.leaves.values() for ref in leaf.objects if ref.kind in kinds]


def run(link: Link, world: FakeWorld, *, made: bool) -> None:
    undoing.undo(link, "no way", world.hub, ignore, made=made)


def test_the_record_ends_with_the_run_that_made_it(world: FakeWorld, link: Link) -> None:
    run(link, world, made=True)
    assert (link_objects(world), world.hub.of(r.SHORTCUT)) == ([], [])


def test_a_record_that_was_there_before_stays_and_says_why(world: FakeWorld, link: Link) -> None:
    run(link, world, made=False)
    (record,) = world.hub.of(r.SHORTCUT)
    assert (link_objects(world), objects_of(record)) == ([], {})
    assert condition_of(record, "Ready")["message"] == "no way"


def adopt(link: Link, leaf: str) -> ObjectRef:
    """The Configuration on *leaf* was there before the shortcut."""
    entries = link.status_writer.objects
    (ref,) = (each for each in entries if (each.cluster, each.kind) == (leaf, r.CONFIGURATION))
    entries[ref] = dataclasses.replace(entries[ref], ownership=Ownership.ADOPTED)
    return ref


def test_what_was_adopted_stays_and_is_on_record(world: FakeWorld, link: Link) -> None:
    adopted = adopt(link, "milan")
    run(link, world, made=False)
    (record,) = world.hub.of(r.SHORTCUT)
    assert link_objects(world) == list(objects_of(record)) == [adopted]


def test_where_a_leaf_cannot_be_cleaned_the_record_names_the_adopted_too(
    world: FakeWorld, link: Link
) -> None:
    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return Forbidden("rome", "not allowed") if verb == "delete" else None

    adopted = adopt(link, "milan")
    world.leaves["rome"].fault = fault
    run(link, world, made=True)
    (record,) = world.hub.of(r.SHORTCUT)
    assert condition_of(record, "Ready")["reason"] == "CleanupPending"
    named = [ref for ref in objects_of(record) if ref.kind != r.NAMESPACE]
    assert set(named) == set(link_objects(world)) > {adopted}


def test_what_was_made_though_its_answer_was_lost_goes_too(world: FakeWorld, link: Link) -> None:
    for ref, each in link.status_writer.objects.items():
        link.status_writer.objects[ref] = dataclasses.replace(each, uid="")
    run(link, world, made=True)
    assert link_objects(world) == []


def test_what_is_being_made_at_that_moment_is_no_orphan(world: FakeWorld, link: Link) -> None:
    rome = world.leaves["rome"]
    (ref,) = (each for each in rome.objects if each.kind == r.PUBLIC_KEY)
    key = rome.objects[ref]
    rome.drop(ref)

    answered = threading.Event()

    def late() -> Made:
        time.sleep(0.3)
        made = Made(rome.create(Manifest("rome", key)), Verb.CREATED)
        answered.set()
        return made

    link.store.run(ref, late)
    run(link, world, made=True)
    assert answered.wait(10)
    assert link_objects(world) == []
