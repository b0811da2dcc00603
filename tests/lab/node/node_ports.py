"""NodePorts of all clusters: an nftables map in the router, from a Node's address to a Pod's."""

from __future__ import annotations

import socket
import struct
import threading

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
_NETLINK_NETFILTER = 12
_DELETE_CONNECTIONS = (1 << 8) | 2  # NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE
_REQUEST = 1


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
            _forget_connections()


def _forget_connections() -> None:
    """A UDP flow that never pauses would keep its old translation for ever."""
    header_length = 16
    generation = struct.pack("=BBH", socket.AF_INET, 0, 0)
    header = struct.pack(
        "=IHHII", header_length + len(generation), _DELETE_CONNECTIONS, _REQUEST, 1, 0
    )
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER) as netlink:
        netlink.send(header + generation)
