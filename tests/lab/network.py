"""The lab's network: one namespace that is router and machine room, and one namespace for each Pod.

Every Pod hangs on the router by a veth pair of its own with a /32 address, as with Calico:
whatever address shall lead to a Pod is a route in the router, so nothing depends on a stale ARP
entry when an address moves. All that the host sees is one end of one veth pair, and a route to
the lab's range behind it.
"""

from __future__ import annotations

import ipaddress
import json
import os
import shutil
from typing import Any

from tests.lab import instance
from tests.lab.errors import LabError
from tests.lab.shell import run
from tests.lab.topology import RANGE_VARIABLE, Topology

ROUTER = instance.NAME
HOST_LINK = f"{instance.NAME}0"
NEEDED = {
    "ip": "iproute2",
    "nsenter": "util-linux",
    "openssl": "openssl",
    "nft": "nftables",
    "ping": "iputils-ping",
}
"""The commands the lab runs, and the Debian package of each."""


def require_host() -> None:
    """Everything this machine must offer, asked before anything is touched."""
    if not instance.is_valid():
        raise LabError(
            f"{instance.VARIABLE}={instance.NAME} cannot be the name of a lab",
            hint=f"choose it with up to six small letters and digits behind {instance.DEFAULT}",
        )
    if os.geteuid() != 0:
        raise LabError(
            "the lab makes network namespaces and must run as root",
            hint="run the same command with sudo",
        )
    missing = sorted(
        {package for command, package in NEEDED.items() if shutil.which(command) is None}
    )
    if missing:
        raise LabError(
            f"these packages are missing: {' '.join(missing)}",
            hint=f"apt-get install {' '.join(missing)}",
        )
    if not os.path.exists("/dev/net/tun"):
        raise LabError("/dev/net/tun is missing: userspace WireGuard needs it", hint="modprobe tun")


def require_free(wanted: ipaddress.IPv4Network) -> None:
    """Refuse a range that the host already has a use for."""
    for route in json.loads(run("ip", "-j", "-4", "route", "show", "table", "all")):
        taken = _destination(str(route.get("dst", "default")))
        if taken is None or route.get("dev") == HOST_LINK or not taken.overlaps(wanted):
            continue
        raise LabError(
            f"the lab's range {wanted} is routed on this machine already"
            f" ({taken} by {route.get('dev') or route.get('type') or 'several'})",
            hint=f"choose another private /16, such as {RANGE_VARIABLE}=172.30.0.0/16",
        )


def _destination(text: str) -> ipaddress.IPv4Network | None:
    try:
        network = ipaddress.IPv4Network(text, strict=False)
    except ValueError:  # "default"
        return None
    return network if network.prefixlen else None


def create(topology: Topology) -> None:
    """The router, the link to the host, and the addresses of every API server and Node."""
    run("ip", "netns", "add", ROUTER)
    make_router(ROUTER)
    run("ip", "link", "add", HOST_LINK, "type", "veth", "peer", "name", "host0", "netns", ROUTER)
    own = [
        address for spec in topology.clusters for address in (spec.api_address, spec.node_address)
    ]
    batch(
        ROUTER,
        *(f"addr add {address}/32 dev lo" for address in own),
        f"addr add {topology.gateway}/30 dev host0",
        "link set host0 up",
        # Liqo's controllers exit without a default route and bake its interface's name into rules
        # for the Pods, where it is eth0. This one leads nowhere: nothing in the lab gets outside.
        "link add eth0 type veth peer name eth0-end",
        "link set eth0 up",
        "link set eth0-end up",
        "route add default dev eth0",
        f"route add unreachable {topology.range}",
    )
    run("ip", "addr", "add", f"{topology.host}/30", "dev", HOST_LINK)
    run("ip", "link", "set", HOST_LINK, "up")
    run("ip", "route", "add", str(topology.range), "via", topology.gateway)


def destroy() -> None:
    """The processes in the namespaces must be gone already."""
    run("ip", "link", "del", HOST_LINK, check=False)
    for name in namespaces():
        run("ip", "netns", "del", name, check=False)


def namespaces() -> list[str]:
    """Every network namespace of the lab, and none of anybody else's."""
    names = [line.split()[0] for line in run("ip", "netns", "list").splitlines() if line.strip()]
    return [name for name in names if name == ROUTER or name.startswith(f"{ROUTER}-")]


def pids(namespace: str) -> list[int]:
    return [int(pid) for pid in run("ip", "netns", "pids", namespace, check=False).split()]


def pod_namespace(cluster: str, uid: str) -> str:
    return f"{ROUTER}-{cluster}-{uid[:8]}"


def add_pod(namespace: str, link: str, address: str, gateway: str, router: str = ROUTER) -> None:
    """A namespace whose eth0 has *address*; *link* is its other end, in the *router*."""
    remove_pod(namespace, link, router)
    run("ip", "netns", "add", namespace)
    run(
        "ip",
        "-n",
        router,
        "link",
        "add",
        link,
        "type",
        "veth",
        "peer",
        "name",
        "eth0",
        "netns",
        namespace,
    )
    batch(
        namespace,
        "link set lo up",
        f"addr add {address}/32 dev eth0",
        "link set eth0 up",
        f"route add {gateway} dev eth0 scope link",
        f"route add default via {gateway}",
    )
    batch(router, f"link set {link} up", f"route add {address}/32 dev {link}")


def remove_pod(namespace: str, link: str, router: str = ROUTER) -> None:
    run("ip", "-n", router, "link", "del", link, check=False)
    run("ip", "netns", "del", namespace, check=False)


def lead(address: str, namespace: str, link: str) -> None:
    """*address* is the Pod's own from now on, so its answers need no translation."""
    run("ip", "-n", namespace, "addr", "replace", f"{address}/32", "dev", "lo")
    run("ip", "-n", ROUTER, "route", "replace", f"{address}/32", "dev", link)


def unlead(address: str, namespace: str, link: str) -> None:
    """Nothing to do, and no error, where the Pod is gone already."""
    run("ip", "-n", ROUTER, "route", "del", f"{address}/32", "dev", link, check=False)
    run("ip", "-n", namespace, "addr", "del", f"{address}/32", "dev", "lo", check=False)


def links(namespace: str) -> dict[str, dict[str, Any]]:
    """Every interface of *namespace* with its counters; none where there is no such namespace."""
    said = run("ip", "-n", namespace, "-j", "-s", "link", check=False)
    return {link["ifname"]: link for link in json.loads(said or "[]")}


def in_router(*command: str, stdin: str | None = None, check: bool = True) -> str:
    """What *command* printed there; with ``check`` a failure is a LabError."""
    return run("ip", "netns", "exec", ROUTER, *command, stdin=stdin, check=check)


def batch(namespace: str, *lines: str) -> None:
    """Several lines of ip in *namespace*."""
    run("ip", "-n", namespace, "-batch", "-", stdin="\n".join(lines))


def make_router(namespace: str) -> None:
    """From now on *namespace* passes packets on, by whichever way they came."""
    settings = {"conf/all/rp_filter": 0, "conf/default/rp_filter": 0, "ip_forward": 1}
    lines = "; ".join(f"echo {value} > /proc/sys/net/ipv4/{key}" for key, value in settings.items())
    run("ip", "netns", "exec", namespace, "sh", "-ec", lines)
    run("ip", "-n", namespace, "link", "set", "lo", "up")
