"""Clusters behind NAT: what a home router or a company's firewall does to their gateways.

All clusters' addresses are routed in one namespace, so its nftables can play every such router.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from tests.lab import conntrack, network
from tests.lab.cluster import LabCluster

_TABLE = "ip liqolab_nat"
_FORWARDED = "0x6e6174"  # marks what came in by a forward, and its answers
_CHAINS = f"""
table {_TABLE} {{
  chain forwards {{ type filter hook prerouting priority raw; }}
  chain outside {{ type filter hook prerouting priority mangle; }}
  chain leaving {{ type nat hook postrouting priority srcnat; }}
  chain answers {{ type filter hook postrouting priority srcnat + 10; }}
}}
"""


class Nat:
    """The rules are the router's own: they hold until ``clear``, or until the lab stops."""

    def __init__(self, clusters: Mapping[str, LabCluster]) -> None:
        self._clusters = clusters

    def masquerade(self, cluster: str) -> None:
        """From now on its gateways are behind NAT.

        What they send to other clusters leaves with the cluster's ``nat_address``, and answers come
        back; nothing else reaches it from outside but its API server, and what is forwarded.
        """
        spec = self._clusters[cluster].spec
        inside = f"{{ {spec.block}, {spec.service_cidr} }}"
        pods = f"{spec.pod_addresses[0]}-{spec.load_balancer_pool[-1]}"
        self._add(
            f"outside ip saddr != {inside} ip daddr != {spec.api_address} ip daddr {inside}"
            f" ct state new,invalid meta mark != {_FORWARDED} drop",
            f"leaving ip saddr {{ {pods}, {spec.service_cidr} }} ip daddr != {inside}"
            f" snat to {spec.nat_address}",
        )

    def forward(self, cluster: str, port: int, node_port: int) -> None:
        """UDP *port* of its ``nat_address`` leads to that NodePort, as if it had been dialled.

        Packets are rewritten on both sides of the connection tracking: of a connection only the
        first translation counts, and that one leads from the NodePort to whatever Pod is there.
        """
        spec = self._clusters[cluster].spec
        self._add(
            f"forwards ip daddr {spec.nat_address} udp dport {port} meta mark set {_FORWARDED}"
            f" ip daddr set {spec.node_address} udp dport set {node_port}",
            f"outside meta mark {_FORWARDED} ct mark set meta mark",
            f"answers ct mark {_FORWARDED} ip saddr {spec.node_address} udp sport {node_port}"
            f" ip saddr set {spec.nat_address} udp sport set {port}",
        )

    def clear(self) -> None:
        """No cluster is behind NAT any more."""
        if _rules():
            network.in_router("nft", "delete", "table", *_TABLE.split())
            _forget()

    def behind(self) -> list[str]:
        """The clusters that are behind NAT."""
        rules = _rules()
        return [
            name
            for name, cluster in self._clusters.items()
            if f"snat to {cluster.spec.nat_address}\n" in rules
        ]

    def _add(self, *rules: str) -> None:
        lines = [_CHAINS, *(f"add rule {_TABLE} {rule}" for rule in rules)]
        network.in_router("nft", "-f", "-", stdin="\n".join(lines))
        _forget()


def _rules() -> str:
    """All there are; "" where no cluster is behind NAT, or there is no lab."""
    return network.in_router("nft", "list", "table", *_TABLE.split(), check=False)


def _forget() -> None:
    """Flows that are there would go on as before."""
    network.in_router(sys.executable, "-I", conntrack.__file__)
