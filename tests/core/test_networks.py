from __future__ import annotations

import pytest

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import Object
from kubectl_liqo_shortcut.core.networks import networks_of, of_peer, same_network
from kubectl_liqo_shortcut.errors import Invalid
from tests.samples import an_object, configuration
from tests.tables import every


def answered(pod: object, seen: object, external: object = "10.80.0.0/16") -> Object:
    return {
        "metadata": {"name": "rome"},
        "spec": {"remote": {"cidr": {"pod": pod, "external": external}}},
        "status": {"remote": {"cidr": {"pod": seen, "external": external}}},
    }


@every(
    ("address", "seen"),
    [
        ("10.62.0.0", "10.92.0.0"),
        ("10.62.3.4", "10.92.3.4"),
        ("10.62.255.255", "10.92.255.255"),
        ("10.63.0.1", "10.63.0.1"),
        ("10.64.0.1", None),
        ("fd00::1", None),
    ],
)
def test_an_address_is_seen_in_the_network_that_is_seen(address: str, seen: str | None) -> None:
    found = networks_of(
        answered(["10.62.0.0/16", "10.63.0.0/16"], ["10.92.0.0/16", "10.63.0.0/16"])
    )
    assert found is not None
    assert found.map_pod(address) == seen
    assert found.has_pod("10.92.1.1")
    assert not found.has_pod("10.62.1.1")
    assert found.gateway == "10.80.0.0"


@every("status", [None, {}, {"remote": None}, {"remote": {"cidr": {}}}])
def test_what_liqo_has_not_answered_is_not_known(status: object) -> None:
    assert networks_of({**configuration("milan"), "status": status}) is None


@every(
    "body",
    [
        answered("10.62.0.0/16", "10.92.0.0/24"),
        answered("10.62.0.0/16", "fd00::/16"),
        answered(["10.62.0.0/16"], ["10.92.0.0/16", "10.93.0.0/16"]),
        answered("10.62.0.0/16", "10.92.0.1/16"),
        answered("10.62.0.0/16", "10.92.0.0/16", external=[]),
        answered("10.62.0.0/16", "10.92.0.0/16", external="\x1b"),
        {**answered("10.62.0.0/16", "x"), "status": {"remote": "nothing"}},
    ],
    ids=["sizes", "versions", "numbers", "no network", "no external", "nonsense", "no mapping"],
)
def test_nonsense_is_refused(body: Object) -> None:
    with pytest.raises(Invalid):
        networks_of(body)


@every(
    ("one", "other", "same"),
    [
        ("10.61.0.0/16", "10.61.0.0/16", True),
        ("10.61.0.1/16", "10.61.0.0/16", True),
        ("fd00::/48", "FD00:0::/48", True),
        ("10.61.0.0/16", "10.61.0.0/17", False),
        ("10.61.0.0/16", "fd00::/16", False),
        ("nonsense", "nonsense", True),
        ("", "10.61.0.0/16", False),
    ],
)
def test_a_network_is_the_same_however_it_is_written(one: str, other: str, same: bool) -> None:
    assert same_network(one, other) is same


def test_a_configuration_is_found_by_its_label() -> None:
    body = an_object(r.CONFIGURATION, "x", labels={r.REMOTE_CLUSTER_ID: "rome"})
    assert of_peer([body], "rome") is body
    assert of_peer([body], "venice") is None


def test_a_network_of_one_address_is_one() -> None:
    found = networks_of(answered("10.1.0.1/32", "10.2.0.1/32"))
    assert found is not None
    assert found.map_pod("10.1.0.1") == "10.2.0.1"
