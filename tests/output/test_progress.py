from __future__ import annotations

import datetime
import json

from hypothesis import given

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Done, Event, Failed, Note, Outcome, Seen, Verb, Waits
from kubectl_liqo_shortcut.core.model import ObjectRef
from kubectl_liqo_shortcut.errors import ClusterError, ShortcutError, TimedOut
from kubectl_liqo_shortcut.output.progress import explain, result_line, to_json
from tests.core.strategies import any_text
from tests.samples import Golden, record_of
from tests.tables import every

NAME = "milan--rome"
MOMENT = datetime.datetime(
    2026, 6, 1, 14, 0, 0, 123456, datetime.timezone(datetime.timedelta(hours=2))
)

REF = ObjectRef("rome", r.GATEWAY_SERVER, "liqo-tenant-milan", "milan")


@every(
    ("event", "line"),
    [
        (Done(REF, Verb.CREATED), "rome: gatewayserver/milan created"),
        (
            Done(REF, Verb.KEPT, "made by somebody else"),
            "rome: gatewayserver/milan kept (made by somebody else)",
        ),
        (Seen(REF, "no endpoint yet"), "rome: gatewayserver/milan no endpoint yet"),
        (Waits("rome", "gateway: not there yet"), ""),
        (Note("undoing"), "undoing"),
        (Note("undoing", "milan--rome"), "milan--rome: undoing"),
        (
            Outcome("milan--rome", Verb.UNCHANGED, record_of()),
            "shortcut.shortcut.liqo.io/milan--rome unchanged",
        ),
        (Seen(REF, "Error: \x1b[2J\n"), r"rome: gatewayserver/milan Error: \x1b[2J\n"),
    ],
    ids=[
        "done",
        "done, with a reason",
        "seen",
        "waits",
        "note",
        "note about one",
        "outcome",
        "hostile",
    ],
)
def test_each_event_is_one_line(event: Event, line: str) -> None:
    assert result_line(event) == line


def test_an_error_says_what_to_do() -> None:
    error = ClusterError("rome", "no\x1b", hint="ask\x07")
    assert explain(error) == "Error: cluster 'rome': no\\x1b\nHint: ask\\x07"


def test_an_error_may_have_no_hint() -> None:
    assert explain(ShortcutError("no")) == "Error: no"


EACH: list[Event | Failed] = [
    Done(REF, Verb.CREATED),
    Done(REF, Verb.KEPT, "made by somebody else"),
    Done(ObjectRef("rome", r.NAMESPACE, "", "liqo-tenant-milan"), Verb.CREATED),
    Seen(REF, "no endpoint yet"),
    Waits("rome", "gateway: no endpoint yet"),
    Waits("rome", ""),
    Note("undoing: interrupted", NAME),
    Outcome(NAME, Verb.CREATED, record_of()),
    Failed(TimedOut("not connected after 300s", hint="the same command goes on")),
    Failed(ShortcutError("M\u00fcnchen \x1b[2J\n")),
]


def test_for_programs_each_event_is_one_object_with_the_keys_as_reviewed(golden: Golden) -> None:
    golden("progress.jsonl", "".join(f"{to_json(each, NAME, MOMENT)}\n" for each in EACH))


@given(any_text)
def test_whatever_a_cluster_says_a_line_of_json_is_a_line_and_says_the_same(text: str) -> None:
    line = to_json(Seen(REF, text), NAME, MOMENT)
    assert (line.isascii(), line.isprintable()) == (True, True)
    assert json.loads(line)["message"] == text
