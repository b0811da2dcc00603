from __future__ import annotations

import json

import pytest
import yaml

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import HUB, ObjectRef
from kubectl_liqo_shortcut.errors import Unreachable
from tests.cli.runner import Clusters, always, linked, run
from tests.commands.test_why import drop, say
from tests.samples import Golden


@pytest.fixture
def clusters() -> Clusters:
    clusters = linked("rome")
    ref = ObjectRef(HUB, r.SHORTCUT, "", "milan--rome")
    status = {"lastObservedTime": "2026-01-01T00:00:00Z"}
    clusters.hub.patch(ref, {"status": status}, subresource="status")
    clusters.asked.clear()
    return clusters


def test_a_healthy_link_is_a_chain_of_oks(clusters: Clusters, golden: Golden) -> None:
    result = run("why", "milan", "rome", on=clusters)
    assert result.exit_code == 0
    golden("why.txt", result.stdout)
    assert clusters.written == []


def test_the_chain_ends_at_the_first_cause_with_what_to_do(
    clusters: Clusters, golden: Golden
) -> None:
    say(clusters, "rome", "Error")
    result = run("why", "rome", "milan", on=clusters)
    assert result.exit_code == 1
    golden("why-cut.txt", result.stdout)


def test_a_pair_without_a_shortcut_has_a_chain_too() -> None:
    result = run("why", "milan", "rome", on=Clusters("milan", "rome"))
    assert result.exit_code == 1
    assert "-> kubectl liqo-shortcut create milan rome" in result.stdout


def test_a_silent_hub_is_the_first_cause(clusters: Clusters) -> None:
    clusters.hub.fault = always(Unreachable(HUB, "cannot be reached"))
    result = run("why", "milan", "rome", on=clusters)
    assert (result.exit_code, result.stdout[:4]) == (1, "FAIL")


def test_programs_get_a_document(clusters: Clusters) -> None:
    drop(clusters, "rome", r.GATEWAY_CLIENT)
    document = json.loads(run("why", "milan--rome", "-o", "json", on=clusters).stdout)
    assert (document["kind"], document["ready"]) == ("Explanation", "False")
    assert (document["cause"]["reason"], document["cause"]["cluster"]) == ("NoGateway", "rome")
    assert document["checks"][-1] == document["cause"]
    assert document["checks"][0]["verdict"] == "ok"


@pytest.mark.parametrize("cut", [True, False], ids=["cut", "healthy"])
def test_yaml_is_the_same_document_as_json(clusters: Clusters, cut: bool) -> None:
    if cut:
        say(clusters, "rome", "Error")
    told = [run("why", "milan", "rome", "-o", each, on=clusters) for each in ("yaml", "json")]
    assert yaml.safe_load(told[0].stdout) == json.loads(told[1].stdout)


def test_what_a_cluster_says_is_printed_escaped(clusters: Clusters) -> None:
    say(clusters, "rome", "Broken\x1b[31m")
    assert "\x1b" not in run("why", "milan", "rome", on=clusters).stdout
