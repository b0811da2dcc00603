"""A node's own network namespace: between its Pods, its gateways and the lab's network.

Every Pod hangs on it by a veth pair of its own and a route, as with Calico; what leaves the Pod
CIDR is masqueraded, as by most network plugins. Liqo's fabric adds its routes and its exceptions.
"""

from __future__ import annotations

from tests.lab import network
from tests.lab.shell import run
from tests.lab.topology import ClusterSpec

_RULES = """
table ip lab-cni {{
  chain postrouting {{
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr {pods} ip daddr != {pods} masquerade
  }}
}}
"""


def namespace(spec: ClusterSpec) -> str:
    return f"{network.ROUTER}-{spec.name}-node"


def _link(spec: ClusterSpec) -> str:
    return f"n-{spec.name}"


def make(spec: ClusterSpec, gateway: str) -> None:
    """An empty node; whatever was there before goes, with all that hung on it."""
    name = namespace(spec)
    network.add_pod(name, _link(spec), spec.fabric_address, gateway)
    network.make_router(name)
    network.batch(
        name,
        f"addr add {spec.workload_gateway}/32 dev lo",
        f"route add unreachable {spec.pod_cidr}",  # each Pod's own route is more specific
    )
    run("ip", "netns", "exec", name, "nft", "-f", "-", stdin=_RULES.format(pods=spec.pod_cidr))


def remove(spec: ClusterSpec) -> None:
    network.remove_pod(namespace(spec), _link(spec))
