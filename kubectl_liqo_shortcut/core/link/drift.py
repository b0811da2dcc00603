"""How a gateway differs from what its record says, in the fields that need no other fact."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from kubectl_liqo_shortcut.core.link.observe import End
from kubectl_liqo_shortcut.core.link.shortcut import Shortcut, TemplateRef
from kubectl_liqo_shortcut.core.model import GatewayRole, dig
from kubectl_liqo_shortcut.errors import clipped


def drift(shortcut: Shortcut, end: End) -> Iterator[str]:
    """Each field of the gateway at *end* that somebody changed, with both values.

    Whether it dials the right address is a question of its own.
    """
    spec = dig(end.gateway, "spec") or {}
    yield from _differing(spec, recorded_gateway(shortcut, end.side.role), "spec")


def recorded_gateway(shortcut: Shortcut, role: GatewayRole) -> dict[str, Any]:
    """What the template makes of the record alone."""
    gateway, service = shortcut.gateway, shortcut.gateway.service
    if role is GatewayRole.CLIENT:
        return {"mtu": gateway.mtu, "clientTemplateRef": _template(gateway.client_template)}
    endpoint = {
        "serviceType": service.type,
        "port": service.port,
        "nodePort": service.node_port,
        "loadBalancerIP": service.load_balancer_ip,
    }
    spec = {
        "mtu": gateway.mtu,
        "endpoint": _given(endpoint),
        "serviceAnnotations": dict(service.annotations),
        "serviceLabels": dict(service.labels),
        "serverTemplateRef": _template(gateway.server_template),
    }
    return _given(spec)


def _template(ref: TemplateRef) -> dict[str, Any]:
    named = dataclasses.asdict(ref)
    return _given({"apiVersion": named.pop("api_version"), **named})


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}


def _differing(observed: Any, wanted: Any, at: str) -> Iterator[str]:
    if isinstance(observed, Mapping) and isinstance(wanted, Mapping):
        for key, value in wanted.items():
            yield from _differing(observed.get(key), value, f"{at}.{key}")
    elif observed != wanted:
        yield f"{at} is {clipped(str(observed))}, the record says {wanted}"
