"""One way to name links in every command, in any order; and the words of other programs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from kubectl_liqo_shortcut import cli
from kubectl_liqo_shortcut.cli.root import PROGRAM
from kubectl_liqo_shortcut.core.link.naming import links_named
from kubectl_liqo_shortcut.core.model import cluster_id, name_of, shortcut_name
from kubectl_liqo_shortcut.errors import ExitCode, Invalid
from tests.cli.runner import Clusters, linked, run
from tests.linked import link
from tests.samples import record_of, spec_of
from tests.tables import every

ONE = ("describe", "why", "get", "check", "diff", "sync --dry-run", "verify --dry-run")
MANY = ("describe", "get", "check", "diff", "sync --dry-run")


@pytest.fixture
def clusters() -> Clusters:
    """Of milan two links, of rome and of paris one each."""
    return linked("rome", "paris")


def say(command: str, *words: str, on: Clusters) -> tuple[int, str, str]:
    name, *options = command.split()
    result = run(name, *words, *options, on=on)
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("command", [*ONE, "delete --dry-run"])
@pytest.mark.parametrize("word", ["milan--rome", "rome--milan", "lsc/rome--milan"])
def test_a_name_is_understood_in_either_order(clusters: Clusters, command: str, word: str) -> None:
    code, said, errors = say(command, word, on=clusters)
    assert code == 0, errors
    assert "paris" not in said
    if not command.startswith("diff"):
        assert "rome" in said


@pytest.mark.parametrize("command", ONE)
def test_a_leaf_with_one_link_names_it(clusters: Clusters, command: str) -> None:
    code, said, errors = say(command, "rome", on=clusters)
    assert (code, "paris" in said) == (0, False), errors


@pytest.mark.parametrize("command", MANY)
def test_a_leaf_with_several_links_names_them_all(clusters: Clusters, command: str) -> None:
    code, said, errors = say(command, "milan", on=clusters)
    assert code == 0, errors
    if command != "diff":
        assert "rome" in said
        assert "paris" in said


@pytest.mark.parametrize("command", ["why", "verify", "delete"])
def test_where_one_link_is_wanted_a_leaf_with_several_is_told_their_names(
    clusters: Clusters, command: str
) -> None:
    code, _, errors = say(command, "milan", on=clusters)
    assert code == ExitCode.FAILED
    for text in ("'milan' is a leaf, not a shortcut", "milan--paris", "milan--rome"):
        assert text in errors


def test_delete_takes_no_leaf_for_its_only_link(clusters: Clusters) -> None:
    code, _, errors = say("delete", "rome", "--ignore-not-found", on=clusters)
    assert (code, clusters.written) == (ExitCode.FAILED, [])
    assert "'rome' is a leaf" in errors


def test_several_links_are_named_by_their_names(clusters: Clusters) -> None:
    code, said, _ = say("get", "rome--milan", "milan--paris", "-o", "name", on=clusters)
    assert code == 0
    assert [line.rpartition("/")[2] for line in said.splitlines()] == [
        "milan--rome",
        "milan--paris",
    ]


@pytest.mark.parametrize("command", MANY)
def test_three_leaves_name_no_links(clusters: Clusters, command: str) -> None:
    code, _, errors = say(command, "milan", "rome", "paris", on=clusters)
    assert (code, "is no name of a shortcut" in errors) == (ExitCode.USAGE, True), errors


def test_a_leaf_beside_a_link_names_none_whatever_it_is_called() -> None:
    records = {"leaf-1--leaf-2": record_of(spec=spec_of("leaf-1", "leaf-2"))}
    for words in (("leaf-1", "leaf-2", "leaf-3"), ("leaf-1--leaf-2", "leaf-1")):
        with pytest.raises(Invalid, match="'leaf-1' is no name of a shortcut"):
            links_named(words, records)


@pytest.mark.parametrize("words", [("milan", "rome"), ("rome--milan",)], ids=" ".join)
def test_one_link_is_one_document_and_a_leafs_links_are_a_list(
    clusters: Clusters, words: tuple[str, ...]
) -> None:
    def kind(*named: str) -> Any:
        return json.loads(run("get", *named, "-o", "json", on=clusters).stdout)["kind"]

    assert (kind(*words), kind("rome"), kind("milan")) == ("Shortcut", "List", "List")


@pytest.mark.parametrize("command", ["describe", "why", "check", "diff"])
def test_what_is_not_there_is_told_by_its_name(clusters: Clusters, command: str) -> None:
    code, said, errors = say(command, "oslo--rome", on=clusters)
    assert code == (2 if command == "diff" else ExitCode.FAILED)
    assert "oslo--rome" in said + errors
    assert "not found" in said + errors


def test_leaves_with_two_hyphens_are_named_as_others() -> None:
    first, second = cluster_id("a--b"), cluster_id("c")
    record = record_of(shortcut_name(first, second), spec=spec_of(first, second))
    records = {name_of(record): record}
    for words in (("a--b", "c"), ("c", "a--b"), ("a--b--c",), ("c--a--b",), ("a--b",), ("c",)):
        assert links_named(words, records) == [name_of(record)]


def test_describe_wants_a_name(clusters: Clusters) -> None:
    assert say("describe", on=clusters)[0] == ExitCode.USAGE


def test_a_pair_costs_one_record(clusters: Clusters) -> None:
    link(clusters, "paris", "rome")
    clusters.asked.clear()
    run("get", "milan", "rome", on=clusters)
    assert [ref.name for _, _, ref in clusters.asked] == ["milan--rome"]


@every(
    ("line", "meant"),
    [
        ("list", "get"),
        ("ls", "get"),
        ("status", "get"),
        ("status milan", "get"),
        ("rm milan rome", "delete"),
        ("connect milan rome", "create"),
        ("service ls", "service list"),
        ("service add demo/web", "service enable"),
        ("help", "--help"),
        ("help create", "create --help"),
        ("help nonsense", "--help"),
        ("service help", "service --help"),
    ],
    ids=lambda value: value,
)
def test_the_usual_other_words_are_suggested(line: str, meant: str) -> None:
    with pytest.MonkeyPatch.context() as patched, CliRunner().isolation() as (_, stderr, _):
        patched.setattr("sys.argv", [PROGRAM, *line.split()])
        code = cli._run()
        said = stderr.getvalue().decode()
    assert code == ExitCode.USAGE
    assert said.splitlines()[-1] == f"Hint: did you mean {PROGRAM} {meant}"
