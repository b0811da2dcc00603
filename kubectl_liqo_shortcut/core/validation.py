"""Typed entry for values that come from outside: files, options, clusters.

Each function takes a value and the place it stands at, and returns it typed or raises ``Invalid``
naming the place; inside the program nobody checks again.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import ipaddress
import re
from collections.abc import Collection, Mapping
from typing import Any

from kubectl_liqo_shortcut.core.addresses import use_of_host
from kubectl_liqo_shortcut.errors import Invalid

_LONGEST_SHOWN = 80
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_HOST = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*\.?"
)


def integer(value: Any, at: str, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise Invalid(f"{at}: {value!r} is not a number from {low} to {high}")
    return value


def boolean(value: Any, at: str) -> bool:
    if not isinstance(value, bool):
        raise Invalid(f"{at}: {value!r} is neither true nor false")
    return value


def port(value: Any, at: str) -> int:
    return integer(value, at, 1, 65535)


def text(value: Any, at: str, *, longest: int = 253) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise Invalid(f"{at}: {value!r} is not a text of 1 to {longest} characters")
    if any("\ud800" <= each <= "\udfff" for each in value):  # bytes that are not UTF-8
        raise Invalid(f"{at}: {value!r} is not Unicode")
    return value


def moment(value: Any, at: str) -> datetime.datetime:
    """A time, in UTC; YAML reads an unquoted one as a datetime, perhaps without a zone."""
    try:
        parsed = value if isinstance(value, datetime.datetime) else None
        parsed = parsed or datetime.datetime.fromisoformat(text(value, at, longest=64).upper())
        zoned = parsed if parsed.tzinfo else parsed.replace(tzinfo=datetime.UTC)
        return zoned.astimezone(datetime.UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"{at}: {value!r} is not a time such as 2026-12-01T00:00:00Z") from error


def label(value: Any, at: str) -> str:
    """A DNS label, such as a namespace's name."""
    if not LABEL.fullmatch(text(value, at)):
        raise Invalid(f"{at}: {value!r} is no name of a namespace")
    return str(value)


def choice(value: Any, at: str, options: Collection[str]) -> str:
    if not isinstance(value, str) or value not in options:
        raise Invalid(f"{at}: {value!r} is none of {', '.join(options)}")
    return value


def address(value: Any, at: str) -> str:
    """An IP address or a DNS name by which another cluster may be reached.

    Liqo itself may say ``""`` while it knows none.
    """
    host = _host(value)
    if not host:
        raise Invalid(f"{at}: {_shown(value)} is neither an IP address nor a DNS name")
    if use := use_of_host(host):
        raise Invalid(f"{at}: {_shown(value)} is no address that another cluster reaches ({use})")
    return host


def _host(value: Any) -> str:
    """*value* as a host is written, empty if it is none."""
    if not isinstance(value, str):
        return ""
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        return value if _HOST.fullmatch(value) else ""


def _shown(value: Any) -> str:
    """For messages: a cluster may say something long."""
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def cidr(value: Any, at: str) -> str:
    try:
        given = ipaddress.ip_interface(text(value, at, longest=43))
    except ValueError as error:
        raise Invalid(f"{at}: {value!r} is not a CIDR") from error
    if "%" in value:
        raise Invalid(f"{at}: {value!r} is not a CIDR: it has a zone")
    if "/" not in value:
        raise Invalid(f"{at}: {value!r} is not a CIDR: it has no length, as in {value}/16")
    if given.ip != given.network.network_address:
        raise Invalid(f"{at}: {value!r} is not a CIDR but an address in {given.network}")
    return str(given.network)


def cidrs(value: Any, at: str) -> tuple[str, ...]:
    """One CIDR or a list of them."""
    values = value if isinstance(value, list) else [value]
    if not values:
        raise Invalid(f"{at}: no CIDR")
    return tuple(cidr(each, f"{at}[{number}]") for number, each in enumerate(values))


def public_key(value: Any, at: str) -> str:
    """A WireGuard public key: base64 of 32 bytes."""
    try:
        if len(base64.b64decode(text(value, at, longest=64), validate=True)) == 32:
            return str(value)
    except (binascii.Error, ValueError):
        pass
    raise Invalid(f"{at}: not a public key (base64 of 32 bytes)")


def mapping(value: Any, at: str, known: Collection[str] | None = None) -> Mapping[str, Any]:
    """A mapping with text keys, all of them *known* where that is given."""
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise Invalid(f"{at}: not a mapping")
    unknown = sorted(set(value) - set(known)) if known is not None else []
    if unknown:
        raise Invalid(
            f"{at}: unknown field {unknown[0]!r}", hint=f"known are {', '.join(known or ())}"
        )
    return value


def texts(value: Any, at: str) -> Mapping[str, str]:
    """A mapping of texts, such as labels and annotations."""
    return {
        text(key, f"{at} key", longest=317): ""
        if each == ""
        else text(each, f"{at}.{key}", longest=4096)
        for key, each in mapping(value, at).items()
    }
