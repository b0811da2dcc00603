"""What a leaf's slice should hold, and what it does hold."""

from __future__ import annotations

import dataclasses
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import Object, cluster_id
from kubectl_liqo_shortcut.core.networks import networks_of
from kubectl_liqo_shortcut.core.service.model import Service, services_of
from kubectl_liqo_shortcut.core.service.path import (
    LeafServices,
    ServicePath,
    Want,
    addresses_in,
    as_wanted,
    path_on,
    slice_holds,
    wanted,
)
from tests.offloading import endpoint
from tests.samples import MILAN, ROME, TORINO, an_object
from tests.tables import every

PLACES = {"rome": ROME, "milan": MILAN, "hub-node": None}


def service(*endpoints: Object, annotated: bool = True) -> Service:
    body = an_object(r.SERVICE, "web", "demo")
    body["metadata"]["annotations"] = {r.USE_DIRECT: "true"} if annotated else {}
    made = an_object(r.ENDPOINT_SLICE, "web-1", "demo", labels={r.SERVICE_NAME: "web"})
    made["endpoints"] = list(endpoints)
    (found,) = services_of([body], [made], PLACES, {"demo": {MILAN: "demo-hub"}})
    return found


def configuration(of: str, own: dict[str, list[str]], seen: dict[str, list[str]] | None) -> Object:
    body = an_object(r.CONFIGURATION, of, "liqo", labels={r.REMOTE_CLUSTER_ID: of})
    body["spec"] = {"remote": {"cidr": own}}
    body["status"] = {"remote": {"cidr": seen}} if seen else {}
    return body


HUB = configuration(
    "torino",
    {"pod": ["10.60.0.0/16"], "external": ["10.170.0.0/16"]},
    {"pod": ["10.80.0.0/16"], "external": ["10.190.0.0/16"]},
)
PEER = configuration(
    "rome",
    {"pod": ["10.62.0.0/16", "10.63.0.0/24"], "external": ["10.172.0.0/16"]},
    {"pod": ["10.71.0.0/16", "10.72.5.0/24"], "external": ["10.173.0.0/16"]},
)


def sight(*configurations: Object, held: list[str] | None = None, **given: Any) -> LeafServices:
    slices = {}
    if held is not None:
        body = an_object(r.ENDPOINT_SLICE, "web-1", "demo-hub")
        slices = {
            ("demo-hub", "web-1"): {**body, "endpoints": [endpoint(each, "x") for each in held]}
        }
    return LeafServices(
        leaf=MILAN, hub=TORINO, configurations=configurations or (HUB, PEER), slices=slices, **given
    )


def addresses(of: Service, by: LeafServices) -> list[str | None]:
    (one,) = of.slices
    return [each.address for each in wanted(of, one, by)]


def test_direct_addresses_are_mapped_by_the_leafs_own_configuration() -> None:
    both = service(endpoint("10.62.1.2", "rome"), endpoint("10.63.0.9", "rome"))
    assert addresses(both, sight()) == ["10.71.1.2", "10.72.5.9"]


def test_endpoints_on_the_hub_are_mapped_by_the_configuration_for_it() -> None:
    for annotated in (True, False):
        one = service(endpoint("10.60.0.7", "hub-node"), annotated=annotated)
        assert addresses(one, sight()) == ["10.80.0.7"]


def test_endpoints_on_the_leaf_itself_are_not_in_it() -> None:
    assert addresses(service(endpoint("10.61.0.7", "milan")), sight()) == []


def test_without_the_annotation_any_address_that_passes_the_hub_will_do() -> None:
    one = service(endpoint("10.62.1.2", "rome"), annotated=False)
    (want,) = wanted(one, one.slices[0], sight())
    assert want.address is None
    assert path_on(one, sight(held=["10.190.0.4"])).path is ServicePath.HUB
    assert path_on(one, sight(held=["10.170.0.4"])).path is ServicePath.STALE  # as the hub calls it


@every(
    "configurations",
    [
        (HUB,),
        (HUB, PEER, PEER),
        (HUB, configuration("rome", {"pod": ["10.62.0.0/16"], "external": []}, None)),
        (HUB, configuration("rome", {"pod": ["10.9.0.0/16"]}, {"pod": ["10.9.0.0/16"]})),
        (HUB, configuration("rome", {"pod": ["10.62.0.0/16"]}, {"pod": ["nonsense"]})),
    ],
    ids=["none", "two", "not answered", "other networks", "nonsense"],
)
def test_what_cannot_be_mapped_is_never_there(configurations: tuple[Object, ...]) -> None:
    one = service(endpoint("10.62.1.2", "rome"))
    assert addresses(one, sight(*configurations)) == [None]
    assert path_on(one, sight(*configurations, held=["10.62.1.2"])).path is ServicePath.STALE


def test_a_leaf_that_denies_is_given_nothing_direct() -> None:
    manager = {
        "spec": {"template": {"spec": {"containers": [{"args": ["--deny-direct-connections"]}]}}}
    }
    one = service(endpoint("10.62.1.2", "rome"), endpoint("10.60.0.7", "hub-node"))
    assert addresses(one, sight(manager=manager)) == ["10.80.0.7"]


def test_an_endpoint_that_liqo_cannot_tell_of_stays_as_it_is() -> None:
    one = service(endpoint("10.62.1.2", "rome", target=False), endpoint("example.org", None))
    assert addresses(one, sight()) == ["10.62.1.2", "example.org"]


def test_where_the_leaf_has_no_network_to_the_hub_addresses_stay() -> None:
    one = service(endpoint("10.60.0.7", "hub-node"), annotated=False)
    assert addresses(one, sight(PEER)) == ["10.60.0.7"]


def test_the_order_in_a_slice_does_not_matter_and_each_address_counts_once() -> None:
    body = {"endpoints": [endpoint("10.0.0.2", "x"), endpoint("10.0.0.1", "x")]}
    wants = [Want("10.0.0.1"), Want("10.0.0.2")]
    assert slice_holds(body, wants)
    assert not slice_holds(body, [*wants, Want("10.0.0.2")])
    assert not slice_holds(body, wants[:1])
    assert not slice_holds(None, [])


def test_a_service_is_as_wanted_only_with_all_of_its_slices() -> None:
    one = service(endpoint("10.62.1.2", "rome"))
    late = dataclasses.replace(one.slices[0], name="web-2")
    assert as_wanted(one, sight(held=["10.71.1.2"]))
    assert not as_wanted(
        dataclasses.replace(one, slices=(*one.slices, late)), sight(held=["10.71.1.2"])
    )


def test_a_name_is_no_address_of_a_network() -> None:
    networks = networks_of(HUB)
    assert networks is not None
    assert not networks.passes("example.org")
    assert networks.map_pod("example.org") is None


@given(st.ip_addresses(v=4, network="10.62.0.0/16"))
def test_the_host_part_survives_mapping(address: Any) -> None:
    networks = networks_of(PEER)
    assert networks is not None
    mapped = networks.map_pod(str(address))
    assert mapped is not None
    assert mapped.split(".")[2:] == str(address).split(".")[2:]
    assert networks.has_pod(mapped)


def test_ipv6_is_mapped_too() -> None:
    body = configuration(
        "oslo",
        *({"pod": [f"fd00:{number}::/64"], "external": ["fd00:9::/64"]} for number in (1, 2)),
    )
    networks = networks_of(body)
    assert networks is not None
    assert networks.map_pod("fd00:1::5") == "fd00:2::5"


def test_addresses_of_a_slice_without_endpoints_are_none() -> None:
    assert addresses_in({"endpoints": None}) == []


def test_leaves_and_pairs_are_sorted() -> None:
    body = an_object(r.SERVICE, "web", "demo")
    made = an_object(r.ENDPOINT_SLICE, "web-1", "demo", labels={r.SERVICE_NAME: "web"})
    made["endpoints"] = [endpoint("10.62.1.2", "rome")]
    oslo = cluster_id("oslo")
    (found,) = services_of([body], [made], PLACES, {"demo": {oslo: "a", MILAN: "b"}})
    assert found.pairs == (("milan", "rome"), ("oslo", "rome"))
    assert found.leaves == ("milan", "oslo", "rome")
