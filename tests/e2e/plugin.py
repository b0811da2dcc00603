"""The plugin as a user runs it: through the real kubectl, on the lab."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.lab import binaries
from tests.lab.lab import Lab
from tests.lab.snapshot import Snapshot, differences

PAIR = ("leaf-1", "leaf-2")
NAME = "leaf-1--leaf-2"
UP = dict.fromkeys(PAIR, "Connected")


def environment(lab: Lab) -> dict[str, str]:
    """kubectl and, beside this Python, the installed plugin on PATH; the lab's kubeconfig."""
    folders = (Path(sys.executable).parent, binaries.path("kubectl").parent)
    path = os.pathsep.join(map(str, (*folders, os.environ.get("PATH", ""))))
    return {**os.environ, "PATH": path, "KUBECONFIG": str(lab.kubeconfig)}


def plugin(lab: Lab, *args: str, input: str | None = None) -> subprocess.CompletedProcess[str]:
    """``kubectl liqo-shortcut ARGS``; never raises."""
    return subprocess.run(
        [str(binaries.path("kubectl")), "liqo-shortcut", *args],
        input=input,
        stdin=subprocess.DEVNULL if input is None else None,
        env=environment(lab),
        capture_output=True,
        text=True,
        check=False,
    )


def succeed(lab: Lab, *args: str, input: str | None = None) -> str:
    """The plugin's standard output; its standard error is the message if it fails."""
    done = plugin(lab, *args, input=input)
    assert done.returncode == 0, done.stderr
    return done.stdout


def interrupt_when(lab: Lab, said: str, number: signal.Signals, *args: str) -> tuple[int, str]:
    """Run the plugin and send it a signal once a line of its progress holds *said*."""
    # env: also where the tests themselves run in the background, or under nohup
    process = subprocess.Popen(
        ["env", "--default-signal", str(binaries.path("kubectl")), "liqo-shortcut", *args],
        env=environment(lab),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    lines: list[str] = []
    for line in process.stderr:
        lines.append(line)
        if said in line and not any(said in earlier for earlier in lines[:-1]):
            process.send_signal(number)
    process.stderr.close()
    return process.wait(), "".join(lines)


def connections(lab: Lab) -> dict[str, str]:
    """What the Connection of each leaf of the pair says."""
    said = {}
    for leaf, peer in (PAIR, PAIR[::-1]):
        done = lab.kubectl(
            *("get", "connections", "-n", f"liqo-tenant-{peer}"),
            *("-o", "jsonpath={.items[*].status.value}"),
            context=leaf,
        )
        said[leaf] = done.stdout
    return said


Snapshots = dict[str, Snapshot]

_STAYS = re.compile(
    r"(/namespaces/liqo-tenant-leaf-\d+(/serviceaccounts/default|/configmaps/kube-root-ca.crt)?|/foreignclusters/leaf-\d+)$"
)


def snapshots(lab: Lab) -> Snapshots:
    """Every object on both leaves of the pair."""
    return {leaf: lab.snapshot(leaf) for leaf in PAIR}


def changes(lab: Lab, before: Snapshots) -> list[str]:
    """What is not as it was; tenant namespaces and ForeignClusters stay, as Liqo leaves them."""
    return [
        f"{leaf}: {line}"
        for leaf, then in before.items()
        for line in differences(then, lab.snapshot(leaf))
        if not _STAYS.search(line)
    ]


def link_objects(lab: Lab) -> list[str]:
    """All that is left of the link between the pair, on both leaves."""
    return [
        f"{leaf}: {each}"
        for leaf, peer in (PAIR, PAIR[::-1])
        for each in lab.link_objects(leaf, peer)
    ]
