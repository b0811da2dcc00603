"""``get --live``: what the leaves say now, of any number of shortcuts at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from kubectl_liqo_shortcut.core.diagnosis import diagnose
from kubectl_liqo_shortcut.core.live import live_record
from kubectl_liqo_shortcut.core.model import HUB, Object
from kubectl_liqo_shortcut.core.ports import OpenCluster
from kubectl_liqo_shortcut.core.shortcut import shown_by
from kubectl_liqo_shortcut.engine.inspect import Pair, gather, look_at_hub, look_at_leaves, peers_in
from kubectl_liqo_shortcut.engine.parallel import Answer, Deadline
from kubectl_liqo_shortcut.engine.world import utc_now


def live(records: Sequence[Object], open_cluster: OpenCluster, timeout: float) -> list[Object]:
    """*records*, each with the status that its leaves give it now; the hub keeps its own.

    Each leaf is asked once for each kind, whatever the number of shortcuts.
    """
    if not records:
        return []
    deadline = Deadline(timeout)
    pairs = {str(each["metadata"]["name"]): Pair(shown_by(each), each) for each in records}
    leaves = peers_in([side.leaf for side in pair.shortcut.sides] for pair in pairs.values())
    looking = Answer(partial(look_at_leaves, leaves, open_cluster, deadline))
    sight = look_at_hub(open_cluster(HUB), deadline)
    seen = looking.result()
    evidence = gather(sight, pairs, seen, open_cluster, deadline, every_key=False)
    now = utc_now()
    return [live_record(each, diagnose(each), now) for each in evidence.values()]
