"""The topology of a real hub, before a shortcut, with one, and without the kind Shortcut."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.plugin import NAME, PAIR, plugin, succeed
from tests.lab.lab import Lab


def edges(lab: Lab, kind: str) -> list[dict[str, Any]]:
    document = json.loads(succeed(lab, "graph", "-o", "json"))
    return [each for each in document["edges"] if each["kind"] == kind]


def test_a_shortcut_is_drawn_once_it_is_made(hub: Lab) -> None:
    peerings = {each["to"]: each["state"] for each in edges(hub, "peering")}
    assert peerings == dict.fromkeys(hub.leaves, "Connected")
    assert edges(hub, "shortcut") == []
    assert " ══ " not in succeed(hub, "graph")

    succeed(hub, "create", *PAIR)
    (shortcut,) = edges(hub, "shortcut")
    assert (shortcut["name"], shortcut["up"], shortcut["state"]) == (NAME, True, "Ready")
    assert {shortcut["from"], shortcut["to"]} == set(PAIR)
    line = succeed(hub, "graph").splitlines()[-1]
    assert line.startswith("leaf-1 ══ leaf-2  Ready ")
    assert line.endswith(f"({NAME})")


def test_programs_that_draw_get_the_same_picture(link: Lab) -> None:
    assert "leaf_leaf_2 ==>|" in succeed(link, "graph", "-o", "mermaid")
    dot = succeed(link, "graph", "-o", "dot")
    assert "leaf_leaf_2 -> leaf_leaf_1 [label=" in dot
    assert "style=bold" in dot


def test_a_hub_without_the_kind_still_shows_its_peerings(clean_lab: Lab) -> None:
    clean_lab.kubectl("delete", "crd", "shortcuts.shortcut.liqo.io", "--ignore-not-found")
    done = plugin(clean_lab, "graph")
    assert done.returncode == 0, done.stderr
    assert all(leaf in done.stdout for leaf in clean_lab.leaves)
    assert "kubectl liqo-shortcut crd install" in done.stderr
