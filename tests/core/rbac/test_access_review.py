"""The table of needs, and what is made of it: questions, roles, documents."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from kubectl_liqo_shortcut.adapters.kubeconfig import liqo_secret
from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.cli.root import cli
from kubectl_liqo_shortcut.commands import rbac as commands
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.rbac import access_review
from kubectl_liqo_shortcut.core.rbac import roles as rbac
from kubectl_liqo_shortcut.core.rbac.access_review import (
    Peer,
    PermissionAttributes,
    Scope,
    access_reviews,
)
from kubectl_liqo_shortcut.core.rbac.permissions import (
    NEEDS,
    ClusterScope,
    Feature,
    PolicyRule,
    RuleScope,
)
from kubectl_liqo_shortcut.errors import Invalid
from tests.samples import SERVER
from tests.tables import every

LEAF = Scope(on=ClusterScope.LEAF, peers=(Peer("milan", "liqo-tenant-milan"),))
EVERYTHING = (
    Scope(
        on=ClusterScope.LEAF,
        peers=(Peer("milan", "liqo-tenant-milan"), Peer("oslo", "elsewhere")),
        services=("demo-torino", "shop"),
        adopt=True,
        verify=True,
    ),
    Scope(
        on=ClusterScope.HUB,
        peers=(Peer("milan", "liqo-tenant-milan"), Peer("oslo", "liqo-tenant-oslo")),
        services=("demo", "shop"),
        verify=True,
        install=True,
    ),
)
SUBJECT = rbac.Subject("User", "liqo-shortcut:torino")
every_need = every("need", NEEDS, ids=lambda each: f"{each.on}-{each.why[:40]}")
every_scope = pytest.mark.parametrize("scope", EVERYTHING, ids=["leaf", "hub"])


@every_need
def test_who_needs_it_are_commands(need: PolicyRule) -> None:
    names = {*cli.list_commands(None)}  # type: ignore[arg-type]
    assert need.by
    assert {each.split()[0] for each in need.by} <= names


@every_need
def test_a_need_makes_one_rule_of_one_group(need: PolicyRule) -> None:
    assert len({each.group for each in need.kinds}) == 1


@every_need
def test_for_all_namespaces_there_are_only_lists_and_watches(need: PolicyRule) -> None:
    of_cluster = need.place is RuleScope.EVERYWHERE and any(each.namespaced for each in need.kinds)
    if of_cluster:
        assert {*need.verbs} <= {"list", "watch"}


@every_need
def test_secrets_are_named(need: PolicyRule) -> None:
    assert r.SECRET not in need.kinds or need.name


@every_scope
def test_what_the_roles_grant_is_what_is_asked_for(scope: Scope) -> None:
    granted = {
        PermissionAttributes(verb, kind, role.namespace if kind.namespaced else "", rule.name, part)
        for role in rbac.roles(scope)
        for rule in role.rules
        for plural in rule.resources
        for verb in rule.verbs
        for plural_of, _, part in [plural.partition("/")]
        for kind in vars(r).values()
        if isinstance(kind, r.Kind) and (kind.group, kind.plural) == (rule.group, plural_of)
    }
    assert granted == {each.access for each in access_reviews(scope)}


def test_only_who_adopts_may_change_a_namespace_and_by_a_role_of_its_own() -> None:
    def namespaces(scope: Scope) -> list[tuple[str, str, list[str]]]:
        return [
            (role.namespace, role.name, rule.verbs)
            for role in rbac.roles(scope)
            for rule in role.rules
            if "namespaces" in rule.resources and "patch" in rule.verbs
        ]

    leaf = commands.leaf_scope("rome", ["milan"], ["demo"], verify=True)
    assert namespaces(leaf) == []
    adopting = commands.leaf_scope("rome", ["milan"], adopt=True)
    assert namespaces(adopting) == [
        ("liqo-tenant-milan", "liqo-shortcut-leaf-adopt", ["get", "patch"])
    ]


@pytest.mark.parametrize("adopt", [False, True])
def test_adopt_asks_whether_it_may_label_the_namespace_and_create_does_not(adopt: bool) -> None:
    asked = access_review.leaf_permissions(SERVER, "liqo-tenant-milan", adopt=adopt)
    found = [str(each) for each in asked if each.kind == r.NAMESPACE and each.verb == "patch"]
    assert found == (["patch namespaces/liqo-tenant-milan"] if adopt else [])


def test_a_secret_of_the_hub_is_given_only_to_who_asks_for_it_and_by_name() -> None:
    def secrets(*leaves: str) -> list[str]:
        asked = access_reviews(commands.hub_scope(stored=leaves))
        return [str(each.access) for each in asked if each.access.kind == r.SECRET]

    assert secrets() == []
    assert secrets("rome", "milan", "rome") == [
        "get secrets/kubeconfig-controlplane-rome -n liqo-tenant-rome",
        "get secrets/kubeconfig-controlplane-milan -n liqo-tenant-milan",
    ]


def test_the_hubs_tenant_namespaces_are_not_printed() -> None:
    found = documents(commands.hub_scope(stored=["rome"]))
    assert not any(each["kind"] == "Namespace" for each in found)
    (role,) = (
        each
        for each in found
        if each["metadata"].get("namespace") == "liqo-tenant-rome" and each["kind"] == "Role"
    )
    (rule,) = role["rules"]
    assert (rule["resources"], rule["verbs"]) == (["secrets"], ["get"])
    assert rule["resourceNames"] == [liqo_secret.identity_secret_name("rome")]


def test_a_right_that_one_command_needs_is_not_optional_and_names_that_one() -> None:
    (maps,) = (
        each
        for each in access_reviews(Scope(on=ClusterScope.HUB, services=("demo",)))
        if each.access.kind == r.NAMESPACE_MAP
    )
    assert (maps.optional, "delete" in maps.by, "service" in maps.by) == (False, False, True)
    (maps,) = (
        each
        for each in access_reviews(Scope(on=ClusterScope.HUB))
        if each.access.kind == r.NAMESPACE_MAP
    )
    assert maps.optional


def test_a_namespace_lies_in_itself_for_an_api_server() -> None:
    access = PermissionAttributes("patch", r.NAMESPACE, name="liqo-tenant-milan")
    attributes = access.review()["spec"]["resourceAttributes"]
    assert (attributes["namespace"], attributes["name"]) == ("liqo-tenant-milan",) * 2
    assert str(access) == "patch namespaces/liqo-tenant-milan"


def test_without_a_record_the_right_on_all_is_asked_for() -> None:
    names = {
        each.access.name
        for each in access_reviews(Scope(on=ClusterScope.HUB))
        if each.access.kind in (r.SHORTCUT, r.LEASE)
    }
    assert names == {""}
    assert "liqo-shortcut-milan--rome" in {
        each.name
        for each in access_review.hub_permissions("milan--rome", "liqo")
        if each.kind == r.LEASE
    }


def documents(scope: Scope, subject: rbac.Subject = SUBJECT) -> list[dict[str, Any]]:
    texts = rbac.role_documents(scope, [subject], Renderer(read_template))
    return list(yaml.safe_load_all("---\n".join(texts)))


def key(body: dict[str, Any]) -> tuple[str, str, str]:
    metadata = body["metadata"]
    return body["kind"], metadata.get("namespace", ""), metadata["name"]


@every_scope
def test_every_role_is_bound_to_the_subject_and_to_nobody_else(scope: Scope) -> None:
    found = documents(scope)
    roles = {key(each)[:2]: each for each in found if "rules" in each}
    bindings = [each for each in found if "roleRef" in each]
    assert roles
    assert len(bindings) == len([each for each in found if "rules" in each])
    for each in bindings:
        (who,) = each["subjects"]
        assert (who["kind"], who["name"]) == ("User", "liqo-shortcut:torino")
        assert (each["roleRef"]["kind"], each["metadata"].get("namespace", "")) in roles
    assert len({key(each) for each in found}) == len(found)


def test_applying_more_options_never_takes_a_rule_away() -> None:
    for scope, whole in zip((LEAF, Scope(on=ClusterScope.HUB)), EVERYTHING, strict=True):
        more = {key(each): each for each in documents(whole)}
        for body in documents(scope):
            assert more[key(body)] == body


def test_the_namespaces_are_printed_as_liqo_finds_them() -> None:
    found = {each["metadata"]["name"]: each for each in documents(EVERYTHING[0])[:3]}
    assert {*found} == {"liqo-tenant-milan", "elsewhere", "liqo-shortcut-verify"}
    labels = found["elsewhere"]["metadata"]["labels"]
    assert labels["liqo.io/remote-cluster-id"] == "oslo"
    assert labels["liqo.io/tenant-namespace"] == "true"


@every(
    ("text", "subject", "binding"),
    [
        ("User:a:b", rbac.Subject("User", "a:b"), "user:a:b"),
        ("Group:ops", rbac.Subject("Group", "ops"), "group:ops"),
        (
            "ServiceAccount:liqo/me",
            rbac.Subject("ServiceAccount", "me", "liqo"),
            "serviceaccount:liqo:me",
        ),
        ("User:a/b", rbac.Subject("User", "a/b"), "user:a-b-"),
    ],
)
def test_a_subject_is_read(text: str, subject: rbac.Subject, binding: str) -> None:
    assert rbac.subject(text) == subject
    assert subject.binding.startswith(binding)
    assert "/" not in subject.binding


@every(
    "text",
    ["", "me", "User:", "Nobody:me", "ServiceAccount:me", "ServiceAccount:/me", "Group:liqo.io"],
)
def test_what_is_no_subject_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        rbac.subject(text)


def test_whatever_a_subject_is_called_it_makes_no_other_object() -> None:
    evil = rbac.subject('User:x"\n---\nkind: ClusterRoleBinding #')
    assert all(
        each.get("subjects", [{}])[0].get("name", evil.name) == evil.name
        for each in documents(LEAF, evil)
    )


def test_namespaces_are_never_printed_as_rights() -> None:
    for scope in EVERYTHING:
        assert not any(each.part is Feature.NAMESPACES for each in scope.needs())
    (create,) = access_review.to_make_namespaces()
    assert str(create) == "create namespaces"
