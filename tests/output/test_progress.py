from __future__ import annotations

import pytest

from kubectl_liqo_shortcut.core import resources as r
from kubectl_liqo_shortcut.core.events import Done, Event, Note, Outcome, Seen, Verb
from kubectl_liqo_shortcut.core.model import ObjectRef
from kubectl_liqo_shortcut.output.progress import describe
from tests.samples import record_of

REF = ObjectRef("rome", r.GATEWAY_SERVER, "liqo-tenant-milan", "milan")


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Done(REF, Verb.CREATED), "rome: gatewayserver/milan created"),
        (
            Done(REF, Verb.KEPT, "made by somebody else"),
            "rome: gatewayserver/milan kept (made by somebody else)",
        ),
        (Seen(REF, "no endpoint yet"), "rome: gatewayserver/milan no endpoint yet"),
        (Note("undoing"), "undoing"),
        (Note("undoing", "milan--rome"), "milan--rome: undoing"),
        (
            Outcome("milan--rome", Verb.UNCHANGED, record_of()),
            "shortcut.shortcut.liqo.io/milan--rome unchanged",
        ),
        (Seen(REF, "Error: \x1b[2J\n"), r"rome: gatewayserver/milan Error: \x1b[2J\n"),
    ],
    ids=["done", "done, with a reason", "seen", "note", "note about one", "outcome", "hostile"],
)
def test_each_event_is_one_line(event: Event, line: str) -> None:
    assert describe(event) == line
