"""``get --live``: what the leaves say now, of any number of shortcuts at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from kubectl_liqo_shortcut.core.diagnosis import diagnose
from kubectl_liqo_shortcut.core.live import live_record
from kubectl_liqo_shortcut.core.model import HUB, Object
from kubectl_liqo_shortcut.core.ports import OpenCluster
from kubectl_liqo_shortcut.core.shortcut import shown_by
from kubectl_liqo_shortcut.engine.inspect import (
    Pair,
    observe_links,
    peers_in,
    snapshot_hub,
    snapshot_leaves,
)
from kubectl_liqo_shortcut.engine.parallel import Deadline, Future
from kubectl_liqo_shortcut.engine.world import utc_now


def live_records(
    records: Sequence[Object], open_cluster: OpenCluster, timeout: float
) -> list[Object]:
    """*records*, each with the status that its leaves give it now; the hub keeps its own.

    Each leaf is asked once for each kind, whatever the number of shortcuts.
    """
    if not records:
        return []
    deadline = Deadline(timeout)
    pairs = {str(each["metadata"]["name"]): Pair(shown_by(each), each) for each in records}
    leaves = peers_in([side.leaf for side in pair.shortcut.sides] for pair in pairs.values())
    looking = Future(partial(snapshot_leaves, leaves, open_cluster, deadline))
    on_leaf = snapshot_hub(open_cluster(HUB), deadline)
    seen = looking.result()
    evidence = observe_links(on_leaf, pairs, seen, open_cluster, deadline, every_key=False)
    now = utc_now()
    return [live_record(each, diagnose(each), now) for each in evidence.values()]
