from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import HUB, ObjectRef
from kubectl_liqo_shortcut.errors import ExitCode
from tests.cli.runner import Clusters, linked, run
from tests.commands.test_why import say
from tests.samples import record_of, spec_of


@pytest.fixture
def clusters() -> Clusters:
    clusters = Clusters()
    clusters.hub.put(record_of("rome--turin", spec=spec_of("rome", "turin")))
    clusters.hub.put(record_of("milan--paris", spec=spec_of("paris")))
    clusters.hub.put(record_of())
    clusters.asked.clear()
    return clusters


def names(*args: str, on: Clusters) -> list[str]:
    result = run("get", *args, "-o", "name", on=on)
    assert result.exit_code == 0, result.stderr
    return [line.rpartition("/")[2] for line in result.stdout.splitlines()]


def test_all_shortcuts_stand_in_a_table_by_name(clusters: Clusters) -> None:
    lines = run("get", on=clusters).stdout.splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["NAME", "SERVER", "CLIENT"],
        ["milan--paris", "paris", "milan"],
        ["milan--rome", "rome", "milan"],
        ["rome--turin", "rome", "turin"],
    ]


def test_a_table_may_have_no_titles(clusters: Clusters) -> None:
    assert run("get", "--no-headers", on=clusters).stdout.startswith("milan--paris ")


def test_a_wide_table_has_more_columns(clusters: Clusters) -> None:
    assert "POD-ROUTES" in run("get", "-o", "wide", on=clusters).stdout.splitlines()[0]


def test_the_hub_is_asked_once_and_no_leaf(clusters: Clusters) -> None:
    run("get", on=clusters)
    assert [(cluster, verb) for cluster, verb, _ in clusters.asked] == [(HUB, "list")]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ((), ["milan--paris", "milan--rome", "rome--turin"]),
        (("rome",), ["milan--rome", "rome--turin"]),
        (("milan--rome",), ["milan--rome"]),
        (("milan", "rome"), ["milan--rome"]),
        (("rome", "milan"), ["milan--rome"]),
        (("shortcut/milan--rome",), ["milan--rome"]),
        (("lsc/milan--rome",), ["milan--rome"]),
        (("shortcut.shortcut.liqo.io/milan--rome",), ["milan--rome"]),
    ],
    ids=lambda value: " ".join(value) or "all",
)
def test_shortcuts_are_found_by_leaf_pair_or_name(
    clusters: Clusters, words: tuple[str, ...], found: list[str]
) -> None:
    assert names(*words, on=clusters) == found


@pytest.mark.parametrize(
    ("words", "name"),
    [(("oslo",), "oslo"), (("oslo", "rome"), "oslo--rome"), (("shortcut/oslo",), "oslo")],
    ids=["leaf", "pair", "name"],
)
def test_what_is_not_there_is_an_error_in_kubectls_words(
    clusters: Clusters, words: tuple[str, ...], name: str
) -> None:
    result = run("get", *words, on=clusters)
    assert (result.exit_code, result.stdout) == (ExitCode.FAILED, "")
    assert result.stderr.startswith(f'Error: shortcuts.shortcut.liqo.io "{name}" not found\nHint: ')


def test_a_hub_without_shortcuts_is_no_error() -> None:
    result = run("get", on=Clusters())
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "No shortcuts found.\n")


def test_a_hub_without_the_kind_says_how_to_install_it() -> None:
    clusters = Clusters()
    clusters.hub.not_served.add(r.SHORTCUT)
    result = run("get", on=clusters)
    assert (result.exit_code, "crd install" in result.stderr) == (ExitCode.REFUSED, True)


def test_a_name_is_one_that_kubectl_takes(clusters: Clusters) -> None:
    result = run("get", "milan", "rome", "-o", "name", on=clusters)
    assert result.stdout == "shortcut.shortcut.liqo.io/milan--rome\n"


def documents(output: str, text: str) -> list[Any]:
    return list(yaml.safe_load_all(text)) if output == "yaml" else [json.loads(text)]


@pytest.mark.parametrize("output", ["yaml", "json", "YAML"])
def test_one_shortcut_is_printed_whole(clusters: Clusters, output: str) -> None:
    (document,) = documents(
        output.lower(), run("get", "milan", "rome", "-o", output, on=clusters).stdout
    )
    assert (document["kind"], document["spec"]) == ("Shortcut", spec_of())


@pytest.mark.parametrize("count", [0, 1, 2])
def test_all_shortcuts_are_one_json_list_however_many_they_are(count: int) -> None:
    clusters = Clusters()
    for number in range(count):
        clusters.hub.put(record_of(f"milan--r{number}", spec=spec_of(f"r{number}")))
    whole = json.loads(run("get", "-o", "json", on=clusters).stdout)
    assert (whole["kind"], len(whole["items"])) == ("List", count)


@pytest.mark.parametrize("output", ["wide", "yaml", "json"])
def test_control_characters_of_a_cluster_are_only_shown(output: str) -> None:
    clusters = Clusters()
    condition = {"type": "Ready", "status": "\x1b[2J", "reason": "\x07", "message": "\x9b31m"}
    clusters.hub.put(record_of(status={"conditions": [condition], "latency": "\u202e"}))
    text = run("get", "-o", output, on=clusters).stdout
    assert text.replace("\n", "").isprintable()


def test_three_words_are_too_many(clusters: Clusters) -> None:
    assert run("get", "a", "b", "c", on=clusters).exit_code == ExitCode.USAGE


def test_live_asks_the_leaves_and_names_the_cause() -> None:
    clusters = linked("rome")
    say(clusters, "rome", "Error")
    assert "True" in run("get", on=clusters).stdout
    head, row = run("get", "--live", on=clusters).stdout.splitlines()
    assert head.split()[-1] == "MESSAGE"
    assert row.split()[3:5] == ["False", "TunnelDown"]
    assert "rome: its gateway gets no answer" in row


def test_a_selector_chooses_by_labels_and_goes_without_names() -> None:
    clusters = linked("rome")
    ref = ObjectRef(HUB, r.SHORTCUT, "", "milan--rome")
    clusters.hub.patch(ref, {"metadata": {"labels": {"stage": "test"}}})
    assert "milan--rome" in run("get", "-l", "stage=test", on=clusters).stdout
    assert run("get", "-l", "stage=live", on=clusters).stderr == "No shortcuts found.\n"
    assert run("get", "milan", "-l", "stage=test", on=clusters).exit_code == 2


def test_live_as_yaml_is_a_document_where_a_link_is_down_too() -> None:
    clusters = linked("rome")
    say(clusters, "rome", "Error")
    shown = yaml.safe_load(run("get", "milan", "rome", "--live", "-o", "yaml", on=clusters).stdout)
    ready = {each["type"]: each for each in shown["status"]["conditions"]}["Ready"]
    assert (ready["status"], ready["reason"]) == ("False", "TunnelDown")
