"""What ``kubectl explain shortcut`` tells, and what the number of the schema promises."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.record.conditions import REASONS, Condition
from tests.core.crd import CRD, SCHEMA
from tests.tables import every

KEYWORDS = frozenset(
    [
        *("type", "format", "description", "default", "enum", "pattern", "minimum", "maximum"),
        *("minLength", "maxLength", "maxItems", "maxProperties", "required", "items"),
        *("properties", "additionalProperties", "x-kubernetes-validations"),
        *("x-kubernetes-list-type", "x-kubernetes-list-map-keys"),
    ]
)
PINNED = ("3", "6c5c283bf6290f23")
"""The number of the schema, and a digest of the schema without descriptions."""


def walk(schema: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """*schema* and all in it, each with its path."""
    yield at or "shortcut", schema
    for name, each in schema.get("properties", {}).items():
        yield from walk(each, f"{at}.{name}" if at else name)
    if "items" in schema:
        yield from walk(schema["items"], f"{at}[]")


FIELDS = dict(walk(SCHEMA))
DEFAULTS = [path for path, each in FIELDS.items() if each.get("default") not in (None, "", {})]


@every("path", sorted(FIELDS.keys() - {"metadata"}))
def test_every_field_is_described(path: str) -> None:
    assert FIELDS[path].get("description", "").endswith(".")


def test_only_the_api_servers_themselves_describe_the_metadata() -> None:
    assert FIELDS["metadata"] == {"type": "object"}


@every("path", [each for each in DEFAULTS if each.startswith("spec.")])
def test_a_description_tells_the_default(path: str) -> None:
    default = FIELDS[path]["default"]
    told = "Default: Liqo's own" if isinstance(default, dict) else str(default)
    assert told in FIELDS[path]["description"]


@every("path", FIELDS)
def test_a_schema_has_only_keywords_of_openapi(path: str) -> None:
    assert set(FIELDS[path]) <= KEYWORDS  # a comma in an unquoted description makes another one


def test_the_types_of_conditions_are_told() -> None:
    told = FIELDS["status.conditions[].type"]["description"]
    assert told == f"{', '.join(list(Condition)[:-1])} or {list(Condition)[-1]}."
    assert [
        each for each in Condition if each not in FIELDS["status.conditions"]["description"]
    ] == []


@every("kind", Condition)
def test_the_reasons_of_each_condition_are_told(kind: Condition) -> None:
    *some, last = REASONS[kind]
    listed = f"{', '.join(some)} or {last}" if some else str(last)
    assert f" Of {kind}: {listed}." in FIELDS["status.conditions[].reason"]["description"]


def without_words(value: Any) -> Any:
    if isinstance(value, Mapping):
        words = {"description"} if isinstance(value.get("description"), str) else set()
        return {key: without_words(value[key]) for key in value.keys() - words}
    return [without_words(each) for each in value] if isinstance(value, list) else value


def test_a_change_of_the_schema_but_of_its_descriptions_raises_its_number() -> None:
    text = json.dumps(without_words(SCHEMA), sort_keys=True)
    now = (r.SCHEMA, hashlib.sha256(text.encode()).hexdigest()[:16])
    assert now == PINNED, "raise SCHEMA and the CRD's annotation by one, then note both here"


def test_the_crd_bears_the_number_that_is_asked_for() -> None:
    assert CRD["metadata"]["annotations"] == {r.SCHEMA_ANNOTATION: r.SCHEMA}
