from __future__ import annotations

from typing import Any

import pytest

from kubectl_liqo_shortcut.core.service.endpoints import (
    ServiceName,
    Target,
    service_name,
    targets_of,
)
from kubectl_liqo_shortcut.errors import Invalid
from tests.tables import every


def test_a_service_is_named_as_kubectl_names_it() -> None:
    assert service_name("shop/web") == ServiceName("shop", "web")
    assert str(service_name("shop/web")) == "shop/web"


@every("text", ["", "web", "/web", "shop/", "shop/web/1", "Shop/web", "shop/w b"])
def test_another_form_is_a_wrong_command_line(text: str) -> None:
    with pytest.raises(Invalid):
        service_name(text)


def mapped(**entry: Any) -> dict[str, Any]:
    return {"status": {"currentMapping": {"shop": entry}}}


def a_slice(*addresses: str, ports: Any = ({"port": 80},), **conditions: Any) -> dict[str, Any]:
    endpoint = {"addresses": list(addresses), "conditions": conditions}
    return {"endpoints": [endpoint], "ports": list(ports)}


def test_each_address_and_port_is_a_target_once() -> None:
    ports = [{"port": 443, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}, {"port": None}]
    found = targets_of(
        [
            a_slice("10.62.0.2", "10.62.0.1", ports=ports),
            a_slice("10.62.0.1", ports=ports, ready=False),
            a_slice("10.62.0.3", ready=None),
            {"endpoints": None, "ports": None},
        ]
    )
    assert found == (
        Target("10.62.0.1", 443, ready=True),
        Target("10.62.0.2", 443, ready=True),
        Target("10.62.0.3", 80, ready=True),
    )
    assert str(found[0]) == "10.62.0.1:443"


def test_what_is_not_ready_is_marked() -> None:
    assert targets_of([a_slice("10.62.0.1", ready=False)]) == (
        Target("10.62.0.1", 80, ready=False),
    )


@pytest.mark.parametrize(
    "body",
    [
        a_slice("example.com"),
        a_slice("10.62.0.1", ports=[{"port": 0}]),
        {"endpoints": ["x"], "ports": [{"port": 1}]},
    ],
    ids=["name", "port", "text"],
)
def test_nonsense_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        targets_of([body])
