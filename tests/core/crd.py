"""The schema of the kind Shortcut, and as much of OpenAPI as it uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from kubectl_liqo_shortcut.adapters.templates import read_template

CRD = yaml.safe_load(read_template("shortcut-crd.yaml"))
SCHEMA = CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
_TYPES = {"object": dict, "array": list, "string": str, "integer": int}


def violations(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    """What an API server would refuse or drop, by place; None removes a field in a merge patch."""
    if value is None:
        return
    if not isinstance(value, _TYPES[schema["type"]]):
        yield f"{at}: not of type {schema['type']}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of {schema['enum']}"
    if isinstance(value, str):
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 10**9):
            yield f"{at}: length"
        if not re.search(schema.get("pattern", ""), value):
            yield f"{at}: pattern"
    elif isinstance(value, int):
        if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            yield f"{at}: range"
    elif isinstance(value, list):
        keys = schema.get("x-kubernetes-list-map-keys")
        if keys and len({tuple(each.get(key) for key in keys) for each in value}) < len(value):
            yield f"{at}: the same {keys} twice"
        for number, each in enumerate(value):
            yield from violations(each, schema["items"], f"{at}[{number}]")
    elif isinstance(value, dict):
        yield from _fields(value, schema, at)


def _fields(value: Mapping[str, Any], schema: Mapping[str, Any], at: str) -> Iterator[str]:
    for key in schema.get("required", ()):
        if value.get(key) is None:
            yield f"{at}.{key}: missing"
    known, rest = schema.get("properties", {}), schema.get("additionalProperties")
    for key, each in value.items():
        if key in known:
            yield from violations(each, known[key], f"{at}.{key}")
        elif rest is not None:
            yield from violations(each, rest, f"{at}.{key}")
        elif known:  # an object without properties, like metadata, is checked elsewhere
            yield f"{at}.{key}: unknown"
