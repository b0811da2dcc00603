"""What hypothesis draws from."""

from __future__ import annotations

import ipaddress
from typing import Any

from hypothesis import strategies as st

from kubectl_liqo_shortcut.core.addresses import Network
from kubectl_liqo_shortcut.core.model import cluster_id

# Legal names that bare YAML reads as something else than text.
TRAPS = ("no", "y", "n", "on", "off", "null", "true", "1e3", "0x1f", "0o17", "017", "1", "1-2")

cluster_ids = (
    st.sampled_from(TRAPS) | st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True)
).map(cluster_id)

pairs = st.lists(cluster_ids, min_size=2, max_size=2, unique=True)

# Everything that UTF-8 can carry.
any_text = st.text(st.characters(codec="utf-8"), max_size=30)
some_text = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)

_ports = st.integers(1, 65535)
_addresses = st.sampled_from(["203.0.113.7", "2001:db8::7", "gateway.example.org", "a", "no"])
_texts = st.dictionaries(some_text, some_text, max_size=3)
_templates = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("apiVersion", "kind", "name", "namespace"), some_text)
)
_any_service: dict[str, st.SearchStrategy[object]] = {
    "port": _ports,
    "annotations": _texts,
    "labels": _texts,
}


def _service_with(**extra: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries({}, optional={**_any_service, **extra})


_services = (
    _service_with(type=st.sampled_from(["LoadBalancer", "NodePort", "ClusterIP"]))
    | _service_with(loadBalancerIP=_addresses)
    | st.fixed_dictionaries({"type": st.just("NodePort"), "nodePort": _ports})
)
_gateways = st.fixed_dictionaries(
    {},
    optional={
        "mtu": st.integers(576, 9000),
        "service": _services,
        "clientEndpoint": st.fixed_dictionaries(
            {}, optional={"address": _addresses, "port": _ports}
        ),
        "serverTemplateRef": _templates,
        "clientTemplateRef": _templates,
    },
)


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    """Any legal spec of a Shortcut."""
    server, client = draw(pairs)
    rest = st.fixed_dictionaries(
        {},
        optional={
            "gateway": _gateways,
            "expirationTime": st.sampled_from(
                ["2026-12-01T00:00:00Z", "2030-01-01T12:00:00+02:00"]
            ),
            "tenantNamespaceReclaimPolicy": st.sampled_from(["Retain", "Delete"]),
        },
    )
    roles = {"server": {"clusterID": server}, "client": {"clusterID": client}}
    named = st.dictionaries(st.sampled_from([server, client]), cluster_ids, min_size=1)
    tenants = st.fixed_dictionaries({}, optional={"tenantNamespaces": named})
    return {**roles, **draw(rest), **draw(tenants)}


ip_addresses = (
    st.ip_addresses()
    | st.ip_addresses(network="127.0.0.0/8")
    | st.ip_addresses(network="10.0.0.0/8")
    | st.ip_addresses(network="fe80::/10")
    | st.ip_addresses(network="::/64")
    | st.ip_addresses(network="::ffff:0:0/96")
)


@st.composite
def _networks(draw: st.DrawFn) -> Network:
    address = draw(ip_addresses)
    length = draw(st.integers(0, address.max_prefixlen))
    return ipaddress.ip_network(f"{address}/{length}", strict=False)


ip_networks = _networks()
"""Of every size, many of them with addresses of special use."""
