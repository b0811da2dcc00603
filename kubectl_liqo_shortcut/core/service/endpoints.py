"""A Service of the hub as one leaf reaches it: the addresses in its EndpointSlices there."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kubectl_liqo_shortcut.core import validation
from kubectl_liqo_shortcut.core.model import Object
from kubectl_liqo_shortcut.core.networks import host_and_port
from kubectl_liqo_shortcut.errors import Invalid


@dataclasses.dataclass(frozen=True, slots=True)
class ServiceName:
    """A Service of the hub."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Target:
    """One address and port at which a Service may be reached."""

    address: str
    port: int
    ready: bool

    def __str__(self) -> str:
        return host_and_port(self.address, self.port)


def service_name(text: str) -> ServiceName:
    """Strict: it becomes part of a URL, and of a label selector."""
    namespace, slash, name = text.partition("/")
    if not slash:
        raise Invalid(f"{text!r} names no Service", hint="NAMESPACE/NAME, as on the hub")
    for each, what in ((namespace, "namespace"), (name, "Service")):
        if not validation.LABEL.fullmatch(each):
            raise Invalid(f"{text!r}: {each!r} is not the name of a {what}")
    return ServiceName(namespace, name)


def targets_of(slices: Iterable[Object]) -> tuple[Target, ...]:
    """Where EndpointSlices lead to: each address with each TCP port, once; a ready one wins."""
    ready: dict[tuple[str, int], bool] = {}
    for each in slices:
        ports = list(_ports(each))
        for address, is_ready in _addresses(each):
            for port in ports:
                ready[address, port] = ready.get((address, port), False) or is_ready
    return tuple(sorted(Target(address, port, is_) for (address, port), is_ in ready.items()))


def _ports(body: Object) -> Iterator[int]:
    for number, each in enumerate(_items(body, "ports")):
        if each.get("protocol", "TCP") == "TCP" and each.get("port") is not None:
            yield validation.port(each["port"], f"EndpointSlice: ports[{number}]")


def _addresses(body: Object) -> Iterator[tuple[str, bool]]:
    for endpoint in _items(body, "endpoints"):
        conditions = validation.mapping(endpoint.get("conditions"), "EndpointSlice: conditions")
        for address in endpoint.get("addresses") or ():
            try:
                yield str(ipaddress.ip_address(str(address))), conditions.get("ready") is not False
            except ValueError as error:
                raise Invalid(f"EndpointSlice: {address!r} is no IP address") from error


def _items(body: Object, key: str) -> Iterator[Mapping[str, Any]]:
    for each in body.get(key) or ():
        yield validation.mapping(each, f"EndpointSlice: {key}")
