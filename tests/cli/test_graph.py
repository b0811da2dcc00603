from __future__ import annotations

import io
import json
import sys

import pytest

from kubectl_liqo_shortcut.cli.root import cli
from kubectl_liqo_shortcut.core import kinds as r
from tests.cli.runner import Clusters, run
from tests.peered import peered
from tests.samples import record_of


@pytest.fixture
def clusters() -> Clusters:
    clusters = Clusters("milan", "rome")
    peered(clusters)
    clusters.hub.put(record_of())
    return clusters


def test_the_topology_is_a_tree_and_a_line_for_each_shortcut(clusters: Clusters) -> None:
    result = run("graph", on=clusters)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "hub\n"
        "├─ milan  Connected  1ms\n"
        "└─ rome   Connected  2ms\n"
        "\n"
        "milan ══ rome  Unknown    rome serves  (milan--rome)\n"
    )


@pytest.mark.parametrize(
    ("output", "begin"),
    [("text", "hub\n"), ("mermaid", "flowchart LR\n"), ("DOT", "digraph liqo {\n")],
)
def test_other_programs_draw_it(clusters: Clusters, output: str, begin: str) -> None:
    assert run("graph", "-o", output, on=clusters).stdout.startswith(begin)


def test_programs_get_nodes_and_edges(clusters: Clusters) -> None:
    document = json.loads(run("graph", "-o", "json", on=clusters).stdout)
    assert [each["id"] for each in document["nodes"]] == ["the hub", "milan", "rome"]
    assert [each["kind"] for each in document["edges"]] == ["peering", "peering", "shortcut"]


def test_a_hub_without_the_kind_still_shows_its_peerings(clusters: Clusters) -> None:
    clusters.hub.not_served.add(r.SHORTCUT)
    result = run("graph", on=clusters)
    assert (result.exit_code, result.stdout.count("Connected")) == (0, 2)
    assert result.stderr == (
        "the hub does not know the kind Shortcut\n"
        "Hint: install it once: kubectl liqo-shortcut crd install\n"
    )


@pytest.mark.parametrize(
    ("encoding", "ascii_only"),
    [("utf-8", False), ("UTF8", False), ("ascii", True), ("latin-1", True)],
)
def test_lines_are_drawn_in_what_the_output_can_show(
    clusters: Clusters, monkeypatch: pytest.MonkeyPatch, encoding: str, ascii_only: bool
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    cli.main(("graph",), obj=clusters, standalone_mode=False)
    sys.stdout.flush()
    assert ("`- rome" if ascii_only else "└─ rome") in written.getvalue().decode(encoding)


def test_an_output_that_names_no_encoding_gets_ascii(
    clusters: Clusters, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.StringIO()
    monkeypatch.setattr(sys, "stdout", written)
    cli.main(("graph",), obj=clusters, standalone_mode=False)
    assert "`- rome" in written.getvalue()
