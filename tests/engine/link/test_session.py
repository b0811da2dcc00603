"""A look alone: nothing may be written with what it gives, before the Lease is held."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.request import Request
from kubectl_liqo_shortcut.core.model import Manifest, cluster_id
from kubectl_liqo_shortcut.engine.link.session import SurveySession, survey_link
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline
from kubectl_liqo_shortcut.engine.runtime.lease import Lock
from tests.fakes import FakeWorld

REQUEST = Request(pair=(cluster_id("milan"), cluster_id("rome")))


@pytest.fixture
def looked(world: FakeWorld) -> Iterator[SurveySession]:
    hold = Lock(world.hub, REQUEST.name)
    found = survey_link(REQUEST, world, hold, Renderer(read_template), Deadline(5))
    yield found
    found.close()


@pytest.mark.parametrize("leaf", REQUEST.pair)
def test_without_the_lease_no_leaf_is_written_to(looked: SurveySession, leaf: str) -> None:
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}}
    with pytest.raises(RuntimeError, match="is not held"):
        looked.link.leaves[leaf].create(Manifest(leaf, body))


def test_without_the_lease_no_status_is_written(world: FakeWorld, looked: SurveySession) -> None:
    looked.link.status_writer.begin(world.hub.put(looked.link.status_writer.record))
    with pytest.raises(RuntimeError, match="is not held"):
        looked.link.status_writer.write({"firstReadyTime": "2026-01-01T00:00:00Z"})
    assert "status" not in world.hub.of(r.SHORTCUT)[0]
