"""``python -m tests.lab start | stop | status``."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from tests.lab import binaries, cleanup, network, status
from tests.lab.binaries import BuildError
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.state import State, exclusive
from tests.lab.topology import Overlap


def start(options: argparse.Namespace) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C: nothing is left
    began = time.monotonic()
    lab = Lab.start(
        options.leaves,
        pod_start=options.pod_start,
        lb_delay=options.lb_delay,
        with_peering=options.peering,
        with_dataplane=options.dataplane,
        overlap=options.overlapping,
    )
    print(f"a hub and {options.leaves} leaves after {time.monotonic() - began:.1f} s; {lab.knobs}")
    print(
        f'export PATH="{Path(sys.executable).parent}:{binaries.path("kubectl").parent}:'
        f'{binaries.path("liqoctl").parent}:$PATH"'
    )
    print(f"export KUBECONFIG={lab.kubeconfig}")
    return 0


def stop(_: argparse.Namespace) -> int:
    network.require_host()
    with exclusive():
        state = State()
        found = state.root.exists() or bool(network.namespaces())
        cleanup.clean(state)
    print("the lab is stopped" if found else "no lab is running")
    return 0


def show(_: argparse.Namespace) -> int:
    network.require_host()
    for line in status.describe(State()):
        print(line)
    return 0 if Lab.running() else 1


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.lab", description="A Liqo hub and its leaves, for real."
    )
    commands = parser.add_subparsers(required=True, metavar="start|stop|status")
    starting = commands.add_parser("start", help="start the lab, or say that it runs")
    starting.add_argument(
        "--leaves", type=int, default=_number("LEAVES", 2), help="how many (LEAVES, or 2)"
    )
    starting.add_argument(
        "--pod-start", type=float, metavar="SECONDS", help="delay every Pod start"
    )
    starting.add_argument("--lb-delay", type=float, metavar="SECONDS", help="delay every address")
    starting.add_argument(
        "--peering",
        action="store_true",
        default=_number("PEERING", 0) > 0,
        help="run what liqoctl peer needs, too (PEERING=1)",
    )
    starting.add_argument(
        "--dataplane",
        action="store_true",
        default=_number("DATAPLANE", 0) > 0,
        help="run Pods, and carry their packets (DATAPLANE=1)",
    )
    starting.add_argument(
        "--overlapping",
        type=Overlap,
        choices=list(Overlap),
        nargs="?",
        const=Overlap.ALL,
        default=_overlap(os.environ.get("OVERLAPPING") or "0"),
        help="the same Pod CIDR everywhere, or in all leaves, which Liqo remaps (OVERLAPPING=1)",
    )
    starting.set_defaults(run=start)
    commands.add_parser("stop", help="end it and leave nothing behind").set_defaults(run=stop)
    commands.add_parser("status", help="say what runs").set_defaults(run=show)
    options = parser.parse_args()
    try:
        code: int = options.run(options)
    except (LabError, BuildError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _overlap(text: str) -> str:
    return {"0": Overlap.NONE, "1": Overlap.ALL}.get(text, text)  # the parser refuses what is none


def _number(variable: str, default: int) -> int:
    text = os.environ.get(variable) or str(default)
    return int(text) if text.isdigit() else 0  # 0 is refused by name further on


if __name__ == "__main__":
    sys.exit(main())
