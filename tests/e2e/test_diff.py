"""``diff`` tells what ``sync`` would change, in kubectl's way, and changes nothing."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path

from tests.e2e.plugin import NAME, PAIR, environment, link_objects, succeed
from tests.lab import binaries
from tests.lab.kube import CORE, NETWORKING, path
from tests.lab.lab import Lab

VARIABLE = "KUBECTL_EXTERNAL_DIFF"


def diff(
    lab: Lab, *args: str, by: str = "", temporary: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """``kubectl liqo-shortcut diff``; *by* that program, with its files in *temporary*."""
    chosen = {VARIABLE: by} | ({"TMPDIR": str(temporary)} if temporary else {})
    return subprocess.run(
        [str(binaries.path("kubectl")), "liqo-shortcut", "diff", *args],
        env={**environment(lab), **chosen},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def changed(text: str) -> list[str]:
    """The lines that differ, without those that name the files."""
    return [
        line
        for line in text.splitlines()
        if line.startswith(("-", "+")) and not line.startswith(("---", "+++"))
    ]


def version(lab: Lab) -> str:
    """Of the record: what works on a shortcut writes there first."""
    query = "jsonpath={.metadata.resourceVersion}"
    return lab.kubectl("get", "shortcut", NAME, "-o", query).stdout


def edit(lab: Lab) -> None:
    patch = '{"spec":{"gateway":{"mtu":1280}}}'
    lab.kubectl("patch", "shortcut", NAME, "--type=merge", "-p", patch)


def test_an_edited_record_differs_until_sync(link: Lab) -> None:
    same = diff(link)
    assert (same.returncode, same.stdout) == (0, ""), same.stderr
    edit(link)
    before = version(link)
    found = diff(link, *PAIR)
    assert found.returncode == 1, found.stderr
    assert changed(found.stdout) == ["-  mtu: 1340", "+  mtu: 1280"] * 2
    assert "leaf-1.networking.liqo.io.v1beta1.GatewayServer.liqo-tenant-leaf-2" in found.stdout
    assert "leaf-2.networking.liqo.io.v1beta1.GatewayClient.liqo-tenant-leaf-1" in found.stdout
    assert version(link) == before
    assert link.kubectl("get", "leases", "-n", "liqo", "-o", "name").stdout == ""
    succeed(link, "sync")
    again = diff(link)
    assert (again.returncode, again.stdout) == (0, ""), again.stderr


def test_what_was_taken_away_on_a_leaf_is_shown_until_sync_made_it_again(link: Lab) -> None:
    kube = link.clusters["leaf-2"].kube
    kube.delete(path(NETWORKING, "publickeies", "liqo-tenant-leaf-1", "leaf-1"))
    found = diff(link, NAME)
    assert found.returncode == 1, found.stderr
    assert "+kind: PublicKey" in changed(found.stdout)
    succeed(link, "sync")
    assert diff(link, NAME).returncode == 0


def test_a_marked_record_shows_all_that_sync_removes(link: Lab) -> None:
    link.kubectl("delete", "shortcut", NAME, "--wait=false")
    found = diff(link)
    assert found.returncode == 1, found.stderr
    kinds = [line for line in changed(found.stdout) if line.startswith("-kind: ")]
    assert len(kinds) == 6
    assert "it is being deleted" in found.stderr
    succeed(link, "sync")
    assert link_objects(link) == []


def test_another_program_compares_and_nothing_is_left(link: Lab, tmp_path: Path) -> None:
    edit(link)
    told = diff(link, by="echo -n", temporary=tmp_path)
    assert told.returncode == 0, told.stderr
    live, merged, argument = told.stdout.split()
    assert (Path(live).name[:5], Path(merged).name[:7]) == ("LIVE-", "MERGED-")
    assert (Path(live).parent, argument) == (tmp_path, "-n")
    for program, code in (("false", 1), ("no-such-program", 2)):
        assert diff(link, by=program, temporary=tmp_path).returncode == code
    assert os.listdir(tmp_path) == []


def test_no_private_key_is_shown(link: Lab) -> None:
    link.kubectl("delete", "shortcut", NAME, "--wait=false")  # so each object is shown whole
    found = diff(link, by="diff -r -N -u")
    assert found.returncode == 1, found.stderr
    for leaf, peer in (PAIR, PAIR[::-1]):
        kube = link.clusters[leaf].kube
        secret = kube.find(path(CORE, "secrets", f"liqo-tenant-{peer}", f"gw-{peer}"))
        assert secret is not None
        assert shows(found, secret["data"]["publicKey"])  # public keys are public
        assert not shows(found, secret["data"]["privateKey"])


def shows(done: subprocess.CompletedProcess[str], key: str) -> bool:
    """Whether the output holds *key*, encoded or not; a failed test does not print it."""
    raw = base64.b64decode(key).decode("latin-1")
    return any(text in done.stdout + done.stderr for text in (key, raw))


def test_a_dead_leaf_is_trouble(link: Lab) -> None:
    link.faults.cut_api_server("leaf-2")
    try:
        done = diff(link)
    finally:
        link.faults.heal()
    assert done.returncode == 2, done.stderr
    assert "cluster 'leaf-2': cannot be reached" in done.stderr
    assert diff(link).returncode == 0
