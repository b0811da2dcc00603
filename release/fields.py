"""The page of the fields of a Shortcut, written from the CustomResourceDefinition."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from kubectl_liqo_shortcut.adapters.templates import read_template
from release.markdown import anchor, code, link, table, text

Schema = Mapping[str, Any]


_TITLES = ("field", "type", "default", "limits", "meaning")


def render() -> Iterator[str]:
    """The page's paragraphs."""
    crd = yaml.safe_load(read_template("shortcut-crd.yaml"))
    names, version = crd["spec"]["names"], crd["spec"]["versions"][0]
    schema = version["schema"]["openAPIV3Schema"]
    yield f"# Fields of a {names['kind']}"
    yield text(schema["description"])
    yield (
        f"API version `{crd['spec']['group']}/{version['name']}`; kubectl calls it "
        f"{' or '.join(map(code, (names['singular'], *names['shortNames'])))}, and explains it: "
        f"`kubectl explain {names['singular']}.spec`. What its conditions mean: "
        f"{link('conditions', 'conditions.md')}."
    )
    yield from _section("", schema)


def _section(path: str, schema: Schema) -> Iterator[str]:
    """An object's own fields, then those of each object in it."""
    fields = {
        f"{path}.{name}" if path else name: each for name, each in schema["properties"].items()
    }
    required = schema.get("required", ())
    yield table(
        _TITLES,
        (_row(at, each, required=_name(at) in required) for at, each in fields.items()),
    )
    yield from (f"Rule: {text(rule)}." for rule in _rules(schema))
    for at, each in fields.items():
        if _has_section(each):
            yield f"## {at}"
            yield text(each["description"])
            yield from _section(at, _entry(each))


def _row(at: str, schema: Schema, *, required: bool) -> tuple[str, ...]:
    name = code(_name(at))
    limits = [*(["required"] if required else []), *_limits(schema)]
    if _has_section(schema):
        name = link(name, f"#{anchor(at)}")
    else:
        limits += map(text, _rules(schema))
    told = schema.get("description", "As of every object in Kubernetes.")
    return (name, _type(schema), _default(schema), "; ".join(limits), text(told))


def _name(at: str) -> str:
    return at.rpartition(".")[2]


def _entry(schema: Schema) -> Schema:
    """The schema of a list's entries; of anything else, itself."""
    entry: Schema = schema.get("items", schema)
    return entry


def _has_section(schema: Schema) -> bool:
    return "properties" in _entry(schema)


def _default(schema: Schema) -> str:
    default = schema.get("default")
    if default is None:
        return ""
    return code(default if isinstance(default, str) and default else json.dumps(default))


def _type(schema: Schema) -> str:
    if "items" in schema:
        return f"list of {_type(schema['items'])}s"
    if "additionalProperties" in schema:
        return f"map of {_type(schema['additionalProperties'])}s"
    form = schema.get("format")
    return f"{schema['type']} ({form})" if form else str(schema["type"])


def _limits(schema: Schema) -> Iterator[str]:
    if "enum" in schema:
        yield f"one of {', '.join(map(code, schema['enum']))}"
    for low, high, unit in (
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " entries"),
        ("minProperties", "maxProperties", " entries"),
    ):
        yield from _range(schema.get(low), schema.get(high), unit)
    if "pattern" in schema:
        yield code(schema["pattern"])
    if "x-kubernetes-list-map-keys" in schema:
        yield f"one for each {', '.join(map(code, schema['x-kubernetes-list-map-keys']))}"
    if "additionalProperties" in schema:
        yield from (f"values: {limit}" for limit in _limits(schema["additionalProperties"]))


def _range(low: int | None, high: int | None, unit: str) -> Iterator[str]:
    match low, high:
        case None, None:
            return
        case None, _:
            yield f"at most {high}{unit}"
        case _, None:
            yield f"at least {low}{unit}"
        case _:
            yield f"{low} to {high}{unit}"


def _rules(schema: Schema) -> Iterator[str]:
    return (str(rule["message"]) for rule in schema.get("x-kubernetes-validations", ()))
