"""What is compared with a gateway is what its template says."""

from __future__ import annotations

import pytest

from kubectl_liqo_shortcut.core.link.drift import recorded_gateway
from kubectl_liqo_shortcut.core.link.plan import covers
from kubectl_liqo_shortcut.core.link.shortcut import parse
from kubectl_liqo_shortcut.core.model import Object
from tests.samples import FACTS, RENDERER, spec_of

GATEWAYS: dict[str, Object] = {
    "plain": {},
    "node port": {"mtu": 1280, "service": {"type": "NodePort", "nodePort": 31000, "port": 51841}},
    "load balancer": {
        "service": {
            "loadBalancerIP": "203.0.113.9",
            "annotations": {"a": "b"},
            "labels": {"c": "d"},
        }
    },
    "templates": {
        "serverTemplateRef": {"name": "mine", "namespace": "there"},
        "clientTemplateRef": {"name": "yours"},
    },
}


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_what_the_record_alone_says_of_a_gateway_is_what_the_template_makes_of_it(
    gateway: str,
) -> None:
    shortcut = parse(spec_of(gateway=GATEWAYS[gateway]))
    rendered = RENDERER.link(shortcut, FACTS)
    for side in shortcut.sides:
        wanted = recorded_gateway(shortcut, side.role)
        (made,) = (
            each.body["spec"]
            for each in rendered.ready
            if each.cluster == side.leaf and "Gateway" in each.ref.kind.kind
        )
        assert covers(made, wanted)
        if side.leaf == shortcut.server:
            given = wanted | {"serverTemplateRef": made["serverTemplateRef"]}
            assert made == given
