"""What addresses are for: which ones lead nowhere else, so that no other cluster can use them."""

from __future__ import annotations

import functools
import ipaddress
import re

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(map(ipaddress.ip_network, texts))


# Tables of our own: Python's differ from version to version, and call IPv6 addresses that hold an
# IPv4 one ordinary before 3.13.
_SPECIAL: tuple[tuple[str, tuple[Network, ...]], ...] = (
    ("unspecified", _networks("0.0.0.0/8", "::/128")),
    ("loopback", _networks("127.0.0.0/8", "::1/128")),
    ("link-local", _networks("169.254.0.0/16", "fe80::/10")),
    ("multicast", _networks("224.0.0.0/4", "ff00::/8")),
    ("reserved", _networks("240.0.0.0/4")),
)
_ORDINARY = {4: _networks("0.0.0.0/0"), 6: _networks("2000::/3", "fc00::/7")}
_PRIVATE = _networks(
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15"),
    *("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "fc00::/7", "2001:db8::/32"),
)
_EMBEDDING = _networks("::ffff:0:0/96", "64:ff9b::/96")
"""IPv6 addresses that stand for the IPv4 one in their last 32 bits: mapped ones, and NAT64."""

_LOCAL_NAMES = ("localhost", "localhost.localdomain", "localhost6", "ip6-localhost", "ip6-loopback")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


@functools.lru_cache(maxsize=256)  # of the same few it is asked at each turn of a command
def special_use(network: Network) -> str:
    """What some address in *network* is for, such as ``loopback``; empty if all are ordinary."""
    for use, networks in _SPECIAL:
        if any(network.overlaps(each) for each in networks):
            return use
    return "" if _is_within(network, _ORDINARY[network.version]) else "reserved"


def is_public(network: Network) -> bool:
    """Whether somebody on the Internet may have an address in *network*."""
    return not _is_within(network, _PRIVATE)


def holds(network: Network, address: Address) -> bool:
    return address in network or plain(address) in network


def plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for; any other as it is."""
    if any(address in each for each in _EMBEDDING):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def use_of_host(host: str) -> str:
    """The same of a name or an address; empty where only a look-up could tell.

    A name that ends in a number is an address for some resolvers: ``127.1``, ``0x7f000001``.
    """
    bare = host.rstrip(".").lower()
    if bare in _LOCAL_NAMES or bare.endswith(".localhost"):
        return "loopback"
    if "%" in host:  # also where the zone ends in a dot, which is no part of a name then
        return "with a zone"
    try:
        return special_use(ipaddress.ip_network(plain(ipaddress.ip_address(bare))))
    except ValueError:
        return "a number" if _NUMBER.fullmatch(bare.rpartition(".")[2]) else ""


def _is_within(network: Network, ordinary: tuple[Network, ...]) -> bool:
    """Whether one of *ordinary* has all of *network*."""
    return any(
        network.network_address in each and network.broadcast_address in each for each in ordinary
    )
