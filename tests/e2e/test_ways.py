"""Each way to reach a leaf, on the lab; and what a stored identity is not allowed to do."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.plugin import PAIR, link_objects
from tests.e2e.ways import Document, Ways, made_and_removed
from tests.lab import binaries
from tests.lab.kube import wait_for
from tests.lab.lab import Lab


@pytest.fixture
def ways(hub: Lab, tmp_path: Path) -> Iterator[Ways]:
    ways = Ways(hub, tmp_path)
    yield ways
    ways.forget()


def test_a_context_is_named_by_an_option(ways: Ways) -> None:
    ways.use(ways.kubeconfig("hub", north="leaf-1", south="leaf-2"))
    said = made_and_removed(
        ways, "--leaf-context", "leaf-1=north", "--leaf-context", "leaf-2=south"
    )
    assert "using kubeconfig context" not in said


def test_a_file_is_named_by_an_option(ways: Ways) -> None:
    one, two = (ways.put(leaf, ways.kubeconfig(leaf)) for leaf in PAIR)
    made_and_removed(
        ways, "--leaf-kubeconfig", f"leaf-1={one}", "--leaf-kubeconfig", f"leaf-2={two}"
    )


def test_a_context_has_the_name_of_the_leaf(ways: Ways) -> None:
    ways.use(ways.kubeconfig("hub", "leaf-1", "leaf-2"))
    assert "using kubeconfig context 'leaf-1' for leaf 'leaf-1'" in made_and_removed(ways)


def test_the_hub_has_an_identity_for_the_leaf(ways: Ways) -> None:
    for leaf in PAIR:
        ways.store(leaf, ways.of_liqo(leaf))
    said = made_and_removed(ways)
    assert "trying the hub's stored identity for leaf 'leaf-1'" in said
    rows = ways.plugin("leaves", *PAIR).stdout.splitlines()[1:]
    assert [(row.split()[1], row.split()[-1]) for row in rows] == [("stored", "ok")] * 2


def test_leaves_tells_what_a_stored_identity_lacks(ways: Ways) -> None:
    """Liqo's own may not look at most of it; here, somebody who may do nothing."""
    kubeconfig = ways.of_liqo("leaf-1")
    token = ways.lab.kubectl("create", "token", "default", "-n", "default", context="leaf-1")
    kubeconfig["users"][0]["user"] = {"token": token.stdout.strip()}
    ways.store("leaf-1", kubeconfig)
    done = ways.plugin("leaves", "leaf-1")
    assert done.returncode == 0, done.stderr
    row = done.stdout.splitlines()[1]
    lacks = re.search(r" lacks (\d+) permissions$", row.rstrip())
    assert row.split()[1] == "stored"
    assert lacks, row
    assert int(lacks[1]) > 20  # all that a link needs there, not only the first that was refused
    assert "system:serviceaccount:default:default" in done.stderr


def test_two_contexts_of_one_cluster_are_no_trouble(ways: Ways) -> None:
    ways.use(ways.kubeconfig("hub", "leaf-1", "leaf-2", again="leaf-1"))
    assert ways.plugin("preflight", *PAIR).returncode == 0
    assert ways.plugin("preflight", *PAIR, "--leaf-context", "leaf-1=again").returncode == 0


@pytest.mark.parametrize("stored", [False, True], ids=["context", "stored"])
def test_a_way_that_leads_to_another_cluster_is_refused(ways: Ways, stored: bool) -> None:
    ways.use(ways.kubeconfig("hub", "leaf-2", **({} if stored else {"leaf-1": "leaf-2"})))
    if stored:
        ways.store("leaf-1", ways.of_liqo("leaf-2"))
    done = ways.plugin("create", *PAIR)
    assert done.returncode == 4, done.stderr
    assert "cluster 'leaf-1': its Liqo cluster ID is 'leaf-2'" in done.stderr
    assert link_objects(ways.lab) == []


Poison = Callable[[Path], Document]


def runs(folder: Path) -> Document:
    script = folder / "script"
    script.write_text(f"#!/bin/sh\ntouch {folder}/was-run\n")
    script.chmod(0o700)
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(script)}
    return {"exec": {**plugin, "interactiveMode": "Never"}}


def reads(folder: Path) -> Document:
    os.mkfifo(folder / "token")  # who opens it to read waits for ever
    return {"tokenFile": str(folder / "token")}


@pytest.mark.parametrize("poison", [runs, reads])
@pytest.mark.parametrize("command", ["create", "preflight", "leaves"])
def test_a_poisoned_identity_is_refused_and_nothing_run_or_read(
    ways: Ways, tmp_path: Path, poison: Poison, command: str
) -> None:
    ways.use(ways.kubeconfig("hub", "leaf-2"))
    kubeconfig = ways.of_liqo("leaf-1")
    field = poison(tmp_path)
    kubeconfig["users"][0]["user"] |= field
    ways.store("leaf-1", kubeconfig)
    done = ways.plugin(command, *PAIR)
    where = "Secret liqo-tenant-leaf-1/kubeconfig-controlplane-leaf-1 on the hub"
    refusal = f"cluster 'leaf-1': {where}: field '{next(iter(field))}' of its user is refused: "
    assert refusal in " ".join((done.stdout + done.stderr).split())
    assert done.returncode == (0 if command == "leaves" else done.returncode or 1)
    if command == "leaves":
        assert done.stdout.splitlines()[1].split()[1] == "stored"
    assert not (tmp_path / "was-run").exists()
    assert link_objects(ways.lab) == []


def test_a_user_who_may_not_read_the_secret_is_told_so(ways: Ways) -> None:
    ways.store("leaf-1", ways.of_liqo("leaf-1"))
    done = ways.plugin("leaves", "leaf-1", "--as", "jane", "--as-group", "ops")
    assert "configurations.networking.liqo.io is forbidden" in done.stderr
    rules = [("configurations,gatewayclients,gatewayservers.networking.liqo.io", "list")]
    lab = ways.lab
    try:
        for resources, verbs in rules:
            lab.kubectl(
                "create", "clusterrole", "looker", f"--verb={verbs}", f"--resource={resources}"
            )
        lab.kubectl("create", "clusterrolebinding", "looker", "--clusterrole=looker", "--group=ops")
        done = ways.plugin("leaves", "leaf-1", "--as", "jane", "--as-group", "ops")
        assert done.returncode == 0, done.stderr
        assert done.stdout.rstrip().endswith("no credentials")
        assert "the hub's stored identity may not be read" in done.stderr
        assert "ask the hub's administrator" in done.stderr
    finally:
        lab.kubectl("delete", "clusterrolebinding", "looker")
        lab.kubectl("delete", "clusterrole", "looker")


def test_the_printed_role_gives_the_one_secret_and_no_other(ways: Ways) -> None:
    for leaf in PAIR:
        ways.store(leaf, ways.of_liqo(leaf))
    jane = ("--as", "jane", "--as-group", "ops")
    asked = ("--hub", "--stored-identity", "leaf-1")
    printed = ways.plugin("rbac", "print", *asked, "--subject", "User:jane").stdout
    ways.lab.kubectl("apply", "-f", "-", input=printed)
    try:
        check = ("rbac", "check", *asked, *jane)
        wait_for(lambda: ways.plugin(*check).returncode == 0, 10, "all is allowed", 0.2)
        mine, other = ways.plugin("leaves", *PAIR, *jane).stdout.splitlines()[1:]
        assert (mine.split()[1], mine.split()[-1]) == ("stored", "ok")
        assert other.rstrip().endswith("no credentials")
    finally:
        ways.lab.kubectl("delete", "-f", "-", input=printed)


def test_liqo_may_be_in_another_namespace_of_the_hub(ways: Ways) -> None:
    ways.use(ways.kubeconfig("hub", "leaf-1", "leaf-2"))
    lab = ways.lab
    options = (
        *("--liqo-namespace", "tunnels"),
        *(part for leaf in PAIR for part in ("--leaf-liqo-namespace", f"{leaf}=liqo")),
    )
    lab.kubectl("create", "namespace", "tunnels")
    try:
        done = ways.plugin("create", *PAIR, *options)
        assert done.returncode == 4
        assert "no ConfigMap liqo-clusterid-configmap in namespace tunnels" in done.stderr
        lab.kubectl(
            *("create", "configmap", "liqo-clusterid-configmap", "-n", "tunnels"),
            "--from-literal=CLUSTER_ID=hub",
        )
        made_and_removed(ways, *options)
    finally:
        lab.kubectl("delete", "namespace", "tunnels")


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda n: n.name
)
def test_no_private_key_is_left_however_it_ends(ways: Ways, number: signal.Signals) -> None:
    ways.use(ways.kubeconfig("hub", "leaf-1", "leaf-2"))
    ways.lab.set_knobs(pod_start=30)
    process = subprocess.Popen(
        [
            *("env", "--default-signal", str(binaries.path("kubectl"))),
            *("liqo-shortcut", "create", *PAIR, "--progress=plain"),
        ],
        env=ways.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "gatewayserver" in line:
            break
    assert ways.left == []
    process.send_signal(number)
    process.stderr.read()
    process.stderr.close()
    process.wait()
    assert ways.left == []
    if number is signal.SIGKILL:
        time.sleep(0.1)
        ways.plugin("delete", *PAIR)
