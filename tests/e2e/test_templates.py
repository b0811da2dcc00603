"""Gateways from other templates than Liqo's own: elsewhere, faster, of kinds of another group."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from tests.e2e.plugin import (
    NAME,
    PAIR,
    UP,
    changes,
    connections,
    link_objects,
    plugin,
    snapshots,
    succeed,
)
from tests.lab import gateway_templates
from tests.lab.kube import APPS, CORE, CRDS, NETWORKING, ApiError, Object, path, wait_for
from tests.lab.lab import Lab

ELSEWHERE = "gateways"
GROUP = "gateways.example.com"
API = f"{GROUP}/v1alpha1"
PING = "--ping-interval=500ms"
BY_OPTIONS = (
    *("--gw-server-template-name", "fast", "--gw-server-template-namespace", ELSEWHERE),
    *("--gw-client-template-name", "fast", "--gw-client-template-namespace", ELSEWHERE),
)


def fast(side: str) -> Object:
    """The lab's own template for it, which pings more often and bears a label."""
    own = gateway_templates.server() if side == "Server" else gateway_templates.client()
    made = json.loads(json.dumps(own).replace("--ping-interval=2s", PING))
    metadata = made["spec"]["template"]["spec"]["deployment"]["metadata"]
    metadata["labels"]["example.com/speed"] = "fast"
    return {**made, "metadata": {"name": "fast", "namespace": ELSEWHERE}}


def demo(side: str, name: str = "fast") -> Object:
    """The same, of a kind of another API group."""
    made = {**fast(side), "apiVersion": API, "kind": f"DemoGateway{side}Template"}
    return {**made, "metadata": {"name": name, "namespace": ELSEWHERE}}


def crd(kind: str, plural: str) -> Object:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1alpha1", "served": True, "storage": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural},
            "versions": [{**version, "schema": {"openAPIV3Schema": schema}}],
        },
    }


SIDES = ("Server", "Client")
KINDS = {
    "DemoGatewayServerTemplate": "demogatewayservertemplates",
    "DemoGatewayClientTemplate": "demogatewayclienttemplates",
    "OddTemplate": "oddities",  # Liqo would look for oddtemplates
}


@pytest.fixture(scope="module")
def templates(lab: Lab) -> Iterator[None]:
    """On both leaves: a namespace with fast templates, of Liqo's own kinds and of others."""
    made: dict[str, list[str]] = {}
    for leaf in PAIR:
        made[leaf] = list(put_all(lab, leaf))
    yield
    for leaf, urls in made.items():
        for url in reversed(urls):
            lab.clusters[leaf].kube.delete(url)
    for leaf, urls in made.items():  # namespaces and kinds take their time
        wait_for(partial(are_gone, lab, leaf, urls), 30, f"{leaf}: no template is left")


def are_gone(lab: Lab, leaf: str, urls: list[str]) -> bool:
    return not any(map(lab.clusters[leaf].kube.find, urls))


def put_all(lab: Lab, leaf: str) -> Iterator[str]:
    kube = lab.clusters[leaf].kube
    kube.create(path(CORE, "namespaces"), {"metadata": {"name": ELSEWHERE}})
    yield path(CORE, "namespaces", name=ELSEWHERE)
    for kind, plural in KINDS.items():
        kube.create(CRDS, crd(kind, plural))
        yield f"{CRDS}/{plural}.{GROUP}"
    for side in SIDES:
        own = path(NETWORKING, f"wggateway{side.lower()}templates", ELSEWHERE)
        kube.create(own, fast(side))
        yield f"{own}/fast"
        other = path(f"/apis/{API}", f"demogateway{side.lower()}templates", ELSEWHERE)
        put(lab, leaf, other, demo(side))
        yield f"{other}/fast"
    odd = path(f"/apis/{API}", KINDS["OddTemplate"], ELSEWHERE)
    put(lab, leaf, odd, {**demo("Server"), "kind": "OddTemplate"})
    yield f"{odd}/fast"


def put(lab: Lab, leaf: str, url: str, body: Object) -> None:
    """Once the API server serves a kind that was made just now, from a store that is ready."""

    def made() -> bool:
        try:
            lab.clusters[leaf].kube.create(url, body)
        except ApiError as error:
            if error.status not in (404, 429):
                raise
            return False
        return True

    wait_for(made, 10, f"{url} is served", 0.1)


def gateways(lab: Lab) -> dict[str, tuple[Object, Object]]:
    """Of each leaf: the reference to its gateway's template, and the Deployment made from it."""
    found = {}
    for leaf, peer in (PAIR, PAIR[::-1]):
        kube, namespace = lab.clusters[leaf].kube, f"liqo-tenant-{peer}"
        (gateway,) = (
            each
            for side in ("server", "client")
            for each in kube.list(path(NETWORKING, f"gateway{side}s", namespace))
        )
        spec = gateway["spec"]
        ref = spec.get("serverTemplateRef") or spec.get("clientTemplateRef")
        found[leaf] = ref, kube.get(path(APPS, "deployments", namespace, f"gw-{peer}"))
    return found


def is_fast(deployment: Object) -> bool:
    containers = deployment["spec"]["template"]["spec"]["containers"]
    args = next(each["args"] for each in containers if each["name"] == "gateway")
    return PING in args and deployment["metadata"]["labels"].get("example.com/speed") == "fast"


def record(**gateway: Any) -> str:
    """A Shortcut between the pair, leaf-1 being its server, for ``create -f``."""
    roles = {"server": {"clusterID": PAIR[0]}, "client": {"clusterID": PAIR[1]}}
    spec = {**roles, "gateway": gateway}
    return json.dumps({"apiVersion": "shortcut.liqo.io/v1alpha1", "kind": "Shortcut", "spec": spec})


def ref_to(side: str, **other: str) -> dict[str, str]:
    kind = f"DemoGateway{side}Template"
    return {"apiVersion": API, "kind": kind, "name": "fast", "namespace": ELSEWHERE, **other}


def test_both_gateways_are_made_from_templates_elsewhere(templates: None, hub: Lab) -> None:
    before = snapshots(hub)
    succeed(hub, "create", *PAIR, *BY_OPTIONS)
    assert connections(hub) == UP
    for leaf, (ref, deployment) in gateways(hub).items():
        assert (ref["name"], ref["namespace"]) == ("fast", ELSEWHERE), leaf
        assert is_fast(deployment), leaf
    assert "Connected" in succeed(hub, "get", *PAIR)
    assert f"WgGatewayServerTemplate {ELSEWHERE}/fast" in succeed(hub, "describe", *PAIR)
    succeed(hub, "why", *PAIR)
    assert plugin(hub, "diff", *PAIR).returncode == 0
    assert succeed(hub, "create", *PAIR, *BY_OPTIONS).endswith(" unchanged\n")
    succeed(hub, "delete", *PAIR)
    assert link_objects(hub) == []
    assert changes(hub, before) == []


def test_a_kind_of_another_api_group_makes_gateways_too(templates: None, hub: Lab) -> None:
    before = snapshots(hub)
    file = record(serverTemplateRef=ref_to("Server"), clientTemplateRef=ref_to("Client"))
    succeed(hub, "create", "-f", "-", input=file)
    assert connections(hub) == UP
    for leaf, (ref, deployment) in gateways(hub).items():
        assert ref["apiVersion"] == API, leaf
        assert is_fast(deployment), leaf
    succeed(hub, "why", *PAIR)
    succeed(hub, "delete", NAME)
    assert link_objects(hub) == []
    assert changes(hub, before) == []


NOT_THERE: tuple[tuple[dict[str, Any], str], ...] = (
    (
        {"serverTemplateRef": ref_to("Server", name="slow")},
        f"cluster 'leaf-1': there is no DemoGatewayServerTemplate {ELSEWHERE}/slow",
    ),
    (
        {"clientTemplateRef": ref_to("Client", namespace="nowhere")},
        "cluster 'leaf-2': there is no DemoGatewayClientTemplate nowhere/fast",
    ),
    (
        {"clientTemplateRef": ref_to("Client", kind="GhostTemplate")},
        f"cluster 'leaf-2': there is no GhostTemplate {ELSEWHERE}/fast: the kind GhostTemplate "
        f"of {API} is not served there",
    ),
    (
        {"serverTemplateRef": ref_to("Server", apiVersion="quic.example.com/v1")},
        "DemoGatewayServerTemplate of quic.example.com/v1 is not served there",
    ),
    (
        {"serverTemplateRef": ref_to("Server", kind="OddTemplate")},
        f"cluster 'leaf-1': Liqo cannot find OddTemplate {ELSEWHERE}/fast: its kind is served as "
        "oddities",
    ),
    (
        {"serverTemplateRef": {"kind": "WgGatewayServerTemplate", "name": "slow"}},
        "cluster 'leaf-1': there is no WgGatewayServerTemplate liqo/slow",
    ),
    (
        {"serverTemplateRef": {"apiVersion": "v1", "kind": "ConfigMap", "name": "liqo-x"}},
        "cluster 'leaf-1': there is no ConfigMap liqo/liqo-x",
    ),
)


def test_a_template_that_is_not_there_is_named_and_nothing_written(
    templates: None, hub: Lab
) -> None:
    before, hub_before = snapshots(hub), hub.snapshot("hub")
    for gateway, said in NOT_THERE:
        done = plugin(hub, "create", "-f", "-", input=record(**gateway))
        assert (done.returncode, done.stdout) == (4, ""), done.stderr
        assert said in done.stderr
    assert changes(hub, before) == []
    assert hub.snapshot("hub") == hub_before


def test_a_template_that_liqo_can_make_nothing_from_is_named(templates: None, hub: Lab) -> None:
    kube = hub.clusters["leaf-1"].kube
    url = path(f"/apis/{API}", "demogatewayservertemplates", ELSEWHERE)
    broken = copy.deepcopy(demo("Server", "broken"))
    broken["spec"]["objectKind"] = {"apiVersion": API, "kind": "DemoGatewayServer"}
    kube.create(url, broken)
    try:
        file = record(serverTemplateRef=ref_to("Server", name="broken"))
        done = plugin(hub, "create", "-f", "-", input=file)
        assert done.returncode == 4, done.stderr
        assert f"the DemoGatewayServer of {API} that it makes is not served there" in done.stderr
    finally:
        kube.delete(f"{url}/broken")


def test_liqo_of_another_version_on_a_leaf_is_a_warning(hub: Lab) -> None:
    kube = hub.clusters["leaf-1"].kube
    url = path(APPS, "deployments", "liqo", "liqo-controller-manager")
    before = kube.get(url)
    changed = json.loads(json.dumps(before["spec"]["template"]["spec"]["containers"]))
    for each in changed:
        each["image"] = each["image"].replace(gateway_templates.VERSION, "v1.1.0")
    kube.patch(url, {"spec": {"template": {"spec": {"containers": changed}}}})
    try:
        done = plugin(hub, "preflight", *PAIR)
        assert done.returncode == 0, done.stderr
        assert done.stdout.endswith(": 0 errors, 1 warnings\n")
        versions = f"{gateway_templates.VERSION} on the hub, v1.1.0 on leaf-1"
        assert f"VersionSkew (leaf-1): Liqo is not of one version: {versions}" in done.stdout
    finally:
        own = {"containers": before["spec"]["template"]["spec"]["containers"]}
        kube.patch(url, {"spec": {"template": {"spec": own}}})
    assert succeed(hub, "preflight", *PAIR).endswith(": 0 errors, 0 warnings\n")


def test_another_mtu_than_the_hubs_own_tunnels_have_is_a_warning(hub: Lab) -> None:
    done = succeed(hub, "preflight", *PAIR, "--mtu", "1300")
    assert done.count("OtherMTU (leaf-") == 2
    assert "the shortcut will have MTU 1300, the hub's GatewayClient " in done
    assert "-> --mtu 1340 gives the shortcut the same" in done
