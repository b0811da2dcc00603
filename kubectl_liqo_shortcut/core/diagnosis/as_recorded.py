"""Are the objects on a leaf still what the record says? The tunnel may be up whatever they are."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_liqo_shortcut.core.diagnosis.causes import CauseName
from kubectl_liqo_shortcut.core.diagnosis.check import Check, failed, ok
from kubectl_liqo_shortcut.core.diagnosis.observed import ObservedLeaf, ObservedLink
from kubectl_liqo_shortcut.core.link.drift import drift
from kubectl_liqo_shortcut.core.link.inventory import objects_of
from kubectl_liqo_shortcut.core.link.lost import Lost, lost_objects
from kubectl_liqo_shortcut.core.link.ownership import ownership_labels
from kubectl_liqo_shortcut.core.model import dig, ref_of

_NAME = "as recorded"


def found_by_liqo(leaf: ObservedLeaf, evidence: ObservedLink) -> Check | None:
    """What Liqo does not find by its labels is a cause before all that it makes of it."""
    hidden = (each for each in _lost(leaf, evidence) if each.is_hidden)
    return next((_failed(each) for each in hidden), None)


def as_recorded(leaf: ObservedLeaf, evidence: ObservedLink) -> Check:
    """Do its objects bear our labels, and is its gateway as the record says?"""
    for each in _lost(leaf, evidence):
        return _failed(each)
    if fields := _drifted(leaf, evidence):
        return failed(
            _NAME,
            leaf.leaf,
            CauseName.DRIFTED,
            f"somebody changed its gateway: {', '.join(fields)}",
            f"kubectl liqo-shortcut diff {evidence.shortcut.name}",
        )
    return ok(_NAME, leaf.leaf, "its objects are as the record says")


def _failed(lost: Lost) -> Check:
    return failed(_NAME, lost.ref.cluster, CauseName.LABELS_LOST, lost.seen, lost.remedy)


def _lost(leaf: ObservedLeaf, evidence: ObservedLink) -> Iterator[Lost]:
    labels = ownership_labels(evidence.shortcut.name, evidence.hub)
    ends = [leaf.end] if leaf.end else []
    return lost_objects(ends, objects_of(evidence.record), labels)


def _drifted(leaf: ObservedLeaf, evidence: ObservedLink) -> list[str]:
    """An edit that is not applied yet is the record's affair; a gateway of others is theirs."""
    record, end = evidence.record or {}, leaf.end
    edited = dig(record, "status", "observedGeneration") != dig(record, "metadata", "generation")
    if edited or end is None or end.gateway is None:
        return []
    entry = objects_of(record).get(ref_of(leaf.leaf, end.gateway))
    return list(drift(evidence.shortcut, end)) if entry and entry.is_ours else []
