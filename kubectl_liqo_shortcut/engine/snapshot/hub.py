"""What the hub says of itself and of its leaves."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.hub.leaves import known_leaves
from kubectl_liqo_shortcut.core.model import ClusterID, Object, name_of
from kubectl_liqo_shortcut.core.networks import Cidrs
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.engine.hub.identity import hub_id
from kubectl_liqo_shortcut.engine.hub.queries import find_configurations, find_records
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, gather, retry_transient


@dataclasses.dataclass(frozen=True, slots=True)
class HubSnapshot:
    """Who the hub is, and its Configurations, one for each leaf; the rest where that was asked."""

    id: ClusterID
    configurations: tuple[Object, ...]
    gateway_clients: tuple[Object, ...] = ()  # for the leaves that the hub dials
    records: Mapping[str, Object] = dataclasses.field(default_factory=dict)  # by name

    def networks(self) -> dict[str, Cidrs | None]:
        """Of each leaf, as the hub knows it; None where what it says makes no sense."""
        return {each.id: each.cidrs for each in known_leaves(self.configurations, ())}


def snapshot_hub(
    hub: Cluster, deadline: Deadline, *, records: bool = False, gateway_clients: bool = False
) -> HubSnapshot:
    """Two to four questions, whatever the number of leaves and links."""
    identity = retry_transient(lambda: hub_id(hub), deadline, first_look=True)
    asks: list[Callable[[], Sequence[Object]]] = [
        lambda: find_configurations(hub),
        lambda: hub.list(Selection(r.GATEWAY_CLIENT)).items if gateway_clients else (),
        lambda: find_records(hub, crd_needed=False) if records else (),
    ]
    answers = gather([partial(retry_transient, ask, deadline) for ask in asks])
    configurations, clients, found = map(tuple, answers)
    by_name = {name_of(each): each for each in found}
    return HubSnapshot(identity, configurations, clients, by_name)
