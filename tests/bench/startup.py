"""``make bench-startup``: how long the program takes to answer, beside programs that do nothing.

The baselines are an empty click program, and a bare click script that imports the Kubernetes
client and tabulate and makes the one GET of ``get``. All take turns in one run: medians, ratios.
Each is started as pip installs it and frozen as krew installs it, both also through kubectl.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tabulate import tabulate

from tests.e2e.plugin import PAIR, environment, succeed
from tests.lab import binaries
from tests.lab.lab import Lab
from tests.readme import ROOT, replace_block

EMPTY = """\
import click
@click.command()
def empty():
    pass
empty()
"""
BARE_GET = """\
import click, tabulate
from kubernetes import client, config
@click.command()
def get():
    config.load_kube_config()
    path = "shortcut.liqo.io", "v1alpha1", "shortcuts"
    found = client.CustomObjectsApi().list_cluster_custom_object(*path)["items"]
    click.echo(tabulate.tabulate([[each["metadata"]["name"]] for each in found], ["NAME"]))
get()
"""
PLUGIN, COMPLETER = "kubectl-liqo_shortcut", "kubectl_complete-liqo_shortcut"
Commands = Mapping[str, Sequence[Sequence[str]]]
WAYS = ("pip", "krew", "kubectl, pip", "kubectl, krew")


def lay_out(folder: Path) -> None:
    """Baselines, each as a program and as a kubectl plugin, and the completer of the frozen one."""
    for name, code in (("empty", EMPTY), ("bare", BARE_GET)):
        program = folder / f"kubectl-{name}"
        program.write_text(f"#!{sys.executable}\n{code}", encoding="utf-8")
        program.chmod(0o755)
    (folder / "krew").mkdir()
    for name in (PLUGIN, COMPLETER):
        (folder / "krew" / name).symlink_to(ROOT / "dist" / PLUGIN / PLUGIN)


def commands(folder: Path) -> dict[str, tuple[str, list[list[str]]]]:
    """For each row its baseline, and its command in each of ``WAYS``."""
    pip, krew, kubectl = Path(sys.executable).parent, folder / "krew", str(binaries.path("kubectl"))

    def plugin(*words: str) -> list[list[str]]:
        direct = [[str(at / PLUGIN), *words] for at in (pip, krew)]
        return [*direct, *[[kubectl, "liqo-shortcut", *words]] * 2]

    def completion(*words: str) -> list[list[str]]:
        direct = [[str(at / COMPLETER), *words] for at in (pip, krew)]
        return [*direct, *[[kubectl, "__complete", "liqo-shortcut", *words]] * 2]

    def baseline(name: str) -> list[list[str]]:
        return [*[[str(folder / f"kubectl-{name}")]] * 2, *[[kubectl, name]] * 2]

    return {
        "an empty click program": ("an empty click program", baseline("empty")),
        "`--help`": ("an empty click program", plugin("--help")),
        "`version`": ("an empty click program", plugin("version")),
        "completion of commands": ("an empty click program", completion("")),
        "a bare click script with one GET": ("a bare click script with one GET", baseline("bare")),
        "`get`": ("a bare click script with one GET", plugin("get")),
    }


def measure(lab: Lab, folder: Path, runs: int, say: Callable[[str], None]) -> str:
    """The table, as Markdown."""
    rows = commands(folder)
    path = environment(lab)["PATH"]
    first = (Path(sys.executable).parent, folder / "krew") * 2
    spaces = [
        {**environment(lab), "PATH": os.pathsep.join((str(at), str(folder), path))} for at in first
    ]
    times: dict[tuple[str, int], list[float]] = {}
    for number in range(-1, runs):  # the first one warms the caches and does not count
        for row, (_, ways) in rows.items():
            for way, command in enumerate(ways):
                took = _time(command, spaces[way])
                if number >= 0:
                    times.setdefault((row, way), []).append(took)
        say(f"run {number + 1} of {runs}")
    table = []
    for row, (base, ways) in rows.items():
        cells = [row]
        for way in range(len(ways)):
            median = statistics.median(times[row, way])
            ratio = median / statistics.median(times[base, way])
            cells.append(f"{median * 1000:.0f} ({ratio:.2f})")
        table.append(cells)
    titles = ["milliseconds: median (ratio)", *WAYS]
    return tabulate(table, headers=titles, tablefmt="github", disable_numparse=True)


def _time(command: Sequence[str], environment: Mapping[str, str]) -> float:
    began = time.perf_counter()
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    took = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr.decode()}")
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--write", action="store_true", help="put the table into the guide")
    arguments = parser.parse_args()
    found = Lab.running()
    lab = found or Lab.start()
    try:
        succeed(lab, "crd", "install")
        succeed(lab, "create", *PAIR)
        with tempfile.TemporaryDirectory() as folder:
            lay_out(Path(folder))
            table = measure(lab, Path(folder), arguments.runs, lambda line: print(line, flush=True))
        succeed(lab, "delete", *PAIR)
    finally:
        lab.close() if found else lab.stop()
    print(f"\n{table}")
    if arguments.write:
        replace_block("startup", table)


if __name__ == "__main__":
    main()
