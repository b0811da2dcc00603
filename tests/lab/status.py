"""``status``: what runs, what it costs, which links are up, and which delays are not real."""

from __future__ import annotations

from collections.abc import Iterator

from tests.lab import links, network, processes
from tests.lab.dataplane import delay
from tests.lab.kube import ApiError
from tests.lab.lab import Lab
from tests.lab.state import State


def describe(state: State) -> Iterator[str]:
    """Line by line; works on half a lab too."""
    loaded = state.load()
    if loaded is None:
        yield "no lab is running"
        return
    lab = Lab(state, loaded[0])
    yield from _table(("CLUSTER", "API SERVER", "NODE", "POD CIDR"), _clusters(lab))
    yield ""
    yield from _table(("PROCESS", "PID", "STATE", "MEMORY"), _processes(state))
    yield ""
    yield from _table(("CLUSTER", "REMOTE", "TYPE", "CONNECTION", "LATENCY"), _connections(lab))
    yield ""
    yield str(lab.knobs)
    yield f"behind NAT: {', '.join(lab.nat.behind()) or 'no cluster'}"
    yield f"peering: {'on' if lab.has_peering else 'off'}"
    yield f"data plane: {'on' if lab.has_dataplane else 'off'}"
    if delayed := delay.injected(state):
        yield delayed
    problems = [] if loaded[1] else ["the start did not come to its end"]
    yield from (f"problem: {problem}" for problem in problems + lab.problems())
    yield f"export KUBECONFIG={lab.kubeconfig}"


def _clusters(lab: Lab) -> Iterator[tuple[str, ...]]:
    for cluster in lab.clusters.values():
        spec = cluster.spec
        yield spec.name, spec.server, spec.node_address, spec.pod_cidr


def _processes(state: State) -> Iterator[tuple[str, ...]]:
    total = 0.0
    for process in processes.recorded(state):
        memory = processes.rss(process.pid) if process.alive else 0.0
        total += memory
        yield (
            process.name,
            str(process.pid),
            "running" if process.alive else "dead",
            f"{memory:.0f} MiB",
        )
    for namespace in network.namespaces():
        if namespace in (network.ROUTER, delay.WIRE):  # whose processes are recorded
            continue
        pids = network.pids(namespace)
        memory = sum(map(processes.rss, pids))
        total += memory
        yield (
            f"pod {namespace}",
            ",".join(map(str, pids)),
            "running" if pids else "empty",
            f"{memory:.0f} MiB",
        )
    yield "total", "", "", f"{total:.0f} MiB"


def _connections(lab: Lab) -> Iterator[tuple[str, ...]]:
    for cluster in lab.clusters.values():
        try:
            for row in links.connections(cluster.kube):
                yield cluster.name, *row
        except ApiError:
            yield cluster.name, "<unknown>", "<unknown>", "<unknown>", "<unknown>"


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    lines = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        yield "   ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
