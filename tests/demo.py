"""``make demo``: calls between two leaves of real Liqo, through the hub and then past it.

All numbers it prints were measured while it ran, but for the delay, which is injected.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

from tests.e2e.plugin import PAIR, environment, link_objects
from tests.lab import binaries
from tests.lab.errors import LabError
from tests.lab.kube import wait_for
from tests.lab.lab import Lab
from tests.traffic import PAUSE, WEB, Calls, Traffic

NAMESPACE, SERVICE = "shop", "web"
DELAY = 0.01  # seconds, for each packet at each gateway of the hub
WATCHED = 5.0  # seconds
CALLER, SERVER = PAIR


def main() -> int:
    try:
        found = Lab.running()
        had_dataplane = found is not None and found.has_dataplane
        lab = Lab.start(with_dataplane=True)
    except (LabError, binaries.BuildError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    try:
        return show(lab)
    finally:
        if found is None:
            lab.stop()
        elif not had_dataplane:
            lab.disable_dataplane()


def show(lab: Lab) -> int:
    plane = lab.dataplane
    remote = plane.offload(NAMESPACE, leaves=PAIR)
    plane.make_pod(SERVER, remote, SERVICE, ("python3", "-c", WEB))
    plane.make_pod(CALLER, remote, "client")
    plane.publish(NAMESPACE, SERVICE, [(SERVER, SERVICE)])
    wait_for(lambda: plane.slice_addresses(CALLER, remote, SERVICE), 30, "the Service arrives")
    plane.set_delay(DELAY)
    with tempfile.TemporaryDirectory() as folder:
        traffic = Traffic(plane, CALLER, remote, "client", SERVICE, Path(folder) / "calls")
        with traffic:
            good = tell(lab, traffic)
        plane.set_delay(0)
        calls = traffic.calls()
    print(f"\n{len(calls)} calls in all, {len(calls.lost)} lost")
    return 0 if good and not calls.lost else 1


def tell(lab: Lab, traffic: Traffic) -> bool:
    say(
        f"a Pod in {CALLER} calls Service {NAMESPACE}/{SERVICE}, whose Pod runs in {SERVER}, every"
        f" {PAUSE * 1000:.0f} ms; each packet is held back {DELAY * 1000:.0f} ms at each gateway"
        " of the hub (injected: leaves are seldom next door)"
    )
    before = watch(lab, traffic, "before: through the hub")
    step(lab, "the hub learns the kind Shortcut", "crd", "install")
    step(lab, "one command at the hub links the two leaves", "create", *PAIR)
    step(lab, "packets prove it, both ways", "verify", *PAIR)
    watch(lab, traffic, "yet the Service still goes through the hub: a link changes no Service")
    enabled = time.time()
    step(
        lab,
        "until it is told to go direct",
        "service",
        "enable",
        f"{NAMESPACE}/{SERVICE}",
        whole=True,
    )
    step(lab, "the hub knows", "service", "list", "-n", NAMESPACE)
    after = watch(lab, traffic, "after: direct")
    turned = traffic.calls().first_from(next(iter(after.callers)))
    ask(
        lab,
        "what would be taken away, and in which order",
        "delete",
        *PAIR,
        "--dry-run",
        whole=True,
    )
    step(lab, "back through the hub first, then the link goes", "delete", *PAIR)
    again = watch(lab, traffic, "after delete: through the hub again")
    left = len(link_objects(lab)) + len(lab.kubectl("get", "shortcuts", "-o", "name").stdout)
    say("measured")
    if turned is not None:
        print(f"  service enable: the first direct call {turned.at - enabled:.1f} s after it began")
    print(f"  a call: {before.median:.1f} ms through the hub, {after.median:.1f} ms direct")
    print(f"  objects left after delete, tenant namespaces apart: {left}")
    return not left and before.callers == again.callers != after.callers


def watch(lab: Lab, traffic: Traffic, title: str) -> Calls:
    """Some seconds of calls, and by whose bytes they went."""
    plane = lab.dataplane
    before = plane.tunnel_bytes("hub", SERVER)
    calls = traffic.some(WATCHED)
    after = plane.tunnel_bytes("hub", SERVER)
    grown = sum(after) - sum(before)
    say(title)
    print(
        f"  {len(calls)} calls in {WATCHED:.0f} s, {len(calls.lost)} lost; median"
        f" {calls.median:.1f} ms; the server saw {', '.join(sorted(calls.callers))}"
    )
    print(f"  the hub's gateway to {SERVER}: {grown / 1000:.1f} kB meanwhile", flush=True)
    return calls


def say(text: str) -> None:
    lines = textwrap.wrap(text, 96)
    print("\n" + "\n".join(f"# {line}" for line in lines), flush=True)


def ask(lab: Lab, title: str, *args: str, whole: bool = False) -> None:
    """Run the plugin through kubectl, its output as it comes; *whole*: with its notes."""
    shown = " ".join(args)
    say(title)
    print(f"$ kubectl liqo-shortcut {shown}", flush=True)
    command = [str(binaries.path("kubectl")), "liqo-shortcut", *args]
    stderr = subprocess.STDOUT if whole else None
    subprocess.run(command, env=environment(lab), stderr=stderr, check=True)


def step(lab: Lab, title: str, *args: str, whole: bool = False) -> float:
    """As ``ask``; the seconds it took."""
    began = time.monotonic()
    ask(lab, title, *args, whole=whole)
    took = time.monotonic() - began
    print(f"  ({took:.1f} s)", flush=True)
    return took


if __name__ == "__main__":
    sys.exit(main())
