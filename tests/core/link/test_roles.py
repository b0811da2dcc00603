from __future__ import annotations

from typing import Any

import pytest

from kubectl_liqo_shortcut.core.link.facts import Facts
from kubectl_liqo_shortcut.core.link.roles import choose_server
from kubectl_liqo_shortcut.core.link.shortcut import parse
from kubectl_liqo_shortcut.core.preflight.findings import Finding, Severity
from kubectl_liqo_shortcut.core.preflight.reachability import reachability_warnings
from kubectl_liqo_shortcut.errors import NoServer
from tests.samples import MILAN, ROME, facts_with, spec_of
from tests.tables import every


def serving(milan: bool | None, rome: bool | None) -> Facts:
    facts = facts_with("milan", serves_hub=milan)
    return Facts(
        facts.hub, {**facts.leaves, ROME: facts_with("rome", serves_hub=rome).leaves[ROME]}
    )


@every(
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
    with pytest.raises(NoServer, match="neither milan nor rome") as caught:
        choose_server(serving(False, False), None)
    assert caught.value.hint == (
        "forward a UDP port to milan or rome; for milan: "
        "1. on the router in front of milan, forward UDP port 51840 to port 31840 of any of "
        "milan's nodes; "
        "2. kubectl liqo-shortcut create milan rome --gw-server milan "
        "--gw-server-service-type NodePort --gw-server-service-nodeport 31840 "
        "--gw-client-port 51840 --gw-client-address ADDRESS "
        "(ADDRESS: the router's public one; in a file, spec.gateway: "
        "{service: {type: NodePort, nodePort: 31840}, "
        "clientEndpoint: {address: ADDRESS, port: 51840}}); "
        "each further link that milan serves needs two other ports. "
        "Or, where rome reaches milan anyway: by a load balancer, --gw-server milan; "
        "within one network, --gw-server milan --gw-server-service-type NodePort"
    )


def test_a_leaf_of_which_nothing_is_said_is_not_said_to_dial() -> None:
    with pytest.raises(NoServer, match="neither milan nor rome is known to be gateway server"):
        choose_server(serving(False, None), None)


def doubted(facts: Facts, **gateway: Any) -> list[Finding]:
    """What is found of a link that rome shall serve."""
    return list(reachability_warnings({"gateway": gateway}, parse(spec_of(gateway=gateway)), facts))


def test_a_server_that_is_behind_nat_is_an_error_where_the_other_leaf_can_serve() -> None:
    (found,) = doubted(serving(True, False))
    assert (found.severity, found.cluster) == (Severity.ERROR, "rome")
    assert found.message == (
        "rome is not known to be reachable from outside: "
        "it is no gateway server towards the hub, milan is"
    )
    assert found.hint.startswith(
        "let milan be the server: --gw-server milan (in a file: spec.server). "
        "Or, where milan reaches rome anyway, say by what: --gw-server rome "
        "--gw-server-service-type LoadBalancer, or NodePort. "
        "Or forward a UDP port to rome: 1. on "
    )


@pytest.mark.parametrize("service_type", ["LoadBalancer", "NodePort"])
def test_a_server_is_only_warned_of_where_the_user_says_by_what_it_is_reached(
    service_type: str,
) -> None:
    (found,) = doubted(serving(True, False), service={"type": service_type})
    assert (found.severity, found.cluster) == (Severity.WARNING, "rome")
    assert found.message.endswith("it is no gateway server towards the hub")


@pytest.mark.parametrize("milan", [False, None], ids=["milan does not either", "milan: unknown"])
def test_a_server_that_may_be_behind_nat_is_a_warning_where_nobody_serves(
    milan: bool | None,
) -> None:
    (found,) = doubted(serving(milan, False))
    assert (found.severity, found.cluster) == (Severity.WARNING, "rome")
    assert found.message.endswith("it is no gateway server towards the hub, nor is milan")


@pytest.mark.parametrize("rome", [True, None], ids=["it serves", "nothing is known of it"])
def test_a_server_of_which_nothing_bad_is_known_is_not_doubted(rome: bool | None) -> None:
    assert doubted(serving(True, rome)) == []


@every(
    "gateway",
    [
        {"clientEndpoint": {"address": "198.51.100.9"}},
        {"clientEndpoint": {"port": 4500}},
        {"service": {"loadBalancerIP": "198.51.100.9"}},
        {"service": {"type": "ClusterIP"}},
    ],
    ids=["address to dial", "port to dial", "load balancer's address", "same network"],
)
def test_a_server_is_not_doubted_where_the_user_says_how_it_is_reached(
    gateway: dict[str, Any],
) -> None:
    assert doubted(serving(True, False), **gateway) == []
