"""From the bytes of an answer to objects, or ``Unreadable``: whatever a server sends is input."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from kubectl_liqo_shortcut.adapters.wire import Unreadable
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core import shapes
from kubectl_liqo_shortcut.core.model import Object

_DEEPEST = 100
_MOST_PARTS = 2_000_000  # 500 EndpointSlices of 1000 endpoints each
_PARTS = {dict, list}
_LONGEST_NUMBER = 20  # digits: Kubernetes has none that needs more than 64 bits


def decode_mapping(content: bytes) -> dict[str, Any]:
    """JSON whose every value can be worked with, and printed."""
    if content.count(b"{") + content.count(b"[") > _MOST_PARTS:  # "{},{},": 60 times as much memory
        raise Unreadable("its answer has too many parts")
    try:
        found = json.loads(
            content.decode(), parse_constant=_refuse, parse_int=_integer, parse_float=_real
        )
        if b"\\ud" in content or b"\\uD" in content:
            json.dumps(found, ensure_ascii=False).encode()  # refuses half of a character
    except (ValueError, RecursionError) as error:
        raise Unreadable("its answer is no JSON that makes sense") from error
    if not isinstance(found, dict):
        raise Unreadable("its answer is no object")
    _check_depth(found)
    return found


def items(answer: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """The items of a list, and its metadata."""
    found, metadata = answer.get("items"), answer.get("metadata")
    if found is None:
        found = []
    if not isinstance(found, list) or not isinstance(metadata, dict):
        raise Unreadable("its answer is no list of objects")
    if any(not isinstance(metadata.get(key) or "", str) for key in ("resourceVersion", "continue")):
        raise Unreadable("its answer has metadata that is no text")
    return found, metadata


def an_object(
    kind: r.Kind, body: Any, namespace: str = "", name: str = "", *, kept: bool = True
) -> Object:
    """*body* as the object of *kind* that was asked for, with that *name* where one was given.

    What it says of its own kind does not count: items of a list say nothing, and a lie would be
    believed elsewhere.
    """
    try:
        if not isinstance(body, dict):
            raise shapes.Misshapen("is not a mapping")
        body["apiVersion"], body["kind"] = kind.api_version, kind.kind
        if not kind.namespaced and isinstance(body.get("metadata"), dict):
            body["metadata"].pop("namespace", None)
        shapes.check_shape(kind, body, kept=kept)
        _check_place(kind, body["metadata"], namespace, name)
    except shapes.Misshapen as error:
        raise Unreadable(f"what it says of a {kind.kind} makes no sense: {error}") from error
    return _without_private_parts(kind, body)


def trimmed(body: Object) -> Object:
    """*body* of a list: of the fields that each manager set only the metadata's, which tell whose
    an object is. The others are half of it, and nobody reads them."""
    managed = [
        {
            **entry,
            "fieldsV1": {
                key: value
                for key, value in (entry.get("fieldsV1") or {}).items()
                if key == "f:metadata"
            },
        }
        for entry in body["metadata"].get("managedFields") or ()
    ]
    return {**body, "metadata": {**body["metadata"], "managedFields": managed}} if managed else body


def _check_place(kind: r.Kind, metadata: dict[str, Any], namespace: str, name: str) -> None:
    if name and metadata.get("name") != name:
        raise shapes.Misshapen("has another name than was asked for")
    if kind.namespaced and namespace and metadata.get("namespace") != namespace:
        raise shapes.Misshapen("is in another namespace than was asked for")


def _without_private_parts(kind: r.Kind, body: dict[str, Any]) -> Object:
    """A Secret's private key is dropped as soon as it is decoded, with all that may repeat it."""
    if kind.kind != r.SECRET.kind:
        return body
    body["metadata"].pop("annotations", None)  # kubectl's last-applied-configuration repeats it
    data = body.get("data") or {}
    return {
        "apiVersion": body["apiVersion"],
        "kind": body["kind"],
        "metadata": body["metadata"],
        "data": {key: value for key, value in data.items() if key == "publicKey"},
    }


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError("a number is too large")
    return int(digits)


def _real(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _check_depth(found: dict[str, Any]) -> None:
    """What is deeper than any object of Kubernetes would exhaust the stack further on."""
    level: list[Any] = [found]
    for _ in range(_DEEPEST):
        level = [
            inner
            for each in level
            for inner in (each.values() if type(each) is dict else each)
            if type(inner) in _PARTS  # by far faster than isinstance, and JSON has no others
        ]
        if not level:
            return
    raise Unreadable("its answer is nested too deep")
