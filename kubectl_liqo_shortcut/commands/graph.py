"""``graph``: the topology, as the hub knows it, by three questions to the hub."""

from __future__ import annotations

from functools import partial

from kubectl_liqo_shortcut.core.hub.topology import Topology, topology
from kubectl_liqo_shortcut.core.kinds import CONNECTION
from kubectl_liqo_shortcut.core.model import HUB, Object
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster, Selection
from kubectl_liqo_shortcut.engine.hub.queries import find_configurations, find_records
from kubectl_liqo_shortcut.engine.runtime.concurrency import Future
from kubectl_liqo_shortcut.errors import Refused


def graph(open_cluster: OpenCluster) -> tuple[Topology, Refused | None]:
    """The topology; and, where the hub cannot hold shortcuts, why so: peerings are shown anyway."""
    hub = open_cluster(HUB)
    connections = Future(lambda: hub.list(Selection(CONNECTION)).items)
    records = Future(partial(_records, hub))
    configurations = find_configurations(hub)
    shortcuts, missing = records.result()
    return topology(configurations, connections.result(), shortcuts), missing


def _records(hub: Cluster) -> tuple[list[Object], Refused | None]:
    try:
        return find_records(hub), None
    except Refused as error:
        return [], error
