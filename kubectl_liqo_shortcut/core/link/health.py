"""How far a link is, of both ends: what is there, and what is still waited for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

from kubectl_liqo_shortcut.core.link.observe import End
from kubectl_liqo_shortcut.core.model import GatewayRole, dig
from kubectl_liqo_shortcut.core.networks import GatewayEndpoint
from kubectl_liqo_shortcut.core.readiness import Readiness, parse_endpoint, readiness


@dataclasses.dataclass(frozen=True, slots=True)
class Health:
    """The three stages of a link, each of both ends."""

    networks: Mapping[str, Readiness]
    gateways: Mapping[str, Readiness]
    tunnel: Mapping[str, Readiness]
    dialled: GatewayEndpoint | None  # by the client's gateway

    @property
    def ready(self) -> bool:
        return all(each for stage in (self.networks, self.tunnel) for each in stage.values())

    def waits(self) -> Iterator[str]:
        """What is still waited for, first causes first, in words."""
        return (f"{leaf}: {what}" for leaf, what in self._missing())

    def first_wait(self, leaf: str) -> str:
        """What is waited for first on *leaf*, in words; empty if nothing is."""
        return next((what for where, what in self._missing() if where == leaf), "")

    def _missing(self) -> Iterator[tuple[str, str]]:
        for what, stage in (
            ("Configuration", self.networks),
            ("gateway", self.gateways),
            ("Connection", self.tunnel),
        ):
            for leaf, now in stage.items():
                if not now:
                    by = f" ({self.dialled})" if stage is self.tunnel and self.dialled else ""
                    yield leaf, f"{what}: {now.message}{by}"


def health(ends: Iterable[End]) -> Health:
    ends = list(ends)
    dialled = next((end.gateway for end in ends if end.side.role is GatewayRole.CLIENT), None)
    return Health(
        {end.side.leaf: readiness(end.configuration) for end in ends},
        {end.side.leaf: readiness(end.gateway) for end in ends},
        {end.side.leaf: readiness(end.connection) for end in ends},
        parse_endpoint(dig(dialled, "spec", "endpoint")),
    )
