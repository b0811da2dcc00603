from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.hub.leaves import (
    DirectSupport,
    HubKnowledge,
    LeafStatus,
    Reachability,
    direct,
    facts_document,
    known_leaves,
    refusal,
)
from kubectl_liqo_shortcut.core.link import facts
from kubectl_liqo_shortcut.core.liqo import can_direct, denies_direct, version_of
from kubectl_liqo_shortcut.core.model import ClusterID, cluster_id
from kubectl_liqo_shortcut.core.networks import Cidrs
from kubectl_liqo_shortcut.errors import (
    AnotherCluster,
    ClusterError,
    Forbidden,
    Gone,
    NoLiqo,
    Unreachable,
)
from kubectl_liqo_shortcut.output.yaml import to_yaml
from tests.core.strategies import cluster_ids
from tests.peered import CONFIGURED, configuration, connection, manager
from tests.samples import MILAN, ROME, TORINO, an_object
from tests.tables import every


def answered(about: str = "milan", *, seen: str = "10.61.0.0/16", new: bool = True) -> Any:
    status = {
        "remote": {"cidr": {"pod": [seen]}},
        "conditions": [CONFIGURED] if new else None,  # the API server's null
    }
    return configuration(about, status=status)


def gateway(kind: r.Kind, leaf: str, *addresses: str) -> Any:
    endpoint = {"addresses": list(addresses), "port": 51840}
    labels = {r.REMOTE_CLUSTER_ID: leaf}
    return an_object(kind, leaf, "liqo-hub", labels=labels, spec={"endpoint": endpoint})


def milan(**changes: Any) -> HubKnowledge:
    lists = {"configurations": [answered()], "clients": [], **changes}
    (known,) = known_leaves(**lists)
    return known


def test_the_hubs_objects_tell_all_but_what_only_the_leaf_knows() -> None:
    client = gateway(r.GATEWAY_CLIENT, "milan", "203.0.113.1")
    assert milan(clients=[client], connections=[connection("milan")]) == HubKnowledge(
        id=MILAN,
        tenant_namespace="liqo-hub",
        cidrs=Cidrs(("10.61.0.0/16",), ("10.171.0.0/16",)),
        on_hub=("10.61.0.0/16",),
        remapped=False,
        serves=True,
        address="203.0.113.1",
        connection="Connected",
        latency="4ms",
    )


def test_leaves_are_sorted_and_have_cluster_ids() -> None:
    configurations = [configuration(each) for each in ("rome", "milan", "No_ID")]
    unlabelled = an_object(r.CONFIGURATION, "turin", "liqo-hub")
    found = known_leaves([*configurations, unlabelled], [])
    assert [each.id for each in found] == [MILAN, ROME]


def test_a_leaf_that_the_hub_serves_cannot_serve_for_all_one_knows() -> None:
    assert milan(servers=[gateway(r.GATEWAY_SERVER, "milan")]).serves is False


def test_without_a_gateway_nobody_knows_who_can_serve() -> None:
    known = milan()
    assert (known.serves, known.address, known.connection) == (None, None, None)


@pytest.mark.parametrize("addresses", [(), ("",), ("a b",)], ids=["none", "empty", "nonsense"])
def test_what_is_no_address_is_none(addresses: tuple[str, ...]) -> None:
    known = milan(clients=[gateway(r.GATEWAY_CLIENT, "milan", *addresses)])
    assert (known.serves, known.address) == (True, None)


def test_an_ipv6_address_stands_alone_without_brackets() -> None:
    known = milan(clients=[gateway(r.GATEWAY_CLIENT, "milan", "2001:db8::7")])
    assert known.address == "2001:db8::7"


def test_networks_that_cannot_be_read_are_not_known() -> None:
    odd = configuration("milan", spec={"remote": {"cidr": {"pod": ["x"], "external": []}}})
    known = milan(configurations=[odd])
    assert (known.cidrs, known.on_hub) == (None, ())


@every(
    ("hub", "leaf", "deployment", "told"),
    [
        ([answered()], [answered("torino")], manager(), DirectSupport.YES),
        ([answered(seen="10.70.0.0/16")], [], None, DirectSupport.REMAPPED),
        ([answered()], [], manager("--deny-direct-connections"), DirectSupport.DENIED),
        ([answered(new=False)], [answered("torino")], manager(), DirectSupport.OLD),
        ([answered()], [answered("torino", new=False)], manager(), DirectSupport.OLD),
        ([answered()], [], manager(), DirectSupport.UNKNOWN),
        ([answered()], [answered("torino")], None, DirectSupport.UNKNOWN),
        ([configuration("milan")], [answered("torino")], manager(), DirectSupport.UNKNOWN),
        (
            [configuration("milan"), answered("rome")],
            [answered("torino")],
            manager(),
            DirectSupport.UNKNOWN,
        ),
    ],
    ids=[
        *("yes", "remapped", "denied", "old hub", "old leaf", "no Configuration there"),
        *("no Deployment", "hub has no answer", "no answer for this leaf"),
    ],
)
def test_whether_services_can_go_direct(
    hub: list[Any], leaf: list[Any], deployment: Any, told: DirectSupport
) -> None:
    known, *_ = known_leaves(hub, [])
    says = LeafStatus(manager=deployment, configurations=tuple(leaf))
    assert direct(known, can_direct(hub), says) is told


def test_the_version_decides_nothing() -> None:
    known, says = milan(), LeafStatus(manager=manager(image="x:v0.9"), configurations=(answered(),))
    assert direct(known, True, says) is DirectSupport.YES


@every(
    ("args", "denied"),
    [
        ((), False),
        (("--deny-direct-connections",), True),
        (("--deny-direct-connections=true",), True),
        (("--deny-direct-connections=false",), False),
        (("--deny-direct-connections", "--deny-direct-connections=F"), False),
        (("--deny-direct-connections-not",), False),
    ],
    ids=str,
)
def test_a_leaf_may_deny_direct_connections(args: tuple[str, ...], denied: bool) -> None:
    assert denies_direct(manager(*args)) is denied


@every(
    ("image", "version"),
    [
        ("ghcr.io/liqotech/liqo-controller-manager:v1.2.0", "v1.2.0"),
        ("registry.example:5000/liqo:v1.2.0@sha256:00", "v1.2.0"),
        ("registry.example:5000/liqo", ""),
        ("liqo@sha256:00", ""),
    ],
)
def test_the_version_is_the_image_tag(image: str, version: str) -> None:
    assert version_of(manager(image=image)) == version


def test_the_version_is_that_of_the_controller_manager_among_others() -> None:
    deployment: Any = manager()
    pod = deployment["spec"]["template"]["spec"]
    pod["containers"].insert(0, {"name": "sidecar", "image": "sidecar:v7"})
    assert version_of(deployment) == "v1.2.0"
    del pod["containers"][1]
    assert version_of(deployment) == "v7"
    assert version_of(None) == ""


@every(
    ("error", "reach"),
    [
        (Unreachable("rome", "silent"), Reachability.UNREACHABLE),
        (AnotherCluster("rome: it is paris"), Reachability.ANOTHER),
        (NoLiqo("rome", "none"), Reachability.NO_LIQO),
        (Gone("rome", "no such kind"), Reachability.NO_LIQO),
        (Forbidden("rome", "no"), Reachability.FORBIDDEN),
        (ClusterError("rome", "Unauthorized"), Reachability.ERROR),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_tells_what_is_missing_for_access(error: Any, reach: Reachability) -> None:
    says = refusal(error)
    assert (says.reach, says.message) == (reach, error.message)


@every(
    ("says", "words"),
    [
        (LeafStatus(), "ok"),
        (LeafStatus(reach=Reachability.NO_WAY), "no credentials"),
        (LeafStatus(reach=Reachability.FORBIDDEN), "lacks 1 permission"),
        (LeafStatus(reach=Reachability.FORBIDDEN, missing=("a",)), "lacks 1 permission"),
        (LeafStatus(reach=Reachability.FORBIDDEN, missing=("a", "b")), "lacks 2 permissions"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_access_is_told_in_words(says: LeafStatus, words: str) -> None:
    assert says.access == words


_networks = st.lists(
    st.sampled_from(["10.61.0.0/16", "10.62.0.0/16", "fd00::/48"]), min_size=1, unique=True
).map(tuple)
_cidrs = st.none() | st.builds(Cidrs, _networks, _networks)
_known = st.tuples(_cidrs, st.sampled_from([True, False, None]))


@given(cluster_ids, st.dictionaries(cluster_ids, _known, min_size=2, max_size=4))
def test_the_facts_file_is_read_back_as_it_was_meant(
    hub: ClusterID, leaves: dict[ClusterID, tuple[Cidrs | None, bool | None]]
) -> None:
    written = facts_document(
        hub,
        [
            HubKnowledge(
                id=leaf, tenant_namespace="", cidrs=cidrs, on_hub=(), remapped=False, serves=serves
            )
            for leaf, (cidrs, serves) in leaves.items()
        ],
    )
    first, second, *_ = leaves
    read = facts.from_document(yaml.safe_load(to_yaml(written)), first, second)
    assert read.hub == hub
    for leaf in (first, second):
        cidrs, serves = leaves[leaf]
        assert (read.leaves[leaf].cidrs, read.leaves[leaf].serves_hub) == (cidrs, bool(serves))


def test_the_facts_file_leaves_out_what_is_not_known() -> None:
    odd = configuration("milan", spec={})
    document = facts_document(TORINO, known_leaves([odd], []))
    assert document["leaves"] == {cluster_id("milan"): {"servesHub": False}}
