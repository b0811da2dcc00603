"""What the leaves of real Liqo are told to be, also when one of them is down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.plugin import PAIR, changes, plugin, snapshots, succeed
from tests.lab.gateway_templates import VERSION
from tests.lab.lab import Lab


def documents(lab: Lab) -> dict[str, dict[str, Any]]:
    """The leaves of the pair by their names."""
    whole = json.loads(succeed(lab, "leaves", *PAIR, "-o", "json"))
    return {each["metadata"]["name"]: each for each in whole["items"]}


def test_both_leaves_are_told_with_all_that_can_be_known(clean_lab: Lab) -> None:
    found = documents(clean_lab)
    assert list(found) == list(PAIR)
    for leaf, told in found.items():
        spec = clean_lab.clusters[leaf].spec
        assert told["access"]["status"] == "ok", told["access"]
        assert (told["via"], told["liqoVersion"]) == (f"context:{leaf}", VERSION)
        assert told["canServe"]["answer"] == "yes"
        assert told["canServe"]["address"]
        assert (told["podCIDR"], told["externalCIDR"]) == ([spec.pod_cidr], [spec.external_cidr])
        assert told["onHub"]["podCIDR"] == [spec.pod_cidr]
        assert told["onHub"]["connection"] == "Connected"
        assert told["directServices"] == {"answer": "yes", "reason": None}


def test_the_table_has_a_row_for_each_leaf_of_the_hub(clean_lab: Lab) -> None:
    titles, *rows = succeed(clean_lab, "leaves").splitlines()
    assert titles.split()[0] == "LEAF"
    assert [row.split()[0] for row in rows] == sorted(clean_lab.leaves)


def test_looking_changes_nothing(clean_lab: Lab) -> None:
    before = snapshots(clean_lab)
    succeed(clean_lab, "leaves", "-o", "wide")
    assert changes(clean_lab, before) == []


@pytest.mark.usefixtures("mended")
def test_a_leaf_that_is_down_does_not_hide_the_other(hub: Lab) -> None:
    hub.faults.cut_api_server("leaf-2")
    done = plugin(hub, "leaves", *PAIR)
    assert done.returncode == 0, done.stderr
    up, down = done.stdout.splitlines()[1:]
    assert (up.split()[0], up.split()[-1]) == ("leaf-1", "ok")
    assert (down.split()[0], down.split()[-1]) == ("leaf-2", "unreachable")
    assert "cluster 'leaf-2': cannot be reached" in done.stderr


def test_a_leaf_behind_another_ones_context_is_noticed(clean_lab: Lab) -> None:
    done = plugin(clean_lab, "leaves", "leaf-2", "--leaf-context", "leaf-2=leaf-1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("another cluster answers")


def test_a_dry_run_from_the_facts_file_is_that_from_the_hub(hub: Lab, tmp_path: Path) -> None:
    file = tmp_path / "facts.yaml"
    file.write_text(succeed(hub, "leaves", "-o", "yaml"))
    command = ("create", *PAIR, "--dry-run=client", "-o", "yaml")
    from_hub = succeed(hub, *command)
    assert "kind: GatewayServer" in from_hub
    assert succeed(hub, *command, "--facts", str(file)) == from_hub
