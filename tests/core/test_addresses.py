"""Which addresses lead nowhere else, and how each is written so that it does not look like one."""

from __future__ import annotations

import ipaddress
import re
import socket

from hypothesis import given
from hypothesis import strategies as st

from kubectl_liqo_shortcut.core import addresses, validation
from kubectl_liqo_shortcut.core.addresses import Network
from kubectl_liqo_shortcut.errors import Invalid
from tests.core.strategies import ip_addresses, ip_networks
from tests.tables import every

SPECIAL = {
    "unspecified": ("0.0.0.0", "0.1.2.3", "::"),
    "loopback": ("127.0.0.1", "127.255.255.255", "::1"),
    "link-local": ("169.254.169.254", "fe80::1", "febf::1"),
    "multicast": ("224.0.0.1", "239.255.255.255", "ff02::1"),
    "reserved": ("240.0.0.1", "255.255.255.255", "::7f00:1", "100::1", "fec0::1", "4000::1"),
}
ORDINARY = ("10.0.0.1", "126.255.255.255", "128.0.0.1", "169.253.0.1", "2001:db8::7", "fd00::1")


@every(("address", "use"), [(each, use) for use, some in SPECIAL.items() for each in some])
def test_an_address_of_special_use_is_told_by_its_use(address: str, use: str) -> None:
    assert addresses.use_of_host(address) == use
    assert addresses.special_use(ipaddress.ip_network(address)) == use


@every("address", ORDINARY)
def test_an_address_of_a_host_has_no_special_use(address: str) -> None:
    assert addresses.use_of_host(address) == ""


@every("use", SPECIAL)
@every("inside", ["::ffff:{}", "64:ff9b::{}"], ids=["mapped", "NAT64"])
def test_an_ipv4_address_inside_an_ipv6_one_is_judged_too(inside: str, use: str) -> None:
    (four,) = (each for each in SPECIAL[use][:1])
    assert addresses.use_of_host(inside.format(four)) == use
    assert addresses.use_of_host(inside.format("192.0.2.1")) == ""


@every(
    ("host", "use"),
    [
        *(
            (name, "loopback")
            for name in ("localhost", "LocalHost.", "a.b.localhost", "localhost6")
        ),
        *((text, "a number") for text in ("127.1", "0x7f000001", "0X7F.1", "2130706433", "a.0x1")),
        *((text, "a number") for text in ("0177.0.0.1", "010.0.0.1", "1.2.3.4.5", "127.0.0.1.2.")),
        ("127.0.0.1.", "loopback"),
        *(
            (text, "with a zone")
            for text in ("fe80::1%eth0", "2001:db8::7%;rm -rf", "::1%1", "::%.")
        ),
        *(
            (name, "")
            for name in ("localhost.example.org", "notlocalhost", "1.example", "a1", "0xg")
        ),
    ],
)
def test_a_host_is_judged_however_it_is_written(host: str, use: str) -> None:
    assert addresses.use_of_host(host) == use


@every(
    ("network", "public"),
    [
        *((text, False) for text in ("10.0.0.0/8", "172.31.0.0/16", "192.168.7.0/24")),
        *(
            (text, False)
            for text in ("100.127.0.0/16", "198.19.0.0/16", "fd00::/48", "203.0.113.0/25")
        ),
        *((text, True) for text in ("8.8.8.0/24", "172.32.0.0/16", "172.0.0.0/8", "2a00::/32")),
        ("192.168.0.0/15", True),
    ],
)
def test_a_network_is_public_unless_it_is_private_as_a_whole(network: str, public: bool) -> None:
    assert addresses.is_public(ipaddress.ip_network(network)) is public


@given(ip_networks, st.data())
def test_a_network_has_the_special_use_of_any_of_its_addresses(
    network: Network, data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, network.num_addresses - 1))
    inside = network[number]
    use = addresses.special_use(ipaddress.ip_network(inside))
    assert addresses.special_use(network) or not use
    assert addresses.holds(network, inside)


@given(ip_addresses)
def test_what_is_taken_as_an_endpoint_is_an_address_of_no_special_use(
    address: addresses.Address,
) -> None:
    """Whichever way the address is written that Python can read."""
    ways = {str(address), address.exploded, address.exploded.upper()}
    if address.version == 4:
        ways |= {f"::ffff:{address}", f"64:ff9b::{address}"}
    for text in ways:
        try:
            taken = ipaddress.ip_address(validation.address(text, "here"))
        except Invalid:
            assert addresses.use_of_host(text) != ""
        else:
            assert addresses.use_of_host(str(taken)) == ""
            assert taken == ipaddress.ip_address(text)


_hostile = st.text("0123456789abcdefxX.:%[]/@\\ -\n\u0661\uff11localhst", max_size=30)
_near = st.from_regex(
    r"(127|0x7f|0177|2130|fe80::|::1|localhost)[0-9a-fx.:%]{0,12}", fullmatch=True
)


@given(_hostile | _near)
def test_no_text_is_an_endpoint_for_us_and_another_address_for_the_c_library(text: str) -> None:
    try:
        host = validation.address(text, "here")
    except Invalid:
        return
    assert re.fullmatch(r"[0-9A-Za-z.:-]+", host)
    assert not host.lower().rstrip(".").endswith("localhost")
    try:
        read = socket.inet_aton(host)
    except OSError:
        return
    assert socket.inet_ntoa(read) == host


@given(st.text(max_size=20) | st.from_regex(r"[0-9a-f:.%]{1,20}/[0-9]{1,3}", fullmatch=True))
def test_a_cidr_comes_out_as_the_only_way_to_write_it(text: str) -> None:
    try:
        network = validation.cidr(text, "here")
    except Invalid:
        return
    assert str(ipaddress.ip_network(network)) == network
    assert re.fullmatch(r"[0-9a-f.:]+/[0-9]+", network)


@given(ip_networks)
def test_every_network_is_typed_as_itself(network: Network) -> None:
    assert validation.cidr(str(network), "here") == str(network)
    assert validation.cidr(network.exploded.upper(), "here") == str(network)
