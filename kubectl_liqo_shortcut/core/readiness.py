"""How far an object is: pure functions over what it says of itself.

The vocabulary is that of kstatus (kubernetes-sigs/cli-utils). Liqo's statuses carry no
observedGeneration; whether one belongs to the present gateway is told by its owner (``observe``).
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Mapping

from kubectl_liqo_shortcut.core import validation
from kubectl_liqo_shortcut.core.model import Object, dig, is_terminating
from kubectl_liqo_shortcut.core.networks import GatewayEndpoint
from kubectl_liqo_shortcut.errors import Invalid


class Status(enum.StrEnum):
    CURRENT = "Current"
    IN_PROGRESS = "InProgress"
    FAILED = "Failed"
    TERMINATING = "Terminating"
    NOT_FOUND = "NotFound"


@dataclasses.dataclass(frozen=True, slots=True)
class Readiness:
    status: Status
    message: str = ""

    def __bool__(self) -> bool:
        return self.status is Status.CURRENT


def readiness(obj: Object | None) -> Readiness:
    """How far *obj* is from what its spec asks for."""
    if obj is None:
        return Readiness(Status.NOT_FOUND, "not there yet")
    if is_terminating(obj):
        return Readiness(Status.TERMINATING, "is being deleted")
    match obj.get("kind"), obj.get("status") or {}:
        case "Configuration", status:
            return _configuration(obj, status)
        case "GatewayServer", _:
            return _gateway_server(obj)
        case "GatewayClient", {"clientRef": {}}:
            return Readiness(Status.CURRENT, "accepted")
        case "GatewayClient", _:
            return Readiness(Status.IN_PROGRESS, "not accepted yet")
        case "Connection", status:
            return _connection(status)
        case _:
            return Readiness(Status.CURRENT)


def _configuration(obj: Object, status: Object) -> Readiness:
    if not dig(status, "remote", "cidr", "pod"):
        return Readiness(Status.IN_PROGRESS, "Liqo has not answered with its CIDRs yet")
    # Liqo before v1.2 sets no condition; where there is one, it must be of the present spec.
    for condition in status.get("conditions") or ():
        if condition.get("type") == "NetworkCIDRsConfigured":
            generation = dig(obj, "metadata", "generation")
            current = condition.get("observedGeneration", generation) == generation
            if condition.get("status") != "True" or not current:
                return Readiness(
                    Status.IN_PROGRESS, str(condition.get("message") or "not configured")
                )
    return Readiness(Status.CURRENT, "answered by Liqo")


def _gateway_server(obj: Object) -> Readiness:
    endpoint = endpoint_of(obj)
    if endpoint is not None:
        return Readiness(Status.CURRENT, f"listens at {endpoint}")
    trouble = endpoint_trouble(dig(obj, "status", "endpoint"))
    said = f"its endpoint is not taken: {trouble}" if trouble else "no endpoint yet"
    return Readiness(Status.IN_PROGRESS, said)


def _connection(status: Object) -> Readiness:
    latency = dig(status, "latency", "value")
    match status.get("value"):
        case "Connected":
            return Readiness(Status.CURRENT, f"Connected, {latency}" if latency else "Connected")
        case "Error":
            return Readiness(Status.FAILED, "Error: the peer's gateway does not answer pings")
        case None:
            return Readiness(Status.IN_PROGRESS, "no status yet")
        case value:
            return Readiness(Status.IN_PROGRESS, str(value))


def latency_of(connection: Object | None) -> str | None:
    """What a Connection last measured, None where it has not."""
    latency = dig(connection, "status", "latency") or {}
    value = latency.get("value")
    return str(value)[:32] if value and value != "N/A" else None


def newest_latency(connections: Iterable[Object | None]) -> str | None:
    """What was measured last of all, the first one's where nobody says when."""
    said = [(latency_of(each), _measured_at(each)) for each in connections]
    known = [(value, at) for value, at in said if value is not None]
    return max(known, key=lambda each: each[1])[0] if known else None


def _measured_at(connection: Object | None) -> float:
    try:
        at = dig(connection, "status", "latency", "timestamp")
        return validation.moment(at, "timestamp").timestamp()
    except Invalid:
        return 0.0


def endpoint_of(gateway_server: Object) -> GatewayEndpoint | None:
    """Where a GatewayServer can be reached, None while it does not know (Liqo may say ``[""]``)."""
    return parse_endpoint(dig(gateway_server, "status", "endpoint"))


def parse_endpoint(endpoint: object) -> GatewayEndpoint | None:
    """An endpoint as Liqo writes it; only the first address counts, as for Liqo's client."""
    try:
        known = validation.mapping(endpoint, "endpoint")
        return GatewayEndpoint(
            validation.address(_first_address(endpoint), "address"),
            validation.port(known.get("port"), "port"),
            validation.choice(known.get("protocol") or "UDP", "protocol", ("UDP", "TCP")),
        )
    except Invalid:
        return None


def endpoint_trouble(endpoint: object) -> str:
    """Why the address that an endpoint names is not taken; empty if it is, or names none."""
    address = _first_address(endpoint)
    try:
        if address:
            validation.address(address, "address")
    except Invalid as error:
        return error.message
    return ""


def addresses_of(endpoint: object) -> list[str]:
    """All texts that stand where an endpoint has its addresses, the one that counts first."""
    addresses = endpoint.get("addresses") if isinstance(endpoint, Mapping) else None
    return (
        [each for each in addresses if isinstance(each, str)] if isinstance(addresses, list) else []
    )


def _first_address(endpoint: object) -> str | None:
    return next(iter(addresses_of(endpoint)), None)
