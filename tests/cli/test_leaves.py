from __future__ import annotations

import json
import pathlib

import pytest
import yaml

from kubectl_liqo_shortcut.core.model import HUB
from kubectl_liqo_shortcut.errors import ExitCode, Unreachable
from tests.cli.runner import Clusters, always, run
from tests.peered import peered
from tests.samples import Golden


@pytest.fixture
def clusters() -> Clusters:
    clusters = Clusters("milan", "rome")
    peered(clusters)
    clusters.asked.clear()
    return clusters


def test_the_leaves_stand_in_a_table_by_name(clusters: Clusters) -> None:
    result = run("leaves", on=clusters)
    assert (result.exit_code, result.stderr) == (0, "")
    title, milan, rome = (line.split() for line in result.stdout.splitlines())
    assert title[:3] == ["LEAF", "VIA", "CAN-SERVE"]
    assert milan == [
        *("milan", "context:milan", "203.0.113.1", "10.61.0.0/16", "10.61.0.0/16"),
        *("yes", "v1.2.0", "ok"),
    ]
    assert rome[0] == "rome"


def test_a_table_may_have_no_titles(clusters: Clusters) -> None:
    assert run("leaves", "--no-headers", on=clusters).stdout.startswith("milan  context:milan ")


def test_a_wide_table_has_more_columns(clusters: Clusters) -> None:
    titles, milan, _ = run("leaves", "-o", "wide", on=clusters).stdout.splitlines()
    assert titles.split()[-4:] == ["CONNECTION", "LATENCY", "TENANT-NAMESPACE", "EXTERNAL-CIDR"]
    assert milan.split()[-4:] == ["Connected", "1ms", "liqo-hub", "10.171.0.0/16"]


def test_one_that_fails_does_not_hide_the_others_and_is_explained(clusters: Clusters) -> None:
    clusters.leaves["rome"].fault = always(Unreachable("rome", "cannot be reached", hint="up?"))
    result = run("leaves", on=clusters)
    milan, rome = result.stdout.splitlines()[1:]
    assert (result.exit_code, milan.split()[-1], rome.split()[-1]) == (0, "ok", "unreachable")
    assert result.stderr == "cluster 'rome': cannot be reached\nHint: up?\n"


def test_a_hub_that_fails_is_an_error(clusters: Clusters) -> None:
    clusters.hub.fault = always(Unreachable(HUB, "cannot be reached"))
    result = run("leaves", on=clusters)
    assert (result.exit_code, result.stdout) == (ExitCode.FAILED, "")


def test_a_hub_without_leaves_is_no_error() -> None:
    result = run("leaves", on=Clusters())
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "No leaves found.\n")


@pytest.mark.parametrize("words", [(), ("rome",)], ids=["all", "one"])
def test_documents_are_a_list_however_many_there_are(
    clusters: Clusters, words: tuple[str, ...]
) -> None:
    whole = json.loads(run("leaves", *words, "-o", "json", on=clusters).stdout)
    assert whole["kind"] == "List"
    assert [each["metadata"]["name"] for each in whole["items"]] == list(words or ("milan", "rome"))
    assert {each["onHub"]["connection"] for each in whole["items"]} == {"Connected"}


def test_names_are_told_as_kubectl_tells_them(clusters: Clusters) -> None:
    result = run("leaves", "-o", "name", on=clusters)
    assert result.stdout == "leaf.shortcut.liqo.io/milan\nleaf.shortcut.liqo.io/rome\n"
    assert [(cluster, verb) for cluster, verb, _ in clusters.asked] == [(HUB, "list")]


def test_the_facts_file_is_as_reviewed_and_asks_no_leaf(clusters: Clusters, golden: Golden) -> None:
    golden("leaves.yaml", run("leaves", "-o", "yaml", on=clusters).stdout)
    assert {cluster for cluster, _, _ in clusters.asked} == {HUB}


def test_a_dry_run_from_the_facts_file_is_that_from_the_hub(
    clusters: Clusters, tmp_path: pathlib.Path
) -> None:
    file = tmp_path / "facts.yaml"
    file.write_text(run("leaves", "-o", "yaml", on=clusters).stdout)
    command = ("create", "milan", "rome", "--dry-run=client", "-o", "yaml")
    from_hub = run(*command, on=clusters)
    from_file = run(*command, "--facts", str(file))
    assert (from_file.exit_code, from_file.stderr) == (0, from_hub.stderr)
    assert from_file.stdout == from_hub.stdout
    assert list(yaml.safe_load_all(from_file.stdout))


def test_what_is_no_leaf_is_refused(clusters: Clusters) -> None:
    result = run("leaves", "oslo", on=clusters)
    assert result.exit_code == ExitCode.REFUSED
    assert "Hint: leaves of this hub: milan, rome" in result.stderr
