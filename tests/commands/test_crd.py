from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import yaml

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.commands.crd import install
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Verb
from kubectl_liqo_shortcut.core.model import ObjectRef, ref_of
from kubectl_liqo_shortcut.errors import ClusterError, TimedOut, Transient
from tests.fakes import Body, FakeWorld

CRD: Body = yaml.safe_load(read_template("shortcut-crd.yaml"))
ESTABLISHED = {"conditions": [{"type": "Established", "status": "True"}]}


@pytest.fixture
def world() -> Iterator[FakeWorld]:
    world = FakeWorld("milan")
    yield world
    world.close()


def test_a_hub_that_has_it_is_left_unchanged(world: FakeWorld) -> None:
    world.hub.put({**CRD, "status": ESTABLISHED})
    assert install(world.hub, CRD, 5) is Verb.UNCHANGED


def test_a_new_one_is_waited_for_until_it_is_served(world: FakeWorld) -> None:
    ref = ref_of(world.hub.name, CRD)
    threading.Timer(0.1, world.hub.set_status, [ref, ESTABLISHED]).start()
    assert install(world.hub, CRD, 5) is Verb.CREATED


def test_it_waits_until_the_storage_answers(world: FakeWorld) -> None:
    world.hub.put({**CRD, "status": ESTABLISHED})
    failures = iter([Transient("the hub", "storage is (re)initializing")])

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return next(failures, None) if (verb, ref.kind) == ("list", r.SHORTCUT) else None

    world.hub.fault = fault
    assert install(world.hub, CRD, 5) is Verb.UNCHANGED


def test_a_kind_that_is_never_served_is_told_at_the_deadline(world: FakeWorld) -> None:
    with pytest.raises(TimedOut, match="installed but not served yet"):
        install(world.hub, CRD, 0.1)
