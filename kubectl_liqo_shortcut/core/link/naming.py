"""What words of a command line name: ``A B``, ``A--B`` in either order, or a leaf's links."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kubectl_liqo_shortcut.core.model import Object, cluster_id, shortcut_name
from kubectl_liqo_shortcut.errors import Invalid

_PREFIXES = ("shortcut/", "shortcuts/", "lsc/", "shortcut.shortcut.liqo.io/")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


def link_named(words: Sequence[str]) -> str:
    """The record's name that ``A B``, ``NAME`` or ``shortcut/NAME`` spell."""
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


def links_named(words: Sequence[str], records: Mapping[str, Object]) -> list[str]:
    """The names that *words* mean among *records*, all without words.

    Two leaves mean their link, one leaf alone all of its links. A name need not be there.
    """
    if not words:
        return sorted(records)
    if len(words) == 2 and not any(_is_name(each, records) for each in words):
        return [link_named(words)]
    refuse_leaves(words, records)
    return list(dict.fromkeys(name for word in words for name in meant(word, records)))


def refuse_leaves(words: Sequence[str], records: Mapping[str, Object] | None = None) -> None:
    """Beside other words than one more leaf, each must be a link's name: which ones of a leaf
    would be meant? Without *records*, only what cannot be a name is known."""

    def is_leaf(word: str) -> bool:
        if records is None:
            return len(words) > 2 and "-" not in word and "/" not in word
        return not _is_name(word, records) and bool(links_of(word, records))

    leaf = next(filter(is_leaf, words), None)
    if len(words) > 1 and leaf is not None:
        raise Invalid(
            f"{leaf!r} is no name of a shortcut",
            hint="name two leaves, one leaf, or shortcuts by their names, such as milan--rome",
        )


def meant(word: str, records: Mapping[str, Object]) -> list[str]:
    """The names that one word means: a record's, its leaves in either order, or a leaf's links."""
    name = link_named([word])
    if name in records:
        return [name]
    turned = [each for each, record in records.items() if name in _spellings(record)]
    return turned or ([] if "/" in word else links_of(name, records)) or [name]


def links_of(leaf: str, records: Mapping[str, Object]) -> list[str]:
    return sorted(name for name, record in records.items() if leaf in both_leaves(record))


def both_leaves(record: Object) -> tuple[str, str]:
    spec = record["spec"]
    return str(spec["server"]["clusterID"]), str(spec["client"]["clusterID"])


def _is_name(word: str, records: Mapping[str, Object]) -> bool:
    return (
        "/" in word
        or word in records
        or any(word in _spellings(record) for record in records.values())
    )


def _spellings(record: Object) -> tuple[str, str]:
    first, second = both_leaves(record)
    return f"{first}--{second}", f"{second}--{first}"
