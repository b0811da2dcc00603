"""``get``: what the hub's records say, by one request to the hub."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kubectl_liqo_shortcut.core.link.naming import (
    both_leaves,
    link_named,
    links_named,
    links_of,
    meant,
    refuse_leaves,
)
from kubectl_liqo_shortcut.core.model import HUB, Object, name_of
from kubectl_liqo_shortcut.core.ports import OpenCluster
from kubectl_liqo_shortcut.engine.hub.queries import find_records
from kubectl_liqo_shortcut.errors import Invalid, ShortcutError, listing


def get(words: Sequence[str], open_cluster: OpenCluster, *, labels: str = "") -> list[Object]:
    """As ``select``; or, without *words*, those with *labels*, a selector as kubectl takes it."""
    if words and labels:
        raise Invalid("-l cannot be combined with names", hint="leave out one of them")
    if not labels:
        return select(words, open_cluster)
    return sorted(find_records(open_cluster(HUB), labels=labels), key=name_of)


def select(words: Sequence[str], open_cluster: OpenCluster) -> list[Object]:
    """The records that *words* mean, all without words; raises where one is not there."""
    found = lookup(words, open_cluster)
    for name, record in found.items():
        if record is None:
            raise missing(name)
    return [record for record in found.values() if record is not None]


def lookup(words: Sequence[str], open_cluster: OpenCluster) -> dict[str, Object | None]:
    """By name, the records that *words* mean, None for one that is not there."""
    refuse_leaves(words)
    if len(words) == 2 and not any("/" in each for each in words):
        name = link_named(words)  # the usual case: of many records, only that one is asked for
        if found := find_each([name], open_cluster)[name]:
            return {name: found}
    records = _by_name(find_records(open_cluster(HUB)))
    return {name: records.get(name) for name in links_named(words, records)}


def is_one(words: Sequence[str], records: Sequence[Object]) -> bool:
    """Whether *words* name one link, rather than all of a leaf, which may be one too."""
    if len(records) != 1 or not words:
        return False
    return len(words) > 1 or words[0] not in both_leaves(records[0])


def find(word: str, open_cluster: OpenCluster, *, of_leaf: bool = True) -> Object:
    """The one record that *word* means: its name, its leaves, or a leaf that has no other.

    Without *of_leaf*, one that a leaf alone means is not chosen.
    """
    name = link_named([word])
    record = find_each([name], open_cluster)[name]
    if record is not None:
        return record
    records = _by_name(find_records(open_cluster(HUB)))
    names = meant(word, records)
    if len(names) > 1 or not (of_leaf or links_of(name, records) != names):
        raise SeveralMeant(name, names)
    if names[0] not in records:
        raise missing(names[0])
    return records[names[0]]


def find_each(names: Sequence[str], open_cluster: OpenCluster) -> dict[str, Object | None]:
    """The records called so, None where there is none; the hub is asked once."""
    name = names[0] if len(names) == 1 else ""
    known = _by_name(find_records(open_cluster(HUB), name))
    return {name: known.get(name) for name in names}


class NotFound(ShortcutError):
    """There is no such record on the hub."""


class SeveralMeant(ShortcutError):
    """A leaf is named where one link is wanted."""

    def __init__(self, leaf: str, names: Sequence[str]) -> None:
        super().__init__(
            listing(f"{leaf!r} is a leaf, not a shortcut; its shortcuts:", names, ", "),
            hint="name one of them",
        )


def missing(name: str) -> NotFound:
    return NotFound(
        f'shortcuts.shortcut.liqo.io "{name}" not found',
        hint="kubectl liqo-shortcut get lists all of this hub",
    )


def _by_name(records: Iterable[Object]) -> dict[str, Object]:
    return {name_of(each): each for each in records}
