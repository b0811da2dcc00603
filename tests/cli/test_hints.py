"""A hint is a command that works when pasted: with the options that were given."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click

import kubectl_liqo_shortcut
from kubectl_liqo_shortcut.cli.pasteable import given_options
from kubectl_liqo_shortcut.cli.root import PROGRAM
from kubectl_liqo_shortcut.core.model import ObjectRef
from kubectl_liqo_shortcut.errors import ClusterError, Forbidden, lines_of, listing
from tests.cli.runner import Clusters, linked, run
from tests.cli.test_help import COMMANDS
from tests.commands.test_why import say
from tests.tables import every

PACKAGE = Path(kubectl_liqo_shortcut.__file__).parent
ASK_NOBODY = ("completion", "version", "crd print")

GIVEN = given_options(
    {
        "kubeconfig": "my config",
        "context": "torino",
        "leaf_contexts": (("rome", "r2"),),
        "leaf_kubeconfigs": (("milan", "m.yaml"),),
        "as_groups": ("ops", "dev"),
        "allow_local_identity": True,
    }
)
HUB_OPTIONS = "--kubeconfig 'my config' --context torino --as-group ops --as-group dev"
OPTIONS = (
    f"{HUB_OPTIONS} --leaf-context rome=r2 --leaf-kubeconfig milan=m.yaml --allow-local-identity"
)


def texts() -> Iterator[str]:
    """Every text of the program that names a command of it; what is put in is an x."""
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inner = {
            id(part)
            for node in ast.walk(tree)
            if isinstance(node, ast.JoinedStr)
            for part in node.values
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                parts = (str(p.value) if isinstance(p, ast.Constant) else "x" for p in node.values)
                text = "".join(parts)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = "" if id(node) in inner else node.value
            else:
                continue
            if f"{PROGRAM} " in text and not text.startswith("``"):
                yield text


def named(text: str) -> Iterator[tuple[str, str]]:
    """The commands in *text*, each with what follows it up to the end of its clause."""
    for found in re.finditer(rf"{PROGRAM} ([a-z]+)( [a-z]+)?([^;\n]*)", text):
        first, second, rest = found[1], (found[2] or "").strip(), found[3]
        both = f"{first} {second}"
        if first == "x":  # which one is put in
            continue
        yield (both, rest) if both in COMMANDS else (first, f"{found[2] or ''}{rest}")


HINTS = sorted({(*each,) for text in texts() for each in named(text)})


def test_many_hints_name_commands() -> None:
    assert len(HINTS) > 60


@every(("name", "rest"), HINTS, ids=lambda value: value[:60])
def test_every_hint_names_a_command_that_takes_the_options_it_names(name: str, rest: str) -> None:
    command = COMMANDS[name]
    known = {flag for each in command.params for flag in (*each.opts, *each.secondary_opts)}
    first = rest.partition(f"{PROGRAM} ")[0].partition(", then ")[0].partition(" or ")[0]
    assert set(re.findall(r"(?<!\S)--[a-z][a-z-]+", first)) <= {*known, "--help"}
    assert (
        known >= {"--context", "--leaf-context"}
        or isinstance(command, click.Group)
        or name.startswith(ASK_NOBODY)
    )


@every(("name", "rest"), HINTS, ids=lambda value: value[:60])
def test_every_hint_carries_the_options_that_were_given(name: str, rest: str) -> None:
    told = GIVEN.within(f"{PROGRAM} {name}{rest}")
    carries = not name.startswith(ASK_NOBODY)
    if isinstance(COMMANDS[name], click.Group):
        name += rest.partition("x")[0] + "x"  # which of its commands is put in
    assert told.startswith(f"{PROGRAM} {name} {OPTIONS}" if carries else f"{PROGRAM} {name}")
    assert (OPTIONS in told) is carries


@every(
    ("text", "told"),
    [
        ("kubectl edit shortcut a--b, then", f"kubectl edit {HUB_OPTIONS} shortcut a--b, then"),
        (
            "kubectl --context rome get pods",
            "kubectl --kubeconfig 'my config' --context r2 get pods",
        ),
        ("kubectl --context milan get pods", "kubectl --kubeconfig m.yaml get pods"),
        ("kubectl --context paris get pods", "kubectl --context paris get pods"),
        (f"see {PROGRAM} --help", f"see {PROGRAM} --help"),
        ("no command at all", "no command at all"),
        (f"to go on: {PROGRAM} sync --context a", f"to go on: {PROGRAM} sync --context a"),
    ],
    ids=lambda value: value[:30],
)
def test_kubectl_gets_what_it_knows_itself(text: str, told: str) -> None:
    assert GIVEN.within(text) == told


def test_a_hint_of_several_lines_carries_them_in_each() -> None:
    hint = listing("do:", [f"{PROGRAM} sync a--b", f"{PROGRAM} diff"])
    lines = lines_of(GIVEN.within(hint))
    assert lines[1:] == (f"  {PROGRAM} sync {OPTIONS} a--b", f"  {PROGRAM} diff {OPTIONS}")


def test_without_options_a_hint_stays_as_it_is() -> None:
    text = f"{PROGRAM} get lists all; kubectl --context rome get pods"
    assert given_options({}).within(text) == text


WAY = ("--context", "torino", "--leaf-context", "rome=r2")
SPELT = "--context torino --leaf-context rome=r2"


@every(
    "args",
    [
        ("get", "oslo"),
        ("describe", "oslo--rome"),
        ("delete", "oslo", "rome"),
        ("create", "milan", "rome", "--mtu", "1400"),
        ("create", "milan", "rome", "--mtu", "1400", "--dry-run"),
        ("sync", "oslo"),
    ],
    ids=" ".join,
)
def test_errors_are_printed_with_the_options_given(args: tuple[str, ...]) -> None:
    hint = run(*args, *WAY, on=linked("rome")).stderr.splitlines()[-1]
    assert hint.startswith("Hint: ")
    assert re.search(rf"{PROGRAM} [a-z]+ {SPELT}\b", hint), hint


def test_why_names_next_steps_with_the_options_given() -> None:
    clusters = linked("rome")
    assert (
        f"{PROGRAM} create {SPELT} milan paris"
        in run("why", "milan", "paris", *WAY, on=Clusters("milan", "paris")).stdout
    )
    say(clusters, "rome", "Error")
    assert "kubectl --context rome " not in run("why", "milan", "rome", *WAY, on=clusters).stdout


def test_programs_are_told_the_same_hint() -> None:
    told = run("delete", "oslo", "rome", *WAY, "--progress=json", on=linked("rome")).stderr
    assert f"{PROGRAM} get {SPELT} lists all" in told


def test_the_other_leaf_stands_in_a_hint_about_rights() -> None:
    clusters = Clusters("milan", "rome", "paris")

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        hint = f"{PROGRAM} rbac check --leaf rome --peer ID says what lacks"
        return Forbidden("rome", "forbidden", hint=hint)

    clusters.leaves["rome"].fault = fault
    said = run("create", "--mesh", "milan", "rome", "paris", "--timeout", "5s", *WAY, on=clusters)
    for peer in ("milan", "paris"):
        assert f"{PROGRAM} rbac check {SPELT} --leaf rome --peer {peer} says" in said.stderr
    assert "--peer ID" not in said.stderr
