"""Everything can be taken away again, and nothing else goes."""

from __future__ import annotations

from tests.e2e.plugin import PAIR, changes, connections, link_objects, plugin, snapshots, succeed
from tests.lab.lab import Lab


def test_delete_leaves_the_leaves_as_they_were(hub: Lab) -> None:
    before, hub_before = snapshots(hub), hub.snapshot("hub")
    succeed(hub, "create", *PAIR)
    assert link_objects(hub)
    assert succeed(hub, "delete", *PAIR) == "shortcut.shortcut.liqo.io/leaf-1--leaf-2 deleted\n"
    assert link_objects(hub) == []  # at once: delete has waited for Liqo
    assert changes(hub, before) == []
    assert hub.snapshot("hub") == hub_before


def test_create_after_delete_works(hub: Lab) -> None:
    for _ in range(2):
        succeed(hub, "create", *PAIR)
        assert connections(hub) == {"leaf-1": "Connected", "leaf-2": "Connected"}
        succeed(hub, "delete", "leaf-1--leaf-2")
    assert link_objects(hub) == []


def test_a_dry_run_of_delete_names_what_would_go_and_removes_nothing(link: Lab) -> None:
    before = snapshots(link)
    done = plugin(link, "delete", *PAIR, "--dry-run")
    assert done.stdout == "shortcut.shortcut.liqo.io/leaf-1--leaf-2 deleted (dry run)\n"
    assert "leaf-1: gatewayserver/leaf-2 would be deleted" in done.stderr
    assert snapshots(link) == before


def test_the_links_to_the_hub_are_not_touched(hub: Lab) -> None:
    kinds = "configurations,gatewayservers,gatewayclients,connections,publickeies"
    query = ("get", kinds, "-A", "-o", "jsonpath={.items[*].metadata.uid}")
    before = hub.kubectl(*query).stdout
    succeed(hub, "create", *PAIR)
    succeed(hub, "delete", *PAIR)
    assert hub.kubectl(*query).stdout == before


def test_deleting_what_is_not_there_says_so_unless_that_is_fine(hub: Lab) -> None:
    done = plugin(hub, "delete", *PAIR)
    assert (done.returncode, done.stdout) == (1, "")
    assert 'shortcuts.shortcut.liqo.io "leaf-1--leaf-2" not found' in done.stderr
    succeed(hub, "delete", *PAIR, "--ignore-not-found")
