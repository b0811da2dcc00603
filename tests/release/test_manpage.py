from __future__ import annotations

import pytest

from release import manpage
from tests.cli.test_help import COMMANDS
from tests.tables import every


def test_the_manual_page_is_current(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        manpage.PAGE.write_text(manpage.render(), encoding="utf-8")
    assert manpage.PAGE.read_text(encoding="utf-8") == manpage.render(), "run: make man"


@every("name", COMMANDS)
def test_every_command_has_a_section_with_its_examples(name: str) -> None:
    section = manpage.render().partition(f".SH {name.upper()}\n")[2].partition("\n.SH ")[0]
    assert section.startswith(f".B kubectl liqo\\-shortcut {name}\n")
    assert "Examples:" in section


def test_no_text_begins_like_a_macro() -> None:
    macros = (".TH ", ".SH ", ".B ", ".BR ", ".TP", ".PP", ".nf", ".fi")
    lines = [line for line in manpage.render().splitlines() if line.startswith((".", "'"))]
    assert [line for line in lines if not line.startswith(macros)] == []
