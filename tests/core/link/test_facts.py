from __future__ import annotations

import re
from typing import Any

import pytest

from kubectl_liqo_shortcut.core.link.facts import (
    check_document,
    from_document,
    nothing_known,
    silent_about,
)
from kubectl_liqo_shortcut.core.networks import Cidrs, GatewayEndpoint
from kubectl_liqo_shortcut.errors import Invalid
from tests.samples import MILAN, ROME, TORINO, public_key
from tests.tables import every


def document(hub: object = "torino", **leaves: object) -> dict[str, Any]:
    top = {"apiVersion": "shortcut.liqo.io/v1alpha1", "kind": "LeafFacts"}
    return {**top, "hub": hub, "leaves": leaves}


def of_rome(**values: object) -> dict[str, Any]:
    return document(rome=values)


def link(**values: object) -> dict[str, Any]:
    """Rome's end of its link to milan."""
    return of_rome(gateways={"milan": values})


def test_all_that_the_file_says_of_a_leaf_is_known() -> None:
    gateway = {
        "tenantNamespace": "tenant-of-milan",
        "endpoint": {"address": "203.0.113.7", "port": 51840, "protocol": "TCP"},
        "publicKey": public_key("rome"),
    }
    facts = from_document(
        of_rome(
            podCIDR="10.62.0.0/16",
            externalCIDR=["10.172.0.0/16", "fd00::/48"],
            liqoNamespace="liqo-system",
            servesHub=True,
            gateways={"milan": gateway, "paris": {}},
        ),
        MILAN,
        ROME,
    )
    rome = facts.leaves[ROME]
    assert rome.cidrs == Cidrs(("10.62.0.0/16",), ("10.172.0.0/16", "fd00::/48"))
    assert rome.endpoint == GatewayEndpoint("203.0.113.7", 51840, "TCP")
    assert (rome.tenant_namespace, rome.liqo_namespace) == ("tenant-of-milan", "liqo-system")
    assert (rome.public_key, rome.serves_hub) == (public_key("rome"), True)


def test_the_file_says_which_cluster_is_the_hub() -> None:
    assert from_document(document(), MILAN, ROME).hub == TORINO


def test_nothing_is_known_without_a_file() -> None:
    facts = nothing_known(MILAN, ROME)
    milan = facts.leaves[MILAN]
    known = (facts.hub, milan.cidrs, milan.endpoint, milan.public_key, milan.serves_hub)
    assert known == (None, None, None, None, None)


def test_a_tenant_namespace_has_liqos_name_where_nothing_is_said() -> None:
    facts = nothing_known(MILAN, ROME)
    assert facts.leaves[MILAN].tenant_namespace == "liqo-tenant-rome"


def test_half_of_the_cidrs_is_a_mistake() -> None:
    with pytest.raises(Invalid, match="externalCIDR"):
        from_document(of_rome(podCIDR="10.62.0.0/16"), MILAN, ROME)


@every(
    ("file", "said"),
    [
        ([], "facts: not a mapping"),
        ({"kind": "LeafFacts"}, "facts: not a LeafFacts of shortcut.liqo.io/v1alpha1"),
        ({**document(), "leafs": {}}, "facts: unknown field 'leafs'"),
        (document(hub="Torino"), "'Torino' is not a cluster ID"),
        (document(rome=[]), "facts.leaves.rome: not a mapping"),
        (of_rome(podCidr="x"), "facts.leaves.rome: unknown field 'podCidr'"),
        (of_rome(podCIDR="x", externalCIDR="x"), "facts.leaves.rome.podCIDR[0]: 'x'"),
        (of_rome(podCIDR="10.0.0.0/8", externalCIDR=""), "facts.leaves.rome.externalCIDR[0]: ''"),
        (of_rome(liqoNamespace=""), "facts.leaves.rome.liqoNamespace: ''"),
        (of_rome(gateways=[]), "facts.leaves.rome.gateways: not a mapping"),
        (link(key="x"), "facts.leaves.rome.gateways.milan: unknown field 'key'"),
        (link(tenantNamespace=5), "facts.leaves.rome.gateways.milan.tenantNamespace: 5"),
        (link(publicKey="x"), "facts.leaves.rome.gateways.milan.publicKey: not a public key"),
        (link(endpoint={}), "facts.leaves.rome.gateways.milan.endpoint.address: None"),
        (
            link(endpoint={"address": "a", "port": 0}),
            "facts.leaves.rome.gateways.milan.endpoint.port: 0",
        ),
        (
            link(endpoint={"address": "a", "port": 1, "protocol": "SCTP"}),
            "facts.leaves.rome.gateways.milan.endpoint.protocol: 'SCTP'",
        ),
        (of_rome(servesHub="no"), "facts.leaves.rome.servesHub: 'no'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_fact_is_refused_by_its_place(file: object, said: str) -> None:
    with pytest.raises(Invalid, match=f"^{re.escape(said)}"):
        from_document(file, MILAN, ROME)


@every(
    ("file", "said"),
    [
        (document(paris={"podCidr": "10.0.0.0/8"}), "facts.leaves.paris: unknown field 'podCidr'"),
        (document(Paris={}), "'Paris' is not a cluster ID"),
        (
            document(rome={"gateways": {"oslo": {"key": "x"}}}),
            "facts.leaves.rome.gateways.oslo: unknown field 'key'",
        ),
        (
            of_rome(podCIDR="10.61.0.0", externalCIDR="10.0.0.0/8"),
            "facts.leaves.rome.podCIDR[0]: '10.61.0.0' is not a CIDR: it has no length",
        ),
        (document(paris=[]), "facts.leaves.paris: not a mapping"),
    ],
    ids=["leaf", "name", "gateway", "length", "list"],
)
def test_what_is_wrong_in_a_file_is_refused_of_whatever_pair(file: object, said: str) -> None:
    with pytest.raises(Invalid, match=f"^{re.escape(said)}"):
        check_document(file)


def test_what_is_right_is_not() -> None:
    check_document(of_rome(gateways={"milan": {}, "paris": {"publicKey": public_key("rome")}}))
    check_document(document())


def test_it_is_known_of_whom_a_file_says_nothing() -> None:
    assert silent_about(of_rome(), (MILAN, ROME)) == [MILAN]
    assert silent_about(document(milan={}, rome={}), (MILAN, ROME)) == []


@pytest.mark.parametrize(
    ("endpoint", "text"),
    [
        (GatewayEndpoint("203.0.113.7", 51840), "udp://203.0.113.7:51840"),
        (GatewayEndpoint("2001:db8::7", 51840, "TCP"), "tcp://[2001:db8::7]:51840"),
    ],
    ids=["IPv4", "IPv6"],
)
def test_an_endpoint_is_written_as_an_address(endpoint: GatewayEndpoint, text: str) -> None:
    assert str(endpoint) == text
