"""Forget what this network namespace is translating; a program too, to be run in another one."""

from __future__ import annotations

import socket
import struct

_NETLINK_NETFILTER = 12
_DELETE_CONNECTIONS = (1 << 8) | 2  # NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE
_REQUEST = 1


def forget() -> None:
    """A UDP flow that never pauses would keep its old translation for ever."""
    header_length = 16
    generation = struct.pack("=BBH", socket.AF_INET, 0, 0)
    header = struct.pack(
        "=IHHII", header_length + len(generation), _DELETE_CONNECTIONS, _REQUEST, 1, 0
    )
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER) as netlink:
        netlink.send(header + generation)


if __name__ == "__main__":
    forget()
