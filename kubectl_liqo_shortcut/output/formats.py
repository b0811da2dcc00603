"""``-o``: the output formats, and how documents look in theirs."""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, assert_never

from kubectl_liqo_shortcut.core.model import Object


class OutputFormat(enum.StrEnum):
    TEXT = "text"
    WIDE = "wide"
    YAML = "yaml"
    JSON = "json"
    NAME = "name"
    MERMAID = "mermaid"
    DOT = "dot"


ReportFormat = Literal[OutputFormat.YAML, OutputFormat.JSON]
DocumentFormat = Literal[ReportFormat, OutputFormat.NAME]
TableFormat = Literal[OutputFormat.WIDE, DocumentFormat]
GraphFormat = Literal[OutputFormat.TEXT, OutputFormat.MERMAID, OutputFormat.DOT, OutputFormat.JSON]


def format_documents(
    documents: Sequence[Object], output: DocumentFormat, *, listing: bool = False
) -> str:
    """All *documents* in one text, ready for standard output.

    A *listing* is a List in JSON also where it happens to hold one document, as with kubectl.
    """
    plain = [_plain(document) for document in documents]
    match output:
        case OutputFormat.YAML:
            from kubectl_liqo_shortcut.output.yaml import to_yaml

            return "---\n".join(to_yaml(document) for document in plain)
        case OutputFormat.JSON:
            whole = plain[0] if len(plain) == 1 and not listing else _list(plain)
            return json.dumps(whole, indent=2) + "\n"
        case OutputFormat.NAME:
            return "".join(f"{resource_name(document)}\n" for document in plain)
        case _:
            assert_never(output)


def resource_name(document: Object) -> str:
    """kubectl's ``-o name``: ``shortcut.shortcut.liqo.io/milan--rome``."""
    group = document["apiVersion"].rpartition("/")[0]
    kind = document["kind"].lower() + (f".{group}" if group else "")
    metadata = document.get("metadata") or {}
    return f"{kind}/{metadata.get('name') or document.get('cluster')}"


def _list(documents: Sequence[Object]) -> Object:
    return {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": documents}


def _plain(value: Any) -> Any:
    """Plain containers without what kubectl hides too."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items() if key != "managedFields"}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value
