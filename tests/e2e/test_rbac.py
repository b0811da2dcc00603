"""Least privilege on the lab: every command works with exactly the roles that are printed."""

from __future__ import annotations

import dataclasses
import functools
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_liqo_shortcut.adapters.access import ClusterAccess as Ways
from kubectl_liqo_shortcut.commands import rbac
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.kinds import Kind
from kubectl_liqo_shortcut.core.model import HUB
from kubectl_liqo_shortcut.core.rbac import permissions
from kubectl_liqo_shortcut.core.rbac.access_review import (
    AccessReview,
    PermissionAttributes,
    Scope,
    access_reviews,
)
from tests.e2e.plugin import NAME, PAIR, environment, succeed
from tests.e2e.shop import (
    NAMESPACE,
    Shop,
    make_probe_namespaces,
    remove_probe_namespaces,
    wait_for_no_probe_namespaces,
)
from tests.lab import binaries
from tests.lab.fault_proxy import FaultProxy, Request, fault_proxy
from tests.lab.kube import CORE, CRDS, RBAC, Kube, path, wait_for
from tests.lab.lab import Lab

CALLER, OTHER = PAIR
SUBJECT = "ServiceAccount:liqo/liqo-shortcut"
REMOTE = f"{NAMESPACE}-hub"
HUB_OPTIONS = ("--hub", "--service", NAMESPACE, "--install")


def options(cluster: str) -> tuple[str, ...]:
    """Of rbac print and check: all that the commands of these tests do there."""
    if cluster == "hub":
        return HUB_OPTIONS
    peer = OTHER if cluster == CALLER else CALLER
    return ("--leaf", cluster, "--peer", peer, "--service", REMOTE, "--adopt", "--verify")


def scope(cluster: str) -> Scope:
    if cluster == "hub":
        return rbac.hub_scope([NAMESPACE], install=True)
    peer = OTHER if cluster == CALLER else CALLER
    return rbac.leaf_scope(cluster, [peer], [REMOTE], adopt=True, verify=True)


@dataclasses.dataclass(frozen=True)
class Limited:
    """The plugin as identities that have the printed roles, and nothing else."""

    lab: Lab
    proxy: FaultProxy
    kubeconfig: Path
    printed: dict[str, str]

    def run(self, *args: str) -> str:
        done = self.attempt(*args)
        assert done.returncode == 0, f"{args}: {done.stdout}{done.stderr}"
        return done.stdout

    def attempt(self, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(binaries.path("kubectl")), "liqo-shortcut", *args],
            stdin=subprocess.DEVNULL,
            env={**environment(self.lab), "KUBECONFIG": str(self.kubeconfig)},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def limited(
    lab: Lab, kind: None, shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Limited]:
    folder = tmp_path_factory.mktemp("rbac")
    lab.remove_shortcuts()
    lab.remove_link(*PAIR)  # what is printed has to make the tenant namespaces,
    remove_probe_namespaces(lab)  # and these
    clusters = {name: lab.clusters[name] for name in ("hub", *PAIR)}
    printed: dict[str, str] = {}
    tokens: dict[str, str] = {}
    for name, cluster in clusters.items():
        printed[name] = succeed(lab, "rbac", "print", *options(name), "--subject", SUBJECT)
        apply(lab, name, printed[name])
        tokens[name] = account(cluster.kube)
    with fault_proxy(clusters, lambda _: None) as proxy:
        yield Limited(lab, proxy, proxy.kubeconfig(folder, tokens), printed)
    lab.remove_shortcuts()
    lab.remove_link(*PAIR)
    for name, cluster in clusters.items():
        withdraw(cluster.kube, printed[name])
    wait_for_no_probe_namespaces(lab)
    make_probe_namespaces(lab)


def apply(lab: Lab, cluster: str, documents: str) -> None:
    command = [str(binaries.path("kubectl")), "--context", cluster, "apply", "-f", "-"]
    subprocess.run(command, input=documents, env=environment(lab), text=True, check=True)


def account(kube: Kube) -> str:
    """A ServiceAccount without a role; its token."""
    body = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "liqo-shortcut"}}
    kube.create(path(CORE, "serviceaccounts", "liqo"), body)
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    made = kube.create(path(CORE, "serviceaccounts", "liqo", "liqo-shortcut") + "/token", request)
    return str(made["status"]["token"])


def withdraw(kube: Kube, documents: str) -> None:
    kube.delete(path(CORE, "serviceaccounts", "liqo", "liqo-shortcut"))
    for body in yaml.safe_load_all(documents):
        metadata = body["metadata"]
        if body["apiVersion"].startswith("rbac"):
            plural = f"{body['kind'].lower()}s"
            kube.delete(path(RBAC, plural, metadata.get("namespace", ""), metadata["name"]))
        elif metadata["name"] == "liqo-shortcut-verify":
            kube.delete(path(CORE, "namespaces", name=metadata["name"]))


_SLOW = (
    *(r.NAMESPACE, r.PUBLIC_KEY, r.SERVICE, r.DEPLOYMENT, r.SERVICE_ACCOUNT, r.INTERNAL_FABRIC),
    *(r.FIREWALL_CONFIGURATION, r.ROUTE_CONFIGURATION, r.NETWORK),
)
"""Watched only where the cluster has not removed them by the first look."""


def may_be_unused(access: PermissionAttributes) -> bool:
    """By a story in which Liqo is quick: it removes in time, and needs no poke."""
    slow = access.verb == "watch" and access.kind in _SLOW
    poke, apply = ("patch", r.SHADOW_ENDPOINT_SLICE), ("create", r.CRD)  # part of a PATCH
    return slow or (access.verb, access.kind) in (poke, apply)


def test_every_command_works_with_exactly_what_is_printed(limited: Limited) -> None:
    run, lab = limited.run, limited.lab
    for name in ("hub", *PAIR):
        run("rbac", "check", *options(name))
    assert run("preflight", *PAIR).endswith(" 0 errors, 0 warnings\n")
    lab.set_knobs(pod_start=6)  # longer than a Lease goes without being renewed
    with ThreadPoolExecutor() as pool:  # the second one waits for the first one's Lease
        ends = list(pool.map(lambda _: limited.attempt("create", *PAIR), range(2)))
    lab.set_knobs(pod_start=0)
    assert [end.returncode for end in ends] == [0, 0], [end.stderr for end in ends]
    run("get", "--live")
    run("describe", *PAIR)
    run("why", *PAIR)
    run("sync")
    run("diff")
    run("leaves", "-o", "wide")
    assert " lacks " not in run("leaves")
    run("graph")
    run("verify", *PAIR)
    run("service", "list", "-A")
    run("service", "enable", "shop/web")
    run("why", "--service", "shop/web")
    run("verify", *PAIR, "--service", "shop/web")
    run("service", "disable", "shop/web")
    run("service", "enable", "shop/web")
    patch = '{"spec":{"gateway":{"mtu":1300}}}'
    lab.kubectl("patch", "shortcut", NAME, "--type=merge", "-p", patch, context="hub")
    assert limited.attempt("diff").returncode == 1
    run("sync")
    lab.kubectl("delete", "configuration", "-n", f"liqo-tenant-{OTHER}", OTHER, context=CALLER)
    run("sync")
    run("delete", *PAIR)  # the Service is switched back first
    adopt(limited, *PAIR[::-1])
    run("delete", *PAIR)
    adopt(limited, *PAIR)
    run("diff")
    run("sync")
    run("delete", *PAIR)
    run("create", *PAIR, "--gw-server", OTHER)  # the first one had it on the caller
    run("delete", *PAIR)
    run("sync", "--prune")
    assert [str(each) for each in limited.proxy.refused] == []


def adopt(limited: Limited, client: str, server: str) -> None:
    limited.lab.connect(client, server)
    limited.run("adopt", *PAIR)


def test_the_kind_is_installed_with_what_install_adds(limited: Limited) -> None:
    """Once it has been taken away, with no record in it."""
    kube, url = limited.lab.clusters["hub"].kube, f"{CRDS}/shortcuts.shortcut.liqo.io"
    kube.delete(url)
    wait_for(lambda: kube.find(url) is None, 30, "the kind is gone")
    without_create(limited)
    assert limited.run("crd", "install").endswith(" created\n")
    assert limited.run("crd", "install").endswith(" unchanged\n")
    assert [str(each) for each in limited.proxy.refused] == []


def without_create(limited: Limited) -> None:
    """A server-side apply that makes an object needs the right to create it too."""
    kube = limited.lab.clusters["hub"].kube
    url = path(RBAC, "clusterroles", name="liqo-shortcut-install")
    rules = kube.get(url)["rules"]
    fewer = [
        {**each, "verbs": [verb for verb in each["verbs"] if verb != "create"]} for each in rules
    ]
    kube.patch(url, {"rules": fewer})
    wait_for(lambda: limited.attempt("rbac", "check", *HUB_OPTIONS).returncode == 4, 10, "named")
    done = limited.attempt("crd", "install")
    assert (done.returncode, "cannot create resource" in done.stderr) == (1, True), done.stderr
    kube.patch(url, {"rules": rules})
    wait_for(lambda: limited.attempt("rbac", "check", *HUB_OPTIONS).returncode == 0, 10, "again")
    limited.proxy.refused.clear()


def test_who_may_not_see_a_template_elsewhere_is_told_which_right_lacks(limited: Limited) -> None:
    other = ("--gw-server-template-name", "fast", "--gw-server-template-namespace", "gateways")
    told = limited.run("preflight", *PAIR, *other)
    assert told.endswith(" 0 errors, 1 warnings\n")
    right = "get on wggatewayservertemplates.networking.liqo.io in gateways there"
    assert f"-> beside what rbac print prints, give it {right}" in told
    assert [each.path.rpartition("/")[2] for each in limited.proxy.refused] == ["fast"]
    limited.proxy.refused.clear()


def test_what_is_printed_is_used(limited: Limited) -> None:
    """Comes after the story: whatever nobody used needs not be given."""
    unused = []
    for name in ("hub", *PAIR):
        used = {_access(each) for each in limited.proxy.requests if each.cluster == name}
        for each in access_reviews(scope(name)):
            if not any(_covers(each.access, access) for access in used if access):
                unused += [] if may_be_unused(each.access) else [f"{name}: {each.access}"]
    assert unused == []


_KINDS = {(each.group, each.plural): each for each in vars(r).values() if isinstance(each, Kind)}


def _access(request: Request) -> PermissionAttributes | None:
    """What a request is to the API server's authorizer."""
    words = request.path.strip("/").split("/")
    group = words[1] if words[0] == "apis" and len(words) > 1 else ""
    words = words[3:] if group else words[2:]
    namespace = ""
    if len(words) > 2 and words[0] == "namespaces":
        namespace, words = words[1], words[2:]
    kind = _KINDS.get((group, words[0] if words else ""))
    if kind is None:
        return None
    name = words[1] if len(words) > 1 else ""
    field = request.query.get("fieldSelector", [""])[0]
    many = not name
    name = name or field.removeprefix("metadata.name=")
    verbs = {"POST": "create", "PATCH": "patch", "DELETE": "delete"}
    verb = verbs.get(request.method, "list" if many else "get")
    verb = "watch" if request.is_watch else verb
    return PermissionAttributes(verb, kind, namespace, name, words[2] if len(words) > 2 else "")


def _covers(given: PermissionAttributes, used: PermissionAttributes) -> bool:
    return (
        (given.verb, given.kind, given.subresource) == (used.verb, used.kind, used.subresource)
        and given.namespace in ("", used.namespace)
        and given.name in ("", used.name)
    )


RULE_BY_RULE = [
    *("hub", pytest.param(CALLER, marks=pytest.mark.soak("rbac"))),
    pytest.param(OTHER, marks=pytest.mark.soak("rbac")),
]
"""The hub's rules are fewest; those of the leaves, minutes of them, are soaked."""


@pytest.mark.parametrize("name", RULE_BY_RULE)
def test_each_rule_that_is_taken_away_is_named(limited: Limited, name: str) -> None:
    """Verb by verb: a role without it, what ``rbac check`` then names, and the role again."""
    cluster = Ways(kubeconfig=str(limited.kubeconfig))(HUB if name == "hub" else name)
    asked = scope(name)
    kube = limited.lab.clusters[name].kube
    check = functools.partial(rbac.check_access, asked, cluster, 30)
    wait_for(lambda: not check().lacks, 10, "all is allowed")
    count = 0
    for url, rules, number, verbs in _rules(limited.printed[name]):
        rule = rules[number]
        for verb in verbs:
            fewer = list(rules)
            fewer[number] = {**rule, "verbs": [each for each in rule["verbs"] if each != verb]}
            kube.patch(url, {"rules": [each for each in fewer if each["verbs"]]})
            lacks = wait_for(lambda: check().lacks, 5, f"{url} without {verb} {rule}")
            assert {each.access.verb for each in lacks} == {verb}
            assert {each.access.kind.plural for each in lacks} <= set(_plurals(rule))
            count += 1
        kube.patch(url, {"rules": rules})
        wait_for(lambda: not check().lacks, 10, "all is allowed again")
    assert count > 20


@pytest.mark.parametrize("name", RULE_BY_RULE[:2])
def test_without_one_rule_a_command_that_needs_it_is_refused(limited: Limited, name: str) -> None:
    """By ``preflight``, for all that makes and removes links; by ``verify``, for its probes."""
    cluster = Ways(kubeconfig=str(limited.kubeconfig))(HUB if name == "hub" else name)
    kube = limited.lab.clusters[name].kube
    check = functools.partial(rbac.check_access, scope(name), cluster, 30)
    link = dataclasses.replace(scope(name), services=(), adopt=False, verify=False, install=False)
    limited.run("create", *PAIR)
    told = 0
    for url, rules, number, _ in _rules(limited.printed[name]):
        kube.patch(url, {"rules": rules[:number] + rules[number + 1 :]})
        lacks = wait_for(lambda: check().lacks, 5, f"{url} without {rules[number]}")
        for command in {_asked_by(each, link) for each in lacks} - {""}:
            done = limited.attempt(command, *PAIR)
            said = done.stdout + done.stderr
            assert done.returncode == 4, f"{rules[number]}: {said}"
            words = set(re.findall(r"\w+", said))
            assert any({each.access.verb, each.access.kind.plural} <= words for each in lacks), said
            told += 1
        kube.patch(url, {"rules": rules})
        wait_for(lambda: not check().lacks, 10, "all is allowed again")
    assert told > 7
    limited.run("delete", *PAIR)
    limited.proxy.refused.clear()


def _rules(printed: str) -> Iterator[tuple[str, list[Any], int, list[str]]]:
    """Each rule of each role: the role's URL, its rules, which one, and its verbs.

    Left out are those that another role gives too: --install does.
    """
    roles = [each for each in yaml.safe_load_all(printed) if "rules" in each]
    for role in roles:
        metadata = role["metadata"]
        plural = f"{role['kind'].lower()}s"
        url = path(RBAC, plural, metadata.get("namespace", ""), metadata["name"])
        for number, rule in enumerate(role["rules"]):
            alone = [
                verb
                for verb in rule["verbs"]
                if sum(_grants(each, role, rule, verb) for each in roles) == 1
            ]
            if alone:
                yield url, role["rules"], number, alone


def _asked_by(question: AccessReview, link: Scope) -> str:
    """The command that must find out beforehand that this lacks; "" if none must."""
    of_link = question.access in {each.access for each in access_reviews(link)}
    if of_link and not {"preflight", *permissions.REMOVE}.isdisjoint(question.by):
        return "" if question.optional else "preflight"
    return "verify" if question.access.kind == r.POD and "verify" in question.by else ""


def _grants(other: dict[str, Any], role: dict[str, Any], rule: dict[str, Any], verb: str) -> bool:
    """Whether *other* gives what *rule* of *role* gives, as its own rule or another."""
    if other["metadata"].get("namespace") != role["metadata"].get("namespace"):
        return False
    same = (
        {**each, "verbs": rule["verbs"]} == rule for each in other["rules"] if verb in each["verbs"]
    )
    return any(same)


def _plurals(rule: dict[str, Any]) -> list[str]:
    return [each.partition("/")[0] for each in rule["resources"]]


def test_a_missing_right_is_refused_before_anything_is_written(limited: Limited) -> None:
    kube = limited.lab.clusters[OTHER].kube
    url = path(RBAC, "rolebindings", f"liqo-tenant-{CALLER}")
    (binding,) = (
        each for each in kube.list(url) if each["roleRef"]["name"] == "liqo-shortcut-leaf"
    )
    kube.delete(f"{url}/{binding['metadata']['name']}")
    writes = limited.proxy.writes
    try:
        done = limited.attempt("create", *PAIR)
        assert done.returncode == 4, done.stderr
        assert f'in the namespace "liqo-tenant-{CALLER}"' in done.stderr
        assert limited.proxy.writes == writes
    finally:
        apply(limited.lab, OTHER, limited.printed[OTHER])
