"""``-o``: the one place that knows the output formats of documents."""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, assert_never

import yaml

from kubectl_liqo_shortcut.core.model import Object

_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class DocumentFormat(enum.StrEnum):
    YAML = "yaml"
    JSON = "json"
    NAME = "name"


def format_documents(
    documents: Sequence[Object], output: DocumentFormat, *, listing: bool = False
) -> str:
    """All *documents* in one text, ready for standard output.

    A *listing* is a List in JSON also where it happens to hold one document, as with kubectl.
    """
    plain = [_plain(document) for document in documents]
    match output:
        case DocumentFormat.YAML:
            return "---\n".join(to_yaml(document) for document in plain)
        case DocumentFormat.JSON:
            whole = plain[0] if len(plain) == 1 and not listing else _list(plain)
            return json.dumps(whole, indent=2) + "\n"
        case DocumentFormat.NAME:
            return "".join(f"{resource_name(document)}\n" for document in plain)
        case _:
            assert_never(output)


def resource_name(document: Object) -> str:
    """kubectl's ``-o name``: ``shortcut.shortcut.liqo.io/milan--rome``."""
    group = document["apiVersion"].rpartition("/")[0]
    kind = document["kind"].lower() + (f".{group}" if group else "")
    metadata = document.get("metadata") or {}
    return f"{kind}/{metadata.get('name') or document.get('cluster')}"


def to_yaml(document: Object) -> str:
    """YAML that kubectl reads as the same values: PyYAML leaves ``1e3``, ``.5e3``, ``y`` bare."""
    text: str = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=False, width=10**9
    )
    return text


def _list(documents: Sequence[Object]) -> Object:
    return {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": documents}


def _plain(value: Any) -> Any:
    """Plain containers without what kubectl hides too."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items() if key != "managedFields"}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value


class _Dumper(_Base):  # type: ignore[misc]
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the same list twice is no alias
        return True


_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./@+=-]*(?: [A-Za-z0-9_./@+=(),-]+)*\Z")
_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"])


def _represent_text(dumper: Any, text: str) -> Any:
    bare = _PLAIN.match(text) and text.lower() not in _WORDS
    style = None if bare else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
