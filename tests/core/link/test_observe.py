from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link import observe
from kubectl_liqo_shortcut.core.link.facts import LeafFacts
from kubectl_liqo_shortcut.core.model import Object, ObjectRef
from kubectl_liqo_shortcut.core.networks import GatewayEndpoint
from kubectl_liqo_shortcut.errors import Refused
from tests.samples import (
    CLIENT,
    FACTS,
    MILAN,
    ROME,
    SERVER,
    an_object,
    connection,
    gateway,
    namespace,
    on,
    public_key,
    secret,
    whole_end,
)
from tests.tables import every

ROME_BEFORE = dataclasses.replace(FACTS.leaves[ROME], endpoint=None, public_key=None)


def learnt(*bodies: Object, known: LeafFacts = ROME_BEFORE) -> LeafFacts:
    """What *bodies* on rome teach."""
    return observe.update_facts(known, observe.end(SERVER, on("rome", *bodies)))


def test_an_end_is_what_is_there_of_it() -> None:
    end = observe.end(SERVER, whole_end("rome"))
    parts = (end.namespace, end.configuration, end.gateway, end.secret, end.connection)
    assert None not in parts


def test_where_nothing_is_an_end_is_empty() -> None:
    end = observe.end(SERVER, {})
    assert [end.of(kind) for kind in r.LINK_KINDS] == [None] * len(r.LINK_KINDS)


def test_what_is_on_the_other_leaf_does_not_belong_to_an_end() -> None:
    assert observe.end(SERVER, whole_end("milan")).gateway is None


def test_an_end_gives_its_link_objects_by_kind() -> None:
    end = observe.end(CLIENT, whole_end("milan"))
    assert end.of(r.GATEWAY_CLIENT) == gateway("milan")


def test_what_liqo_makes_is_no_link_object() -> None:
    with pytest.raises(ValueError, match="is no link object"):
        observe.end(SERVER, {}).of(r.SECRET)


@pytest.mark.parametrize(
    "second",
    [
        an_object(r.NAMESPACE, "by-hand"),
        an_object(r.CONFIGURATION, "milan", "by-hand"),
        an_object(r.GATEWAY_SERVER, "milan", "by-hand"),
    ],
    ids=lambda body: str(body["kind"]),
)
def test_two_of_a_kind_are_refused_since_liqo_knows_only_one(second: Object) -> None:
    with pytest.raises(Refused, match=r"^cluster 'rome': two objects .* for 'milan': .*by-hand"):
        observe.end(SERVER, whole_end("rome") | on("rome", second))


def test_an_endpoint_is_learnt_from_the_server() -> None:
    assert learnt(gateway("rome")).endpoint == GatewayEndpoint("203.0.113.2", 51840)


def test_a_client_has_no_endpoint() -> None:
    end = observe.end(CLIENT, whole_end("milan"))
    assert observe.update_facts(FACTS.leaves[MILAN], end).endpoint is None


@every("addresses", [[""], [], None, ["not an address"]], ids=["blank", "empty", "none", "rubbish"])
def test_what_is_no_address_is_no_endpoint(addresses: list[str] | None) -> None:
    status = {"endpoint": {"addresses": addresses, "port": 51840, "protocol": "UDP"}}
    assert learnt(gateway("rome", status=status)).endpoint is None


def test_a_key_is_learnt_from_the_gateways_secret() -> None:
    assert learnt(gateway("rome"), secret("rome")).public_key == public_key("rome")


def test_a_secret_of_an_earlier_gateway_does_not_count() -> None:
    old = secret("rome", owner="uid-of-an-earlier-gateway")
    assert learnt(gateway("rome"), old).public_key is None


def test_a_secret_that_the_gateway_names_counts_whoever_owns_it() -> None:
    named = gateway("rome", spec={"secretRef": {"name": "gw-milan"}})
    assert learnt(named, secret("rome", owner="")).public_key == public_key("rome")


def test_a_secret_that_is_being_deleted_does_not_count() -> None:
    assert learnt(gateway("rome"), secret("rome", terminating=True)).public_key is None


@pytest.mark.parametrize("data", [None, {}, {"publicKey": "rubbish"}], ids=["no", "empty", "bad"])
def test_a_secret_without_a_key_gives_none(data: dict[str, Any] | None) -> None:
    assert learnt(gateway("rome"), secret("rome", data=data)).public_key is None


def test_with_the_gateway_its_facts_are_gone() -> None:
    before = dataclasses.replace(ROME_BEFORE, public_key="x", endpoint=GatewayEndpoint("a", 1))
    after = learnt(secret("rome"), known=before)
    assert (after.endpoint, after.public_key) == (None, None)


def test_a_gateway_that_is_being_deleted_tells_nothing() -> None:
    after = learnt(gateway("rome", terminating=True), secret("rome"))
    assert (after.endpoint, after.public_key) == (None, None)


def test_a_tenant_namespace_that_is_there_is_the_one() -> None:
    there = an_object(r.NAMESPACE, "by-hand")
    assert learnt(there).tenant_namespace == "by-hand"


def test_without_a_tenant_namespace_its_name_stays_as_it_was_known() -> None:
    assert learnt().tenant_namespace == ROME_BEFORE.tenant_namespace


def test_a_connection_of_the_present_gateway_counts() -> None:
    end = observe.end(SERVER, on("rome", gateway("rome"), connection("rome")))
    assert end.connection is not None


@pytest.mark.parametrize(
    "bodies",
    [
        (gateway("rome"), connection("rome", owner="uid-of-an-earlier-gateway")),
        (gateway("rome"), connection("rome", owner="")),
        (connection("rome"),),
    ],
    ids=["of an earlier one", "of nobody", "its gateway is gone"],
)
def test_no_other_connection_counts(bodies: tuple[Object, ...]) -> None:
    assert observe.end(SERVER, on("rome", *bodies)).connection is None


@every(
    ("gateway", "name"),
    [
        (None, "gw-milan"),
        (gateway("rome"), "gw-milan"),
        (an_object(r.GATEWAY_SERVER, "by-hand", "ns"), "gw-by-hand"),
        (gateway("rome", spec={"secretRef": {"name": "mine"}}), "mine"),
    ],
    ids=["no gateway yet", "gateway", "gateway of another name", "named"],
)
def test_the_secret_of_a_gateway_is_known_by_name(gateway: Object | None, name: str) -> None:
    assert observe.key_secret_name(SERVER, gateway) == name


def test_on_a_leaf_only_what_belongs_to_the_peer_is_looked_for() -> None:
    by_peer = "liqo.io/remote-cluster-id=milan"
    assert all(by_peer in what.labels for what in observe.first_look(SERVER))


def test_a_namespace_must_be_labelled_as_a_tenants_too() -> None:
    labels = observe.tenant_namespace(SERVER).labels.split(",")
    assert labels == ["liqo.io/remote-cluster-id=milan", "liqo.io/tenant-namespace"]


def test_in_any_namespace_both_kinds_of_gateway_are_looked_for() -> None:
    kinds = {s.kind for s in observe.first_look(SERVER) if not s.namespace}
    assert {r.GATEWAY_SERVER, r.GATEWAY_CLIENT} <= kinds


def test_of_secrets_only_one_is_read_and_by_name() -> None:
    selections = observe.live_selections(SERVER, "liqo-tenant-milan", None)
    secrets = [(s.namespace, s.name) for s in selections if s.kind == r.SECRET]
    assert secrets == [("liqo-tenant-milan", "gw-milan")]


def test_an_objects_owner_is_known_by_uid() -> None:
    ref: dict[ObjectRef, Object] = on("rome", namespace("rome"), secret("rome"))
    owned = [body["kind"] for body in ref.values() if observe.is_owned_by(body, "uid-gateway-rome")]
    assert owned == ["Secret"]
