"""YAML that somebody else wrote, read within bounds.

A few hundred bytes of aliases can stand for gigabytes. So the shape is looked at first, event by
event, and only what is of a sane size is loaded; an alias counts as what it stands for.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

LARGEST = 16 * 1024 * 1024
"""Bytes of a file. The records of 50 leaves' 1,225 links have 5 MB."""

_DEEPEST = 64
_MOST_NODES = 600_000  # of those records: 410,000; each takes up to 700 bytes while it is loaded
_MOST_COLONS = 30  # YAML 1.1 reads 1:30:00 as a number to the base of 60: slow if it is long
_NUMBER = re.compile(r"[-+0-9_:.]+")
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


class NotYaml(ValueError):
    """It cannot be read as YAML, or not as one document where one is expected."""


class Outsized(ValueError):
    """It is YAML, but of no size or shape that anything sane has."""


def load(
    written: bytes,
    *,
    deepest: int = _DEEPEST,
    aliases: bool = True,
    tags: bool = True,
    twice: bool = True,
) -> list[Any]:
    """All documents of *written*; without *tags*, nothing is of a type that it names itself.

    Unless *twice*, no key stands twice in a mapping: YAML would silently drop the first.
    """
    if len(written) > LARGEST:
        raise Outsized(f"larger than {LARGEST // 1024**2} MiB")
    try:
        text = written.decode()
        shape, keys = _Shape(deepest, aliases=aliases, tags=tags), _Keys()
        for event in yaml.parse(text, Loader=_Loader):
            shape.see(event)
            if not twice:
                keys.see(event)
        return list(yaml.load_all(text, Loader=_Loader))  # noqa: S506 - a safe loader
    except (Outsized, NotYaml):
        raise
    # Values that their tags do not fit come as whatever the loader met: no date, an empty int.
    except (
        yaml.YAMLError,
        ValueError,
        LookupError,
        AttributeError,
        TypeError,
        OverflowError,  # a time before time
    ) as error:
        raise NotYaml(str(error) or repr(error)) from error


def load_one(
    written: bytes,
    *,
    deepest: int = _DEEPEST,
    aliases: bool = True,
    tags: bool = True,
    twice: bool = True,
) -> Any:
    """The only document; None if there is none."""
    documents = load(written, deepest=deepest, aliases=aliases, tags=tags, twice=twice)
    if len(documents) > 1:
        raise NotYaml(f"{len(documents)} documents, one is expected")
    return documents[0] if documents else None


@dataclasses.dataclass(slots=True)
class _Extent:
    """How much something is with each alias in it written out."""

    nodes: int = 1
    characters: int = 0
    height: int = 1

    def lock(self, inner: _Extent) -> None:
        self.nodes += inner.nodes
        self.characters += inner.characters
        self.height = max(self.height, inner.height + 1)
        if self.nodes > _MOST_NODES or self.characters > LARGEST:
            raise Outsized("it has too many parts, aliases written out")


class _Shape:
    """Adds up what the events of a parser tell."""

    def __init__(self, deepest: int, *, aliases: bool, tags: bool = True) -> None:
        self._deepest = deepest
        self._tags = tags
        self._aliases = aliases
        self._anchors: dict[str, _Extent] = {}
        self._open: list[tuple[str | None, _Extent]] = [(None, _Extent())]

    def see(self, event: yaml.Event) -> None:
        if not self._tags and (tag := getattr(event, "tag", None)):
            raise Outsized(f"it has the tag {tag[:64]!r}")
        match event:
            case yaml.ScalarEvent():
                _refuse_long_number(event)
                self._add(event.anchor, _Extent(characters=len(event.value)))
            case yaml.CollectionStartEvent():
                self._open.append((event.anchor, _Extent()))
                self._refuse_deep(1)
            case yaml.CollectionEndEvent():
                self._add(*self._open.pop())
            case yaml.AliasEvent():
                self._add(None, self._meaning(event.anchor))
            case yaml.DocumentStartEvent():
                self._anchors.clear()
            case _:
                pass

    def _add(self, anchor: str | None, extent: _Extent) -> None:
        if anchor is not None:
            self._anchors[anchor] = extent
        self._open[-1][1].lock(extent)

    def _meaning(self, anchor: str | None) -> _Extent:
        found = self._anchors.get(anchor or "")
        if not self._aliases or found is None:
            raise Outsized(f"alias *{anchor} is not allowed here, or stands for nothing")
        self._refuse_deep(found.height)
        return found

    def _refuse_deep(self, height: int) -> None:
        # The first that is open is the whole.
        if len(self._open) - 2 + height > self._deepest:
            raise Outsized(f"it is nested more than {self._deepest} deep")


class _Keys:
    """Refuses a key that stands twice in one mapping."""

    def __init__(self) -> None:
        self._open: list[set[str] | None] = [None]  # the keys of a mapping, None for a sequence
        self._is_key: list[bool] = [False]

    def see(self, event: yaml.Event) -> None:
        match event:
            case yaml.ScalarEvent():
                self._begin(event)
            case yaml.CollectionStartEvent():
                self._begin(None)
                is_mapping = isinstance(event, yaml.MappingStartEvent)
                self._open.append(set() if is_mapping else None)
                self._is_key.append(is_mapping)
            case yaml.CollectionEndEvent():
                self._open.pop()
                self._is_key.pop()
            case yaml.AliasEvent():
                self._begin(None)
            case _:
                pass

    def _begin(self, scalar: yaml.ScalarEvent | None) -> None:
        keys = self._open[-1]
        if keys is None:
            return
        if scalar is not None and self._is_key[-1]:
            if scalar.value in keys:
                mark = scalar.start_mark
                where = f"line {mark.line + 1}: " if mark else ""
                raise NotYaml(f"{where}{scalar.value[:64]!r} stands twice in one mapping")
            keys.add(scalar.value)
        self._is_key[-1] = not self._is_key[-1]


def _refuse_long_number(event: yaml.ScalarEvent) -> None:
    plain, quoted = event.implicit
    number = event.tag in _NUMBERS or (plain and _NUMBER.fullmatch(event.value))
    if not quoted and event.value.count(":") > _MOST_COLONS and number:
        raise Outsized(f"a number of {len(event.value)} characters")
