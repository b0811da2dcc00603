from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

import pytest

from kubectl_liqo_shortcut.core.link.request import Request, decide, from_documents
from kubectl_liqo_shortcut.core.link.shortcut import parse
from kubectl_liqo_shortcut.core.model import Object
from kubectl_liqo_shortcut.errors import Invalid, Refused
from tests.samples import FACTS, MILAN, RENDERER, ROME, record_of, spec_of
from tests.tables import every


def record(**rest: Any) -> Object:
    """The record that is there once a shortcut with that spec was made."""
    return RENDERER.record(parse(spec_of(**rest))).body


def request(**spec: Any) -> Request:
    return Request(pair=(MILAN, ROME), spec=spec)


def from_file(**rest: Any) -> Request:
    (found,) = from_documents(iter([record_of(spec=spec_of(**rest))]))
    return found


def test_a_request_is_named_as_its_shortcut() -> None:
    assert Request(pair=(ROME, MILAN)).name == "milan--rome"


def test_a_server_that_is_neither_leaf_is_refused() -> None:
    with pytest.raises(Invalid, match="'torino' is neither of the two leaves") as caught:
        Request(pair=(MILAN, ROME), server=FACTS.hub)
    assert caught.value.hint == "--gw-server takes milan or rome"


def test_nonsense_is_refused_before_any_cluster_is_asked() -> None:
    with pytest.raises(Invalid, match=r"spec\.gateway\.mtu"):
        request(gateway={"mtu": 1})


def test_without_a_record_the_facts_decide_the_roles() -> None:
    shortcut, why = decide(request(), None, FACTS)
    assert (shortcut.server, why) == (ROME, "it is already gateway server towards the hub")


def test_a_record_decides_the_roles() -> None:
    there = record(server="milan", client="rome")
    assert decide(request(), there, FACTS) == (parse(there["spec"]), "its record says so")


@every(
    "wanted",
    [
        request(),
        request(gateway={"mtu": 1400}),
        request(gateway={"service": {"annotations": {"a": "b"}}}),
        Request(pair=(ROME, MILAN), server=ROME),
    ],
    ids=["nothing said", "the same", "a part of it", "the same server"],
)
def test_a_record_that_covers_the_request_is_taken(wanted: Request) -> None:
    there = record(gateway={"mtu": 1400, "service": {"annotations": {"a": "b", "c": "d"}}})
    assert decide(wanted, there, FACTS)[0] == parse(there["spec"])


@every(
    "rest",
    [
        {"expirationTime": "2026-12-01T00:00:00Z"},
        {"expirationTime": datetime.datetime(2026, 12, 1, tzinfo=datetime.UTC)},
        {"gateway": {"clientEndpoint": {"address": "2001:DB8::7", "port": 1}}},
        {"gateway": {"service": {"annotations": {}, "labels": {}}}},
        {"gateway": None},
        {"gateway": {}},
        {"gateway": {"service": None, "clientEndpoint": {}, "serverTemplateRef": {}}},
    ],
    ids=["time", "unquoted time", "IPv6", "empty maps", "null", "nothing", "nulls inside"],
)
def test_the_same_file_again_asks_for_nothing_new(rest: Mapping[str, Any]) -> None:
    wanted = from_file(**rest)
    there = RENDERER.record(wanted.shortcut_with(ROME)).body
    assert decide(wanted, there, FACTS)[0] == parse(there["spec"])


@every(
    ("wanted", "fields"),
    [
        (request(gateway={"mtu": 1400}), "spec.gateway.mtu"),
        (
            request(gateway={"mtu": 1400, "service": {"port": 51841}}),
            "spec.gateway.mtu, spec.gateway.service.port",
        ),
        (
            request(gateway={"clientEndpoint": {"port": 1}}),
            "spec.gateway.clientEndpoint",
        ),
        (Request(pair=(MILAN, ROME), server=MILAN), "spec.server"),
        (request(expirationTime="2026-12-01T00:00:00Z"), "spec.expirationTime"),
        (request(tenantNamespaceReclaimPolicy="Delete"), "spec.tenantNamespaceReclaimPolicy"),
        (
            request(gateway={"service": {"type": "ClusterIP"}}),
            "spec.gateway.service.type",
        ),
    ],
    ids=["one", "two", "a new part", "server", "time", "policy", "what does not go together"],
)
def test_a_contradiction_is_refused_naming_the_fields(wanted: Request, fields: str) -> None:
    said = f"shortcut milan--rome exists and differs in {fields}"
    with pytest.raises(Refused, match=f"^{re.escape(said)}$") as caught:
        decide(wanted, record(gateway={"service": {"loadBalancerIP": "203.0.113.9"}}), FACTS)
    way = "delete" if fields == "spec.server" else "sync"  # the pair and its roles never change
    assert f"kubectl liqo-shortcut {way} milan--rome" in str(caught.value.hint)


def test_a_file_may_hold_several_shortcuts() -> None:
    paris = record_of("milan--paris", spec=spec_of("paris", "milan"))
    names = [each.name for each in from_documents(iter([record_of(), None, paris]))]
    assert names == ["milan--rome", "milan--paris"]


def test_a_list_is_taken_apart() -> None:
    whole = {"apiVersion": "v1", "kind": "List", "items": [record_of()]}
    assert [each.name for each in from_documents(iter([whole]))] == ["milan--rome"]


def test_an_empty_list_asks_for_nothing() -> None:
    assert from_documents(iter([{"kind": "List", "items": None}])) == []


def test_a_document_needs_no_name() -> None:
    document = {key: value for key, value in record_of().items() if key != "metadata"}
    assert from_documents(iter([document]))[0].name == "milan--rome"


def test_the_roles_and_annotations_of_a_document_are_kept() -> None:
    document = record_of(annotations={"shortcut.liqo.io/reason": "latency"})
    (found,) = from_documents(iter([document]))
    assert (found.server, found.annotations) == (ROME, {"shortcut.liqo.io/reason": "latency"})


@every(
    ("documents", "said"),
    [
        (["text"], "document: not a mapping"),
        ([{"apiVersion": "v1", "kind": "Pod"}], "Pod v1 is no Shortcut of shortcut.liqo.io/"),
        ([{}], "None None is no Shortcut"),
        ([record_of(spec={"server": {}})], "spec.server.clusterID: not given"),
        ([record_of() | {"spec": []}], "spec: not a mapping"),
        ([record_of("rome--milan")], "metadata.name is 'rome--milan', but this pair's is"),
        ([record_of() | {"metadata": "x"}], "metadata: not a mapping"),
        ([record_of(annotations={"a": 1})], "metadata.annotations.a: 1 is not a text"),
        ([record_of(), record_of()], "shortcut milan--rome stands in the input twice"),
        ([{"kind": "List", "items": 5}], "items: not a list"),
        (
            [{"apiVersion": "shortcut.liqo.io/v1alpha1", "kind": "LeafManifests"}],
            "LeafManifests are for reading",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_document_that_is_no_shortcut_is_refused(documents: list[Any], said: str) -> None:
    with pytest.raises(Invalid, match=f"^{re.escape(said)}"):
        from_documents(iter(documents))
