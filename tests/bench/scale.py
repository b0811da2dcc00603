"""``make bench-scale``: what commands cost that work on very many links at once.

The hub and its leaves are simulated, so that all of it fits on one machine: the plugin is the
installed one, and speaks HTTPS with an API server for each cluster. Without ``create`` among the
commands the links are there and ready before. Ends with 1 if a command failed.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import yaml
from tabulate import tabulate

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.core.kinds import API_VERSION
from kubectl_liqo_shortcut.core.link.shortcut import Shortcut
from kubectl_liqo_shortcut.core.model import HUB, Manifest, cluster_id
from tests.bench.footprint import Footprint, run
from tests.bench.ready_links import make_ready
from tests.bench.simulator import Simulator, Tally, simulated

PLUGIN = Path(sys.executable).parent / "kubectl-liqo_shortcut"
COMMANDS: Mapping[str, Sequence[str]] = {
    "create": ("create", "-f", "{records}", "--progress=plain"),
    "sync": ("sync",),
    "diff": ("diff",),
    "sync --dry-run": ("sync", "--dry-run"),
    "get --live": ("get", "--live"),
}
"""By what ``--only`` calls each; they run in this order."""

Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Measured:
    footprint: Footprint
    asked: Tally


def pairs(leaves: int, links: int) -> list[tuple[str, str]]:
    """So many pairs of leaves, nearest neighbours in a ring first: each leaf has as many links."""

    def apart(pair: tuple[int, int]) -> int:
        first, second = pair
        return min(second - first, leaves - (second - first))

    nearest = sorted(itertools.combinations(range(leaves), 2), key=apart)
    return [(f"leaf{first + 1:02d}", f"leaf{second + 1:02d}") for first, second in nearest[:links]]


def measure(
    shortcuts: Sequence[Shortcut], options: argparse.Namespace, say: Say
) -> dict[str, list[Measured]]:
    """What each command cost in each run; ``create`` begins with new clusters each time."""
    found: dict[str, list[Measured]] = {name: [] for name in options.only}
    creates = "create" in options.only
    for rounds in [1] * options.runs if creates else [options.runs]:
        with simulated(options.leaves) as simulator, tempfile.TemporaryDirectory() as folder:
            access = ClusterAccess(kubeconfig=str(simulator.kubeconfig))
            access(HUB).create(Manifest(HUB, yaml.safe_load(read_template("shortcut-crd.yaml"))))
            records = Path(folder) / "records.yaml"
            records.write_text(_documents(shortcuts), encoding="utf-8")
            if not creates:
                make_ready(access, shortcuts)
                say(f"{len(shortcuts)} links are ready")
            first = _measured(simulator, ("leaves",), options.files)  # compiles what all import
            if first.footprint.exit_code:
                raise SystemExit(first.footprint.last_words)
            for _, name in itertools.product(range(rounds), options.only):
                words = [word.format(records=records) for word in COMMANDS[name]]
                found[name].append(_measured(simulator, words, options.files))
                say(_line(name, found[name]))
    return found


def _documents(shortcuts: Iterable[Shortcut]) -> str:
    """As somebody would write them who leaves out what may be left out."""
    return "---\n".join(
        json.dumps(
            {
                "apiVersion": API_VERSION,
                "kind": "Shortcut",
                "metadata": {"name": each.name},
                "spec": {
                    "server": {"clusterID": each.server},
                    "client": {"clusterID": each.client},
                },
            }
        )
        + "\n"
        for each in shortcuts
    )


def _measured(simulator: Simulator, words: Sequence[str], files: int) -> Measured:
    environment = {**os.environ, "KUBECONFIG": str(simulator.kubeconfig)}
    environment.pop("KUBECTL_EXTERNAL_DIFF", None)
    simulator.take()
    footprint = run([str(PLUGIN), *words], environment, files)
    return Measured(footprint, simulator.take())


def _line(name: str, runs: Sequence[Measured]) -> str:
    cost = runs[-1].footprint
    said = f"{name}, run {len(runs)}: exit code {cost.exit_code}, {cost.wall:.1f} s"
    return f"{said}\n{cost.last_words}" if cost.exit_code else said


TITLES = (
    *("RUN", "EXIT", "WALL s", "CPU s", "MiB", "THREADS", "FILES", "CONNECTIONS", "MADE"),
    *("REQUESTS", "TO HUB", "WRITES", "WATCHES"),
)


def table(runs: Iterable[Measured]) -> str:
    """A row for each run; of memory, threads, files and connections the most at the same time."""
    rows = [
        (
            *(number, cost.exit_code, f"{cost.wall:.2f}", f"{cost.cpu:.2f}"),
            *(f"{cost.most.memory:.0f}", cost.most.threads, cost.most.files),
            *(asked.most_connections, asked.connections_made),
            *(asked.total, sum(asked.hub.values()), asked.writes, asked.watches),
        )
        for number, (cost, asked) in enumerate(((e.footprint, e.asked) for e in runs), 1)
    ]
    return tabulate(rows, TITLES, tablefmt="plain", disable_numparse=True, stralign="right")


def requests(measured: Measured) -> str:
    """How often each kind of request was sent, to the hub and to all leaves."""
    asked = measured.asked
    rows = [
        (what, asked.hub.get(what, 0), asked.leaves.get(what, 0))
        for what, _ in asked.by_kind.most_common()
    ]
    return tabulate(rows, ("REQUEST", "TO HUB", "TO LEAVES"), tablefmt="plain")


def main() -> None:
    options = _options()
    shortcuts = [
        Shortcut(server=cluster_id(first), client=cluster_id(second))
        for first, second in pairs(options.leaves, options.links)
    ]
    found = measure(shortcuts, options, lambda line: print(line, flush=True))
    for name, runs in found.items():
        print(f"\n{name}: {len(shortcuts)} links of {options.leaves} leaves, {options.files} files")
        print(table(runs))
        if options.requests:
            print(f"\n{requests(runs[-1])}")
    sys.exit(any(each.footprint.exit_code for runs in found.values() for each in runs))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leaves", type=int, default=50, help="at most 99")
    parser.add_argument("--links", type=int, help="so many only, not one for each pair of leaves")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--files", type=int, default=1024, help="that a command may have open")
    parser.add_argument(
        "--only", type=_names, default=list(COMMANDS), help=f"of {', '.join(COMMANDS)}"
    )
    parser.add_argument("--requests", action="store_true", help="count each kind of request too")
    options = parser.parse_args()
    most = options.leaves * (options.leaves - 1) // 2
    options.links = most if options.links is None else options.links
    if not 2 <= options.leaves <= 99 or not 1 <= options.links <= most or options.runs < 1:
        parser.error(f"2 to 99 leaves, 1 to {most} links of them, and a run")
    return options


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(COMMANDS):
        raise argparse.ArgumentTypeError(f"no such command: {', '.join(unknown)}")
    return [each for each in COMMANDS if each in names]


if __name__ == "__main__":
    main()
