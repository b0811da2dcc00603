from __future__ import annotations

import datetime
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given

from kubectl_liqo_shortcut.core.link.shortcut import (
    Gateway,
    GatewayService,
    Shortcut,
    Side,
    TemplateRef,
    parse,
)
from kubectl_liqo_shortcut.core.model import GatewayRole
from kubectl_liqo_shortcut.errors import Invalid
from tests.core.strategies import specs
from tests.samples import MILAN, RENDERER, ROME, SHORTCUT, spec_of
from tests.tables import every


def service(**values: Any) -> dict[str, Any]:
    return spec_of(gateway={"service": values})


def test_a_spec_needs_only_its_two_leaves() -> None:
    assert parse(spec_of()) == Shortcut(server=ROME, client=MILAN)


def test_what_is_not_said_is_as_liqo_has_it() -> None:
    assert parse(spec_of()).gateway == Gateway(
        mtu=1340,
        service=GatewayService(type="LoadBalancer", port=51840),
        server_template=TemplateRef(kind="WgGatewayServerTemplate", name="wireguard-server"),
        client_template=TemplateRef(kind="WgGatewayClientTemplate", name="wireguard-client"),
    )


def test_tenant_namespaces_are_kept_unless_said_otherwise() -> None:
    assert parse(spec_of()).reclaim_policy == "Retain"


def test_a_part_of_a_template_reference_leaves_the_rest_as_it_is() -> None:
    parsed = parse(spec_of(gateway={"serverTemplateRef": {"namespace": "mine"}}))
    assert parsed.gateway.server_template == TemplateRef(
        kind="WgGatewayServerTemplate", name="wireguard-server", namespace="mine"
    )


@every(
    ("spec", "said"),
    [
        (spec_of() | {"server": None}, "spec.server.clusterID: not given"),
        (spec_of() | {"server": {"clusterID": 5}}, "spec.server.clusterID: not given"),
        (spec_of() | {"server": "rome"}, "spec.server: not a mapping"),
        (spec_of(client="Milan"), "'Milan' is not a cluster ID"),
        (spec_of("rome", "rome"), "leaf 'rome' cannot have a shortcut to itself"),
        (spec_of(hub="torino"), "spec: unknown field 'hub'"),
        (spec_of(expirationTime=5), "spec.expirationTime: 5 is not a text"),
        (spec_of(tenantNamespaceReclaimPolicy="Keep"), "spec.tenantNamespaceReclaimPolicy: 'Keep'"),
        (spec_of(tenantNamespaces={"oslo": "x"}), "spec.tenantNamespaces: unknown field 'oslo'"),
        (spec_of(tenantNamespaces={"rome": "A"}), "spec.tenantNamespaces.rome: 'A' is no name of"),
        (spec_of(tenantNamespaces={"rome": None}), "spec.tenantNamespaces.rome: None is not a"),
        (spec_of(tenantNamespaces=["rome"]), "spec.tenantNamespaces: not a mapping"),
        (spec_of(gateway=[]), "spec.gateway: not a mapping"),
        (spec_of(gateway={"mtU": 1}), "spec.gateway: unknown field 'mtU'"),
        (spec_of(gateway={"mtu": 100}), "spec.gateway.mtu: 100 is not a number from 576 to 9000"),
        (service(type="External"), "spec.gateway.service.type: 'External' is none of"),
        (service(port=0), "spec.gateway.service.port: 0 is not a number"),
        (service(type="NodePort", nodePort="x"), "spec.gateway.service.nodePort: 'x'"),
        (service(loadBalancerIP="a b"), "spec.gateway.service.loadBalancerIP: 'a b'"),
        (service(annotations={"a": 1}), "spec.gateway.service.annotations.a: 1 is not a text"),
        (service(labels=["a"]), "spec.gateway.service.labels: not a mapping"),
        (service(clusterIP="x"), "spec.gateway.service: unknown field 'clusterIP'"),
        (
            spec_of(gateway={"clientEndpoint": {"address": "a b"}}),
            "spec.gateway.clientEndpoint.address: 'a b'",
        ),
        (
            spec_of(gateway={"clientEndpoint": {"port": 70000}}),
            "spec.gateway.clientEndpoint.port: 70000",
        ),
        (
            spec_of(gateway={"clientEndpoint": {"host": "a"}}),
            "spec.gateway.clientEndpoint: unknown field 'host'",
        ),
        (
            spec_of(gateway={"serverTemplateRef": {"name": ""}}),
            "spec.gateway.serverTemplateRef.name: ''",
        ),
        (
            spec_of(gateway={"serverTemplateRef": {"kind": "x" * 64}}),
            "spec.gateway.serverTemplateRef.kind: ",
        ),
        (
            spec_of(gateway={"clientTemplateRef": {"apiVersion": 1}}),
            "spec.gateway.clientTemplateRef.apiVersion: 1",
        ),
        (
            spec_of(gateway={"clientTemplateRef": {"namespace": 1}}),
            "spec.gateway.clientTemplateRef.namespace: 1",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_field_is_refused_by_name(spec: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid, match=f"^{re.escape(said)}"):
        parse(spec)


@pytest.mark.parametrize("type_", ["LoadBalancer", "ClusterIP"])
def test_a_node_port_needs_a_service_of_that_type(type_: str) -> None:
    with pytest.raises(Invalid, match=f"nodePort needs type NodePort, not {type_}"):
        parse(service(type=type_, nodePort=30000))


@pytest.mark.parametrize("type_", ["NodePort", "ClusterIP"])
def test_a_load_balancer_address_needs_a_service_of_that_type(type_: str) -> None:
    with pytest.raises(Invalid, match=f"loadBalancerIP needs type LoadBalancer, not {type_}"):
        parse(service(type=type_, loadBalancerIP="203.0.113.7"))


UTC = datetime.UTC
CET = datetime.timezone(datetime.timedelta(hours=1))


@pytest.mark.parametrize(
    "moment",
    [
        "2026-12-01T00:00:00Z",
        datetime.datetime(2026, 12, 1, tzinfo=UTC),
        datetime.datetime(2026, 12, 1, 1, tzinfo=CET),
    ],
    ids=["text", "UTC", "another zone"],
)
def test_a_time_is_one_moment_however_yaml_reads_it(moment: object) -> None:
    assert parse(spec_of(expirationTime=moment)).expiration_time == "2026-12-01T00:00:00Z"


@pytest.fixture
def in_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_new_york")
def test_a_time_without_a_zone_does_not_depend_on_where_the_user_sits() -> None:
    parsed = parse(spec_of(expirationTime=datetime.datetime(2026, 12, 1)))
    assert parsed.expiration_time == "2026-12-01T00:00:00Z"


@given(specs())
def test_a_record_says_exactly_what_was_asked_for(spec: dict[str, Any]) -> None:
    shortcut = parse(spec)
    assert parse(RENDERER.record(shortcut).body["spec"]) == shortcut


def test_each_side_sees_itself_as_leaf_and_the_other_as_peer() -> None:
    assert SHORTCUT.sides == (
        Side(ROME, MILAN, GatewayRole.SERVER),
        Side(MILAN, ROME, GatewayRole.CLIENT),
    )
