"""``get``: what the hub's records say, by one request to the hub."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kubectl_liqo_shortcut.core.model import HUB, Object, cluster_id, name_of, shortcut_name
from kubectl_liqo_shortcut.core.ports import OpenCluster
from kubectl_liqo_shortcut.engine.hub.queries import find_records
from kubectl_liqo_shortcut.errors import Invalid, ShortcutError

_PREFIXES = ("shortcut/", "shortcuts/", "lsc/", "shortcut.shortcut.liqo.io/")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


def link_named(words: Sequence[str]) -> str:
    """The record's name that ``A B``, ``NAME`` or ``shortcut/NAME`` mean."""
    match list(words):
        case [one]:
            prefix = next((each for each in _PREFIXES if one.startswith(each)), "")
            name = one.removeprefix(prefix)
            if not _NAME.fullmatch(name):  # an empty one would select every record
                raise Invalid(f"{one!r} is not the name of a shortcut")
            return name
        case [first, second]:
            if first == second:
                raise Invalid(f"leaf {first!r} has no shortcut to itself", hint="name two leaves")
            return shortcut_name(cluster_id(first), cluster_id(second))
        case _:
            raise Invalid(
                "name two leaves, or one shortcut",
                hint="for example milan rome, or milan--rome; get without a name lists them all",
            )


def get(words: Sequence[str], open_cluster: OpenCluster, *, labels: str = "") -> list[Object]:
    """All records; those of one leaf, or the one called so; or that of a pair, in any order.

    *labels* is a selector, as kubectl takes it; it goes without *words*. Raises if a pair or a
    ``shortcut/NAME`` has no record; one word alone is a filter.
    """
    if words and labels:
        raise Invalid("-l cannot be combined with names", hint="leave out one of them")
    if len(words) >= 2 or (words and "/" in words[0]):
        return [find(link_named(words), open_cluster)]
    records = find_records(open_cluster(HUB), labels=labels)
    if words:
        records = [record for record in records if words[0] in _names(record)]
        if not records:
            raise missing(words[0])
    return sorted(records, key=name_of)


def select(words: Sequence[str], open_cluster: OpenCluster) -> list[Object]:
    """All records without *words*; else those named, or that of the two leaves named."""
    records = {name_of(each): each for each in find_records(open_cluster(HUB))}
    if not words:
        return [records[name] for name in sorted(records)]
    if len(words) == 2 and not any(each in records or "/" in each for each in words):
        words = [link_named(words)]
    names = dict.fromkeys(link_named([word]) for word in words)
    for name in names:
        if name not in records:
            raise missing(name)
    return [records[name] for name in names]


def find(name: str, open_cluster: OpenCluster) -> Object:
    """The record called *name*."""
    found = find_records(open_cluster(HUB), name)
    if not found:
        raise missing(name)
    return found[0]


def find_each(names: Sequence[str], open_cluster: OpenCluster) -> dict[str, Object | None]:
    """The records called so, None where there is none; the hub is asked once."""
    if len(names) == 1:
        found = find_records(open_cluster(HUB), names[0])
    else:
        found = find_records(open_cluster(HUB))
    known = {name_of(each): each for each in found}
    return {name: known.get(name) for name in names}


class NotFound(ShortcutError):
    """There is no such record on the hub."""


def missing(name: str) -> NotFound:
    return NotFound(
        f'shortcuts.shortcut.liqo.io "{name}" not found',
        hint="kubectl liqo-shortcut get lists all of this hub",
    )


def _names(record: Object) -> tuple[str, ...]:
    spec = record["spec"]
    name = name_of(record)
    return name, str(spec["server"]["clusterID"]), str(spec["client"]["clusterID"])
