"""The desired state: what a ``Shortcut`` asks for."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from kubectl_liqo_shortcut.core import validation
from kubectl_liqo_shortcut.core.model import (
    ClusterID,
    GatewayRole,
    Object,
    cluster_id,
    shortcut_name,
)
from kubectl_liqo_shortcut.errors import Invalid

SERVICE_TYPES = ("LoadBalancer", "NodePort", "ClusterIP")
RECLAIM_POLICIES = ("Retain", "Delete")
DEFAULT_MTU = 1340  # Liqo's own
DEFAULT_PORT = 51840  # Liqo's own


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRef:
    """A Liqo gateway template on a leaf; without namespace, in that leaf's Liqo namespace."""

    api_version: str = "networking.liqo.io/v1beta1"
    kind: str
    name: str
    namespace: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class GatewayService:
    """The Service in front of the gateway server's Pod."""

    type: str = SERVICE_TYPES[0]
    port: int = DEFAULT_PORT
    node_port: int | None = None
    load_balancer_ip: str | None = None
    annotations: Mapping[str, str] = dataclasses.field(default_factory=dict)
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    mtu: int = DEFAULT_MTU
    service: GatewayService = GatewayService()
    client_address: str | None = None  # what the client dials instead of what is observed
    client_port: int | None = None
    server_template: TemplateRef = TemplateRef(
        kind="WgGatewayServerTemplate", name="wireguard-server"
    )
    client_template: TemplateRef = TemplateRef(
        kind="WgGatewayClientTemplate", name="wireguard-client"
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Side:
    """One end of a link: *leaf*, seen from itself, and the *peer* it is linked to."""

    leaf: ClusterID
    peer: ClusterID
    role: GatewayRole


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """A direct network link between two leaves of one hub."""

    server: ClusterID
    client: ClusterID
    gateway: Gateway = Gateway()
    expiration_time: str | None = None
    reclaim_policy: str = RECLAIM_POLICIES[0]
    tenant_namespaces: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """By leaf, where they are not to have the name that Liqo gives them."""

    def __post_init__(self) -> None:
        if self.server == self.client:
            raise Invalid(
                f"leaf {self.server!r} cannot have a shortcut to itself", hint="name two leaves"
            )

    @property
    def name(self) -> str:
        return shortcut_name(self.server, self.client)

    @property
    def leaves(self) -> tuple[ClusterID, ClusterID]:
        """The server, and the client."""
        return self.server, self.client

    @property
    def sides(self) -> tuple[Side, Side]:
        return (
            Side(self.server, self.client, GatewayRole.SERVER),
            Side(self.client, self.server, GatewayRole.CLIENT),
        )


_TOP = (
    *("server", "client", "gateway", "expirationTime"),
    *("tenantNamespaceReclaimPolicy", "tenantNamespaces"),
)
_GATEWAY = ("mtu", "service", "clientEndpoint", "serverTemplateRef", "clientTemplateRef")
_SERVICE = ("type", "port", "nodePort", "loadBalancerIP", "annotations", "labels")


def parse_record(record: Object) -> Shortcut:
    """The Shortcut of a record on the hub, which a later version of this program may have made."""
    spec = {key: value for key, value in record["spec"].items() if key in _TOP}
    gateway = {key: value for key, value in spec.get("gateway", {}).items() if key in _GATEWAY}
    service = {k: v for k, v in gateway.get("service", {}).items() if k in _SERVICE}
    return parse({**spec, "gateway": {**gateway, "service": service}})


def pair_of(record: Object) -> Shortcut:
    """Only the pair and its roles: what a removal needs, whatever else the record holds."""
    return parse({role: record["spec"][role] for role in ("server", "client")})


def shown_by(record: Object) -> Shortcut:
    """For who only looks: the pair alone where a later version wrote what is not known here."""
    try:
        return parse_record(record)
    except Invalid:
        return pair_of(record)


def reclaims_namespaces(record: Object) -> bool:
    """Whether the tenant namespaces made for it go with it."""
    return bool(record["spec"].get("tenantNamespaceReclaimPolicy") == "Delete")


def parse(spec: Object) -> Shortcut:
    """The Shortcut of a spec; raises ``Invalid`` naming the field, also one that is not known."""
    spec = validation.mapping(spec, "spec", _TOP)
    return Shortcut(
        server=_leaf(spec, "server"),
        client=_leaf(spec, "client"),
        gateway=_gateway(validation.mapping(spec.get("gateway"), "spec.gateway", _GATEWAY)),
        expiration_time=_time(spec.get("expirationTime")),
        reclaim_policy=validation.choice(
            spec.get("tenantNamespaceReclaimPolicy", RECLAIM_POLICIES[0]),
            "spec.tenantNamespaceReclaimPolicy",
            RECLAIM_POLICIES,
        ),
        tenant_namespaces=_namespaces(spec),
    )


def _leaf(spec: Object, role: str) -> ClusterID:
    value = validation.mapping(spec.get(role), f"spec.{role}", ("clusterID",)).get("clusterID")
    if not isinstance(value, str):
        raise Invalid(f"spec.{role}.clusterID: not given")
    return cluster_id(value)


def _namespaces(spec: Object) -> dict[str, str]:
    at, leaves = "spec.tenantNamespaces", (_leaf(spec, "server"), _leaf(spec, "client"))
    given = validation.mapping(spec.get("tenantNamespaces"), at, leaves)
    return {leaf: validation.label(name, f"{at}.{leaf}") for leaf, name in given.items()}


def _time(value: Any) -> str | None:
    if value is None:
        return None
    return validation.moment(value, "spec.expirationTime").strftime("%Y-%m-%dT%H:%M:%SZ")


def _gateway(gateway: Object) -> Gateway:
    at = "spec.gateway"
    endpoint = validation.mapping(
        gateway.get("clientEndpoint"), f"{at}.clientEndpoint", ("address", "port")
    )
    default = Gateway()
    return Gateway(
        mtu=validation.integer(gateway.get("mtu", DEFAULT_MTU), f"{at}.mtu", 576, 9000),
        service=_service(validation.mapping(gateway.get("service"), f"{at}.service", _SERVICE)),
        client_address=_given(endpoint, "address", validation.address, f"{at}.clientEndpoint"),
        client_port=_given(endpoint, "port", validation.port, f"{at}.clientEndpoint"),
        server_template=_template(gateway, "serverTemplateRef", default.server_template),
        client_template=_template(gateway, "clientTemplateRef", default.client_template),
    )


def _service(service: Object) -> GatewayService:
    at = "spec.gateway.service"
    parsed = GatewayService(
        type=validation.choice(service.get("type", SERVICE_TYPES[0]), f"{at}.type", SERVICE_TYPES),
        port=validation.port(service.get("port", DEFAULT_PORT), f"{at}.port"),
        node_port=_given(service, "nodePort", validation.port, at),
        load_balancer_ip=_given(service, "loadBalancerIP", validation.address, at),
        annotations=validation.texts(service.get("annotations"), f"{at}.annotations"),
        labels=validation.texts(service.get("labels"), f"{at}.labels"),
    )
    if parsed.node_port is not None and parsed.type != "NodePort":
        raise Invalid(f"{at}.nodePort needs type NodePort, not {parsed.type}")
    if parsed.load_balancer_ip is not None and parsed.type != "LoadBalancer":
        raise Invalid(f"{at}.loadBalancerIP needs type LoadBalancer, not {parsed.type}")
    return parsed


def _given(values: Object, key: str, typed: Any, at: str) -> Any:
    """The value of *key*, typed, or None where it is not given."""
    return None if values.get(key) is None else typed(values[key], f"{at}.{key}")


def _template(gateway: Object, key: str, default: TemplateRef) -> TemplateRef:
    at = f"spec.gateway.{key}"
    ref = validation.mapping(gateway.get(key), at, ("apiVersion", "kind", "name", "namespace"))
    return TemplateRef(
        api_version=validation.text(ref.get("apiVersion", default.api_version), f"{at}.apiVersion"),
        kind=validation.text(ref.get("kind", default.kind), f"{at}.kind", longest=63),
        name=validation.text(ref.get("name", default.name), f"{at}.name"),
        namespace=_given(ref, "namespace", validation.text, at),
    )
