from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core import model
from kubectl_liqo_shortcut.core.model import (
    ClusterID,
    cluster_id,
    dig,
    name_of,
    namespace_of,
    peer_of,
    shortcut_name,
)
from kubectl_liqo_shortcut.errors import Invalid
from tests.core.strategies import TRAPS, pairs
from tests.tables import every


def crd_rule() -> str:
    """The rule by which the hub's API server checks a record's name."""
    crd = yaml.safe_load(read_template("shortcut-crd.yaml"))
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return str(schema["x-kubernetes-validations"][0]["rule"])


HASHED = re.search(r"matches\('(.+?)'\)", crd_rule())
assert HASHED is not None


@every("text", ["a", "milan", "a-b", "a--b", "x" * 63, *TRAPS])
def test_a_dns_label_is_a_cluster_id(text: str) -> None:
    assert cluster_id(text) == text


@every(
    "text",
    ["", "-a", "a-", "A", "a.b", "a_b", "a b", "a\n", "\u00e4", "x" * 64, model.HUB, "../a"],
    ids=repr,
)
def test_no_other_text_is_a_cluster_id(text: str) -> None:
    with pytest.raises(Invalid, match=re.escape(repr(text))):
        cluster_id(text)


def test_a_shortcut_is_named_after_its_leaves_in_order() -> None:
    assert shortcut_name(ClusterID("rome"), ClusterID("milan")) == "milan--rome"


@given(pairs)
def test_the_name_does_not_depend_on_who_comes_first(pair: list[ClusterID]) -> None:
    first, second = pair
    assert shortcut_name(first, second) == shortcut_name(second, first)


@given(pairs)
def test_a_name_never_exceeds_63_characters(pair: list[ClusterID]) -> None:
    assert len(shortcut_name(*pair)) <= 63


@given(pairs)
def test_every_name_is_one_that_the_crd_accepts(pair: list[ClusterID]) -> None:
    first, second = sorted(pair)
    name = shortcut_name(first, second)
    if len(first) + len(second) <= 61 and "--" not in first and "--" not in second:
        assert name == f"{first}--{second}"
    else:
        assert HASHED is not None
        assert re.search(HASHED[1], name)


def test_the_crd_has_the_limit_that_the_hash_begins_at() -> None:
    assert "<= 61" in crd_rule()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a--b", "c"), ("a", "b--c")),
        (("x" * 40, "y" * 40 + "1"), ("x" * 40, "y" * 40 + "2")),
    ],
    ids=["dashes inside", "long"],
)
def test_different_pairs_have_different_names(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert shortcut_name(*map(cluster_id, one)) != shortcut_name(*map(cluster_id, other))


@pytest.mark.parametrize(("size", "plain"), [(61, True), (62, False)], ids=["fits", "too long"])
def test_a_name_is_hashed_only_where_it_does_not_fit(size: int, plain: bool) -> None:
    first, second = cluster_id("a" * 30), cluster_id("b" * (size - 30))
    assert (shortcut_name(first, second) == f"{first}--{second}") is plain


def test_an_object_is_shown_by_kind_and_name() -> None:
    ref = model.ObjectRef("rome", r.GATEWAY_SERVER, "liqo-tenant-milan", "milan")
    assert str(ref) == "gatewayserver/milan"


def test_an_object_of_an_unknown_kind_has_no_reference() -> None:
    with pytest.raises(ValueError, match="unexpected kind v1 Ghost"):
        model.ref_of("rome", {"apiVersion": "v1", "kind": "Ghost", "metadata": {"name": "x"}})


def test_a_bare_object_has_no_uid_and_no_labels_and_is_not_terminating() -> None:
    body = {"metadata": {"name": "x", "labels": None}}
    assert (model.uid_of(body), model.labels_of(body), model.is_terminating(body)) == (
        "",
        {},
        False,
    )


BODY = {"spec": {"a": {"b": 0}, "none": None, "text": "t", "list": ["x"]}}


@every(
    ("path", "found"),
    [
        ((), BODY),
        (("spec", "a"), {"b": 0}),
        (("spec", "a", "b"), 0),
        (("status", "a"), "missing"),
        (("spec", "a", "c"), "missing"),
        (("spec", "none"), "missing"),
        (("spec", "none", "a"), "missing"),
        (("spec", "text", "a"), "missing"),
        (("spec", "list", "a"), "missing"),
        (("spec", "a", "b", "c"), "missing"),
    ],
)
def test_a_field_is_found_or_the_default_stands_for_it(
    path: tuple[str, ...], found: object
) -> None:
    assert dig(BODY, *path, default="missing") == found
    assert dig(BODY, *path) == (None if found == "missing" else found)


def test_no_object_has_no_fields() -> None:
    assert dig(None, "spec", "a") is None
    assert dig(None, "spec", default={}) == {}


def test_an_object_tells_its_name_its_namespace_and_its_peer() -> None:
    labels = {r.REMOTE_CLUSTER_ID: "rome"}
    body = {"metadata": {"name": "a", "namespace": "b", "labels": labels}}
    assert (name_of(body), namespace_of(body), peer_of(body)) == ("a", "b", "rome")
    assert (namespace_of({"metadata": {}}), peer_of({"metadata": {"labels": None}})) == ("", "")
