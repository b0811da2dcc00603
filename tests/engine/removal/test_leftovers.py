"""What is waited for after a removal."""

from __future__ import annotations

from kubectl_liqo_shortcut.core.link.inventory import Ownership, Recorded
from kubectl_liqo_shortcut.core.model import ref_of
from kubectl_liqo_shortcut.engine.removal.leftovers import gone_from
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline
from tests.fakes import FakeWorld
from tests.samples import SERVER, configuration


def test_nobody_waits_for_an_object_that_somebody_else_made_anew(world: FakeWorld) -> None:
    rome = world.leaves["rome"]
    ref = ref_of("rome", rome.put(configuration("rome")))
    gone_from(SERVER, [Recorded(ref, "uid-of-before", Ownership.CREATED)], rome, Deadline(0.2))()
