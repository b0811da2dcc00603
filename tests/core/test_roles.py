from __future__ import annotations

import pytest

from kubectl_liqo_shortcut.core.facts import Facts
from kubectl_liqo_shortcut.core.roles import choose_server
from kubectl_liqo_shortcut.errors import Refused
from tests.samples import MILAN, ROME, facts_with


def serving(milan: bool | None, rome: bool | None) -> Facts:
    facts = facts_with("milan", serves_hub=milan)
    return Facts(
        facts.hub, {**facts.leaves, ROME: facts_with("rome", serves_hub=rome).leaves[ROME]}
    )


@pytest.mark.parametrize(
    ("facts", "server"),
    [
        (serving(True, False), MILAN),
        (serving(False, True), ROME),
        (serving(None, True), ROME),
        (serving(True, True), MILAN),
        (serving(None, None), MILAN),
    ],
    ids=["milan serves", "rome serves", "only rome is known", "both serve", "nothing known"],
)
def test_the_server_is_a_leaf_that_can_be_reached(facts: Facts, server: str) -> None:
    assert choose_server(facts, None)[0] == server


def test_what_the_user_wants_comes_first() -> None:
    assert choose_server(serving(True, False), ROME) == (ROME, "as asked for")


def test_where_no_leaf_can_be_reached_the_way_out_is_told() -> None:
    with pytest.raises(Refused, match="neither milan nor rome") as caught:
        choose_server(serving(False, False), None)
    assert "--gw-server milan" in str(caught.value.hint)
