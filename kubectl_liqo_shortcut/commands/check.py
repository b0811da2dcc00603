"""``check``: whether links are live now, for pipelines."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from kubectl_liqo_shortcut.commands.get import lookup
from kubectl_liqo_shortcut.commands.get_live import live_records
from kubectl_liqo_shortcut.core.model import Object, is_terminating, name_of
from kubectl_liqo_shortcut.core.ports import OpenCluster
from kubectl_liqo_shortcut.core.record.conditions import Condition, Reason, condition_of, is_ready


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    """One link, and why it is not live; empty if it is."""

    name: str
    why: str = ""

    @property
    def live(self) -> bool:
        return not self.why

    @property
    def verdict(self) -> str:
        return "live" if self.live else f"not live: {self.why}"


def check(words: Sequence[str], open_cluster: OpenCluster, timeout: float) -> list[Checked]:
    """The links that *words* mean, or all, as their leaves show them now."""
    found = lookup(words, open_cluster)
    there = [record for record in found.values() if record is not None]
    live = {name_of(each): each for each in live_records(there, open_cluster, timeout)}
    return [Checked(name, _why(live[name]) if name in live else "not found") for name in found]


def _why(record: Object) -> str:
    if is_terminating(record):
        return f"{Reason.TERMINATING}: it is being deleted"
    if is_ready(record):
        return ""
    ready = condition_of(record, Condition.READY)
    words = (ready.get("reason"), ready.get("message"))
    return ": ".join(str(each) for each in words if each) or "its state is not known yet"
