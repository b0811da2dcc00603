"""``verify`` on the lab's data plane: packets through real Liqo, fooled by nothing."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_liqo_shortcut.commands.rbac import leaf_scope
from kubectl_liqo_shortcut.core.rbac.access_review import access_reviews
from kubectl_liqo_shortcut.core.verify.probe import NAMESPACE
from tests.e2e.plugin import PAIR, changes, interrupt_when, plugin, snapshots
from tests.e2e.shop import (
    Shop,
    make_probe_namespaces,
    remove_probe_namespaces,
    wait_for_no_probe_namespaces,
)
from tests.lab.kube import CORE, Kube, Object, path, wait_for
from tests.lab.lab import Lab

CALLER, OTHER = PAIR


@pytest.fixture
def linked(shop: Shop, link: Lab) -> Lab:
    """With a shortcut, and a Service whose only Pod is on the other leaf."""
    return link


def verify(lab: Lab, *args: str) -> tuple[int, Any]:
    """The exit code, and the document; None with its error on standard error."""
    done = plugin(lab, "verify", *PAIR, "-o", "json", *args)
    if not done.stdout:
        pytest.fail(done.stderr)
    return done.returncode, json.loads(done.stdout)


def service(lab: Lab) -> tuple[int, Any]:
    return verify(lab, "--service", "shop/web")


@pytest.fixture
def traceless(linked: Lab) -> Iterator[None]:
    """Nothing of a probe is left on either leaf, in a namespace that was there before."""
    before = snapshots(linked)
    yield
    assert [each for each in changes(linked, before) if NAMESPACE in each] == []


@pytest.fixture
def no_namespaces(linked: Lab) -> Iterator[None]:
    """None for probes at first, and none that ``verify`` made is left."""
    remove_probe_namespaces(linked)
    before = snapshots(linked)
    yield
    wait_for_no_probe_namespaces(linked)
    assert [each for each in changes(linked, before) if NAMESPACE in each] == []
    make_probe_namespaces(linked)


@pytest.mark.usefixtures("no_namespaces")
def test_a_shortcut_is_direct_both_ways_with_its_mtu(linked: Lab) -> None:
    code, found = verify(linked)
    assert (code, found["path"], found["remarks"]) == (0, "direct", [])
    assert [(each["from"], each["to"]) for each in found["directions"]] == [PAIR, PAIR[::-1]]
    for each in found["directions"]:
        assert (each["path"], each["mtu"]) == ("direct", found["recordMTU"])
        assert each["connects"] == {"ok": 50, "of": 50, "error": None}
        assert len(each["callersSeen"]) == 1


@pytest.mark.usefixtures("traceless")
def test_a_cut_tunnel_is_unreachable_although_it_says_connected(linked: Lab) -> None:
    linked.faults.cut_tunnel(CALLER, OTHER)
    code, found = verify(linked)
    assert (code, found["path"]) == (7, "unreachable")
    assert found["next"] == f"kubectl liqo-shortcut why {CALLER} {OTHER}"
    linked.faults.mend_tunnel(CALLER, OTHER)
    wait_for(lambda: verify(linked)[0] == 0, 60, "direct again")


@pytest.mark.usefixtures("dataplane")
def test_without_a_link_it_says_how_to_make_one(hub: Lab) -> None:
    code, found = verify(hub)
    assert (code, found["next"]) == (7, f"kubectl liqo-shortcut create {CALLER} {OTHER}")


@pytest.mark.usefixtures("traceless")
def test_an_image_that_is_missing_is_an_error(linked: Lab) -> None:
    done = plugin(linked, "verify", *PAIR, "--image", "missing/python:3")
    assert (done.returncode, done.stdout) == (1, "")
    assert "image missing/python:3: ErrImagePull" in done.stderr
    assert "Hint: --image" in done.stderr


@pytest.mark.usefixtures("no_namespaces")
def test_ctrl_c_leaves_nothing_not_even_the_namespace_it_made(linked: Lab) -> None:
    ended, said = interrupt_when(linked, "runs as", signal.SIGINT, "verify", *PAIR)
    assert ended == 130, said


@pytest.mark.usefixtures("traceless")
def test_sigterm_leaves_nothing(linked: Lab) -> None:
    ended, said = interrupt_when(linked, "runs as", signal.SIGTERM, "verify", *PAIR)
    assert ended == 143, said


@pytest.mark.usefixtures("traceless")
def test_a_service_that_goes_through_the_hub_is_told_from_a_direct_one(
    linked: Lab, shop: Shop
) -> None:
    plane, web = linked.dataplane, shop.namespace
    wait_for(lambda: plane.slice_addresses(CALLER, web, "web"), 60, "the slice")
    code, found = service(linked)
    assert (code, found["service"]["path"]) == (6, "via-hub")
    assert [each["path"] for each in found["directions"]] == ["direct"]

    before = plane.slice_addresses(CALLER, web, "web")
    plane.set_direct("shop", "web", True)
    try:
        plane.poke(CALLER, web, "web")
        wait_for(lambda: plane.slice_addresses(CALLER, web, "web") != before, 60, "the switch")
        code, found = service(linked)
        assert (code, found["service"]["path"]) == (0, "direct")

        linked.faults.cut_tunnel(CALLER, OTHER)
        code, found = service(linked)
        assert (code, found["service"]["path"]) == (7, "unreachable")
    finally:
        plane.set_direct("shop", "web", False)
    wait_for(lambda: plane.slice_addresses(CALLER, web, "web") == before, 60, "the way back")
    code, found = service(linked)
    assert (code, found["service"]["path"]) == (6, "via-hub")
    assert [each["path"] for each in found["directions"]] == ["unreachable"]


@pytest.mark.usefixtures("traceless")
def test_a_namespace_with_too_narrow_limits_is_named(linked: Lab) -> None:
    kube = linked.clusters[OTHER].kube
    limits = {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": "tiny"},
        "spec": {"limits": [{"type": "Container", "max": {"memory": "16Mi"}}]},
    }
    kube.create(path(CORE, "limitranges", NAMESPACE), limits)
    try:
        done = plugin(linked, "verify", *PAIR)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"cluster '{OTHER}': pod/verify-" in done.stderr
        assert "maximum memory usage per Container is 16Mi" in done.stderr
        assert f"change that for namespace {NAMESPACE}" in done.stderr
    finally:
        kube.delete(path(CORE, "limitranges", NAMESPACE, "tiny"))


RBAC = "/apis/rbac.authorization.k8s.io/v1"


def rules(leaf: str, peer: str) -> dict[str, list[Object]]:
    """What ``verify`` needs on *leaf*, by namespace ("": all), of the table of permissions."""
    found: dict[str, list[Object]] = {}
    for each in access_reviews(leaf_scope(leaf, [peer], verify=True)):
        if "verify" in each.by:
            access = each.access
            names = {"resourceNames": [access.name]} if access.name else {}
            rule = {"apiGroups": [access.kind.group], "resources": [access.kind.plural], **names}
            found.setdefault(access.namespace, []).append({**rule, "verbs": [access.verb]})
    return found


def prepare(lab: Lab, leaf: str, peer: str, folder: Path) -> Path:
    """What an administrator of *leaf* makes for who may verify, and nothing else there but the
    namespace: the kubeconfig of that user."""
    kube = lab.clusters[leaf].kube
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "verifier"}}
    kube.create(path(CORE, "serviceaccounts", NAMESPACE), account)
    for where, given in rules(leaf, peer).items():
        grant(kube, "Role" if where else "ClusterRole", given, where)
    token = kube.create(
        path(CORE, "serviceaccounts", NAMESPACE, "verifier") + "/token",
        {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}},
    )["status"]["token"]
    config = yaml.safe_load(lab.kubeconfig.read_text())
    (context,) = (each for each in config["contexts"] if each["name"] == leaf)
    config["current-context"] = leaf
    (user,) = (each for each in config["users"] if each["name"] == context["context"]["user"])
    user["user"] = {"token": token}
    file = folder / leaf
    file.write_text(yaml.safe_dump(config))
    return file


def grant(kube: Kube, kind: str, given: list[Object], namespace: str) -> None:
    plural = f"{kind.lower()}s"
    name = {"name": "verifier"}
    kube.create(
        path(RBAC, plural, namespace),
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": kind,
            "metadata": name,
            "rules": given,
        },
    )
    subject = {"kind": "ServiceAccount", "name": "verifier", "namespace": NAMESPACE}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": "verifier"}
    kube.create(
        path(RBAC, plural.replace("roles", "rolebindings"), namespace),
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": f"{kind}Binding",
            "metadata": name,
            "roleRef": role,
            "subjects": [subject],
        },
    )


def withdraw(lab: Lab, leaf: str, peer: str) -> None:
    kube = lab.clusters[leaf].kube
    for where in filter(None, rules(leaf, peer)):
        kube.delete(path(RBAC, "rolebindings", where, "verifier"))
        kube.delete(path(RBAC, "roles", where, "verifier"))
    kube.delete(path(RBAC, "clusterrolebindings", name="verifier"))
    kube.delete(path(RBAC, "clusterroles", name="verifier"))
    kube.delete(path(CORE, "serviceaccounts", NAMESPACE, "verifier"))


@pytest.mark.usefixtures("traceless")
def test_the_rights_that_name_verify_are_enough_for_it(linked: Lab, tmp_path: Path) -> None:
    pairs = (PAIR, PAIR[::-1])
    try:
        files = {leaf: prepare(linked, leaf, peer, tmp_path) for leaf, peer in pairs}
        ways = [f"--leaf-kubeconfig={leaf}={file}" for leaf, file in files.items()]
        code, found = verify(linked, *ways)
        assert (code, found["path"]) == (0, "direct")
        for leaf in PAIR:
            assert linked.clusters[leaf].kube.find(path(CORE, "namespaces", name=NAMESPACE))
    finally:
        for leaf, peer in pairs:
            withdraw(linked, leaf, peer)
