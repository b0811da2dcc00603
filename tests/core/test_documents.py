"""YAML from files: what is loaded, and what is too much of anything."""

from __future__ import annotations

import time

import pytest
import yaml

from kubectl_liqo_shortcut.core import documents
from kubectl_liqo_shortcut.core.documents import NotYaml, Outsized, load, load_one
from kubectl_liqo_shortcut.output.yaml import to_yaml
from tests.samples import LAUGHS, record_of, spec_of
from tests.tables import every


def test_all_documents_are_loaded() -> None:
    assert load(b"a: 1\n---\nb: [x, 2026-01-01]\n")[0] == {"a": 1}
    assert load(b"") == []
    assert load_one(b"") is None
    assert load_one(b"a: 1") == {"a": 1}


@every(
    ("text", "said"),
    [
        (b"a: 1\nb: 2\na: 3", "line 3: 'a' stands twice"),
        (b"x:\n- {a: 1, 'a': 2}", "line 2: 'a' stands twice"),
        (b"a: {b: {c: 1, c: 1}}", "'c' stands twice"),
        (b"[a, b]: 1\nx: 1\nx: 2", "'x' stands twice"),
        (b"a: 1\n---\nb: 1\nb: 1", "line 4: 'b' stands twice"),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)
def test_a_key_that_stands_twice_is_refused_where_that_is_asked(text: bytes, said: str) -> None:
    with pytest.raises(NotYaml, match=said):
        load(text, twice=False)


@every("text", [b"a: {x: 1}\nb: {x: 1}", b"- a\n- a", b"a: a", b"a: &a {x: 1}\nb: {<<: *a, x: 2}"])
def test_the_same_word_elsewhere_is_no_key_twice(text: bytes) -> None:
    assert load(text, twice=False) == load(text)


def test_an_alias_stands_for_what_it_means() -> None:
    assert load_one(b"a: &a {x: 1}\nb: *a\nc: {<<: *a, y: 2}") == {
        "a": {"x": 1},
        "b": {"x": 1},
        "c": {"x": 1, "y": 2},
    }


def test_where_aliases_are_not_allowed_one_is_refused() -> None:
    with pytest.raises(Outsized, match=r"alias \*a is not allowed"):
        load_one(b"a: &a 1\nb: *a", aliases=False)


def test_a_few_hundred_bytes_of_aliases_are_not_loaded() -> None:
    assert len(LAUGHS) < 600
    with pytest.raises(Outsized, match="too many parts, aliases written out"):
        load(LAUGHS.encode())


def test_a_long_text_is_not_repeated_by_aliases() -> None:
    text = "a: &a " + "x" * 1_000_000 + "\nb: [" + "*a," * 20 + "]"
    with pytest.raises(Outsized, match="too many parts"):
        load(text.encode())


def test_what_holds_itself_is_refused() -> None:
    with pytest.raises(Outsized, match=r"\*a is not allowed here, or stands for nothing"):
        load(b"a: &a [*a]")


def test_an_anchor_of_another_document_stands_for_nothing() -> None:
    with pytest.raises(Outsized, match=r"\*a is not allowed here, or stands for nothing"):
        load(b"a: &a 1\n---\nb: *a")


@every(
    "text",
    ["[" * 20_000, "- " * 20_000, "[" * 65 + "]" * 65, "a0: &a0 []\n" + "".join(
        f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 70)
    )],
    ids=["brackets", "dashes", "65", "aliases of aliases"],
)  # fmt: skip
def test_what_is_nested_too_deep_is_not_loaded(text: str) -> None:
    with pytest.raises(Outsized, match="nested more than 64 deep"):
        load(text.encode())


def test_what_is_nested_just_so_deep_is_loaded() -> None:
    assert load_one(b"[" * 64 + b"]" * 64) != []


def test_a_file_of_too_many_bytes_is_not_read_as_yaml() -> None:
    with pytest.raises(Outsized, match="larger than 16 MiB"):
        load(b"#" * (documents.LARGEST + 1))


def test_many_small_parts_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "_MOST_NODES", 1000)
    with pytest.raises(Outsized, match="too many parts"):
        load(b"[" + b"[]," * 1001 + b"]")
    with pytest.raises(Outsized, match="too many parts"):
        load(b"a\n---\n" * 1001)


def test_a_long_number_to_the_base_of_sixty_is_not_computed() -> None:
    began = time.monotonic()
    for number in ("1" + ":1" * 200_000, "!!int '" + "1: " * 200_000 + "1'"):
        with pytest.raises(Outsized, match="a number of"):
            load(f"a: {number}".encode())
    assert time.monotonic() - began < 1
    assert load_one(b"[1:30, 'a:%s']" % (b"1:" * 100)) == [90, "a:" + "1:" * 100]


@every(
    "text",
    ["a: [", "\0", "!!python/object/apply:os.system [true]", "2001-99-99", "!!int ''", "!!bool x",
     "!!timestamp x", "{[a]: b}", "a: *b\n}"],
    ids=str,
)  # fmt: skip
def test_what_is_no_yaml_is_said_to_be_none(text: str) -> None:
    with pytest.raises((NotYaml, Outsized)):
        load(text.encode())


def test_bytes_that_are_no_text_are_no_yaml() -> None:
    with pytest.raises(NotYaml):
        load(b"a: \xff")


def test_where_one_document_is_expected_two_are_refused() -> None:
    with pytest.raises(NotYaml, match="2 documents, one is expected"):
        load_one(b"a\n---\nb")


def test_the_records_of_all_links_of_fifty_leaves_are_within_the_bounds() -> None:
    record = to_yaml(record_of("a--b", spec=spec_of("a", "b"))) + FULL_STATUS
    assert len(load_one(record.encode())["status"]["objects"]) == 8
    shape = documents._Shape(64, aliases=True)
    for event in yaml.parse(record, Loader=documents._Loader):
        shape.see(event)
    whole = shape._open[0][1]
    assert whole.nodes * 1225 < documents._MOST_NODES
    assert len(record) * 1225 < documents.LARGEST / 2


def _condition(name: str) -> str:
    return f"""\
  - type: {name}
    status: "True"
    reason: Connected
    message: "milan: listens at udp://203.0.113.1:51840; rome: accepted by its gateway's Service"
    observedGeneration: 1
    lastTransitionTime: "2026-11-30T07:06:53Z"
"""


_OBJECT = """\
  - clusterID: milan
    apiVersion: networking.liqo.io/v1beta1
    kind: GatewayServer
    namespace: liqo-tenant-rome
    name: rome
    uid: 6d3b2d7e-1111-2222-3333-444455556666
    ownership: Created
"""
_ROUTE = """\
  - from: milan
    to: rome
    type: External
    cidr: "10.172.0.0/16"
    reachableAs: "10.172.0.0/16"
"""
_CLUSTER = """\
  - clusterID: milan
    uid: 6d3b2d7e-1111-2222-3333-444455556666
    tenantNamespace: liqo-tenant-rome
    connection: Connected
    latency: "3ms"
    lastReachedTime: "2026-11-30T07:06:53Z"
"""
FULL_STATUS = (
    "status:\n  conditions:\n"
    + "".join(map(_condition, ("Ready", "NetworksConfigured", "GatewaysReady", "Connected")))
    + f"  clusters:\n{_CLUSTER * 2}  routes:\n{_ROUTE * 4}  objects:\n{_OBJECT * 8}"
    + '  endpoint:\n    address: "203.0.113.1"\n    port: 51840\n    protocol: UDP\n'
)
