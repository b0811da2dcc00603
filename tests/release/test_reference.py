from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from kubectl_liqo_shortcut.core.diagnosis.causes import CauseName
from kubectl_liqo_shortcut.core.preflight.findings import FindingName
from kubectl_liqo_shortcut.core.record.conditions import Condition, Reason
from kubectl_liqo_shortcut.core.service.causes import ServiceCause
from kubectl_liqo_shortcut.errors import ExitCode
from release import reference
from release.commands import paragraphs
from release.markdown import anchor, paragraph, table, text
from release.reference import DOCS
from tests.cli.test_help import COMMANDS, options
from tests.core.crd import SCHEMA
from tests.tables import every

PAGES = reference.render()


def page(name: str) -> str:
    return PAGES[DOCS / name]


def first_cells(name: str) -> list[str]:
    """What the rows of a page's tables are about."""
    return re.findall(r"^\| \[?`?(.+?)`?(?:\]\(\S+\))? \|", page(name), re.MULTILINE)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_reference_page_is_current(path: Path, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        path.write_text(PAGES[path], encoding="utf-8")
    assert path.read_text(encoding="utf-8") == PAGES[path], "run: make docs"


def test_the_index_lists_every_page() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^- \[.+?\]\((\S+?)\): \S", index, re.MULTILINE))
    assert listed == {path.name for path in DOCS.glob("*.md")} - {"README.md"} | {
        f"{path.parent.name}/README.md" for path in DOCS.glob("*/README.md")
    }


@every("folder", ["guides", "decisions"])
def test_the_index_of_a_folder_lists_every_page_of_it(folder: str) -> None:
    index = (DOCS / folder / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"\]\(([^/)]+)\)", index)
    assert sorted(listed) == sorted(
        {path.name for path in (DOCS / folder).glob("*.md")} - {"README.md"}
    )


@every("name", COMMANDS)
def test_every_command_has_its_options_and_examples(name: str) -> None:
    section = page("commands.md").partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert f"kubectl liqo-shortcut {name}" in section
    assert "Examples:\n\n```sh\n" in section
    flags = [option.opts[-1] for option in options(COMMANDS[name]) if not option.hidden]
    assert [flag for flag in flags if not re.search(rf"^- `.*{flag}\b", section, re.M)] == []


def fields(schema: Mapping[str, Any]) -> Iterator[str]:
    for name, each in schema.get("properties", {}).items():
        yield name
        yield from fields(each.get("items", each))


def test_every_field_has_a_row() -> None:
    assert sorted(set(first_cells("fields.md")) - {"field", "---"}) == sorted(set(fields(SCHEMA)))


@every("words", [Condition, Reason, CauseName, ServiceCause, FindingName])
def test_every_word_of_a_condition_or_a_finding_has_a_row(words: type[Reason]) -> None:
    assert [each for each in words if each not in first_cells("conditions.md")] == []


def test_every_exit_code_has_a_row() -> None:
    assert first_cells("exit-codes.md")[2:] == [str(code.value) for code in ExitCode]


@every("code", ExitCode)
def test_an_exit_code_other_than_0_says_what_to_do(code: ExitCode) -> None:
    assert code.meaning
    assert bool(code.remedy) == (code is not ExitCode.OK)


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    assert table(["a", "b"], [["x|y", ""]]).splitlines()[-1] == r"| x\|y | - |"


def test_text_is_no_markup_and_code_stays_code() -> None:
    assert text("a * b < c, `a*<b`") == r"a \* b \< c, `a*<b`"


def test_a_heading_is_linked_to_as_forges_do() -> None:
    assert anchor("spec.gateway Exit-codes") == "specgateway-exit-codes"


def test_what_is_indented_in_a_help_text_is_a_command_line() -> None:
    (examples,) = paragraphs("\b\nExamples:\n  # once\n  do it")
    assert paragraph(examples) == "Examples:\n\n```sh\n# once\ndo it\n```"
