from __future__ import annotations

import datetime
from typing import Any

import pytest

from kubectl_liqo_shortcut.core.hub.leaves import (
    DirectSupport,
    HubKnowledge,
    Leaf,
    LeafStatus,
    Reachability,
)
from kubectl_liqo_shortcut.core.model import cluster_id
from kubectl_liqo_shortcut.core.networks import Cidrs
from kubectl_liqo_shortcut.output.leaves_table import leaves_table
from kubectl_liqo_shortcut.output.tables import records_table
from tests.peered import manager
from tests.samples import Golden, record_of, spec_of

NOW = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC)


def ready(status: str, reason: str) -> list[dict[str, str]]:
    return [{"type": "Ready", "status": status, "reason": reason}]


def route(from_: str, kind: str, **rest: str) -> dict[str, str]:
    return {"from": from_, "to": "x", "type": kind, "cidr": "10.0.0.0/16", **rest}


UP = record_of(
    creationTimestamp="2026-05-30T12:00:00Z",
    spec=spec_of(gateway={"mtu": 1340}),
    status={
        "conditions": ready("True", "Connected"),
        "latency": "3ms",
        "lastObservedTime": "2026-06-01T11:59:30Z",
        "endpoint": {"address": "203.0.113.2", "port": 51840, "protocol": "UDP"},
        "routes": [
            route("milan", "Pod", reachableAs="10.71.0.0/16"),
            route("milan", "Pod", reachableAs="10.0.0.0/16"),
            route("milan", "External", reachableAs="10.172.0.0/16"),
            route("rome", "Pod"),
        ],
    },
)
NEW = record_of("milan--paris", spec=spec_of("paris"), creationTimestamp="2026-06-01T11:59:58Z")
DOOMED = record_of(
    "rome--x",
    spec=spec_of("x", "rome"),
    creationTimestamp="2026-06-01T11:59:00Z",
    deletionTimestamp="2026-06-01T11:59:30Z",
    status={"conditions": ready("False", "CleanupPending"), "routes": None},
)
RECORDS: list[dict[str, Any]] = [UP, NEW, DOOMED]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("get", {"wide": False}),
        ("get-wide", {"wide": True}),
        ("get-no-headers", {"wide": False, "headers": False}),
    ],
    ids=["narrow", "wide", "no headers"],
)
def test_a_table_looks_as_kubectl_users_expect(
    name: str, options: dict[str, bool], golden: Golden
) -> None:
    golden(f"{name}.txt", records_table(RECORDS, NOW, **options))


def test_a_narrow_table_fits_a_terminal() -> None:
    assert max(map(len, records_table(RECORDS, NOW, wide=False).splitlines())) <= 80


def test_control_characters_of_a_record_are_only_shown() -> None:
    evil = record_of(status={"latency": "\x1b[2J\n", "conditions": ready("True", "\x07")})
    assert r"\x1b[2J\n" in records_table([evil], NOW, wide=False)


def test_an_ipv6_endpoint_is_written_with_brackets() -> None:
    endpoint = {"address": "2001:db8::7", "port": 51840, "protocol": "UDP"}
    text = records_table([record_of(status={"endpoint": endpoint})], NOW, wide=True)
    assert "[2001:db8::7]:51840" in text


def test_a_name_that_looks_like_a_number_stays_as_it_is() -> None:
    numeric = record_of("1e3--2", spec=spec_of("1e3", "007"))
    assert "007" in records_table([numeric], NOW, wide=False)


def leaf(name: str, says: LeafStatus, direct: DirectSupport, via: str = "", **known: Any) -> Leaf:
    given: dict[str, Any] = {
        "id": cluster_id(name),
        "tenant_namespace": f"liqo-tenant-{name}",
        "cidrs": Cidrs(("10.61.0.0/16",), ("10.171.0.0/16",)),
        "on_hub": ("10.61.0.0/16",),
        "remapped": False,
        "serves": False,
        **known,
    }
    return Leaf(HubKnowledge(**given), via, says, direct)


LEAVES = [
    leaf(
        "milan",
        LeafStatus(manager=manager()),
        DirectSupport.YES,
        "context:milan",
        serves=True,
        address="203.0.113.1",
        connection="Connected",
        latency="4ms",
    ),
    leaf(
        "paris",
        LeafStatus(reach=Reachability.FORBIDDEN, missing=("a", "b"), manager=manager()),
        DirectSupport.REMAPPED,
        "file:/home/me/paris",
        serves=True,
        address="2001:db8::7",
        on_hub=("10.70.0.0/16",),
        cidrs=Cidrs(("10.61.0.0/16", "fd00::/48"), ("10.172.0.0/16",)),
    ),
    leaf(
        "rome",
        LeafStatus(reach=Reachability.UNREACHABLE),
        DirectSupport.UNKNOWN,
        on_hub=(),
        serves=None,
    ),
    leaf(
        "venice",
        LeafStatus(reach=Reachability.NO_WAY),
        DirectSupport.UNKNOWN,
        cidrs=None,
        on_hub=(),
        serves=True,
    ),
    leaf("zagreb", LeafStatus(), DirectSupport.OLD, "context:zagreb", tenant_namespace=""),
]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("leaves", {"wide": False}),
        ("leaves-wide", {"wide": True}),
        ("leaves-no-headers", {"wide": False, "headers": False}),
    ],
    ids=["narrow", "wide", "no headers"],
)
def test_a_table_of_leaves_looks_as_reviewed(
    name: str, options: dict[str, bool], golden: Golden
) -> None:
    golden(f"{name}.txt", leaves_table(LEAVES, **options))


def test_control_characters_of_a_leaf_are_only_shown() -> None:
    evil = leaf(
        "rome",
        LeafStatus(manager=manager(image="x:\x1b[2J\n")),
        DirectSupport.YES,
        connection="\x07",
    )
    assert r"\x1b[2J\n" in leaves_table([evil], wide=False)
    assert r"\x07" in leaves_table([evil], wide=True)
