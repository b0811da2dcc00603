"""Several links by one command line: ``--mesh``, ``--star``."""

from __future__ import annotations

import pathlib

import pytest
import yaml

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import name_of
from kubectl_liqo_shortcut.errors import ClusterError, ExitCode
from tests.cli.runner import Clusters, always, linked, run
from tests.linked import link
from tests.tables import every

LEAVES = ("milan", "rome", "paris")
MESH = ["milan--paris", "milan--rome", "paris--rome"]
STAR = ["milan--paris", "milan--rome"]
SHAPES = [("--mesh", MESH), ("--star", STAR)]


@pytest.fixture
def clusters() -> Clusters:
    return Clusters(*LEAVES)


def names(clusters: Clusters) -> list[str]:
    return sorted(name_of(each) for each in clusters.hub.of(r.SHORTCUT))


def shortcuts(*found: str, verb: str) -> list[str]:
    return [f"shortcut.shortcut.liqo.io/{name} {verb}" for name in found]


@pytest.mark.parametrize(("shape", "pairs"), SHAPES, ids=["mesh", "star"])
def test_the_links_of_several_leaves_are_made_and_taken_away_at_once(
    clusters: Clusters, shape: str, pairs: list[str]
) -> None:
    made = run("create", shape, *LEAVES, "--timeout", "5s", on=clusters)
    assert (made.exit_code, names(clusters)) == (0, pairs), made.stderr
    assert sorted(made.stdout.splitlines()) == shortcuts(*pairs, verb="created")
    assert made.stderr.splitlines()[-1] == f"{len(pairs)} shortcuts: {len(pairs)} created"
    gone = run("delete", shape, *LEAVES, "--timeout", "5s", on=clusters)
    assert (gone.exit_code, names(clusters)) == (0, []), gone.stderr
    assert gone.stderr.splitlines()[-1] == f"{len(pairs)} shortcuts: {len(pairs)} deleted"


def test_what_is_there_already_is_left_and_the_rest_is_made() -> None:
    clusters = linked("rome", "paris")
    result = run("create", "--mesh", *LEAVES, "--timeout", "5s", on=clusters)
    assert (result.exit_code, names(clusters)) == (0, MESH)
    assert result.stderr.splitlines()[-1] == "3 shortcuts: 1 created, 2 unchanged"


def test_a_leaf_that_is_down_stops_only_its_own_links(clusters: Clusters) -> None:
    clusters.leaves["paris"].fault = always(ClusterError("paris", "is down"))
    result = run("create", "--mesh", *LEAVES, "--timeout", "5s", on=clusters)
    assert result.stdout.splitlines() == shortcuts("milan--rome", verb="created")
    assert result.exit_code == ExitCode.FAILED
    assert result.stderr.splitlines()[-3:] == [
        "Error: 2 of 3 failed (1 created):",
        "         milan--paris",
        "         paris--rome",
    ]
    assert "milan--paris:\nError: cluster 'paris': is down" in result.stderr


@pytest.mark.parametrize(("shape", "pairs"), SHAPES, ids=["mesh", "star"])
def test_a_dry_run_shows_every_link_and_changes_nothing(
    clusters: Clusters, shape: str, pairs: list[str]
) -> None:
    result = run("create", shape, *LEAVES, "--dry-run", on=clusters)
    assert sorted(result.stdout.splitlines()) == shortcuts(*pairs, verb="created (dry run)")
    count = len(pairs)
    assert result.stderr.splitlines()[-1] == f"{count} shortcuts: {count} created (dry run)"
    shown = run("create", shape, *LEAVES, "--dry-run", "-o", "yaml", on=clusters).stdout
    documents = list(yaml.safe_load_all(shown))
    records = [each for each in documents if each["kind"] == "Shortcut"]
    assert sorted(map(name_of, records)) == pairs
    assert len(documents) == 3 * count
    assert clusters.written == []


def test_a_dry_run_goes_on_after_a_link_that_is_refused() -> None:
    clusters = Clusters(*LEAVES)
    link(clusters, "milan", "rome")
    result = run("create", "--mesh", *LEAVES, "--mtu", "1400", "--dry-run", on=clusters)
    assert len(result.stdout.splitlines()) == 2
    assert result.exit_code == ExitCode.FAILED
    assert "milan--rome:\nError: shortcut milan--rome exists and differs" in result.stderr
    assert result.stderr.splitlines()[-1] == (
        "Error: 1 of 3 failed (2 created (dry run)): milan--rome"
    )


def test_no_folder_is_written_where_one_link_is_refused(tmp_path: pathlib.Path) -> None:
    clusters = Clusters(*LEAVES)
    link(clusters, "milan", "rome")
    options = ("--mtu", "1400", "--dry-run", "--output-directory", str(tmp_path / "out"))
    result = run("create", "--mesh", *LEAVES, *options, on=clusters)
    assert "no folder is written" in result.stderr
    assert not (tmp_path / "out").exists()


def test_facts_on_standard_input_are_of_all_links() -> None:
    facts = "{apiVersion: shortcut.liqo.io/v1alpha1, kind: LeafFacts, leaves: {milan: {}}}"
    options = ("--dry-run", "--facts", "-", "--gw-server", "milan")
    result = run("create", "--star", *LEAVES, *options, stdin=facts)
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 2), result.stderr


def test_of_links_to_delete_one_that_is_not_there_stops_no_other() -> None:
    clusters = linked("rome")
    result = run("delete", "--mesh", *LEAVES, "--timeout", "5s", on=clusters)
    assert (result.exit_code, names(clusters)) == (ExitCode.FAILED, [])
    assert result.stdout.splitlines() == shortcuts("milan--rome", verb="deleted")
    assert 'paris--rome:\nError: shortcuts.shortcut.liqo.io "paris--rome" not found' in (
        result.stderr
    )


def test_of_links_to_delete_those_not_there_may_be_ignored() -> None:
    clusters = linked("rome")
    options = ("--ignore-not-found", "--timeout", "5s")
    result = run("delete", "--star", *LEAVES, *options, on=clusters)
    assert (result.exit_code, names(clusters)) == (0, [])


def test_a_dry_run_of_delete_shows_every_link() -> None:
    clusters = linked("rome", "paris")
    result = run("delete", "--mesh", *LEAVES, "--dry-run", on=clusters)
    assert result.stdout.splitlines() == shortcuts(*STAR[::-1], verb="deleted (dry run)")
    assert result.exit_code == ExitCode.FAILED
    assert result.stderr.splitlines()[-1] == (
        "Error: 1 of 3 failed (2 deleted (dry run)): paris--rome"
    )
    assert clusters.written == []


def test_the_named_server_serves_in_each_of_its_links(clusters: Clusters) -> None:
    run("create", "--mesh", *LEAVES, "--gw-server", "paris", "--timeout", "5s", on=clusters)
    servers = {
        name_of(each): each["spec"]["server"]["clusterID"] for each in clusters.hub.of(r.SHORTCUT)
    }
    assert (servers["milan--paris"], servers["paris--rome"]) == ("paris", "paris")


@every(
    ("args", "said"),
    [
        (("create", "a", "b", "c"), "each other: kubectl liqo-shortcut create --mesh a b c; "),
        (("delete", "--mesh", "a"), "--mesh links two leaves or more, not 1"),
        (("create", "--star"), "--star links two leaves or more, not none"),
        (("create", "--mesh", "a", "b", "a"), "--mesh names leaf 'a' twice"),
        (("create", "--mesh", "--star", "a", "b"), "--mesh and --star contradict each other"),
        (("create", "--mesh", "a", "b", "c", "--gw-server", "d"), "'d' is none of the leaves"),
        (
            ("create", "--star", "a", "b", "c", "--gw-client-port", "4500"),
            "--gw-client-port is of one link, and these are several",
        ),
        (
            ("create", "--mesh", "a", "b", "c", "--tenant-namespace", "a=x"),
            "--tenant-namespace is of one link",
        ),
        (("create", "--mesh", "a", "b", "-f", "-"), "with -f, everything about the shortcut"),
        (("delete", "--mesh", "a", "b", "--all"), "--all cannot be combined"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_shape_that_makes_no_sense_is_a_wrong_command_line(
    args: tuple[str, ...], said: str
) -> None:
    result = run(*args)
    assert (result.exit_code, said in result.stderr) == (ExitCode.USAGE, True), result.stderr
