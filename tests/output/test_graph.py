from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from kubectl_liqo_shortcut.core.hub.topology import PeeringEdge, ShortcutEdge, Topology
from kubectl_liqo_shortcut.output.formats import GraphFormat, OutputFormat
from kubectl_liqo_shortcut.output.graph import format_graph
from kubectl_liqo_shortcut.output.text import printable
from tests.core.strategies import any_text, some_text
from tests.samples import Golden
from tests.tables import every

TOPOLOGY = Topology(
    (
        PeeringEdge("milan", "Connected", "4ms"),
        PeeringEdge("paris", "Error", "12ms"),
        PeeringEdge("rome", "Connected", "11ms"),
        PeeringEdge("venice"),
    ),
    (
        ShortcutEdge("milan--rome", "rome", "milan", "Ready", "3ms"),
        ShortcutEdge("oslo--rome", "oslo", "rome", "CleanupPending"),
        ShortcutEdge("paris--rome", "paris", "rome", "Progressing", "7ms"),
    ),
)


@every("output", get_args(GraphFormat))
def test_a_graph_looks_as_reviewed(output: GraphFormat, golden: Golden) -> None:
    golden(f"graph.{output.value}", format_graph(TOPOLOGY, output))


def test_a_terminal_without_utf8_gets_ascii(golden: Golden) -> None:
    text = format_graph(TOPOLOGY, OutputFormat.TEXT, ascii_only=True)
    assert text.isascii()
    golden("graph-ascii.text", text)


def test_a_hub_alone_is_drawn_alone() -> None:
    alone = Topology((), ())
    assert format_graph(alone, OutputFormat.TEXT) == "hub\n"
    assert "leaf" not in format_graph(alone, OutputFormat.MERMAID)
    assert json.loads(format_graph(alone, OutputFormat.JSON))["edges"] == []


def test_names_that_look_the_same_as_words_stay_apart() -> None:
    leaves = tuple(PeeringEdge(leaf) for leaf in ("a-b", "a.b", "a_b", "a_b_2"))
    text = format_graph(Topology(leaves, ()), OutputFormat.MERMAID)
    ids = re.findall(r"^  (leaf_\w+)\[", text, re.MULTILINE)
    assert ids == ["leaf_a_b", "leaf_a_b_2", "leaf_a_b_3", "leaf_a_b_2_2"]


@every("word", ["end", "graph", "subgraph", "node", "strict", "o", "x", "hub"])
def test_a_leaf_may_be_called_like_a_word_of_the_format(word: str) -> None:
    topology = Topology((PeeringEdge(word),), ())
    for output in (OutputFormat.MERMAID, OutputFormat.DOT):
        assert re.search(rf"^  leaf_{word} ?\[", format_graph(topology, output), re.MULTILINE)


# Hostile names and messages. Each line of a format must be one that its grammar has, whatever the
# labels hold, and the labels are read back as they were.

_names = st.lists(
    some_text | st.sampled_from(['"', "]", "a\nb", "#34;", "&quot;", "\\", "end", "%%", "-->"]),
    min_size=2,
    max_size=5,
    unique=True,
)


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    names = sorted(draw(_names))
    peerings = tuple(PeeringEdge(each, draw(any_text), draw(any_text)) for each in names)
    a, b = names[:2]
    link = ShortcutEdge(draw(some_text), a, b, draw(some_text | st.just("Ready")), draw(any_text))
    return Topology(peerings, (link,))


def labels_of(topology: Topology) -> list[str]:
    """All labels in the order of the lines."""
    edges: tuple[PeeringEdge | ShortcutEdge, ...] = (*topology.peerings, *topology.shortcuts)
    said = [" ".join(filter(None, (each.state or "<none>", each.latency))) for each in edges]
    return [printable(each) for each in (*topology.leaves, *said)]


_MERMAID_LABEL = r'"((?:[A-Za-z0-9 _.:/()-]|#\d+;)*)"'
_MERMAID_LINE = re.compile(
    rf"  leaf_\w+\[{_MERMAID_LABEL}\]"
    rf"|  (?:hub|leaf_\w+) (?:---|-\.-|==>|-\.->)\|{_MERMAID_LABEL}\| leaf_\w+",
    re.ASCII,
)


@given(topologies())
def test_no_label_breaks_a_flowchart(topology: Topology) -> None:
    head, comment, hub, *lines = format_graph(topology, OutputFormat.MERMAID).split("\n")[:-1]
    assert (head, comment[:4], hub) == ("flowchart LR", "  %%", '  hub(("hub"))')
    assert [
        re.sub(r"#(\d+);", lambda code: chr(int(code[1])), label)
        for label in read(_MERMAID_LINE, lines)
    ] == labels_of(topology)


_DOT_LABEL = r'label="((?:[^"\\]|\\.)*)"'
_DOT_LINE = re.compile(
    rf"  leaf_\w+ \[{_DOT_LABEL}, shape=box\];"
    rf"|  \w+ -> leaf_\w+ \[{_DOT_LABEL}, style=\w+(?:, dir=none)?\];",
    re.ASCII,
)
_DOT_ESCAPE = re.compile(r'\\(["\\])|&(amp);|&#(\d+);')


@given(topologies())
def test_no_label_breaks_a_picture_of_graphviz(topology: Topology) -> None:
    text = format_graph(topology, OutputFormat.DOT)
    head, comment, hub, *lines, tail = text.split("\n")[:-1]
    assert (head, comment[:4], hub[:6], tail) == ("digraph liqo {", "  //", "  hub ", "}")
    assert text.isascii()
    assert [_DOT_ESCAPE.sub(_undo, label) for label in read(_DOT_LINE, lines)] == labels_of(
        topology
    )


def _undo(code: re.Match[str]) -> str:
    return code[1] or ("&" if code[2] else chr(int(code[3])))


def read(line: re.Pattern[str], lines: list[str]) -> Iterator[str]:
    """The label of each line, all of which must be as the grammar has them."""
    for each in lines:
        found = line.fullmatch(each)
        assert found, each
        yield next(group for group in found.groups() if group is not None)


@given(topologies())
def test_no_label_breaks_a_document(topology: Topology) -> None:
    document = json.loads(format_graph(topology, OutputFormat.JSON))
    ids = [each["id"] for each in document["nodes"]]
    assert ids == ["the hub", *topology.leaves]
    assert all(each["from"] in ids and each["to"] in ids for each in document["edges"])


@given(topologies(), st.booleans())
def test_no_label_breaks_the_text(topology: Topology, ascii_only: bool) -> None:
    text = format_graph(topology, OutputFormat.TEXT, ascii_only=ascii_only)
    lines = text.split("\n")
    assert len(lines) == 1 + len(topology.peerings) + 1 + len(topology.shortcuts) + 1
    assert all(line.isprintable() for line in lines)
    assert text.isascii() or not ascii_only
