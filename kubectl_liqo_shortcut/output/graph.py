"""The topology as text, as a flowchart for Mermaid, for Graphviz, and for programs.

Names and messages come from clusters: each format escapes them so that none can end its label.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator, Sequence
from typing import Any, assert_never

from kubectl_liqo_shortcut.core.hub.topology import PeeringEdge, ShortcutEdge, Topology
from kubectl_liqo_shortcut.core.model import HUB
from kubectl_liqo_shortcut.output.formats import GraphFormat, OutputFormat
from kubectl_liqo_shortcut.output.tables import plain_table
from kubectl_liqo_shortcut.output.text import printable


def format_graph(topology: Topology, output: GraphFormat, *, ascii_only: bool = False) -> str:
    """The whole picture; all formats but text are ASCII anyway."""
    match output:
        case OutputFormat.TEXT:
            return _text(topology, ascii_only=ascii_only)
        case OutputFormat.MERMAID:
            return _lines(_mermaid(topology))
        case OutputFormat.DOT:
            return _lines(_dot(topology))
        case OutputFormat.JSON:
            return json.dumps(_document(topology), indent=2) + "\n"
        case _:
            assert_never(output)


def _text(topology: Topology, *, ascii_only: bool) -> str:
    branch, last, link = ("|-", "`-", "==") if ascii_only else ("├─", "└─", "══")
    rows = [
        (f"{last if each is topology.peerings[-1] else branch} {each.leaf}", *_said(each))
        for each in topology.peerings
    ]
    width = max((len(printable(each.pair[0])) for each in topology.shortcuts), default=0)
    links = [
        (
            f"{printable(each.pair[0]):<{width}} {link} {printable(each.pair[1])}",
            *_said(each),
            f"{each.server} serves",
            f"({each.name})",
        )
        for each in topology.shortcuts
    ]
    text = "hub\n" + plain_table(rows) + ("\n" if links else "") + plain_table(links)
    return text.encode("ascii", "backslashreplace").decode() if ascii_only else text


def _said(edge: PeeringEdge | ShortcutEdge) -> tuple[str, str]:
    return edge.state or "<none>", edge.latency


def _mermaid(topology: Topology) -> Iterator[str]:
    ids = _identifiers(topology.leaves)
    yield "flowchart LR"
    yield "  %% thick: a shortcut, from its gateway client to its server, dotted where it is not up"
    yield '  hub(("hub"))'
    for leaf in topology.leaves:
        yield f'  {ids[leaf]}["{_for_mermaid(leaf)}"]'
    for each in topology.peerings:
        line = "---" if each.is_up else "-.-"
        yield f'  hub {line}|"{_for_mermaid(_label(each))}"| {ids[each.leaf]}'
    for link in topology.shortcuts:
        line = "==>" if link.is_up else "-.->"
        label = _for_mermaid(_label(link))
        yield f'  {ids[link.client]} {line}|"{label}"| {ids[link.server]}'


def _dot(topology: Topology) -> Iterator[str]:
    ids = _identifiers(topology.leaves)
    yield "digraph liqo {"
    yield "  // bold: a shortcut, from its gateway client to its server, dashed where it is not up"
    yield '  hub [label="hub", shape=doublecircle];'
    for leaf in topology.leaves:
        yield f'  {ids[leaf]} [label="{_for_dot(leaf)}", shape=box];'
    for each in topology.peerings:
        style = "solid" if each.is_up else "dashed"
        label = _for_dot(_label(each))
        yield f'  hub -> {ids[each.leaf]} [label="{label}", style={style}, dir=none];'
    for link in topology.shortcuts:
        style = "bold" if link.is_up else "dashed"
        label = _for_dot(_label(link))
        yield f'  {ids[link.client]} -> {ids[link.server]} [label="{label}", style={style}];'
    yield "}"


def _document(topology: Topology) -> dict[str, Any]:
    peerings = [
        {
            "kind": "peering",
            "from": HUB,
            "to": each.leaf,
            "up": each.is_up,
            "state": each.state or None,
            "latency": each.latency or None,
        }
        for each in topology.peerings
    ]
    shortcuts = [
        {
            "kind": "shortcut",
            "name": each.name,
            "from": each.client,
            "to": each.server,
            "up": each.is_up,
            "state": each.state,
            "latency": each.latency or None,
        }
        for each in topology.shortcuts
    ]
    leaves = [{"id": leaf, "kind": "leaf"} for leaf in topology.leaves]
    return {"nodes": [{"id": HUB, "kind": "hub"}, *leaves], "edges": [*peerings, *shortcuts]}


def _label(edge: PeeringEdge | ShortcutEdge) -> str:
    return " ".join(filter(None, _said(edge)))


def _identifiers(leaves: Sequence[str]) -> dict[str, str]:
    """A word for each leaf that no format gives a meaning: readable, and never the same twice."""
    ids: dict[str, str] = {}
    for leaf in leaves:
        word = "leaf_" + re.sub(r"[^A-Za-z0-9]", "_", leaf)
        taken = set(ids.values())
        ids[leaf] = next(each for each in _numbered(word) if each not in taken)
    return ids


def _numbered(word: str) -> Iterator[str]:
    yield word
    number = 2
    while True:
        yield f"{word}_{number}"
        number += 1


_BARE = frozenset(string.ascii_letters + string.digits + " -_.:/()")


def _for_mermaid(text: str) -> str:
    """Mermaid's own entities, such as ``#34;``, for all that might mean something to it."""
    return "".join(each if each in _BARE else f"#{ord(each)};" for each in printable(text))


_DOT = {'"': r"\"", "\\": r"\\", "&": "&amp;"}


def _for_dot(text: str) -> str:
    """Graphviz reads backslashes and HTML's entities in a label."""
    return "".join(
        _DOT.get(each) or (each if each.isascii() else f"&#{ord(each)};")
        for each in printable(text)
    )


def _lines(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
