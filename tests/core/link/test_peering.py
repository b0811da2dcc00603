from __future__ import annotations

from typing import Any

from kubectl_liqo_shortcut.core.link.peering import peering_on
from tests.tables import every


def foreign_cluster(role: str | None, **modules: bool) -> dict[str, Any]:
    enabled = {name: {"enabled": on} for name, on in modules.items()}
    return {"kind": "ForeignCluster", "status": {"role": role, "modules": enabled}}


@every(
    "found",
    [
        None,
        {"kind": "ForeignCluster"},
        {"kind": "ForeignCluster", "status": None},
        {"kind": "ForeignCluster", "status": {"modules": {"offloading": None}}},
        foreign_cluster("Unknown", networking=True, authentication=False, offloading=False),
    ],
    ids=["absent", "no status", "empty status", "empty module", "networking alone"],
)
def test_a_link_alone_is_no_peering(found: dict[str, Any] | None) -> None:
    assert peering_on(found) == ""


@every(
    ("found", "said"),
    [
        (foreign_cluster("Provider"), "the role Provider"),
        (foreign_cluster("Consumer"), "the role Consumer"),
        (foreign_cluster("SomethingNew"), "the role SomethingNew"),
        (foreign_cluster("Unknown", authentication=True), "the module authentication on"),
        (foreign_cluster(None, offloading=True), "the module offloading on"),
    ],
    ids=["provider", "consumer", "a role of later", "authentication", "offloading"],
)
def test_a_peering_is_named(found: dict[str, Any], said: str) -> None:
    assert said in peering_on(found)
