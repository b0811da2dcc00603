"""A hub, its leaves and what links them: nodes and edges, from three lists of the hub."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from kubectl_liqo_shortcut.core.model import Object, dig, is_terminating, name_of, peer_of
from kubectl_liqo_shortcut.core.readiness import latency_of
from kubectl_liqo_shortcut.core.record.conditions import Condition, Reason, condition_of, is_ready


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class PeeringEdge:
    """Between the hub and a leaf, as the hub's own Connection tells it."""

    leaf: str
    state: str = ""  # empty: no Connection
    latency: str = ""

    @property
    def is_up(self) -> bool:
        return self.state == "Connected"


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class ShortcutEdge:
    """A shortcut, as its record tells it; the client dials the server."""

    name: str
    server: str
    client: str
    state: str  # "Ready", or why it is not
    latency: str = ""

    @property
    def is_up(self) -> bool:
        return self.state == Condition.READY.value

    @property
    def pair(self) -> tuple[str, str]:
        """Both leaves, sorted."""
        return min(self.server, self.client), max(self.server, self.client)


@dataclasses.dataclass(frozen=True, slots=True)
class Topology:
    """Everything sorted, so that the same hub gives the same picture."""

    peerings: tuple[PeeringEdge, ...]
    shortcuts: tuple[ShortcutEdge, ...]

    @property
    def leaves(self) -> tuple[str, ...]:
        """All there is to draw: a shortcut may outlive the peering of its leaf with the hub."""
        linked = (leaf for each in self.shortcuts for leaf in each.pair)
        return tuple(sorted({each.leaf for each in self.peerings} | set(linked)))


def topology(
    configurations: Iterable[Object], connections: Iterable[Object], records: Iterable[Object]
) -> Topology:
    """What the hub's own objects show."""
    leaves = {peer_of(each) for each in configurations}
    tunnels = {peer_of(each): each for each in connections}
    peerings = (_peering(leaf, tunnels.get(leaf)) for leaf in leaves if leaf)
    return Topology(tuple(sorted(peerings)), tuple(sorted(map(_direct, records))))


def _peering(leaf: str, connection: Object | None) -> PeeringEdge:
    state = dig(connection, "status", "value")
    return PeeringEdge(leaf, str(state or ""), latency_of(connection) or "")


def _direct(record: Object) -> ShortcutEdge:
    spec = record["spec"]
    reason = str(condition_of(record, Condition.READY).get("reason") or "Unknown")
    state = Condition.READY.value if is_ready(record) else reason
    state = Reason.TERMINATING.value if is_terminating(record) else state
    return ShortcutEdge(
        name=name_of(record),
        server=str(spec["server"]["clusterID"]),
        client=str(spec["client"]["clusterID"]),
        state=state,
        latency=str(dig(record, "status", "latency") or ""),
    )
