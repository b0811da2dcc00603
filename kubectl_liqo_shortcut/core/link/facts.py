"""What the templates must know of the leaves: observed, or given in a facts file."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kubectl_liqo_shortcut.core import validation
from kubectl_liqo_shortcut.core.kinds import API_VERSION, LIQO_NAMESPACE
from kubectl_liqo_shortcut.core.model import ClusterID, Object, cluster_id
from kubectl_liqo_shortcut.core.networks import Cidrs, GatewayEndpoint
from kubectl_liqo_shortcut.errors import Invalid

KIND = "LeafFacts"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LeafFacts:
    """What is known of one leaf and of its end of the link; None: not known yet."""

    id: ClusterID
    cidrs: Cidrs | None = None
    liqo_namespace: str = LIQO_NAMESPACE
    tenant_namespace: str  # where this leaf keeps what belongs to the peer
    endpoint: GatewayEndpoint | None = None  # of this leaf's gateway server
    public_key: str | None = None  # of this leaf's gateway
    serves_hub: bool | None = None  # whether it is already gateway server towards the hub


@dataclasses.dataclass(frozen=True, slots=True)
class Facts:
    hub: ClusterID | None
    leaves: Mapping[ClusterID, LeafFacts]


def default_tenant_namespace(peer: ClusterID) -> str:
    """The name Liqo gives a tenant namespace unless one exists already."""
    return f"liqo-tenant-{peer}"


def nothing_known(first: ClusterID, second: ClusterID) -> Facts:
    """``--facts none``: two leaves of which only the IDs are known."""
    return from_document({"apiVersion": API_VERSION, "kind": KIND}, first, second)


def with_liqo_in(facts: Facts, namespace_of: Callable[[str], str | None]) -> Facts:
    """*facts* with Liqo in those namespaces; where *namespace_of* says none, as before."""
    return dataclasses.replace(
        facts,
        leaves={
            leaf: dataclasses.replace(
                each, liqo_namespace=namespace_of(leaf) or each.liqo_namespace
            )
            for leaf, each in facts.leaves.items()
        },
    )


def with_tenant_namespaces(facts: Facts, named: Mapping[str, str]) -> Facts:
    """*facts* with the tenant namespaces that are *named*."""
    return Facts(
        facts.hub,
        {
            leaf: dataclasses.replace(each, tenant_namespace=named.get(leaf, each.tenant_namespace))
            for leaf, each in facts.leaves.items()
        },
    )


def from_document(document: Any, first: ClusterID, second: ClusterID) -> Facts:
    """The facts file of ``--facts FILE`` for one pair; its schema is in docs/guides/gitops.md."""
    top = validation.mapping(document, "facts", ("apiVersion", "kind", "hub", "leaves"))
    if (top.get("apiVersion"), top.get("kind")) != (API_VERSION, KIND):
        raise Invalid(
            f"facts: not a {KIND} of {API_VERSION}",
            hint=f"the file begins with apiVersion: {API_VERSION} and kind: {KIND}",
        )
    leaves = validation.mapping(top.get("leaves"), "facts.leaves")
    return Facts(
        hub=None if top.get("hub") is None else cluster_id(str(top["hub"])),
        leaves={
            leaf: _leaf(leaves.get(leaf), leaf, peer)
            for leaf, peer in ((first, second), (second, first))
        },
    )


def check_document(document: Any) -> None:
    """Refuse what is wrong anywhere in a facts file, also where it is of another pair."""
    top = validation.mapping(document, "facts")
    for name, known in validation.mapping(top.get("leaves"), "facts.leaves").items():
        leaf = cluster_id(name)
        at = f"facts.leaves.{leaf}.gateways"
        of_leaf = validation.mapping(known, f"facts.leaves.{leaf}", _LEAF)
        peers = list(validation.mapping(of_leaf.get("gateways"), f"{at}"))
        for peer in peers or [leaf]:
            _leaf(known, leaf, cluster_id(peer))


def silent_about(document: Any, pair: Iterable[ClusterID]) -> list[ClusterID]:
    """The leaves of *pair* that a facts file does not name at all."""
    leaves = validation.mapping(validation.mapping(document, "facts").get("leaves"), "facts.leaves")
    return [leaf for leaf in pair if leaf not in leaves]


_LEAF = ("podCIDR", "externalCIDR", "liqoNamespace", "servesHub", "gateways")
_LINK = ("tenantNamespace", "endpoint", "publicKey")


def _leaf(value: Any, leaf: ClusterID, peer: ClusterID) -> LeafFacts:
    at = f"facts.leaves.{leaf}"
    known = validation.mapping(value, at, _LEAF)
    gateways = validation.mapping(known.get("gateways"), f"{at}.gateways")
    gateway = validation.mapping(gateways.get(peer), f"{at}.gateways.{peer}", _LINK)
    key, link = gateway.get("publicKey"), f"{at}.gateways.{peer}"
    serves = known.get("servesHub")
    cidrs = None
    if known.get("podCIDR") is not None or known.get("externalCIDR") is not None:
        cidrs = Cidrs(
            validation.cidrs(known.get("podCIDR"), f"{at}.podCIDR"),
            validation.cidrs(known.get("externalCIDR"), f"{at}.externalCIDR"),
        )
    return LeafFacts(
        id=leaf,
        cidrs=cidrs,
        liqo_namespace=validation.label(
            known.get("liqoNamespace", LIQO_NAMESPACE), f"{at}.liqoNamespace"
        ),
        tenant_namespace=default_tenant_namespace(peer)
        if gateway.get("tenantNamespace") is None
        else validation.label(gateway["tenantNamespace"], f"{link}.tenantNamespace"),
        endpoint=_endpoint(gateway.get("endpoint"), f"{link}.endpoint"),
        public_key=None if key is None else validation.public_key(key, f"{link}.publicKey"),
        serves_hub=None if serves is None else validation.boolean(serves, f"{at}.servesHub"),
    )


def _endpoint(value: Any, at: str) -> GatewayEndpoint | None:
    if value is None:
        return None
    known: Object = validation.mapping(value, at, ("address", "port", "protocol"))
    return GatewayEndpoint(
        validation.address(known.get("address"), f"{at}.address"),
        validation.port(known.get("port"), f"{at}.port"),
        validation.choice(known.get("protocol", "UDP"), f"{at}.protocol", ("UDP", "TCP")),
    )
