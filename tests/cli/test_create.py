from __future__ import annotations

import datetime
import json
import pathlib

import pytest
import yaml
from click.testing import Result

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import HUB, ObjectRef
from kubectl_liqo_shortcut.errors import ClusterError, ExitCode, Forbidden
from tests.cli.runner import Clusters, always, linked, run
from tests.samples import LAUGHS, record_of, spec_of
from tests.tables import every

NAME = "shortcut.shortcut.liqo.io/milan--rome"
RECORD = ObjectRef(HUB, r.SHORTCUT, "", "milan--rome")
FILE = yaml.safe_dump(record_of(spec=spec_of(expirationTime="2096-12-01T00:00:00Z")))


@pytest.fixture
def clusters() -> Clusters:
    return Clusters("milan", "rome")


def create(clusters: Clusters, *args: str, stdin: str | None = None) -> Result:
    return run("create", *args, "--timeout", "5s", on=clusters, stdin=stdin)


def test_a_shortcut_is_made_and_only_its_name_is_the_result(clusters: Clusters) -> None:
    result = create(clusters, "milan", "rome")
    assert (result.exit_code, result.stdout) == (0, f"{NAME} created\n")


def test_progress_is_told_on_standard_error(clusters: Clusters) -> None:
    lines = create(clusters, "milan", "rome").stderr.splitlines()
    assert "milan: gatewayserver/rome created" in lines
    assert "rome: connection/gw-milan Connected, 3ms" in lines


def test_the_same_again_changes_nothing(clusters: Clusters) -> None:
    create(clusters, "milan", "rome")
    result = create(clusters, "rome", "milan")
    assert (result.exit_code, result.stdout) == (0, f"{NAME} unchanged\n")


def test_otherwise_again_is_refused_by_field(clusters: Clusters) -> None:
    create(clusters, "milan", "rome")
    result = create(clusters, "milan", "rome", "--mtu", "1400")
    assert result.exit_code == ExitCode.REFUSED
    assert result.stderr.splitlines()[-2:] == [
        "Error: shortcut milan--rome exists and differs in spec.gateway.mtu",
        "Hint: kubectl edit shortcut milan--rome, then kubectl liqo-shortcut sync milan--rome",
    ]


def test_the_options_are_kept_in_the_record(clusters: Clusters) -> None:
    create(clusters, "milan", "rome", "--mtu", "1400", "--gw-server", "rome", "--reason", "a\nb")
    record = clusters.hub.objects[RECORD]
    assert record["spec"]["gateway"]["mtu"] == 1400
    assert record["spec"]["server"] == {"clusterID": "rome"}
    assert record["metadata"]["annotations"]["shortcut.liqo.io/reason"] == "a\nb"


def test_with_a_format_the_record_is_the_result(clusters: Clusters) -> None:
    record = json.loads(create(clusters, "milan", "rome", "-o", "json").stdout)
    assert (record["kind"], record["metadata"]["name"]) == ("Shortcut", "milan--rome")


def test_the_kind_must_be_installed_and_the_hint_says_how(clusters: Clusters) -> None:
    clusters.hub.not_served.add(r.SHORTCUT)
    result = create(clusters, "milan", "rome")
    assert result.exit_code == ExitCode.REFUSED
    assert result.stderr.splitlines()[-2:] == [
        "Error: the hub does not know the kind Shortcut",
        "Hint: install it once: kubectl liqo-shortcut crd install",
    ]


@pytest.mark.parametrize("wait", ["--wait=false", "--wait=no"])
def test_one_need_not_wait_for_the_tunnel(clusters: Clusters, wait: str) -> None:
    clusters.paused.add(r.CONNECTION)
    assert create(clusters, "milan", "rome", wait).exit_code == ExitCode.OK


@pytest.mark.parametrize("wait", ["--wait", "--wait=true"])
def test_a_bare_wait_eats_no_word(clusters: Clusters, wait: str) -> None:
    assert create(clusters, wait, "milan", "rome").exit_code == ExitCode.OK


def test_a_link_that_does_not_come_up_in_time_is_kept(clusters: Clusters) -> None:
    clusters.paused.add(r.CONNECTION)
    result = run("create", "milan", "rome", "--timeout", "300ms", on=clusters)
    assert (result.exit_code, RECORD in clusters.hub.objects) == (ExitCode.TIMED_OUT, True)


def test_a_refusal_is_told_with_its_place_and_a_hint_and_no_traceback(clusters: Clusters) -> None:
    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        if (verb, ref.kind) == ("create", r.GATEWAY_CLIENT):
            return Forbidden("rome", "gatewayclients is forbidden", hint="ask its administrator")
        return None

    clusters.leaves["rome"].fault = fault
    result = create(clusters, "milan", "rome")
    assert (result.exit_code, result.stdout) == (ExitCode.FAILED, "")
    assert result.stderr.splitlines()[-2:] == [
        "Error: cluster 'rome': gatewayclients is forbidden",
        "Hint: ask its administrator",
    ]


def test_what_a_cluster_says_cannot_command_the_terminal(clusters: Clusters) -> None:
    clusters.hub.fault = always(ClusterError(HUB, "\x1b[2Jno", hint="\x07a\nb"))
    result = create(clusters, "milan", "rome")
    assert result.stderr.splitlines()[-2:] == [r"Error: the hub: \x1b[2Jno", r"Hint: \x07a\nb"]


def test_a_file_says_everything(clusters: Clusters, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "shortcut.yaml"
    path.write_text(FILE)
    assert create(clusters, "-f", str(path)).stdout == f"{NAME} created\n"


def test_standard_input_is_a_file_too(clusters: Clusters) -> None:
    assert create(clusters, "-f", "-", stdin=FILE).stdout == f"{NAME} created\n"


def test_the_same_file_again_changes_nothing(clusters: Clusters) -> None:
    unquoted = FILE.replace("'", "")
    create(clusters, "-f", "-", stdin=unquoted)
    assert create(clusters, "-f", "-", stdin=unquoted).stdout == f"{NAME} unchanged\n"


def test_what_a_dry_run_prints_for_the_hub_can_be_made(clusters: Clusters) -> None:
    options = ("--dry-run", "--facts", "none", "--for", "hub")
    printed = run("create", "milan", "rome", *options).stdout
    assert create(clusters, "-f", "-", stdin=printed).stdout == f"{NAME} created\n"


SEVERAL = [record_of(), record_of("milan--paris", spec=spec_of("paris"))]


@pytest.mark.parametrize(
    "text",
    [
        yaml.safe_dump_all(SEVERAL),
        yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": SEVERAL}),
    ],
    ids=["documents", "a List"],
)
def test_all_shortcuts_of_a_file_are_made(text: str) -> None:
    result = create(Clusters("milan", "rome", "paris"), "-f", "-", stdin=text)
    assert sorted(result.stdout.splitlines()) == [
        "shortcut.shortcut.liqo.io/milan--paris created",
        f"{NAME} created",
    ]


def test_one_of_several_failing_does_not_stop_the_others() -> None:
    clusters = Clusters("milan", "rome", "paris")
    clusters.leaves["paris"].fault = always(ClusterError("paris", "is down"))
    result = create(clusters, "-f", "-", stdin=yaml.safe_dump_all(SEVERAL))
    assert (result.exit_code, result.stdout) == (ExitCode.FAILED, f"{NAME} created\n")
    assert result.stderr.splitlines()[-1] == "Error: 1 of 2 failed (1 created): milan--paris"
    assert "Error: cluster 'paris': is down" in result.stderr


LEAF_MANIFESTS = yaml.safe_dump(
    {"apiVersion": "shortcut.liqo.io/v1alpha1", "kind": "LeafManifests", "cluster": "rome"}
)


@every(
    ("text", "said"),
    [
        ("", "no Shortcut in -"),
        ("a: [", "-: not YAML"),
        ("kind: Pod\napiVersion: v1\n", "Pod v1 is no Shortcut"),
        (f"{FILE}\n---\n{FILE}", "shortcut milan--rome stands in the input twice"),
        (f"{FILE}\n---\n{LEAF_MANIFESTS}", "LeafManifests are for reading"),
        ('a: "\\ud800"', "-: not YAML"),
        (LAUGHS, "-: it has too many parts, aliases written out"),
        ("- " * 100, "-: it is nested more than 64 deep"),
    ],
    ids=[
        *("empty", "no YAML", "another kind", "twice", "LeafManifests", "half a character"),
        *("aliases", "deep"),
    ],
)
def test_a_bad_file_is_refused_before_any_cluster_is_asked(text: str, said: str) -> None:
    result = run("create", "-f", "-", stdin=text)
    assert (result.exit_code, said in result.stderr) == (ExitCode.USAGE, True)


@every(
    ("args", "said"),
    [
        ((), "name two leaves"),
        (("milan",), "name two leaves"),
        (("milan", "rome", "paris"), "name two leaves"),
        (("milan", "milan"), "cannot have a shortcut to itself"),
        (("Milan", "rome"), "'Milan' is not a cluster ID"),
        (("milan", "rome", "--gw-server", "paris"), "'paris' is neither of the two leaves"),
        (("milan", "rome", "--mtu", "5"), "spec.gateway.mtu: 5 is not a number"),
        (("milan", "rome", "--gw-client-address", ""), "spec.gateway.clientEndpoint.address: ''"),
        (("milan", "rome", "--gw-server-service-nodeport", "1"), "nodePort needs type NodePort"),
        (("milan", "rome", "--reason", "\udcff"), "reason"),
        (("milan", "rome", "--reason", "x" * 5000), "reason"),
        (("milan", "rome", "--timeout", "soon"), "'soon' is not a duration such as 90s, 5m or 2d"),
        (("milan", "rome", "--leaf-context", "milan"), "'milan' is not of the form ID=VALUE"),
        (("milan", "rome", "--wait=perhaps"), "'perhaps' is not a valid boolean"),
        (("milan", "rome", "-f", "-"), "with -f, everything about the shortcut stands in the file"),
        (("-f", "-", "--mtu", "1400"), "with -f, everything"),
        (("-f", "-", "--gw-server", "rome"), "with -f, everything"),
        (("-f", "-", "--reason", "x"), "with -f, everything"),
        (("-f", "nowhere"), "nowhere: No such file or directory"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_a_wrong_command_line_is_refused_before_any_cluster_is_asked(
    args: tuple[str, ...], said: str
) -> None:
    result = run("create", *args)
    assert (result.exit_code, said in result.stderr) == (ExitCode.USAGE, True), result.stderr


def test_a_time_to_live_becomes_a_time_of_expiry() -> None:
    clusters = Clusters("milan", "rome")
    result = run("create", "milan", "rome", "--ttl", "36h", "--timeout", "5s", on=clusters)
    assert result.exit_code == 0, result.stderr
    (record,) = clusters.hub.of(r.SHORTCUT)
    expires = datetime.datetime.fromisoformat(record["spec"]["expirationTime"])
    left = expires - datetime.datetime.now(datetime.UTC)
    assert datetime.timedelta(hours=35, minutes=59) < left <= datetime.timedelta(hours=36)


def lives(clusters: Clusters) -> datetime.timedelta:
    (record,) = clusters.hub.of(r.SHORTCUT)
    expires = datetime.datetime.fromisoformat(record["spec"]["expirationTime"])
    return expires - datetime.datetime.now(datetime.UTC)


@pytest.mark.parametrize("first", [(), ("--ttl", "1h")], ids=["for ever", "for an hour"])
def test_a_new_time_to_live_renews_what_is_there(
    clusters: Clusters, first: tuple[str, ...]
) -> None:
    create(clusters, "milan", "rome", *first)
    result = create(clusters, "milan", "rome", "--ttl", "2d")
    assert (result.exit_code, result.stdout) == (0, f"{NAME} configured\n"), result.stderr
    assert datetime.timedelta(hours=47) < lives(clusters) <= datetime.timedelta(days=2)
    assert any("expires at 20" in line for line in result.stderr.splitlines())


@pytest.mark.parametrize("switched_off", [True, False])
def test_a_new_time_to_live_revives_what_has_expired(
    clusters: Clusters, switched_off: bool
) -> None:
    create(clusters, "milan", "rome")
    clusters.hub.patch(RECORD, {"spec": {"expirationTime": "2026-01-01T00:00:00Z"}})
    if switched_off:
        assert run("sync", "milan--rome", "--timeout", "5s", on=clusters).exit_code == 0
        assert run("check", "--all", on=clusters).exit_code == ExitCode.FAILED
    blocked = create(clusters, "milan", "rome")
    assert blocked.exit_code == ExitCode.REFUSED
    assert "kubectl liqo-shortcut create milan rome --ttl 30d" in blocked.stderr
    result = create(clusters, "milan", "rome", "--ttl", "1w")
    assert (result.exit_code, result.stdout) == (0, f"{NAME} configured\n"), result.stderr
    assert lives(clusters) > datetime.timedelta(days=6)
    assert run("check", "--all", on=clusters).exit_code == 0


def test_a_new_time_to_live_renews_several_at_once() -> None:
    clusters = linked("rome", "paris")
    result = create(clusters, "--star", "milan", "rome", "paris", "--ttl", "2d")
    assert result.stderr.splitlines()[-1] == "2 shortcuts: 2 configured"


def test_a_renewal_changes_nothing_else(clusters: Clusters) -> None:
    create(clusters, "milan", "rome")
    clusters.asked.clear()
    create(clusters, "milan", "rome", "--ttl", "2d")
    assert {cluster for cluster, _ in clusters.written} == {HUB}
    refused = create(clusters, "milan", "rome", "--ttl", "3d", "--mtu", "1400")
    assert refused.exit_code == ExitCode.REFUSED
    assert "differs in spec.gateway.mtu\n" in refused.stderr
    assert lives(clusters) <= datetime.timedelta(days=2)


def test_a_dry_run_of_a_renewal_says_so_and_changes_nothing(clusters: Clusters) -> None:
    create(clusters, "milan", "rome", "--ttl", "1h")
    result = create(clusters, "milan", "rome", "--ttl", "2d", "--dry-run")
    assert result.stdout == f"{NAME} configured (dry run)\n"
    assert lives(clusters) <= datetime.timedelta(hours=1)


def test_a_renewal_that_the_hub_refuses_is_told(clusters: Clusters) -> None:
    create(clusters, "milan", "rome")

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        wrong = verb == "patch" and ref.kind == r.SHORTCUT
        return Forbidden(HUB, "shortcuts is forbidden") if wrong else None

    clusters.hub.fault = fault
    result = create(clusters, "milan", "rome", "--ttl", "2d")
    assert (result.exit_code, "is forbidden" in result.stderr) == (ExitCode.FAILED, True)


def test_to_keep_and_to_undo_at_once_is_a_contradiction() -> None:
    result = run("create", "milan", "rome", "--keep-on-failure", "--undo-on-timeout")
    assert result.exit_code == ExitCode.USAGE
    assert "contradict each other" in result.stderr
