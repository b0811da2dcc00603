"""Labels on what others made, who may make it anew at the same time."""

from __future__ import annotations

import pytest

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.inventory import Ownership, Recorded
from kubectl_liqo_shortcut.core.model import Object, ObjectRef, labels_of, ref_of, uid_of
from kubectl_liqo_shortcut.engine.link.labels import Replaced, put_labels
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline
from tests.fakes import FakeWorld
from tests.samples import configuration

OURS = {r.SHORTCUT_NAME: "milan--rome"}


def test_an_object_made_anew_after_it_was_looked_at_bears_no_label_of_ours(
    world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    rome = world.leaves["rome"]
    old = rome.put(configuration("rome"))
    entry = Recorded(ref_of("rome", old), uid_of(old), Ownership.ADOPTED)
    get = rome.get

    def get_and_replace(ref: ObjectRef) -> Object | None:
        found = get(ref)
        if found is not None and uid_of(found) == uid_of(old):
            rome.drop(ref)
            rome.put(configuration("rome"))
        return found

    monkeypatch.setattr(rome, "get", get_and_replace)
    with pytest.raises(Replaced):
        put_labels(entry, OURS, rome, Deadline(5))
    assert r.SHORTCUT_NAME not in labels_of(rome.objects[entry.ref])
