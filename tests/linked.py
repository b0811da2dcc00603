"""Worlds that have a shortcut already: made once in each state, and copied from then on."""

from __future__ import annotations

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.commands.create import CreateOptions, create
from kubectl_liqo_shortcut.core.events import Outcome
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.request import Request
from kubectl_liqo_shortcut.core.model import Object, cluster_id
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken
from tests.fakes import Body, FakeWorld, Snapshot, copied
from tests.told import step_by_step

_made: dict[tuple[str, ...], tuple[Snapshot, Object]] = {}


def link(world: FakeWorld, first: str = "milan", second: str = "rome") -> Body:
    """As ``create`` does it, where nothing is unusual; the record.

    What *world* holds says what comes of it, so an equal one need not go through it again.
    """
    assert not any((world.paused, world.stuck, world.remaps))
    before = world.snapshot()
    key = (first, second, repr(before.clusters))
    if key not in _made:
        _made[key] = _linked(world, first, second)
        return dict(_made[key][1])
    after, record = _made[key]
    world.restore(after)
    return dict(copied(record))


def _linked(world: FakeWorld, first: str, second: str) -> tuple[Snapshot, Object]:
    request = Request(pair=(cluster_id(first), cluster_id(second)))
    *_, last = step_by_step(
        create, request, world, Renderer(read_template), CreateOptions(timeout=10), CancelToken()
    )
    assert isinstance(last, Outcome)
    return world.snapshot(), copied(last.record)
