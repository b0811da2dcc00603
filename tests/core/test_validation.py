from __future__ import annotations

import base64
import datetime
import re
from collections.abc import Callable
from typing import Any

import pytest

from kubectl_liqo_shortcut.core import validation
from kubectl_liqo_shortcut.errors import Invalid
from tests.tables import every

Typed = Callable[[Any, str], Any]


def mtu(value: Any, at: str) -> int:
    return validation.integer(value, at, 576, 9000)


def colour(value: Any, at: str) -> str:
    return validation.choice(value, at, ("red", "blue"))


def known(value: Any, at: str) -> Any:
    return validation.mapping(value, at, ("a", "b"))


KEY = base64.b64encode(bytes(32)).decode()


def case(value: Any) -> str:
    return getattr(value, "__name__", None) or repr(value)[:40]


@every(
    ("typed", "value", "result"),
    [
        (mtu, 576, 576),
        (mtu, 9000, 9000),
        (validation.port, 1, 1),
        (validation.port, 65535, 65535),
        (validation.boolean, False, False),
        (validation.text, "x" * 253, "x" * 253),
        (colour, "red", "red"),
        (validation.address, "203.0.113.7", "203.0.113.7"),
        (validation.address, "2001:DB8::0:7", "2001:db8::7"),
        (validation.address, "gateway.example.org", "gateway.example.org"),
        (validation.address, "gateway.example.org.", "gateway.example.org."),
        (validation.cidr, "10.0.0.0/8", "10.0.0.0/8"),
        (validation.cidr, "fd00::/48", "fd00::/48"),
        (validation.cidrs, "10.0.0.0/8", ("10.0.0.0/8",)),
        (validation.cidrs, ["10.0.0.0/8", "fd00::/48"], ("10.0.0.0/8", "fd00::/48")),
        (validation.public_key, KEY, KEY),
        (known, None, {}),
        (known, {"a": 1}, {"a": 1}),
        (validation.texts, {"a": "b"}, {"a": "b"}),
    ],
    ids=case,
)
def test_a_good_value_comes_out_typed(typed: Typed, value: Any, result: Any) -> None:
    assert typed(value, "here") == result


@every(
    ("typed", "value", "at"),
    [
        (mtu, 575, "here"),
        (mtu, 9001, "here"),
        (mtu, "1340", "here"),
        (mtu, True, "here"),
        (mtu, 1340.0, "here"),
        (validation.boolean, "no", "here"),
        (validation.boolean, 0, "here"),
        (validation.port, 0, "here"),
        (validation.port, 65536, "here"),
        (validation.port, None, "here"),
        (validation.text, "", "here"),
        (validation.text, "x" * 254, "here"),
        (validation.text, 5, "here"),
        (validation.text, "\udcff", "here"),
        (colour, "green", "here"),
        (colour, None, "here"),
        (colour, ["red"], "here"),
        (validation.address, "", "here"),
        (validation.address, "not a name", "here"),
        (validation.address, "a..b", "here"),
        (validation.address, "-a", "here"),
        (validation.address, "a\n", "here"),
        (validation.address, "x" * 254, "here"),
        (validation.address, 2130706433, "here"),
        (validation.address, "2130706433", "here"),
        (validation.address, "fe80::1%eth0", "here"),
        (validation.address, "2001:db8::7%x; reboot", "here"),
        (validation.address, "127.0.0.1", "here"),
        (validation.address, "127.0.0.1.", "here"),
        (validation.address, "::ffff:127.0.0.1", "here"),
        (validation.address, "169.254.169.254", "here"),
        (validation.address, "224.0.0.1", "here"),
        (validation.address, "0.0.0.0", "here"),  # noqa: S104 - an address to refuse
        (validation.address, "::", "here"),
        (validation.address, "localhost", "here"),
        (validation.cidr, "fe80::%eth0/64", "here"),
        (validation.cidr, "2001:db8::%x/128", "here"),
        (validation.cidr, "10.0.0.1/8", "here"),
        (validation.cidr, "10.0.0.0/33", "here"),
        (validation.cidr, "10.61.0.0", "here"),
        (validation.cidr, "fd00::", "here"),
        (validation.cidr, 5, "here"),
        (validation.cidrs, [], "here"),
        (validation.cidrs, None, "here[0]"),
        (validation.cidrs, ["10.0.0.0/8", "x"], "here[1]"),
        (validation.public_key, KEY[:-4], "here"),
        (validation.public_key, base64.b64encode(bytes(33)).decode(), "here"),
        (validation.public_key, KEY.replace("A", "!", 1), "here"),
        (validation.public_key, "\u00e4" * 44, "here"),
        (validation.public_key, None, "here"),
        (known, [], "here"),
        (known, {"c": 1}, "here"),
        (known, {1: 1}, "here"),
        (validation.texts, {"a": 1}, "here.a"),
        (validation.texts, {"a": "x" * 4097}, "here.a"),
        (validation.texts, {"x" * 1100: "a"}, "here"),
        (validation.texts, {"": "a"}, "here"),
    ],
    ids=case,
)
def test_a_bad_value_is_refused_by_its_place(typed: Typed, value: Any, at: str) -> None:
    with pytest.raises(Invalid, match=rf"^{re.escape(at)}( key)?: "):
        typed(value, "here")


@pytest.mark.parametrize(
    ("given", "network"), [("10.40.0.1/16", "10.40.0.0/16"), ("fd00::7/48", "fd00::/48")]
)
def test_host_bits_are_refused_with_the_network_that_is_meant(given: str, network: str) -> None:
    with pytest.raises(Invalid) as caught:
        validation.cidr(given, "here")
    assert caught.value.message == f"here: {given!r} is not a CIDR but an address in {network}"


def test_a_long_address_is_not_repeated_whole() -> None:
    with pytest.raises(Invalid) as caught:
        validation.address("x" * 100_000, "here")
    assert len(caught.value.message) < 200


def test_an_unknown_field_is_answered_with_the_known_ones() -> None:
    with pytest.raises(Invalid, match="unknown field 'c'") as caught:
        known({"c": 1}, "here")
    assert caught.value.hint == "known are a, b"


def test_a_bad_public_key_is_not_repeated() -> None:
    """It may be a private one, pasted into the wrong place."""
    with pytest.raises(Invalid) as caught:
        validation.public_key("c2VjcmV0", "here")
    assert "c2VjcmV0" not in caught.value.message


@every(
    "value",
    [
        "2026-12-01T00:00:00Z",
        "2026-12-01T01:00:00+01:00",
        datetime.datetime(2026, 12, 1),
        datetime.datetime(2026, 12, 1, tzinfo=datetime.UTC),
    ],
    ids=["UTC", "with an offset", "YAML without a zone", "YAML with a zone"],
)
def test_a_time_is_known_in_utc(value: object) -> None:
    moment = datetime.datetime(2026, 12, 1, tzinfo=datetime.UTC)
    assert validation.moment(value, "here") == moment


@pytest.mark.parametrize("value", ["soon", "", 5], ids=["word", "empty", "number"])
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(Invalid, match="here"):
        validation.moment(value, "here")


@every("value", ["Liqo", "a/b", "", "-a"], ids=["case", "slash", "empty", "dash"])
def test_what_is_no_name_of_a_namespace_is_refused(value: str) -> None:
    with pytest.raises(Invalid, match="here"):
        validation.label(value, "here")
