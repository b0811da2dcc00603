"""A delay on the hub's legs, injected where its gateways meet the lab's network.

Every frame between a gateway of the hub and the router passes a small program that holds it back,
since not every kernel has netem.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from tests.lab import binaries, network, processes
from tests.lab.kube import wait_for
from tests.lab.shell import run
from tests.lab.state import State, write

WIRE = f"{network.ROUTER}-delay"
_NAME = "delay-"  # so the processes begin


def begin(state: State, gateways: Iterable[str], seconds: float) -> None:
    """Both directions of each of these gateways' legs; *gateways* are network namespaces."""
    end(state)
    if not seconds:
        return
    run("ip", "netns", "add", WIRE)
    write(_file(state), f"{seconds:g}")
    run("ip", "-n", WIRE, "link", "set", "lo", "up")
    for gateway in gateways:
        link = _link(gateway)
        inner, outer = _attach(link)
        program = str(binaries.path("delay"))
        command = ["ip", "netns", "exec", WIRE, program, inner, outer, f"{seconds:g}"]
        processes.spawn(state, f"{_NAME}{link}", command, {})


def end(state: State) -> None:
    """The gateways hang on the router again, as they did before."""
    running = [each for each in processes.recorded(state) if each.name.startswith(_NAME)]
    processes.end(running)
    for process in running:
        processes.forget(state, process.name)
    for link in network.links(WIRE):
        if link.startswith("v"):  # a gateway that has ended took its own along
            _detach(link)
    run("ip", "netns", "del", WIRE, check=False)
    _file(state).unlink(missing_ok=True)
    if running:
        wait_for(lambda: not network.links(WIRE), 5, "the delay ends")


def injected(state: State) -> str:
    """In words, for whoever looks at latencies; empty when there is none."""
    if not _file(state).exists():
        return ""
    seconds = _file(state).read_text(encoding="utf-8")
    return (
        f"injected delays: each packet passes each gateway of the hub {seconds} s late (injected)"
    )


def _file(state: State) -> Path:
    return state.root / "hub-delay"


def _link(gateway: str) -> str:
    """The router's end of the gateway's veth pair."""
    return f"v{gateway.rpartition('-')[2]}"


def _attach(link: str) -> tuple[str, str]:
    """The gateway's pair ends in the wire; another one, of the same name, in the router."""
    mac = network.links(network.ROUTER)[link]["address"]
    addresses = _routes(link)
    outer = f"o{link[1:]}"
    run("ip", "-n", network.ROUTER, "link", "set", link, "netns", WIRE)
    network.batch(
        network.ROUTER,
        f"link add {link} address {mac} type veth peer name {outer} netns {WIRE}",
        f"link set {link} up",
        *(f"route add {address} dev {link}" for address in addresses),
    )
    network.batch(WIRE, f"link set {link} up", f"link set {outer} up")
    return link, outer


def _detach(link: str) -> None:
    addresses = _routes(link)
    run("ip", "-n", network.ROUTER, "link", "del", link, check=False)
    run("ip", "-n", WIRE, "link", "set", link, "netns", network.ROUTER)
    network.batch(
        network.ROUTER,
        f"link set {link} up",
        *(f"route add {address} dev {link}" for address in addresses),
    )


def _routes(link: str) -> list[str]:
    said = run("ip", "-n", network.ROUTER, "-j", "route", "show", "dev", link)
    return [route["dst"] for route in json.loads(said or "[]")]
