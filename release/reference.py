"""The reference pages in docs/, written from the program and the CRD: ``make docs``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from kubectl_liqo_shortcut.cli.root import PROGRAM, cli
from kubectl_liqo_shortcut.core.diagnosis.causes import CauseName
from kubectl_liqo_shortcut.core.preflight.findings import FindingName, Severity
from kubectl_liqo_shortcut.core.record.conditions import REASONS, Condition, Reason
from kubectl_liqo_shortcut.core.service.causes import ServiceCause
from kubectl_liqo_shortcut.errors import ExitCode
from release import fields, permissions
from release.commands import contexts, name_of, options_of, paragraphs, usage_of
from release.markdown import anchor, block, code, link, paragraph, table, text
from release.version import ROOT

DOCS = ROOT / "docs"
_NOTICE = "<!-- Written by make docs; change the program's own texts instead. -->"


def render() -> dict[Path, str]:
    """Every page, by its place."""
    pages = {
        "commands.md": _commands(),
        "fields.md": fields.render(),
        "conditions.md": _conditions(),
        "permissions.md": permissions.render(),
        "exit-codes.md": _exit_codes(),
    }
    return {
        DOCS / name: "\n\n".join((_NOTICE, *filter(None, parts))) + "\n"
        for name, parts in pages.items()
    }


def _commands() -> Iterator[str]:
    yield "# Commands"
    yield from map(paragraph, paragraphs(cli.help))
    yield f"What a command ends with: {link('exit codes', 'exit-codes.md')}."
    yield "\n".join(map(_entry, contexts()))
    for context in contexts():
        yield f"## {name_of(context)}"
        yield block(f"{context.command_path} {usage_of(context)}")
        yield from map(paragraph, paragraphs(context.command.help))
        options = options_of(context)
        yield "\n".join(f"- {code(name)}: {text(' '.join(told.split()))}" for name, told in options)
        yield from map(paragraph, paragraphs(context.command.epilog))


def _entry(context: click.Context) -> str:
    name = name_of(context)
    told = context.command.get_short_help_str(limit=100)
    return f"- {link(code(name), f'#{anchor(name)}')}: {text(told)}"


def _conditions() -> Iterator[str]:
    yield "# Conditions, reasons, causes and findings"
    yield (
        f"Where they are: {link('status.conditions', 'fields.md#statusconditions')} of each record "
        "(`kubectl get shortcut NAME -o yaml`). Each change of Ready is an Event too "
        "(`kubectl describe shortcut NAME`)."
    )
    yield "## Conditions"
    yield table(
        ("condition", "meaning", "reasons"),
        ((code(each), text(each.meaning), ", ".join(REASONS[each])) for each in Condition),
    )
    yield "## Reasons"
    yield table(
        ("reason", "of", "meaning", "what to do"),
        (
            (code(each), ", ".join(_bearers(each)), text(each.meaning), text(each.remedy))
            for each in Reason
        ),
    )
    yield from _causes()
    yield "## What keeps a Service from going direct"
    yield (
        f"What {link('service enable', 'commands.md#service-enable')} refuses by, and what "
        f"{link('why --service', 'commands.md#why')} names, in the order in which they look."
    )
    yield table(
        ("cause", "meaning", "what to do"),
        ((code(each), text(each.meaning), text(each.remedy)) for each in ServiceCause),
    )
    yield "## Findings of preflight"
    yield (
        f"Of {link('preflight', 'commands.md#preflight')}, and of create and adopt, which look for "
        f"the same. {text(str(Severity.__doc__))}"
    )
    yield table(
        ("finding", "severity", "meaning", "what to do"),
        (
            (code(each), each.severity.value, text(each.meaning), text(each.remedy))
            for each in FindingName
        ),
    )


def _causes() -> Iterator[str]:
    yield "## Causes"
    yield (
        f"What {link('why', 'commands.md#why')}, {link('describe', 'commands.md#describe')} and "
        f"{link('get --live', 'commands.md#get')} name: the first thing that is not as it should "
        "be, looked for in this order."
    )
    yield table(
        ("cause", "meaning", "what to do"),
        ((code(each), text(each.meaning), text(each.remedy)) for each in CauseName),
    )


def _bearers(reason: Reason) -> list[str]:
    return [kind.value for kind, reasons in REASONS.items() if reason in reasons]


def _exit_codes() -> Iterator[str]:
    yield "# Exit codes"
    yield f"What {link(code(PROGRAM), 'commands.md')} ends with, so that a script can tell."
    yield table(
        ("exit code", "meaning", "what to do"),
        ((str(code.value), text(code.meaning), text(code.remedy)) for code in ExitCode),
    )
    for context in contexts():
        command = context.command
        told = (*paragraphs(command.help), *paragraphs(command.epilog))
        own = [paragraph(each) for each in told if each.text.startswith("Exit code")]
        if own:
            name = name_of(context)
            yield f"## {name}"
            yield from own
            yield f"More: {link(code(name), f'commands.md#{anchor(name)}')}."


def main() -> None:
    DOCS.mkdir(exist_ok=True)
    for path, page in render().items():
        path.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
