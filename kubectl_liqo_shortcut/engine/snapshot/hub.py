"""What the hub says of itself and of its leaves."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.hub.leaves import known_leaves
from kubectl_liqo_shortcut.core.model import ClusterID, Object
from kubectl_liqo_shortcut.core.networks import Cidrs
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.engine.hub.identity import hub_id
from kubectl_liqo_shortcut.engine.hub.queries import find_configurations, find_records
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, gather, retry_transient


@dataclasses.dataclass(frozen=True, slots=True)
class HubSnapshot:
    """Who the hub is, and its Configurations: one for each leaf."""

    id: ClusterID
    configurations: tuple[Object, ...]
    gateway_clients: tuple[Object, ...] = ()  # to plan: which leaves the hub dials
    records: Mapping[str, Object] = dataclasses.field(default_factory=dict)  # to plan; by name

    def networks(self) -> dict[str, Cidrs | None]:
        """Of each leaf, as the hub knows it; None where what it says makes no sense."""
        return {each.id: each.cidrs for each in known_leaves(self.configurations, ())}


def snapshot_hub(hub: Cluster, deadline: Deadline) -> HubSnapshot:
    """Two questions, whatever the number of leaves."""
    identity = retry_transient(lambda: hub_id(hub), deadline, first_look=True)
    return HubSnapshot(identity, retry_transient(lambda: find_configurations(hub), deadline))


def snapshot_hub_to_plan(hub: Cluster, deadline: Deadline) -> HubSnapshot:
    """Four questions, whatever the number of links."""
    seen = snapshot_hub(hub, deadline)

    def clients() -> tuple[Object, ...]:
        return hub.list(Selection(r.GATEWAY_CLIENT)).items

    def records() -> tuple[Object, ...]:
        return tuple(find_records(hub))

    dialled, found = gather([partial(retry_transient, ask, deadline) for ask in (clients, records)])
    by_name = {str(each["metadata"]["name"]): each for each in found}
    return HubSnapshot(seen.id, seen.configurations, dialled, by_name)
