from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubectl_liqo_shortcut.output.formats import (
    DocumentFormat,
    OutputFormat,
    format_documents,
    resource_name,
)
from kubectl_liqo_shortcut.output.yaml import to_yaml
from tests.core.strategies import any_text
from tests.samples import RENDERER, SHORTCUT, namespace, record_of
from tests.tables import every

RECORD = record_of()
OTHER = record_of("milan--paris")
LEAF = {"apiVersion": "shortcut.liqo.io/v1alpha1", "kind": "LeafManifests", "cluster": "rome"}


@given(st.dictionaries(any_text, any_text | st.lists(any_text, max_size=3), max_size=3))
def test_any_text_survives_yaml(document: dict[str, Any]) -> None:
    assert yaml.safe_load(to_yaml(document)) == document


def test_half_a_surrogate_pair_is_told_escaped() -> None:
    told = to_yaml({"reason": "a \ud800 b", "\udfff": ["\ud801"]})
    assert yaml.safe_load(told) == {"reason": r"a \ud800 b", r"\udfff": [r"\ud801"]}
    assert told.encode()


@every(
    "text",
    [
        *("y", "N", "yes", "No", "on", "OFF", "true", "null", "Null", "~", "nan", ".nan", ".Inf"),
        *("1", "-1", "1e3", "0x1f", "0o17", "017", "1_000", ".5", ".5e3", "1.", "+1", "12:30:00"),
        *("2026-12-01", "2026-12-01T00:00:00Z", "=", "<<", "-", "--- a", "...", "? a", "a: b"),
        *(
            "a #b",
            "#a",
            "@a",
            "`a",
            "%a",
            "!a",
            "&a",
            "*a",
            "[a",
            "{a",
            "a:",
            "",
            " a",
            "a ",
            "\ta",
        ),
        *("a\nb", "a\x85b", "\u00e9", "\U0001f600", "'a", '"a', "<a>", "|", ">"),
    ],
    ids=repr,
)
def test_a_text_that_some_yaml_reads_otherwise_is_quoted(text: str) -> None:
    assert to_yaml({"key": text}).startswith('key: "')


@every(
    "text",
    ["milan--rome", "networking.liqo.io/v1beta1", "kubectl-liqo-shortcut", "two words", "a=b"],
)
def test_a_plain_word_is_not_quoted(text: str) -> None:
    assert to_yaml({"key": text}) == f"key: {text}\n"


def test_keys_keep_their_order() -> None:
    assert to_yaml({"kind": "A", "apiVersion": "B"}) == "kind: A\napiVersion: B\n"


def test_a_long_text_stays_on_one_line() -> None:
    assert len(to_yaml({"key": "word " * 100 + "end"}).splitlines()) == 1


def test_the_same_part_twice_is_written_twice() -> None:
    part = {"a": ["b"]}
    assert "&" not in to_yaml({"one": part, "two": part})


def test_yaml_is_pure_ascii_so_that_no_terminal_changes_it() -> None:
    assert to_yaml({"key": "\u202e\x1b[31m\U0001f600"}).isascii()


def test_what_is_rendered_reads_back_as_it_was() -> None:
    body = RENDERER.record(SHORTCUT, {"shortcut.liqo.io/reason": "a\n---\nb"}).body
    assert yaml.safe_load(format_documents([body], OutputFormat.YAML)) == body


def test_several_documents_are_one_stream() -> None:
    text = format_documents([RECORD, OTHER], OutputFormat.YAML)
    assert list(yaml.safe_load_all(text)) == [RECORD, OTHER]


def test_one_document_is_json_by_itself() -> None:
    assert json.loads(format_documents([RECORD], OutputFormat.JSON)) == RECORD


@pytest.mark.parametrize("documents", [[], [RECORD, OTHER]], ids=["none", "two"])
def test_several_documents_are_a_json_list(documents: list[dict[str, Any]]) -> None:
    whole = json.loads(format_documents(documents, OutputFormat.JSON))
    assert (whole["kind"], whole["items"]) == ("List", documents)


def test_names_stand_one_on_a_line() -> None:
    assert format_documents([RECORD, LEAF], OutputFormat.NAME) == (
        "shortcut.shortcut.liqo.io/milan--rome\nleafmanifests.shortcut.liqo.io/rome\n"
    )


def test_a_name_of_the_core_group_has_no_group() -> None:
    assert resource_name(namespace("milan")) == "namespace/liqo-tenant-rome"


@pytest.mark.parametrize("output", [OutputFormat.YAML, OutputFormat.JSON], ids=str)
def test_managed_fields_are_hidden_as_kubectl_hides_them(output: DocumentFormat) -> None:
    body = record_of(managedFields=[{"manager": "kubectl"}])
    assert "managedFields" not in format_documents([body], output)
