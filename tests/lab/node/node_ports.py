"""NodePorts of all clusters: an nftables map in the router, from a Node's address to a Pod's."""

from __future__ import annotations

import threading

from tests.lab import conntrack
from tests.lab.shell import run

Target = tuple[str, int]

_TABLE = """
table ip liqolab {
  map node_ports { type ipv4_addr . inet_service : ipv4_addr . inet_service; }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    dnat ip to ip daddr . udp dport map @node_ports
  }
}
"""


class NodePorts:
    """Runs in the router's network namespace."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._targets: dict[str, dict[Target, Target]] = {}
        run("nft", "-f", "-", stdin=_TABLE)

    def set(self, cluster: str, targets: dict[Target, Target]) -> None:
        """From now on *cluster*'s NodePorts are exactly these."""
        with self._lock:
            if self._targets.get(cluster, {}) == targets:
                return
            self._targets[cluster] = targets
            elements = [
                f"{node} . {port} : {pod} . {target}"
                for ports in self._targets.values()
                for (node, port), (pod, target) in ports.items()
            ]
            lines = ["flush map ip liqolab node_ports"]
            if elements:
                lines.append(f"add element ip liqolab node_ports {{ {', '.join(elements)} }}")
            run("nft", "-f", "-", stdin="\n".join(lines))
            conntrack.forget()
