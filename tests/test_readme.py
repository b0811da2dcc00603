from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from kubectl_liqo_shortcut.cli.root import PROGRAM, cli
from kubectl_liqo_shortcut.core.hub.topology import PeeringEdge, ShortcutEdge, Topology
from kubectl_liqo_shortcut.core.link.facts import from_document
from kubectl_liqo_shortcut.core.model import cluster_id
from kubectl_liqo_shortcut.output.formats import OutputFormat
from kubectl_liqo_shortcut.output.graph import format_graph
from release.markdown import anchor
from tests.readme import GUIDES, README, ROOT, block, replace_block
from tests.tables import every


def test_the_commands_in_the_readme_are_the_real_ones(request: pytest.FixtureRequest) -> None:
    shown = CliRunner().invoke(cli, ["--help"], prog_name=PROGRAM, terminal_width=100).stdout
    commands = textwrap.dedent(shown.partition("Commands:\n")[2].partition("\n\n")[0])
    text = f"```text\n{commands}\n```"
    if request.config.getoption("--update-golden"):
        replace_block("commands", text)
    assert block("commands") == f"{text}\n"


def test_readme_and_architecture_are_short_enough_to_be_read() -> None:
    assert len(README.read_bytes()) <= 10_000
    assert len((ROOT / "ARCHITECTURE.md").read_bytes()) <= 7_000


def test_the_graph_in_the_guide_is_a_real_one(request: pytest.FixtureRequest) -> None:
    cities = ("milan", "rome", "venice")
    topology = Topology(
        tuple(
            PeeringEdge(city, "Connected", f"{number}ms") for number, city in enumerate(cities, 11)
        ),
        (ShortcutEdge("milan--rome", "rome", "milan", "Ready", "3ms"),),
    )
    text = f"```mermaid\n{format_graph(topology, OutputFormat.MERMAID)}```"
    if request.config.getoption("--update-golden"):
        replace_block("graph", text)
    assert block("graph") == f"{text}\n"


def test_the_facts_file_in_the_guide_is_a_facts_file() -> None:
    (example,) = (
        text
        for text in re.findall(r"```yaml\n(.*?)```", (GUIDES / "gitops.md").read_text(), re.DOTALL)
        if "kind: LeafFacts" in text
    )
    facts = from_document(yaml.safe_load(example), cluster_id("milan"), cluster_id("rome"))
    assert facts.hub == "torino"
    assert all(leaf.cidrs for leaf in facts.leaves.values())
    assert facts.leaves[cluster_id("milan")].endpoint
    assert facts.leaves[cluster_id("milan")].public_key


DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def prose(path: Path) -> str:
    """A document without its blocks of code."""
    return re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def headings(path: Path) -> set[str]:
    return {anchor(each) for each in re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)}


def links(path: Path) -> list[str]:
    """Where a document leads to; code, but in a link's own words, has no links."""
    text = re.sub(r"`[^`\n]*`(?!\])", "", prose(path))
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]


@every("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_of_the_documents_leads_somewhere(path: Path) -> None:
    for link in links(path):
        file, _, heading = link.partition("#")
        target = path.parent / file if file else path
        assert target.exists(), link
        assert not heading or heading in headings(target), link


AUTOMATION = GUIDES / "automation.md"
EVENTS = (README.parent / "tests/golden/progress.jsonl").read_text(encoding="utf-8").splitlines()


def test_the_event_in_the_guide_is_a_real_one() -> None:
    (example,) = re.findall(r"```json\n(.*)\n```", AUTOMATION.read_text(encoding="utf-8"))
    assert example in EVENTS


@every("event", EVENTS, ids=lambda event: json.loads(event)["type"])
def test_the_keys_that_the_guide_promises_are_the_real_ones(event: str) -> None:
    keys = json.loads(event)
    text = AUTOMATION.read_text(encoding="utf-8")
    (promised,) = re.findall(rf"^\| `{keys['type']}` \|.*\|([^|]*)\|$", text, re.MULTILINE)
    always = {"time", "shortcut", "type", "message"}
    assert {*re.findall(r"`(\w+)`", promised)} == keys.keys() - always
