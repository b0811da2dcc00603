"""Whatever happens, a shortcut ends up made, or undone, or on record with what is left."""

from __future__ import annotations

import json
import subprocess
import time

import pytest

from tests.e2e.plugin import (
    NAME,
    PAIR,
    UP,
    Snapshots,
    changes,
    connections,
    environment,
    link_objects,
    plugin,
    snapshots,
    succeed,
)
from tests.lab import binaries
from tests.lab.kube import CORE, NETWORKING, path
from tests.lab.lab import Lab


def reason(lab: Lab) -> str:
    query = '{.status.conditions[?(@.type=="Ready")].reason}'
    return lab.kubectl("get", "shortcut", NAME, "-o", f"jsonpath={query}").stdout


def start(lab: Lab, *args: str) -> subprocess.Popen[str]:
    """The plugin in the background; its standard error can be read line by line."""
    return subprocess.Popen(
        [str(binaries.path("kubectl")), "liqo-shortcut", *args],
        env=environment(lab),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def read_until(process: subprocess.Popen[str], said: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if said in line:
            return
    raise AssertionError(f"it never said {said!r}")


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, rest = process.communicate(timeout=120)
    return process.returncode, rest


def changes_of_ours(lab: Lab, before: Snapshots) -> list[str]:
    """What is not as it was, but for Liqo's own namespace.

    Its controllers write the routes to a leaf's nodes there anew, in another order, after they
    were away.
    """
    return [line for line in changes(lab, before) if "/namespaces/liqo/" not in line]


def test_kubectl_delete_only_marks_and_sync_ends_it(hub: Lab) -> None:
    before, hub_before = snapshots(hub), hub.snapshot("hub")
    succeed(hub, "create", *PAIR)
    hub.kubectl("delete", "shortcut", NAME, "--wait=false")
    assert connections(hub) == UP  # nothing was cut
    assert succeed(hub, "sync") == f"shortcut.shortcut.liqo.io/{NAME} deleted\n"
    assert link_objects(hub) == []
    assert changes(hub, before) == []
    assert hub.snapshot("hub") == hub_before


def test_an_edited_record_is_applied_by_making_the_gateways_anew(link: Lab) -> None:
    patch = '{"spec":{"gateway":{"mtu":1280,"service":{"port":51900}}}}'
    link.kubectl("patch", "shortcut", NAME, "--type=merge", "-p", patch)
    told = plugin(link, "sync", "--dry-run")
    assert "leaf-1: gatewayserver/leaf-2 would be deleted and made anew" in told.stderr
    done = plugin(link, "sync", NAME)
    assert done.returncode == 0, done.stderr
    assert connections(link) == UP
    assert " 0% packet loss" in link.tunnel_ping("leaf-1", "leaf-2")
    kube = link.clusters["leaf-1"].kube
    (server,) = kube.list(path(NETWORKING, "gatewayservers", "liqo-tenant-leaf-2"))
    assert (server["spec"]["mtu"], server["spec"]["endpoint"]["port"]) == (1280, 51900)
    assert succeed(link, "sync") == f"shortcut.shortcut.liqo.io/{NAME} unchanged\n"


def test_a_link_that_was_reset_by_hand_is_made_again_only_when_asked_for(link: Lab) -> None:
    reset(link)
    done = plugin(link, "sync")
    assert done.returncode == 8, done.stderr
    assert reason(link) == "RemovedOnLeaf"
    assert "--recreate" in done.stderr
    succeed(link, "sync", "--recreate")
    assert connections(link) == UP


def reset(lab: Lab) -> None:
    first, second = (str(lab.clusters[leaf].kubeconfig) for leaf in PAIR)
    lab.liqoctl(
        *("network", "reset", "--kubeconfig", first, "--remote-kubeconfig", second),
        *("--skip-confirm",),
    )
    for leaf, peer in (PAIR, PAIR[::-1]):  # it returns before Liqo has cleaned up
        url = path(NETWORKING, "configurations", f"liqo-tenant-{peer}")
        while lab.clusters[leaf].kube.list(url):
            time.sleep(0.1)


def test_an_expired_shortcut_is_switched_off_and_comes_back_with_a_later_time(hub: Lab) -> None:
    before = snapshots(hub)
    succeed(hub, "create", *PAIR, "--ttl", "36h")
    expire = '{"spec":{"expirationTime":"2026-01-01T00:00:00Z"}}'
    hub.kubectl("patch", "shortcut", NAME, "--type=merge", "-p", expire)
    succeed(hub, "sync")
    assert reason(hub) == "Expired"
    assert changes(hub, before) == []
    later = '{"spec":{"expirationTime":"2099-01-01T00:00:00Z"}}'
    hub.kubectl("patch", "shortcut", NAME, "--type=merge", "-p", later)
    succeed(hub, "sync")
    assert connections(hub) == UP


@pytest.mark.usefixtures("pristine")
def test_namespaces_go_when_asked_and_nothing_else_is_in_them(hub: Lab) -> None:
    before = {leaf: hub.snapshot(leaf) for leaf in PAIR}
    succeed(hub, "create", *PAIR)
    config = hub.clusters["leaf-1"].kube
    config.create(
        path(CORE, "configmaps", "liqo-tenant-leaf-2"), {"metadata": {"name": "of-somebody-else"}}
    )
    done = plugin(hub, "delete", *PAIR, "--delete-namespaces")
    assert done.returncode == 0, done.stderr
    assert "it still holds configmap/of-somebody-else" in done.stderr
    config.delete(path(CORE, "namespaces", name="liqo-tenant-leaf-2"))
    after = hub.snapshot("leaf-2")
    news = sorted(set(after) - set(before["leaf-2"]))
    assert [each for each in news if "foreignclusters" not in each] == []


@pytest.mark.usefixtures("pristine")
def test_a_record_restored_without_its_status_is_whole_again(hub: Lab) -> None:
    before = snapshots(hub)
    succeed(hub, "create", *PAIR)
    manifest = json.loads(succeed(hub, "get", *PAIR, "-o", "json"))
    hub.remove_shortcuts()
    kept = {key: manifest["metadata"][key] for key in ("name", "finalizers")}
    backup = json.dumps({**manifest, "metadata": kept})
    hub.kubectl("apply", "-f", "-", input=backup)  # the API server drops its status
    assert succeed(hub, "sync", *PAIR).endswith("unchanged\n")
    record = json.loads(succeed(hub, "get", *PAIR, "-o", "json"))
    assert {each["ownership"] for each in record["status"]["objects"]} == {"Created"}
    succeed(hub, "delete", *PAIR)
    assert changes(hub, before) == []


def test_a_status_written_by_somebody_else_makes_nothing_foreign_ours(link: Lab) -> None:
    """The leaf's tunnel to its own link, by its UID, and a path in place of a name."""
    record = json.loads(succeed(link, "get", *PAIR, "-o", "json"))
    objects = record["status"]["objects"]
    gateway = next(each for each in objects if each["kind"].startswith("Gateway"))
    leaf = link.clusters[gateway["clusterID"]].kube
    kinds = {"gatewayservers": "GatewayServer", "gatewayclients": "GatewayClient"}
    tunnel, kind = next(
        (each, kind)
        for plural, kind in kinds.items()
        for each in leaf.list(path(NETWORKING, plural))
        if each["metadata"]["name"] == "hub"
    )
    at = tunnel["metadata"]
    lie = {**gateway, "kind": kind, "name": at["name"], "namespace": at["namespace"]}
    for evil in ({**lie, "uid": at["uid"]}, {**gateway, "name": "../../../../../healthz"}):
        patch = json.dumps({"status": {"objects": [*objects, evil]}})
        how = ("--subresource=status", "--type=merge", "-p", patch)
        done = link.kubectl("patch", "shortcut", NAME, *how, check=False)
        assert (done.returncode == 0) == (evil["name"] == "hub"), done.stderr
    done = plugin(link, "delete", *PAIR)
    assert done.returncode == 0, done.stderr
    assert "no object of this link" in done.stderr
    assert leaf.get(path(NETWORKING, f"{kind.lower()}s", at["namespace"], "hub")) is not None


def test_orphans_are_found_and_removed(hub: Lab) -> None:
    before = snapshots(hub)
    succeed(hub, "create", *PAIR)
    hub.remove_shortcuts()  # by force: nobody knows the objects any more
    assert "is an orphan of leaf-1--leaf-2" in plugin(hub, "sync", "--prune", "--dry-run").stderr
    succeed(hub, "sync", "--prune", "--yes")
    assert link_objects(hub) == []
    assert changes(hub, before) == []


@pytest.mark.usefixtures("mended")
def test_a_dead_leaf_refuses_create_and_nothing_is_changed(hub: Lab) -> None:
    hub.faults.cut_api_server("leaf-2")
    before = hub.snapshot("leaf-1")
    began = time.monotonic()
    done = plugin(hub, "create", *PAIR)
    assert done.returncode in (1, 4), done.stderr
    assert time.monotonic() - began < 10
    assert "cluster 'leaf-2': cannot be reached" in done.stderr
    assert hub.snapshot("leaf-1") == before
    assert "not found" in plugin(hub, "get", *PAIR).stderr


@pytest.mark.usefixtures("mended")
def test_a_leaf_that_dies_while_the_link_is_made_costs_time_only(hub: Lab) -> None:
    hub.set_knobs(pod_start=5)
    process = start(hub, "create", *PAIR, "--timeout", "10s")
    read_until(process, "configuration/leaf-1 created")
    hub.faults.cut_api_server("leaf-2")
    code, said = end(process)
    assert code == 5, said
    assert "cluster 'leaf-2': cannot be reached" in said
    assert reason(hub) == "Progressing"
    hub.faults.mend_api_server("leaf-2")
    succeed(hub, "sync")
    assert connections(hub) == UP


@pytest.mark.usefixtures("mended")
def test_a_leaf_that_dies_after_makes_the_record_say_unknown(link: Lab) -> None:
    link.faults.cut_api_server("leaf-2")
    done = plugin(link, "sync")
    assert done.returncode in (1, 4), done.stderr
    assert reason(link) == "LeafUnreachable"
    link.faults.mend_api_server("leaf-2")
    succeed(link, "sync")
    assert reason(link) == "Connected"


@pytest.mark.usefixtures("mended")
def test_delete_with_a_dead_leaf_cleans_the_other_and_sync_finishes(hub: Lab) -> None:
    before = snapshots(hub)
    succeed(hub, "create", *PAIR)
    hub.faults.cut_api_server("leaf-2")
    began = time.monotonic()
    done = plugin(hub, "delete", *PAIR)
    assert done.returncode == 8, done.stderr
    assert time.monotonic() - began < 10
    assert reason(hub) == "CleanupPending"
    assert hub.link_objects("leaf-1", "leaf-2") == []
    left = succeed(hub, "get", *PAIR, "-o", "json")
    owners = {each["clusterID"] for each in json.loads(left)["status"]["objects"]}
    assert owners == {"leaf-2"}
    hub.faults.mend_api_server("leaf-2")
    succeed(hub, "sync")
    assert changes_of_ours(hub, before) == []
    assert "not found" in plugin(hub, "get", *PAIR).stderr


@pytest.mark.usefixtures("mended")
def test_forget_ends_the_record_and_prints_the_commands_for_the_rest(link: Lab) -> None:
    link.faults.cut_api_server("leaf-2")
    done = plugin(link, "delete", *PAIR, "--forget")
    assert done.returncode == 0, done.stderr
    commands = [
        line.partition("there: ")[2].split()[1:]
        for line in done.stderr.splitlines()
        if "there: kubectl delete" in line
    ]
    assert len(commands) == 3
    assert "not found" in plugin(link, "get", *PAIR).stderr
    link.faults.mend_api_server("leaf-2")
    for command in commands:
        link.kubectl(*command, context="leaf-2")


@pytest.mark.usefixtures("mended")
def test_a_leaf_that_dies_while_the_link_is_taken_away_is_cleaned_later(hub: Lab) -> None:
    before = snapshots(hub)
    succeed(hub, "create", *PAIR)
    process = start(hub, "delete", *PAIR, "--timeout", "10s")
    read_until(process, "gatewayclient/leaf-1 deleted")
    hub.faults.cut_api_server("leaf-2")
    code, said = end(process)
    assert code in (0, 5, 8), said  # it may have been over
    hub.faults.mend_api_server("leaf-2")
    succeed(hub, "sync")
    assert changes_of_ours(hub, before) == []


def test_a_failed_create_leaves_everything_as_it_was(hub: Lab) -> None:
    before, hub_before = snapshots(hub), hub.snapshot("hub")
    done = plugin(
        hub,
        "create",
        *PAIR,
        "--timeout",
        "5s",
        "--undo-on-timeout",
        "--gw-server-template-name",
        "no-such-template",
    )
    assert done.returncode in (4, 5), done.stderr
    assert link_objects(hub) == []
    assert changes(hub, before) == []
    assert hub.snapshot("hub") == hub_before


@pytest.mark.parametrize("creates", [6, pytest.param(18, marks=pytest.mark.soak("races"))])
def test_many_commands_at_once_make_one_link_or_none(hub: Lab, creates: int) -> None:
    """Both ways round, one that fails, one that deletes: no one harms another's work."""
    commands: list[tuple[str, ...]] = [("create", *PAIR), ("create", *PAIR[::-1])] * (creates // 2)
    commands += [("create", *PAIR, "--mtu", "1200"), ("delete", *PAIR, "--ignore-not-found")]
    processes = [start(hub, *command) for command in commands]
    ended = [end(process) for process in processes]
    codes = [code for code, _ in ended]
    assert set(codes[:creates]) <= {0, 4}, (
        ended
    )  # 4: it met one that was being deleted, or another mtu
    assert any("waiting for " in said and "which holds the lock" in said for _, said in ended)
    found = plugin(hub, "get", *PAIR, "-o", "json")
    if found.returncode == 0:
        assert connections(hub) == UP
        for leaf in PAIR:
            kube = hub.clusters[leaf].kube
            peer = PAIR[0] if leaf == PAIR[1] else PAIR[1]
            for plural in ("configurations", "publickeies"):
                assert len(kube.list(path(NETWORKING, plural, f"liqo-tenant-{peer}"))) == 1
    else:
        assert link_objects(hub) == []
    assert hub.kubectl("get", "leases", "-n", "liqo", "-o", "name").stdout == ""


def test_a_gateway_that_was_left_without_a_service_is_made_anew(hub: Lab) -> None:
    """Its node port was taken; when it is free, nobody waits for Liqo's own next attempt."""
    blocker = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "blocker", "namespace": "default"},
        "spec": {
            "type": "NodePort",
            "ports": [{"port": 53, "protocol": "UDP", "nodePort": 31840}],
        },
    }
    services = path(CORE, "services", "default")
    kube = hub.clusters["leaf-1"].kube
    kube.create(services, blocker)
    options = [
        *("--gw-server", "leaf-1", "--gw-server-service-type", "NodePort"),
        *("--gw-server-service-nodeport", "31840"),
    ]
    try:
        done = plugin(hub, "create", *PAIR, *options, "--timeout", "10s")
        assert done.returncode == 5, done.stderr
        assert "Liqo could not make Service liqo-tenant-leaf-2/gw-leaf-2" in done.stderr
    finally:
        kube.delete(f"{services}/blocker")
    began = time.monotonic()
    done = plugin(hub, "create", *PAIR)
    assert done.returncode == 0, done.stderr
    assert "made anew, since Liqo has made no Service for it" in done.stderr
    assert time.monotonic() - began < 20
    assert connections(hub) == UP


def test_events_on_the_hub_tell_each_change_of_ready(hub: Lab) -> None:
    hub.kubectl("delete", "events", "-n", "default", "--all")
    succeed(hub, "create", *PAIR)
    told = hub.kubectl(
        *("get", "events", "-n", "default", "-o"),
        "jsonpath={range .items[*]}{.type} {.involvedObject.name} {.reason}{'\\n'}{end}",
    ).stdout.splitlines()
    assert told == [f"Normal {NAME} Progressing", f"Normal {NAME} Connected"]
    assert "both leaves report Connected" in hub.kubectl("describe", "shortcut", NAME).stdout


def test_a_leaf_rebuilt_under_its_old_name_is_not_touched(link: Lab) -> None:
    """Its kube-system UID is not the recorded one: here the record is what is changed."""
    clusters = json.loads(succeed(link, "get", *PAIR, "-o", "json"))["status"]["clusters"]
    for each in clusters:
        each["uid"] = "another" if each["clusterID"] == "leaf-2" else each["uid"]
    patch = json.dumps({"status": {"clusters": clusters}})
    link.kubectl("patch", "shortcut", NAME, "--subresource=status", "--type=merge", "-p", patch)
    before = link.snapshot("leaf-2")
    refused = plugin(link, "sync", NAME)
    assert refused.returncode == 4, refused.stderr
    assert "cluster 'leaf-2' was rebuilt" in refused.stderr
    done = plugin(link, "delete", *PAIR)
    assert done.returncode == 8, done.stderr
    assert "nothing on it was touched" in done.stderr
    assert "nothing proves that it made them" in done.stderr  # the record's UID was a lie
    assert link.link_objects("leaf-1", "leaf-2") == []
    assert link.snapshot("leaf-2") == before
    succeed(link, "delete", *PAIR, "--forget")
    assert link.snapshot("leaf-2") == before
    assert "not found" in plugin(link, "get", *PAIR).stderr
