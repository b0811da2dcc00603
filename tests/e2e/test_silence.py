"""Clusters that answer nothing, and tunnels that carry nothing: told soon, and told truly."""

from __future__ import annotations

import time

import pytest

from tests.e2e.plugin import NAME, PAIR, UP, changes, connections, plugin, snapshots, succeed
from tests.e2e.test_lifecycle import reason
from tests.lab.kube import wait_for
from tests.lab.lab import Lab


@pytest.mark.usefixtures("mended")
def test_two_frozen_leaves_are_known_in_the_time_of_one(hub: Lab) -> None:
    before = snapshots(hub)
    for leaf in PAIR:
        hub.faults.freeze_api_server(leaf)
    began = time.monotonic()
    done = plugin(hub, "create", *PAIR)
    took = time.monotonic() - began
    for leaf in PAIR:
        hub.faults.thaw_api_server(leaf)
    assert done.returncode == 4, done.stderr
    assert all(f"cluster '{leaf}': cannot be reached" in done.stderr for leaf in PAIR)
    assert took < 10, f"{took:.1f} s"
    assert changes(hub, before) == []


@pytest.mark.usefixtures("mended")
def test_delete_with_a_frozen_leaf_cleans_the_other(link: Lab) -> None:
    link.faults.freeze_api_server("leaf-2")
    began = time.monotonic()
    done = plugin(link, "delete", *PAIR)
    took = time.monotonic() - began
    link.faults.thaw_api_server("leaf-2")
    assert done.returncode == 8, done.stderr
    assert took < 20, f"{took:.1f} s"  # known in 10 s, and what is on leaf-1 has to end
    assert link.link_objects("leaf-1", "leaf-2") == []
    succeed(link, "sync")
    assert link.link_objects("leaf-2", "leaf-1") == []


def test_a_cut_tunnel_is_not_ready_until_it_is_mended(
    hub: Lab, liqos_pings: tuple[str, ...]
) -> None:
    succeed(hub, "create", *PAIR, *liqos_pings)
    hub.faults.cut_tunnel("leaf-1", "leaf-2")
    wait_for(lambda: "Error" in connections(hub).values(), 30, "Liqo notices the cut", 0.2)
    done = plugin(hub, "sync", NAME, "--timeout", "5s")
    assert done.returncode == 5, done.stderr
    assert "the peer's gateway does not answer pings" in done.stderr
    assert reason(hub) == "Progressing"
    hub.faults.mend_tunnel("leaf-1", "leaf-2")
    succeed(hub, "sync", NAME)
    assert connections(hub) == UP
    assert reason(hub) == "Connected"
