from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jinja2
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.facts import Facts, default_tenant_namespace, nothing_known
from kubectl_liqo_shortcut.core.link.render import Rendered, Renderer, Unknown, to_yaml_scalar
from kubectl_liqo_shortcut.core.link.shortcut import (
    Gateway,
    GatewayService,
    Shortcut,
    TemplateRef,
    parse,
)
from kubectl_liqo_shortcut.core.model import ClusterID, Object, cluster_id
from tests.core.strategies import any_text, some_text, specs
from tests.samples import FACTS, MILAN, RENDERER, ROME, SHORTCUT, facts_with
from tests.tables import every

HOSTILE = {
    "newline": "a\nkind: Secret",
    "document": "a\n---\nkind: Secret\n",
    "double quote": 'a" b',
    "single quote": "a' b",
    "backslash": "a\\nb\\",
    "colon": "a: b",
    "comment": "a #b",
    "expression": "{{ shortcut.name }}",
    "statement": "{% raw %}",
    "template comment": "{# a #}",
    "anchor": "&a *a !!python/object",
    "emoji": "\U0001f600",
    "backslash before an emoji": "\\\U0001f600",
    "spelt-out emoji": "\\ud83d\\ude00",
    "controls": "\x00\x1b[31m\x7f\x85\u2028\ufeff",
    "null": "null",
    "number": "1e3",
    "time": "2026-12-01",
    "blank": " ",
    "tab": "\ta",
}
hostile = every("text", list(HOSTILE.values()), ids=list(HOSTILE))


def with_gateway(**values: Any) -> Shortcut:
    return dataclasses.replace(SHORTCUT, gateway=Gateway(**values))


def named(rendered: Rendered) -> list[tuple[str, str, str, str]]:
    """Every object by where it is."""
    manifests = [*rendered.ready, *(each.manifest for each in rendered.pending)]
    refs = [manifest.ref for manifest in manifests]
    return [(ref.cluster, ref.kind.kind, ref.namespace, ref.name) for ref in refs]


def body_of(kind: r.Kind, rendered: Rendered, leaf: str) -> Object:
    found = [*rendered.ready, *(each.manifest for each in rendered.pending)]
    return next(m.body for m in found if m.cluster == leaf and m.ref.kind == kind)


def kinds_pending(rendered: Rendered) -> dict[tuple[str, str], tuple[str, ...]]:
    return {
        (each.manifest.cluster, each.manifest.ref.kind.kind): each.waits_for
        for each in rendered.pending
    }


def test_a_link_is_four_objects_on_each_leaf_named_as_the_other_leaf() -> None:
    assert named(RENDERER.link(SHORTCUT, FACTS)) == [
        ("rome", "Namespace", "", "liqo-tenant-milan"),
        ("rome", "Configuration", "liqo-tenant-milan", "milan"),
        ("rome", "GatewayServer", "liqo-tenant-milan", "milan"),
        ("rome", "PublicKey", "liqo-tenant-milan", "milan"),
        ("milan", "Namespace", "", "liqo-tenant-rome"),
        ("milan", "Configuration", "liqo-tenant-rome", "rome"),
        ("milan", "GatewayClient", "liqo-tenant-rome", "rome"),
        ("milan", "PublicKey", "liqo-tenant-rome", "rome"),
    ]


def test_with_all_facts_nothing_is_pending() -> None:
    assert RENDERER.link(SHORTCUT, FACTS).pending == ()


def test_every_object_says_whose_it_is() -> None:
    ours = {
        "app.kubernetes.io/managed-by": "kubectl-liqo-shortcut",
        "shortcut.liqo.io/name": "milan--rome",
        "shortcut.liqo.io/hub": "torino",
    }
    for manifest in RENDERER.link(SHORTCUT, FACTS).ready:
        assert ours.items() <= manifest.body["metadata"]["labels"].items()


def test_each_leaf_gets_the_networks_and_the_key_of_the_other() -> None:
    rendered = RENDERER.link(SHORTCUT, FACTS)
    milan, rome = FACTS.leaves[MILAN], FACTS.leaves[ROME]
    assert rome.cidrs is not None
    configuration = body_of(r.CONFIGURATION, rendered, "milan")
    assert configuration["spec"]["remote"]["cidr"]["pod"] == list(rome.cidrs.pod)
    assert body_of(r.PUBLIC_KEY, rendered, "rome")["spec"]["publicKey"] == milan.public_key


def test_an_object_lives_in_the_tenant_namespace_that_is_there() -> None:
    rendered = RENDERER.link(SHORTCUT, facts_with("rome", tenant_namespace="by-hand"))
    assert ("rome", "GatewayServer", "by-hand", "milan") in named(rendered)


def test_a_gateway_template_is_looked_for_where_liqo_is_installed() -> None:
    rendered = RENDERER.link(SHORTCUT, facts_with("rome", liqo_namespace="liqo-system"))
    server = body_of(r.GATEWAY_SERVER, rendered, "rome")
    assert server["spec"]["serverTemplateRef"]["namespace"] == "liqo-system"


@pytest.mark.parametrize(
    ("facts", "waits"),
    [
        (
            facts_with("rome", endpoint=None),
            {
                ("milan", "GatewayClient"): ("endpoint of rome's gateway",),
            },
        ),
        (
            facts_with("rome", public_key=None),
            {("milan", "PublicKey"): ("public key of rome's gateway",)},
        ),
        (
            facts_with("milan", cidrs=None),
            {("rome", "Configuration"): ("CIDRs of milan",)},
        ),
    ],
    ids=["endpoint", "public key", "CIDRs"],
)
def test_only_what_needs_a_missing_fact_waits_for_it(
    facts: Facts, waits: dict[tuple[str, str], tuple[str, ...]]
) -> None:
    assert kinds_pending(RENDERER.link(SHORTCUT, facts)) == waits


def test_a_missing_fact_is_named_in_the_place_of_its_value() -> None:
    rendered = RENDERER.link(SHORTCUT, facts_with("rome", endpoint=None))
    client = body_of(r.GATEWAY_CLIENT, rendered, "milan")
    assert client["spec"]["endpoint"]["addresses"] == ["<endpoint of rome's gateway>"]


def test_with_nothing_known_everything_waits() -> None:
    assert RENDERER.link(SHORTCUT, nothing_known(MILAN, ROME)).ready == ()


def test_each_fact_is_named_once() -> None:
    pending = kinds_pending(RENDERER.link(SHORTCUT, nothing_known(MILAN, ROME)))
    assert pending["milan", "GatewayClient"] == (
        "cluster ID of the hub",
        "endpoint of rome's gateway",
    )


def test_a_given_endpoint_replaces_the_observed_one() -> None:
    shortcut = with_gateway(client_address="198.51.100.9", client_port=4500)
    client = body_of(r.GATEWAY_CLIENT, RENDERER.link(shortcut, FACTS), "milan")
    assert client["spec"]["endpoint"] == {
        "addresses": ["198.51.100.9"],
        "port": 4500,
        "protocol": "UDP",
    }


def test_one_leafs_part_of_a_link_is_that_leafs_alone() -> None:
    rendered = RENDERER.link(SHORTCUT, facts_with("rome", endpoint=None))
    assert {cluster for cluster, *_ in named(rendered.of(MILAN))} == {"milan"}


@given(specs())
def test_both_gateways_have_the_same_mtu(spec: dict[str, Any]) -> None:
    shortcut = parse(spec)
    facts = facts_of(cluster_id("torino"), shortcut.server, shortcut.client)
    rendered = RENDERER.link(shortcut, facts)
    kinds = ("GatewayServer", "GatewayClient")
    found = [each.body["spec"]["mtu"] for each in rendered.ready if each.body["kind"] in kinds]
    assert found == [shortcut.gateway.mtu] * 2


def test_rendering_twice_gives_the_same() -> None:
    assert RENDERER.link(SHORTCUT, FACTS) == RENDERER.link(SHORTCUT, FACTS)


def facts_of(hub: ClusterID, first: ClusterID, second: ClusterID) -> Facts:
    milan, rome = FACTS.leaves[MILAN], FACTS.leaves[ROME]
    return Facts(
        hub,
        {
            first: dataclasses.replace(
                rome, id=first, tenant_namespace=default_tenant_namespace(second)
            ),
            second: dataclasses.replace(
                milan, id=second, tenant_namespace=default_tenant_namespace(first)
            ),
        },
    )


@given(
    st.lists(
        st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True),
        min_size=3,
        max_size=3,
        unique=True,
    )
)
@example(["no", "1e3", "0x1f"])
@example(["null", "y", "on"])
@example(["1", "017", "2026-12-01"])
@example(["true", "1-2", "0o17"])
def test_every_legal_cluster_id_survives_rendering(names: list[str]) -> None:
    hub, server, client = map(cluster_id, names)
    shortcut = Shortcut(server=server, client=client)
    rendered = RENDERER.link(shortcut, facts_of(hub, server, client))
    for manifest in rendered.ready:
        peer = client if manifest.cluster == server else server
        labels = manifest.body["metadata"]["labels"]
        assert (labels[r.REMOTE_CLUSTER_ID], labels[r.SHORTCUT_HUB]) == (peer, hub)
        assert labels[r.SHORTCUT_NAME] == shortcut.name
    record = RENDERER.record(shortcut).body
    assert record["spec"]["server"]["clusterID"] == server
    assert record["spec"]["client"]["clusterID"] == client


def in_service_annotation(text: str) -> bool:
    shortcut = with_gateway(service=GatewayService(annotations={text: text}))
    server = body_of(r.GATEWAY_SERVER, RENDERER.link(shortcut, FACTS), "rome")
    return bool(server["spec"]["serviceAnnotations"] == {text: text})


def in_service_label_of_record(text: str) -> bool:
    body = RENDERER.record(with_gateway(service=GatewayService(labels={"a": text}))).body
    return bool(body["spec"]["gateway"]["service"]["labels"]["a"] == text)


def in_reason(text: str) -> bool:
    body = RENDERER.record(SHORTCUT, {"shortcut.liqo.io/reason": text}).body
    return bool(body["metadata"]["annotations"] == {"shortcut.liqo.io/reason": text})


def in_template_reference(text: str) -> bool:
    ref = TemplateRef(api_version=text, kind=text, name=text, namespace=text)
    server = body_of(
        r.GATEWAY_SERVER, RENDERER.link(with_gateway(server_template=ref), FACTS), "rome"
    )
    return set(server["spec"]["serverTemplateRef"].values()) == {text}


def in_public_key(text: str) -> bool:
    rendered = RENDERER.link(SHORTCUT, facts_with("rome", public_key=text))
    return bool(body_of(r.PUBLIC_KEY, rendered, "milan")["spec"]["publicKey"] == text)


def in_tenant_namespace(text: str) -> bool:
    rendered = RENDERER.link(SHORTCUT, facts_with("rome", tenant_namespace=text))
    return bool(body_of(r.NAMESPACE, rendered, "rome")["metadata"]["name"] == text)


@hostile
@every(
    "survives",
    [
        in_service_annotation,
        in_service_label_of_record,
        in_reason,
        in_template_reference,
        in_public_key,
        in_tenant_namespace,
    ],
    ids=lambda place: place.__name__,
)
def test_a_hostile_text_comes_out_as_itself(survives: Callable[[str], bool], text: str) -> None:
    assert survives(text)


@given(some_text)
def test_any_text_comes_out_as_itself(text: str) -> None:
    assert in_reason(text)


@given(st.recursive(any_text | st.integers() | st.booleans() | st.none(), st.lists, max_leaves=5))
def test_a_value_is_one_yaml_scalar_or_flow_that_reads_back_as_itself(value: object) -> None:
    assert yaml.safe_load(f"key: {to_yaml_scalar(value)}") == {"key": value}


def rendering(template: str, text: str) -> Renderer:
    """A renderer whose *template* has another *text*."""
    return Renderer(lambda name: text if name == template else read_template(name))


NAMESPACE = read_template("namespace.yaml.j2")


@pytest.mark.parametrize(
    "text",
    [
        NAMESPACE.replace("peer.id", "peer.ident"),
        NAMESPACE.replace("shortcut.name", "shortcutt.name"),
        NAMESPACE + "{% if leef %}{% endif %}",
    ],
    ids=["attribute", "variable", "condition"],
)
def test_a_misspelt_variable_fails(text: str) -> None:
    with pytest.raises(jinja2.UndefinedError, match=r"ident|shortcutt|leef"):
        rendering("namespace.yaml.j2", text).link(SHORTCUT, FACTS)


@every(
    "text",
    [
        "",
        NAMESPACE + "---\n" + NAMESPACE,
        NAMESPACE.replace("kind: Namespace", "kind: Pod"),
        NAMESPACE.replace("name: {{ leaf.tenant_namespace }}", "name: kube-system"),
    ],
    ids=["nothing", "two objects", "another kind", "another name"],
)
def test_a_template_that_makes_another_object_fails(text: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        rendering("namespace.yaml.j2", text).link(SHORTCUT, FACTS)


def test_the_record_is_held_until_the_leaves_are_clean() -> None:
    assert RENDERER.record(SHORTCUT).body["metadata"]["finalizers"] == ["shortcut.liqo.io/cleanup"]


def test_a_record_without_annotations_has_none() -> None:
    assert "annotations" not in RENDERER.record(SHORTCUT).body["metadata"]


def test_what_is_unknown_does_not_pretend_to_be_something_else() -> None:
    with pytest.raises(AttributeError):
        Unknown("endpoint").__html__  # noqa: B018 - the access is the test


def test_what_waits_is_read_over_what_is_there() -> None:
    (pending,) = RENDERER.link(SHORTCUT, facts_with("rome", endpoint=None)).pending
    there = {"addresses": ["203.0.113.9"], "port": 4500, "protocol": "UDP"}
    observed = {"spec": {"mtu": 1400, "endpoint": there, "more": {}}}
    spec = pending.over(observed).body["spec"]
    assert spec["endpoint"] == there
    assert spec["mtu"] == 1340
    assert "more" not in spec


@pytest.mark.parametrize("endpoint", [None, "text", [{}]], ids=["null", "text", "a list"])
def test_what_waits_is_named_where_what_is_there_has_no_such_field(endpoint: object) -> None:
    (pending,) = RENDERER.link(SHORTCUT, facts_with("rome", endpoint=None)).pending
    spec = pending.over({"spec": {"endpoint": endpoint}}).body["spec"]
    assert spec["endpoint"]["port"] == "<endpoint of rome's gateway>"
