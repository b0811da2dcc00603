"""``make demo``: a shortcut between two leaves of real Liqo, before the reader's eyes.

All numbers it prints were measured while it ran.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time

from tests.e2e.plugin import PAIR, connections, environment, link_objects
from tests.lab import binaries
from tests.lab.errors import LabError
from tests.lab.lab import Lab


def main() -> int:
    try:
        found = Lab.running()
        lab = found or Lab.start()
    except (LabError, binaries.BuildError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    try:
        return show(lab)
    finally:
        lab.close() if found else lab.stop()


def show(lab: Lab) -> int:
    step(lab, "the hub learns the kind Shortcut", "crd", "install")
    took = step(lab, "one command at the hub links two leaves", "create", *PAIR)
    step(lab, "the hub knows", "get", "-o", "wide")
    said, ping = connections(lab), round_trip(lab.tunnel_ping(*PAIR))
    step(lab, "and takes it away again", "delete", *PAIR)
    left = {
        "hub": len(records(lab)),
        **{leaf: sum(each.startswith(leaf) for each in link_objects(lab)) for leaf in PAIR},
    }
    print("\nmeasured:")
    print(f"  create, from process start until both leaves were Connected: {took:.1f} s")
    for leaf, value in said.items():
        print(f"  {leaf} said: {value}")
    print(f"  ping across the tunnel, gateway to gateway: {ping}")
    counts = ", ".join(f"{cluster} {count}" for cluster, count in left.items())
    print(f"  link objects left after delete, tenant namespaces apart: {counts}")
    good = set(said.values()) == {"Connected"} and "ms" in ping and not any(left.values())
    return 0 if good else 1


def step(lab: Lab, title: str, *args: str) -> float:
    """Run the plugin through kubectl, its output as it comes; the seconds it took."""
    print(f"\n# {title}\n$ kubectl liqo-shortcut {' '.join(args)}", flush=True)
    began = time.monotonic()
    command = [str(binaries.path("kubectl")), "liqo-shortcut", *args]
    subprocess.run(command, env=environment(lab), check=True)
    return time.monotonic() - began


def records(lab: Lab) -> list[str]:
    return lab.kubectl("get", "shortcuts", "-o", "name").stdout.split()


def round_trip(ping: str) -> str:
    """ping's own last lines, in short."""
    lost = re.search(r"(\S+)% packet loss", ping)
    times = re.search(r"= ([\d.]+)/([\d.]+)/", ping)
    if not lost or not times:
        return "no answer"
    return f"{times[2]} ms on average, {lost[1]}% lost"


if __name__ == "__main__":
    sys.exit(main())
