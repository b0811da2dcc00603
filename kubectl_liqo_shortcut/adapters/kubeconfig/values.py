"""The values of a kubeconfig, typed on entry: kubectl takes no number for a text either."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any


class BadKubeconfig(Exception):
    """What is wrong with an entry of a kubeconfig; whoever reads it says which one."""


def text(body: Mapping[str, Any], key: str) -> str:
    """Empty where it is not there."""
    value = body.get(key)
    if value is not None and not isinstance(value, str):
        raise BadKubeconfig(f"{key} is not a text")
    return value or ""


def texts(body: Mapping[str, Any], key: str) -> list[str]:
    value = body.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise BadKubeconfig(f"{key} is not a list of texts")
    return value


def flag(body: Mapping[str, Any], key: str) -> bool:
    value = body.get(key)
    if value is not None and not isinstance(value, bool):
        raise BadKubeconfig(f"{key} is neither true nor false")
    return bool(value)


def mapping(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = body.get(key)
    if value is not None and not isinstance(value, dict):
        raise BadKubeconfig(f"{key} is not a mapping")
    return value or {}


def mappings(body: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = body.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise BadKubeconfig(f"{key} is not a list of mappings")
    return value


def data(body: Mapping[str, Any], key: str) -> bytes:
    """What is written as base64, which may have line breaks."""
    written = text(body, key).replace("\n", "").replace("\r", "")
    try:
        return base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadKubeconfig(f"{key} is not base64") from error


def data_or_file(body: Mapping[str, Any], key: str) -> bytes:
    """*key*``-data``, or the content of the file *key*; kubectl refuses both, and so do we."""
    inline, path = data(body, f"{key}-data"), text(body, key)
    if inline and path:
        raise BadKubeconfig(f"{key} and {key}-data are both given")
    return inline or (read(path, key) if path else b"")


def read(path: str, key: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise BadKubeconfig(f"{key} {path}: {error.strerror}") from error
