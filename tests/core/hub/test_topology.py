from __future__ import annotations

from typing import Any

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.hub.topology import PeeringEdge, ShortcutEdge, topology
from tests.peered import configuration, connection
from tests.samples import an_object, record_of, spec_of
from tests.tables import every

UP = {"conditions": [{"type": "Ready", "status": "True", "reason": "Connected"}], "latency": "3ms"}
DOWN = {"conditions": [{"type": "Ready", "status": "False", "reason": "CleanupPending"}]}


def test_leaves_and_their_connections_are_peerings_by_name() -> None:
    found = topology(
        [configuration("rome"), configuration("milan")],
        [connection("milan"), connection("oslo"), connection("rome", "Error", "N/A")],
        [],
    )
    assert found.peerings == (
        PeeringEdge("milan", "Connected", "4ms"),
        PeeringEdge("rome", "Error"),
    )
    assert [each.is_up for each in found.peerings] == [True, False]
    assert found.leaves == ("milan", "rome")


def test_a_leaf_without_a_connection_has_no_state() -> None:
    unlabelled = an_object(r.CONFIGURATION, "turin", "liqo-hub")
    assert topology([configuration("rome"), unlabelled], [], []).peerings == (PeeringEdge("rome"),)


@every(
    ("record", "state"),
    [
        (record_of(status=UP), "Ready"),
        (record_of(status=DOWN), "CleanupPending"),
        (record_of(), "Unknown"),
        (record_of(status=UP, deletionTimestamp="2026-01-01T00:00:00Z"), "Terminating"),
    ],
    ids=["ready", "not ready", "new", "being deleted"],
)
def test_a_record_tells_how_its_shortcut_is(record: dict[str, Any], state: str) -> None:
    (found,) = topology([], [], [record]).shortcuts
    assert (found.state, found.is_up) == (state, state == "Ready")


def test_a_shortcut_has_a_server_a_client_and_a_pair_in_order() -> None:
    (found,) = topology([], [], [record_of(status=UP)]).shortcuts
    assert found == ShortcutEdge("milan--rome", "rome", "milan", "Ready", "3ms")
    assert found.pair == ("milan", "rome")


def test_a_leaf_of_a_shortcut_is_drawn_also_when_it_left_the_hub() -> None:
    record = record_of("oslo--rome", spec=spec_of("oslo", "rome"))
    assert topology([configuration("rome")], [], [record]).leaves == ("oslo", "rome")
