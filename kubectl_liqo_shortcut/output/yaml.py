"""YAML that kubectl reads as the same values; a module of its own for the price of its import."""

from __future__ import annotations

import re
from typing import Any

import yaml

from kubectl_liqo_shortcut.core.model import Object

_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def to_yaml(document: Object) -> str:
    """One document; PyYAML alone leaves ``1e3``, ``.5e3`` and ``y`` bare."""
    text: str = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=False, width=10**9
    )
    return text


class _Dumper(_Base):  # type: ignore[misc]
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the same list twice is no alias
        return True


_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./@+=-]*(?: [A-Za-z0-9_./@+=(),-]+)*\Z")
_PROGRAM = re.compile(r"(?=[!-~])(?:(?:[ -~]*[!-~])?\n){3,}\Z")
"""Lines of plain ASCII, none of which ends with a space: a block, which people can read."""

_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"])


def _represent_text(dumper: Any, text: str) -> Any:
    text = text.encode(errors="backslashreplace").decode()  # half a surrogate pair has no UTF-8
    bare = _PLAIN.match(text) and text.lower() not in _WORDS
    style = None if bare else "|" if _PROGRAM.match(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_multi_representer(str, _represent_text)  # words of enums, and Lines
