"""``make bench``: time from process start to exit, beside ``liqoctl network connect --wait``.

All ways take turns in one run on one lab, each ending when both leaves report Connected; between
two runs the link is removed and the leaves are as before. Medians, and ratios to liqoctl.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from tabulate import tabulate

from tests.e2e.plugin import PAIR, environment, succeed
from tests.lab import binaries
from tests.lab.lab import Lab
from tests.readme import replace_block

POD_STARTS = (0.0, 5.0)


def ways(lab: Lab) -> Mapping[str, Sequence[str]]:
    """The commands that are compared; the first one is what ratios refer to."""
    server, client = PAIR
    cidrs = [
        f"{spec.pod_cidr},{spec.external_cidr}"
        for spec in (lab.clusters[leaf].spec for leaf in PAIR)
    ]
    liqoctl = [str(binaries.path("liqoctl")), "network", "connect", "--wait"]
    liqoctl += ["--kubeconfig", str(lab.clusters[client].kubeconfig)]
    liqoctl += ["--remote-kubeconfig", str(lab.clusters[server].kubeconfig)]
    kubectl = str(binaries.path("kubectl"))
    return {
        "`liqoctl network connect --wait`": liqoctl,
        "`kubectl liqo-shortcut create`": [kubectl, "liqo-shortcut", "create", *PAIR],
        "the floor (a script, nothing checked)": [
            *(sys.executable, "-m", "tests.bench.floor", server, client),
            *cidrs,
        ],
    }


def measure(lab: Lab, command: Sequence[str]) -> float:
    """Seconds from start to exit; then everything is taken away again."""
    began = time.monotonic()
    done = subprocess.run(
        command, env=environment(lab), capture_output=True, text=True, check=False
    )
    took = time.monotonic() - began
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    lab.remove_shortcuts()
    lab.remove_link(*PAIR)
    return took


def run(lab: Lab, runs: int, say: Callable[[str], None]) -> str:
    """The table, as Markdown."""
    commands = ways(lab)
    succeed(lab, "crd", "install")
    columns: dict[float, dict[str, list[float]]] = {}
    for pod_start in POD_STARTS:
        lab.set_knobs(pod_start=pod_start)
        times: dict[str, list[float]] = {way: [] for way in commands}
        for number in range(1, runs + 1):
            for way, command in commands.items():
                times[way].append(measure(lab, command))
                say(f"pod start {pod_start:g} s, run {number}: {way}: {times[way][-1]:.2f} s")
        columns[pod_start] = times
    lab.set_knobs(pod_start=0)
    return _table(columns, list(commands))


def _table(columns: Mapping[float, Mapping[str, list[float]]], names: Sequence[str]) -> str:
    rows = []
    for way in names:
        row = [way]
        for times in columns.values():
            median, base = statistics.median(times[way]), statistics.median(times[names[0]])
            spread = f"{min(times[way]):.2f}-{max(times[way]):.2f}"
            row += [f"{median:.2f} ({spread})", f"{median / base:.2f}"]
        rows.append(row)
    titles = ["seconds: median (range)"]
    for pod_start in columns:
        titles += [f"Pods start in {pod_start:g} s", "ratio"]
    return tabulate(rows, headers=titles, tablefmt="github", disable_numparse=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="put the table into the guide")
    arguments = parser.parse_args()
    found = Lab.running()
    lab = found or Lab.start()
    try:
        table = run(lab, arguments.runs, lambda line: print(line, flush=True))
    finally:
        lab.close() if found else lab.stop()
    print(f"\n{table}")
    if arguments.write:
        replace_block("bench", table)


if __name__ == "__main__":
    main()
