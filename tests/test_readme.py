from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from kubectl_liqo_shortcut.cli import PROGRAM, cli
from kubectl_liqo_shortcut.core.facts import from_document
from kubectl_liqo_shortcut.core.model import cluster_id
from tests.readme import README, block, replace_block


def test_the_help_in_the_readme_is_the_real_one(request: pytest.FixtureRequest) -> None:
    shown = CliRunner().invoke(cli, ["--help"], prog_name=PROGRAM, terminal_width=100).stdout
    text = f"```text\n{shown}```"
    if request.config.getoption("--update-golden"):
        replace_block("help", text)
    assert block("help") == f"{text}\n"


def test_the_facts_file_in_the_readme_is_a_facts_file() -> None:
    (example,) = (
        text
        for text in re.findall(r"```yaml\n(.*?)```", README.read_text(), re.DOTALL)
        if "kind: LeafFacts" in text
    )
    facts = from_document(yaml.safe_load(example), cluster_id("milan"), cluster_id("rome"))
    assert facts.hub == "torino"
    assert all(leaf.cidrs for leaf in facts.leaves.values())
    assert facts.leaves[cluster_id("milan")].endpoint
    assert facts.leaves[cluster_id("milan")].public_key


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_every_file_that_the_documents_name_is_there(name: str) -> None:
    root = README.parent
    links = re.findall(r"\]\(([^)#:]+)\)", (root / name).read_text())
    assert [link for link in links if not Path(root / link).exists()] == []
