"""Why a link did not come up in time: the cause that ``why`` would name, by the same code."""

from __future__ import annotations

from kubectl_liqo_shortcut.core.diagnosis.chain import diagnose
from kubectl_liqo_shortcut.core.diagnosis.check import Check, CheckStatus
from kubectl_liqo_shortcut.core.model import ClusterID
from kubectl_liqo_shortcut.engine.diagnosis.inspect import Pair, observe_links
from kubectl_liqo_shortcut.engine.link.link import Link
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline
from kubectl_liqo_shortcut.engine.snapshot.leaves import peers_in, snapshot_leaves
from kubectl_liqo_shortcut.errors import ShortcutError

_SECONDS = 10.0  # the command is over: who waits for it waits a little longer


def first_cause(link: Link) -> Check | None:
    """The first check that fails on the leaves; None where none does, or nobody can tell."""
    name, pair, deadline = link.shortcut.name, link.shortcut.leaves, Deadline(_SECONDS)
    open_cluster = link.leaves.__getitem__
    networks = {str(leaf): facts.cidrs for leaf, facts in link.facts.leaves.items()}
    pairs = {name: Pair(link.shortcut, link.status_writer.record)}
    try:
        seen = snapshot_leaves(peers_in([pair]), open_cluster, deadline)
        hub = link.facts.hub or ClusterID("")
        evidence = observe_links(hub, networks, pairs, seen, open_cluster, deadline)[name]
    except ShortcutError:  # it is only a hint
        return None
    cause = diagnose(evidence).cause
    told = cause and cause.verdict is CheckStatus.FAIL and cause.cluster in link.leaves
    return cause if told else None
