from __future__ import annotations

import os
import signal
import threading
import time

import pytest
import yaml
from click.testing import Result

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import HUB, ObjectRef
from kubectl_liqo_shortcut.errors import ClusterError, ExitCode, Forbidden, Unreachable
from tests.cli.runner import Clusters, always, linked, run
from tests.fakes import Body, FakeCluster
from tests.linked import link
from tests.samples import an_object, record_of, spec_of
from tests.tables import every

NAME = "shortcut.shortcut.liqo.io/milan--rome"
RECORD = ObjectRef(HUB, r.SHORTCUT, "", "milan--rome")
FILE = yaml.safe_dump(record_of())


@pytest.fixture
def clusters() -> Clusters:
    """Clusters with a shortcut between milan and rome."""
    return linked("rome")


def delete(clusters: Clusters, *args: str, stdin: str | None = None) -> Result:
    return run("delete", *args, "--timeout", "5s", on=clusters, stdin=stdin)


@pytest.mark.parametrize(
    "words",
    [("milan", "rome"), ("rome", "milan"), ("milan--rome",), ("shortcut/milan--rome",), (NAME,)],
    ids=" ".join,
)
def test_a_shortcut_is_deleted_by_its_leaves_or_its_name(
    clusters: Clusters, words: tuple[str, ...]
) -> None:
    result = delete(clusters, *words)
    assert (result.exit_code, result.stdout) == (0, f"{NAME} deleted\n")
    assert RECORD not in clusters.hub.objects


def test_progress_is_told_on_standard_error(clusters: Clusters) -> None:
    lines = delete(clusters, "milan", "rome").stderr.splitlines()
    assert "milan: gatewayserver/rome deleted" in lines


def test_a_file_names_what_goes(clusters: Clusters) -> None:
    assert delete(clusters, "-f", "-", stdin=FILE).stdout == f"{NAME} deleted\n"


@pytest.mark.parametrize("flag", ["--dry-run", "--dry-run=client"])
def test_a_dry_run_tells_what_would_go_and_changes_nothing(clusters: Clusters, flag: str) -> None:
    result = delete(clusters, flag, "milan", "rome")
    assert (result.exit_code, result.stdout) == (0, f"{NAME} deleted (dry run)\n")
    assert "milan: gatewayserver/rome would be deleted" in result.stderr.splitlines()
    assert "milan: namespace/liqo-tenant-rome would be kept" in result.stderr.splitlines()
    assert clusters.written == []


def test_control_characters_of_a_record_are_only_shown() -> None:
    clusters = Clusters("milan", "rome")
    entry = {
        "clusterID": "rome",
        "apiVersion": r.GATEWAY_SERVER.api_version,
        "kind": "GatewayServer",
        "namespace": "liqo-tenant-milan",
        "name": "\x1b[2J\x07",
        "ownership": "Created",
    }
    clusters.hub.put(record_of(status={"objects": [entry]}))
    result = delete(clusters, "milan", "rome", "--dry-run")
    assert result.stderr == (
        "no object of this link, left alone: status.objects[0].name: '\\x1b[2J\\x07' "
        "is none of milan\n"
    )


def test_what_is_not_there_is_an_error() -> None:
    result = delete(Clusters("milan", "rome"), "milan", "rome")
    assert result.exit_code == ExitCode.FAILED
    assert 'shortcuts.shortcut.liqo.io "milan--rome" not found' in result.stderr


def test_what_is_not_there_may_be_ignored() -> None:
    result = delete(Clusters("milan", "rome"), "milan", "rome", "--ignore-not-found")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_deleting_twice_is_deleting_once(clusters: Clusters) -> None:
    delete(clusters, "milan", "rome")
    assert delete(clusters, "milan", "rome", "--ignore-not-found").exit_code == ExitCode.OK


@pytest.mark.parametrize("word", ["", "shortcut/"], ids=["empty", "empty name"])
def test_an_empty_name_means_no_shortcut_rather_than_any(clusters: Clusters, word: str) -> None:
    result = delete(clusters, word)
    assert (result.exit_code, RECORD in clusters.hub.objects) == (ExitCode.USAGE, True)


def test_one_leaf_alone_is_the_name_of_no_shortcut(clusters: Clusters) -> None:
    result = delete(clusters, "milan")
    assert (result.exit_code, clusters.written) == (ExitCode.FAILED, [])


def test_all_asks_and_without_a_terminal_refuses(clusters: Clusters) -> None:
    result = delete(clusters, "--all")
    assert (result.exit_code, clusters.written) == (ExitCode.USAGE, [])
    assert result.stderr.endswith("Hint: add --yes\n")


def test_all_goes_when_it_is_confirmed() -> None:
    clusters = Clusters("milan", "rome", "paris")
    both = yaml.safe_dump_all([record_of(), record_of("milan--paris", spec=spec_of("paris"))])
    run("create", "-f", "-", "--timeout", "5s", on=clusters, stdin=both)
    result = delete(clusters, "--all", "--yes")
    assert sorted(result.stdout.splitlines()) == [
        "shortcut.shortcut.liqo.io/milan--paris deleted",
        f"{NAME} deleted",
    ]


def test_all_of_nothing_is_no_error() -> None:
    result = delete(Clusters(), "--all")
    assert (result.exit_code, result.stderr) == (0, "No shortcuts found.\n")


@every(
    "args",
    [
        (),
        ("a", "b", "c"),
        ("milan", "milan"),
        ("Milan", "rome"),
        ("--all", "milan"),
        ("--leaf", "rome", "milan"),
        ("--leaf", "rome", "--all"),
        ("--leaf", "Rome"),
        ("--all", "-f", "-"),
        ("milan", "rome", "-f", "-"),
        ("milan", "rome", "--dry-run=server"),
    ],
    ids=lambda args: " ".join(args) or "nothing",
)
def test_a_wrong_command_line_is_refused_before_any_cluster_is_asked(args: tuple[str, ...]) -> None:
    assert run("delete", *args, stdin=FILE).exit_code == ExitCode.USAGE


def test_a_link_that_carries_a_peering_is_left_alone(clusters: Clusters) -> None:
    peering = {
        "apiVersion": r.FOREIGN_CLUSTER.api_version,
        "kind": "ForeignCluster",
        "metadata": {"name": "rome"},
        "status": {"role": "Consumer"},
    }
    clusters.leaves["milan"].put(peering)
    result = delete(clusters, "milan", "rome")
    assert (result.exit_code, RECORD in clusters.hub.objects) == (ExitCode.PARTLY, True)
    assert "is peered with 'rome'" in result.stderr


def test_a_leaf_that_does_not_answer_leaves_the_record(clusters: Clusters) -> None:
    clusters.leaves["rome"].fault = always(ClusterError("rome", "is down"))
    result = delete(clusters, "milan", "rome")
    assert "Error: cluster 'rome': is down" in result.stderr
    assert RECORD in clusters.hub.objects


class Halting(Clusters):
    """Ctrl-C is pressed once milan--rome is gone; nothing is done for the others until then."""

    def __init__(self, *leaves: str) -> None:
        super().__init__(*leaves)
        self.over = threading.Event()
        self.armed = False
        self._pressed = threading.Event()

    def _is_at_work(self) -> bool:
        """Its lock goes after it has told that it is gone."""
        held = any(
            ref.kind == r.LEASE and ref.name.endswith(RECORD.name) for ref in list(self.hub.objects)
        )
        return RECORD in self.hub.objects or held

    def __call__(self, name: str) -> FakeCluster:
        if self.armed and name in ("oslo", "paris"):
            deadline = time.monotonic() + 5
            while self._is_at_work() and time.monotonic() < deadline:
                time.sleep(0.01)
            if not self._pressed.is_set():
                self._pressed.set()
                os.kill(os.getpid(), signal.SIGINT)
            self.over.wait(5)
            raise ClusterError(name, "nobody waits for this any more")
        return super().__call__(name)


def halting() -> Halting:
    """With three shortcuts of milan."""
    clusters = Halting("milan", "oslo", "paris", "rome")
    for peer in ("oslo", "paris", "rome"):
        link(clusters, "milan", peer)
    clusters.armed = True
    return clusters


def test_ctrl_c_tells_once_what_is_done_what_is_left_and_how_to_go_on() -> None:
    clusters = halting()
    result = delete(clusters, "--all", "--yes", "--delete-namespaces", "--liqo-namespace", "liqo")
    clusters.over.set()
    assert result.exit_code == ExitCode.INTERRUPTED
    assert result.stdout == f"{NAME} deleted\n"
    said = result.stderr[result.stderr.index("Error") :]
    assert said == (
        "Error: interrupted: 1 of 3 done, left:\n"
        "         milan--oslo\n"
        "         milan--paris\n"
        "Hint: to go on: kubectl liqo-shortcut delete --all --yes --delete-namespaces "
        "--liqo-namespace liqo --timeout 5s\n"
    )
    assert result.stderr.count("interrupted") == 1


def test_the_command_that_goes_on_does_not_miss_what_is_done() -> None:
    clusters = halting()
    result = delete(clusters, "--star", "milan", "oslo", "paris", "rome")
    clusters.over.set()
    _, _, again = result.stderr.rstrip().partition("to go on: kubectl liqo-shortcut ")
    assert again == "delete --star milan oslo paris rome --timeout 5s --ignore-not-found"
    clusters.armed = False
    result = run(*again.split(), on=clusters)
    assert (result.exit_code, result.stderr.count("not found")) == (0, 0), result.stderr


# All of one leaf

ROMES = sorted(f"shortcut.shortcut.liqo.io/{name}" for name in ("milan--rome", "oslo--rome"))


@pytest.fixture
def three() -> Clusters:
    """Each of three leaves linked with the others; rome is dead."""
    clusters = Clusters("milan", "oslo", "rome")
    for pair in (("milan", "oslo"), ("milan", "rome"), ("oslo", "rome")):
        link(clusters, *pair)
    clusters.leaves["rome"].fault = always(Unreachable("rome", "cannot be reached"))
    return clusters


def test_all_links_of_a_leaf_that_is_gone_go_at_once(three: Clusters) -> None:
    result = delete(three, "--leaf", "rome", "--forget", "--yes")
    assert result.exit_code == 0, result.stderr
    assert sorted(result.stdout.splitlines()) == [f"{each} deleted" for each in ROMES]
    assert [ref.name for ref in three.hub.objects if ref.kind == r.SHORTCUT] == ["milan--oslo"]
    link_kinds = r.LINK_KINDS[1:]
    left = {
        (leaf, ref.name)
        for leaf in ("milan", "oslo")
        for ref in three.leaves[leaf].objects
        if ref.kind in link_kinds
    }
    assert left == {("milan", "oslo"), ("oslo", "milan")}


def of_rome(kind: r.Kind, name: str, namespace: str = "", **labels: str) -> Body:
    return an_object(kind, name, namespace, labels={r.REMOTE_CLUSTER_ID: "rome", **labels})


def test_what_liqo_itself_still_has_of_a_leaf_that_is_gone_is_listed(three: Clusters) -> None:
    hub, there = three.hub, "liqo-tenant-rome"
    hub.put(of_rome(r.NAMESPACE, there, **{r.TENANT_NAMESPACE: "true"}))
    hub.put(of_rome(r.VIRTUAL_NODE, "rome", there))
    hub.put(of_rome(r.RESOURCE_SLICE, "rome", there))
    hub.put(an_object(r.VIRTUAL_NODE, "oslo", there, labels={r.REMOTE_CLUSTER_ID: "oslo"}))
    hub.put(an_object(r.FOREIGN_CLUSTER, "rome", ""))
    three.leaves["oslo"].put(an_object(r.FOREIGN_CLUSTER, "rome", ""))
    lines = delete(three, "--leaf", "rome", "--forget", "--yes").stderr.splitlines()
    assert lines[lines.index(f"Liqo on the hub still has of rome; {AWAY}") :] == [
        f"Liqo on the hub still has of rome; {AWAY}",
        f"  kubectl delete virtualnodes.offloading.liqo.io rome -n {there}",
        f"  kubectl delete resourceslices.authentication.liqo.io rome -n {there}",
        "  kubectl delete gatewayclients.networking.liqo.io rome -n liqo-hub",
        "  kubectl delete configurations.networking.liqo.io rome -n liqo-hub",
        f"  kubectl delete namespaces {there}",
        "  kubectl delete foreignclusters.core.liqo.io rome",
        f"Liqo on milan still has of rome; {AWAY} kubectl delete namespaces {there}",
        f"Liqo on oslo still has of rome; {AWAY}",
        f"  kubectl delete namespaces {there}",
        "  kubectl delete foreignclusters.core.liqo.io rome",
    ]


AWAY = "if that leaf is gone for ever, this takes it away there:"


def test_of_a_leaf_that_answers_no_command_takes_its_peering_away(three: Clusters) -> None:
    three.leaves["rome"].fault = lambda *_: None
    three.hub.put(an_object(r.FOREIGN_CLUSTER, "rome", ""))
    result = delete(three, "--leaf", "rome", "--forget", "--yes")
    assert result.exit_code == 0, result.stderr
    assert sorted(result.stdout.splitlines()) == [f"{each} deleted" for each in ROMES]
    assert "kubectl delete" not in result.stderr
    assert "rome answers: it is not gone, what Liqo has of it stays" in result.stderr


def test_what_cannot_be_looked_at_is_said(three: Clusters) -> None:
    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return Forbidden("the hub", "no") if ref.kind == r.VIRTUAL_NODE else None

    three.hub.fault = fault
    said = delete(three, "--leaf", "rome", "--forget", "--yes").stderr
    assert "what Liqo has of rome on the hub was not checked: the hub: no" in said
    assert "kubectl delete configurations.networking.liqo.io rome -n liqo-hub" in said


def test_without_forget_the_records_of_a_silent_leaf_stay(three: Clusters) -> None:
    result = delete(three, "--leaf", "rome", "--yes")
    assert result.exit_code == ExitCode.PARTLY
    assert "Liqo on" not in result.stderr
    assert sum(ref.kind == r.SHORTCUT for ref in three.hub.objects) == 3


def test_all_of_a_leaf_asks_and_without_a_terminal_refuses(three: Clusters) -> None:
    result = delete(three, "--leaf", "rome", "--forget")
    assert (result.exit_code, three.written) == (ExitCode.USAGE, [])
    assert result.stderr.endswith("Hint: add --yes\n")


def test_of_a_leaf_without_shortcuts_only_what_liqo_has_is_listed(three: Clusters) -> None:
    three.hub.put(an_object(r.FOREIGN_CLUSTER, "paris", ""))
    result = delete(three, "--leaf", "paris", "--forget")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines() == [
        "No shortcuts found.",
        f"Liqo on the hub still has of paris; {AWAY} "
        "kubectl delete foreignclusters.core.liqo.io paris",
    ]
