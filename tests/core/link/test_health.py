from __future__ import annotations

import pytest

from kubectl_liqo_shortcut.core.link.health import health
from kubectl_liqo_shortcut.core.model import Object, ObjectRef
from tests.samples import configuration, connection, ends_of, gateway, on, whole_end

UP = whole_end("rome") | whole_end("milan")
CONNECTING = UP | on("milan", connection("milan", "Connecting"))
UNANSWERED = UP | on("milan", configuration("milan", status={}))


def test_what_is_waited_for_comes_cause_before_effect() -> None:
    objects = {**whole_end("rome"), **on("milan", gateway("milan", status={}))}
    assert list(health(ends_of(objects).values()).waits()) == [
        "milan: Configuration: not there yet",
        "milan: gateway: not accepted yet",
        "milan: Connection: not there yet",
    ]


def test_a_silent_tunnel_is_told_with_the_address_that_is_dialled() -> None:
    dialling = {"endpoint": {"addresses": ["203.0.113.2"], "port": 51840, "protocol": "UDP"}}
    objects = CONNECTING | on("milan", gateway("milan", spec=dialling))
    assert list(health(ends_of(objects).values()).waits()) == [
        "milan: Connection: Connecting (udp://203.0.113.2:51840)"
    ]


@pytest.mark.parametrize(
    ("objects", "ready"),
    [(UP, True), (CONNECTING, False), (UNANSWERED, False), ({}, False)],
    ids=["up", "almost", "without networks", "no"],
)
def test_a_link_is_ready_when_both_ends_are(objects: dict[ObjectRef, Object], ready: bool) -> None:
    assert health(ends_of(objects).values()).ready is ready


@pytest.mark.parametrize(
    ("leaf", "first"), [("milan", "Configuration: not there yet"), ("rome", "")], ids=["half", "up"]
)
def test_each_leaf_waits_for_its_own_first_cause(leaf: str, first: str) -> None:
    assert health(ends_of(whole_end("rome")).values()).first_wait(leaf) == first
