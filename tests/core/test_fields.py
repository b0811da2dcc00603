from __future__ import annotations

import base64
import datetime
import re
from collections.abc import Callable
from typing import Any

import pytest

from kubectl_liqo_shortcut.core import fields
from kubectl_liqo_shortcut.errors import Invalid
from tests.tables import every

Typed = Callable[[Any, str], Any]


def mtu(value: Any, at: str) -> int:
    return fields.integer(value, at, 576, 9000)


def colour(value: Any, at: str) -> str:
    return fields.choice(value, at, ("red", "blue"))


def known(value: Any, at: str) -> Any:
    return fields.mapping(value, at, ("a", "b"))


KEY = base64.b64encode(bytes(32)).decode()


def case(value: Any) -> str:
    return getattr(value, "__name__", None) or repr(value)[:40]


@every(
    ("typed", "value", "result"),
    [
        (mtu, 576, 576),
        (mtu, 9000, 9000),
        (fields.port, 1, 1),
        (fields.port, 65535, 65535),
        (fields.boolean, False, False),
        (fields.text, "x" * 253, "x" * 253),
        (colour, "red", "red"),
        (fields.address, "203.0.113.7", "203.0.113.7"),
        (fields.address, "2001:DB8::0:7", "2001:db8::7"),
        (fields.address, "gateway.example.org", "gateway.example.org"),
        (fields.address, "gateway.example.org.", "gateway.example.org."),
        (fields.cidr, "10.0.0.0/8", "10.0.0.0/8"),
        (fields.cidr, "fd00::/48", "fd00::/48"),
        (fields.cidrs, "10.0.0.0/8", ("10.0.0.0/8",)),
        (fields.cidrs, ["10.0.0.0/8", "fd00::/48"], ("10.0.0.0/8", "fd00::/48")),
        (fields.public_key, KEY, KEY),
        (known, None, {}),
        (known, {"a": 1}, {"a": 1}),
        (fields.texts, {"a": "b"}, {"a": "b"}),
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
        (fields.boolean, "no", "here"),
        (fields.boolean, 0, "here"),
        (fields.port, 0, "here"),
        (fields.port, 65536, "here"),
        (fields.port, None, "here"),
        (fields.text, "", "here"),
        (fields.text, "x" * 254, "here"),
        (fields.text, 5, "here"),
        (fields.text, "\udcff", "here"),
        (colour, "green", "here"),
        (colour, None, "here"),
        (colour, ["red"], "here"),
        (fields.address, "", "here"),
        (fields.address, "not a name", "here"),
        (fields.address, "a..b", "here"),
        (fields.address, "-a", "here"),
        (fields.address, "a\n", "here"),
        (fields.address, "x" * 254, "here"),
        (fields.address, 2130706433, "here"),
        (fields.address, "2130706433", "here"),
        (fields.address, "fe80::1%eth0", "here"),
        (fields.address, "2001:db8::7%x; reboot", "here"),
        (fields.address, "127.0.0.1", "here"),
        (fields.address, "127.0.0.1.", "here"),
        (fields.address, "::ffff:127.0.0.1", "here"),
        (fields.address, "169.254.169.254", "here"),
        (fields.address, "224.0.0.1", "here"),
        (fields.address, "0.0.0.0", "here"),  # noqa: S104 - an address to refuse
        (fields.address, "::", "here"),
        (fields.address, "localhost", "here"),
        (fields.cidr, "fe80::%eth0/64", "here"),
        (fields.cidr, "2001:db8::%x/128", "here"),
        (fields.cidr, "10.0.0.1/8", "here"),
        (fields.cidr, "10.0.0.0/33", "here"),
        (fields.cidr, 5, "here"),
        (fields.cidrs, [], "here"),
        (fields.cidrs, None, "here[0]"),
        (fields.cidrs, ["10.0.0.0/8", "x"], "here[1]"),
        (fields.public_key, KEY[:-4], "here"),
        (fields.public_key, base64.b64encode(bytes(33)).decode(), "here"),
        (fields.public_key, KEY.replace("A", "!", 1), "here"),
        (fields.public_key, "\u00e4" * 44, "here"),
        (fields.public_key, None, "here"),
        (known, [], "here"),
        (known, {"c": 1}, "here"),
        (known, {1: 1}, "here"),
        (fields.texts, {"a": 1}, "here.a"),
        (fields.texts, {"a": "x" * 4097}, "here.a"),
        (fields.texts, {"x" * 1100: "a"}, "here"),
        (fields.texts, {"": "a"}, "here"),
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
        fields.cidr(given, "here")
    assert caught.value.message == f"here: {given!r} is not a CIDR but an address in {network}"


def test_a_long_address_is_not_repeated_whole() -> None:
    with pytest.raises(Invalid) as caught:
        fields.address("x" * 100_000, "here")
    assert len(caught.value.message) < 200


def test_an_unknown_field_is_answered_with_the_known_ones() -> None:
    with pytest.raises(Invalid, match="unknown field 'c'") as caught:
        known({"c": 1}, "here")
    assert caught.value.hint == "known are a, b"


def test_a_bad_public_key_is_not_repeated() -> None:
    """It may be a private one, pasted into the wrong place."""
    with pytest.raises(Invalid) as caught:
        fields.public_key("c2VjcmV0", "here")
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
    assert fields.moment(value, "here") == moment


@pytest.mark.parametrize("value", ["soon", "", 5], ids=["word", "empty", "number"])
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(Invalid, match="here"):
        fields.moment(value, "here")


@every("value", ["Liqo", "a/b", "", "-a"], ids=["case", "slash", "empty", "dash"])
def test_what_is_no_name_of_a_namespace_is_refused(value: str) -> None:
    with pytest.raises(Invalid, match="here"):
        fields.label(value, "here")
