"""Networks that a leaf claims, and that the other one would route into the tunnel."""

from __future__ import annotations

import dataclasses
import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.addresses import Address, Network
from kubectl_liqo_shortcut.core.link.facts import Facts
from kubectl_liqo_shortcut.core.link.observe import End
from kubectl_liqo_shortcut.core.link.shortcut import Gateway, GatewayService, Shortcut
from kubectl_liqo_shortcut.core.model import HUB, Object
from kubectl_liqo_shortcut.core.networks import Cidrs, GatewayEndpoint
from kubectl_liqo_shortcut.core.preflight.findings import Finding, Severity
from kubectl_liqo_shortcut.core.preflight.routed import doubtful, forbidden
from tests.core.strategies import ip_addresses, ip_networks
from tests.samples import (
    FACTS,
    MILAN,
    ROME,
    SHORTCUT,
    an_object,
    configuration,
    ends_of,
    facts_with,
    gateway,
    on,
)
from tests.tables import every


def claiming(*pod: str, leaf: str = "milan") -> Facts:
    """Milan says that its Pods are there."""
    return facts_with(leaf, cidrs=Cidrs(pod, ("10.171.0.0/16",)))


def seen_as(*pod: object) -> dict[str, End]:
    """Rome's Liqo answered that it sees Milan's Pods there."""
    cidr = {"pod": list(pod), "external": ["10.171.0.0/16"]}
    body = configuration("rome", status={"remote": {"cidr": cidr}})
    return ends_of(on("rome", labelled(body, "milan")))


def asked_for(*pod: str) -> dict[str, End]:
    """The same, once Rome's Configuration has what Milan says."""
    ends = seen_as("10.80.0.0/16")
    body: Any = ends["rome"].configuration
    body["spec"]["remote"] = {"cidr": {"pod": list(pod), "external": ["10.171.0.0/16"]}}
    return ends


def labelled(body: dict[str, Any], peer: str) -> dict[str, Any]:
    body["metadata"]["labels"][r.REMOTE_CLUSTER_ID] = peer
    return body


def judged(
    facts: Facts = FACTS,
    ends: dict[str, End] | None = None,
    servers: dict[str, str] | None = None,
) -> list[str]:
    found = list(forbidden(SHORTCUT, facts, ends or {}, servers or {}))
    assert {each.severity for each in found} <= {Severity.ERROR}
    return [f"{each.name}: {each.message}" for each in found]


def test_ordinary_networks_are_fine() -> None:
    assert judged(ends=seen_as("10.80.0.0/16"), servers={HUB: "192.168.0.1"}) == []
    assert list(doubtful(SHORTCUT, FACTS, seen_as("10.80.0.0/16"))) == []


def test_what_is_not_known_is_not_judged() -> None:
    assert judged(facts_with("milan", cidrs=None)) == []


@every(
    ("cidr", "why"),
    [
        ("0.0.0.0/0", "is larger than any network of one cluster (/8)"),
        ("128.0.0.0/1", "is larger than any network of one cluster (/8)"),
        ("10.0.0.0/7", "is larger than any network of one cluster (/8)"),
        ("::/0", "is larger than any network of one cluster (/16)"),
        ("fc00::/7", "is larger than any network of one cluster (/16)"),
        ("0.0.0.0/8", "holds unspecified addresses"),
        ("127.0.0.0/8", "holds loopback addresses"),
        ("127.0.0.1/32", "holds loopback addresses"),
        ("169.254.0.0/16", "holds link-local addresses"),
        ("169.0.0.0/8", "holds link-local addresses"),
        ("224.0.0.0/8", "holds multicast addresses"),
        ("250.0.0.0/8", "holds reserved addresses"),
        ("::1/128", "holds loopback addresses"),
        ("fe80::/64", "holds link-local addresses"),
        ("ff02::/16", "holds multicast addresses"),
        ("::ffff:127.0.0.0/104", "holds reserved addresses"),
        ("64:ff9b::/96", "holds reserved addresses"),
        ("4000::/16", "holds reserved addresses"),
    ],
)
def test_what_no_cluster_has_is_forbidden(cidr: str, why: str) -> None:
    cidr = str(ipaddress.ip_network(cidr))
    assert judged(claiming(cidr)) == [f"UnusableCIDR: cluster 'milan': its Pod CIDR {cidr} {why}"]


@every("cidr", ["10.0.0.0/8", "172.16.0.0/12", "8.8.8.0/24", "fd00::/16"])
def test_what_a_cluster_may_have_is_not_forbidden(cidr: str) -> None:
    assert judged(claiming(cidr)) == []


def test_an_external_cidr_is_judged_too() -> None:
    facts = facts_with("rome", cidrs=Cidrs(("10.62.0.0/16",), ("169.254.0.0/16",)))
    assert judged(facts) == [
        "UnusableCIDR: cluster 'rome': its external CIDR 169.254.0.0/16 holds link-local addresses"
    ]


HELD = "rome would look for it behind the tunnel"


def test_a_network_with_an_endpoint_in_it_is_forbidden() -> None:
    assert judged(claiming("203.0.0.0/8")) == [
        "CIDRHoldsAddress: cluster 'milan': its Pod CIDR 203.0.0.0/8 holds 203.0.113.2, "
        f"the endpoint of rome's gateway: {HELD}"
    ]


@pytest.mark.parametrize(
    ("gateway", "words"),
    [
        (Gateway(client_address="10.9.0.1"), "the address that milan's gateway dials"),
        (
            Gateway(service=GatewayService(load_balancer_ip="10.9.0.1")),
            "the address asked for rome's gateway",
        ),
    ],
    ids=["--gw-client-address", "--gw-server-service-loadbalancerip"],
)
def test_an_endpoint_that_is_asked_for_counts(gateway: Gateway, words: str) -> None:
    shortcut = Shortcut(server=ROME, client=MILAN, gateway=gateway)
    (found,) = forbidden(shortcut, claiming("10.9.0.0/16"), {}, {})
    assert f"its Pod CIDR 10.9.0.0/16 holds 10.9.0.1, {words}: {HELD}" in found.message


def test_an_endpoint_that_a_gateway_dials_already_counts() -> None:
    dials = gateway("milan", spec={"endpoint": {"addresses": ["10.9.0.1", "10.61.0.1"]}})
    ends = ends_of(on("milan", labelled(dials, "rome")))
    (found,) = judged(claiming("10.9.0.0/16"), ends)
    assert "holds 10.9.0.1, the address that milan's gateway dials" in found


@every("cluster", [HUB, "milan", "rome"])
@every("host", ["10.9.0.1", "::ffff:10.9.0.1"])
def test_an_api_server_of_any_of_the_three_counts(cluster: str, host: str) -> None:
    (found,) = judged(claiming("10.9.0.0/16"), servers={cluster: host})
    shown = ipaddress.ip_address(host)
    assert f"its Pod CIDR 10.9.0.0/16 holds {shown}, the API server of {cluster}: {HELD}" in found


@pytest.mark.parametrize("host", ["", "api.example.org", "fe80::1%eth0"])
def test_an_api_server_whose_address_only_a_look_up_could_tell_does_not_count(host: str) -> None:
    assert judged(claiming("10.9.0.0/16"), servers={HUB: host}) == []


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        ("127.0.0.0/16", "UnusableCIDR: cluster 'rome': {} holds loopback addresses"),
        ("0.0.0.0/0", "UnusableCIDR: cluster 'rome': {} is larger than any network"),
        ("10.9.0.0/16", "CIDRHoldsAddress: cluster 'rome': {} holds 10.9.0.1, the API server of"),
    ],
)
def test_what_liqo_makes_of_a_network_is_judged_too(seen: str, why: str) -> None:
    (found,) = judged(ends=seen_as(seen), servers={HUB: "10.9.0.1"})
    words = f"its Liqo routes the Pod CIDR of milan as {seen}, which"
    assert found.startswith(why.format(words))


def test_a_network_that_liqo_gave_another_prefix_holds_nothing_any_more() -> None:
    facts, servers = claiming("10.9.0.0/16"), {HUB: "10.9.0.1"}
    assert judged(facts, asked_for("10.9.0.0/16"), servers) == []
    assert judged(claiming("127.0.0.0/8"), asked_for("127.0.0.0/8")) != []


@pytest.mark.parametrize("asked", ["10.61.0.0/16", "x"], ids=["other", "nonsense"])
def test_an_answer_to_something_else_says_nothing_of_what_a_leaf_claims_now(asked: str) -> None:
    (found,) = judged(claiming("10.9.0.0/16"), asked_for(asked), {HUB: "10.9.0.1"})
    assert "its Pod CIDR 10.9.0.0/16 holds 10.9.0.1" in found


@every("seen", ["x", 5, {"a": 1}, ["10.0.0.0/8"]], ids=repr)
def test_an_answer_that_is_no_network_is_forbidden(seen: object) -> None:
    (found,) = judged(ends=seen_as(seen))
    assert found.startswith("UnusableCIDR: cluster 'rome': Configuration: status.remote.cidr.pod: ")


def test_an_answer_that_is_no_list_is_one_network() -> None:
    ends = seen_as("10.80.0.0/16")
    body: Any = ends["rome"].configuration
    body["status"]["remote"]["cidr"]["pod"] = "127.0.0.0/8"
    (found,) = judged(ends=ends)
    assert "as 127.0.0.0/8, which holds loopback addresses" in found


def test_the_next_command_lists_the_networks_of_the_cluster_that_is_to_be_mended() -> None:
    (found,) = forbidden(SHORTCUT, claiming("127.0.0.0/8"), {}, {})
    assert found.hint.endswith("kubectl --context milan get networks.ipam.liqo.io -A")


# Warnings


def warned(
    facts: Facts = FACTS, ends: dict[str, End] | None = None, *clients: Object
) -> list[Finding]:
    found = list(doubtful(SHORTCUT, facts, ends or {}, clients))
    assert {each.severity for each in found} <= {Severity.WARNING}
    return found


def test_addresses_of_the_internet_are_warned_of() -> None:
    (found,) = warned(claiming("8.8.8.0/24"))
    assert (found.name, found.cluster) == ("PublicCIDR", "milan")
    assert found.message == (
        "its Pod CIDR 8.8.8.0/24 has addresses of the Internet: rome would look for them behind "
        "the tunnel"
    )


def test_public_addresses_that_liqo_remaps_to_private_ones_are_fine() -> None:
    assert warned(claiming("8.8.8.0/24"), asked_for("8.8.8.0/24")) == []


def test_what_is_forbidden_is_not_warned_of_as_well() -> None:
    assert warned(claiming("0.0.0.0/0"), seen_as("x")) == []


def dialled_by_the_hub(leaf: str, *addresses: object) -> Object:
    labels = {r.REMOTE_CLUSTER_ID: leaf}
    spec = {"endpoint": {"addresses": list(addresses)}}
    return an_object(r.GATEWAY_CLIENT, leaf, "liqo-hub", labels=labels, spec=spec)


def test_an_address_by_which_the_hub_reaches_the_other_leaf_is_warned_of() -> None:
    clients = [dialled_by_the_hub(each, "10.9.0.7", 5) for each in ("milan", "rome", "oslo")]
    (found,) = warned(claiming("10.9.0.0/16"), None, *clients)
    assert (found.name, found.cluster) == ("CIDRHoldsNode", "milan")
    assert found.message == (
        f"its Pod CIDR 10.9.0.0/16 holds 10.9.0.7, by which the hub reaches rome: {HELD}"
    )


def test_a_server_tells_the_addresses_of_its_nodes_behind_the_one_that_is_dialled() -> None:
    told = {"addresses": ["203.0.113.2", "10.9.0.7"], "port": 31840}
    server = gateway("rome", status={"endpoint": told})
    ends = ends_of(on("rome", labelled(server, "milan")))
    (found,) = warned(claiming("10.9.0.0/16"), ends)
    assert "holds 10.9.0.7, by which rome can be reached" in found.message


# Properties

NOT_ORDINARY = ("is_unspecified", "is_loopback", "is_link_local", "is_multicast")
_some_networks = st.lists(ip_networks, min_size=1, max_size=3)


@given(
    own=_some_networks,
    seen=_some_networks | st.none(),
    server=ip_addresses,
    endpoint=ip_addresses,
    number=st.integers(0),
)
def test_whatever_is_claimed_what_passes_holds_only_addresses_of_hosts(
    own: list[Network], seen: list[Network] | None, server: Address, endpoint: Address, number: int
) -> None:
    facts = claiming(*map(str, own))
    rome = dataclasses.replace(facts.leaves[ROME], endpoint=GatewayEndpoint(str(endpoint), 51840))
    facts = Facts(facts.hub, {**facts.leaves, ROME: rome})
    ends = seen_as(*map(str, seen)) if seen else {}
    if judged(facts, ends, servers={HUB: str(server)}):
        return
    for network in seen or own:
        inside = network[number % network.num_addresses]
        assert [each for each in NOT_ORDINARY if getattr(inside, each)] == []
        assert server not in network
        assert endpoint not in network
        assert network.num_addresses <= 2 ** (24 if network.version == 4 else 112)


@given(st.recursive(st.none() | st.integers() | st.text(max_size=20), st.lists, max_leaves=4))
def test_whatever_a_status_says_it_is_judged_and_no_traceback(said: object) -> None:
    for cidr in (said, {"pod": said}, {"pod": [said], "external": said}):
        ends = seen_as()
        body: Any = ends["rome"].configuration
        body["status"]["remote"]["cidr"] = cidr
        judged(ends=ends)
        warned(FACTS, ends)
