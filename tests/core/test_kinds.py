from __future__ import annotations

import pytest

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.kinds import BadName, Kind
from tests.tables import every


@every(
    ("kind", "namespace", "name", "path"),
    [
        (r.SECRET, "ns", "gw-rome", "/api/v1/namespaces/ns/secrets/gw-rome"),
        (r.SECRET, "", "", "/api/v1/secrets"),
        (r.NAMESPACE, "", "kube-system", "/api/v1/namespaces/kube-system"),
        (r.DEPLOYMENT, "ns", "", "/apis/apps/v1/namespaces/ns/deployments"),
        (
            r.PUBLIC_KEY,
            "ns",
            "rome",
            "/apis/networking.liqo.io/v1beta1/namespaces/ns/publickeies/rome",
        ),
        (r.SHORTCUT, "ignored", "a--b", "/apis/shortcut.liqo.io/v1alpha1/shortcuts/a--b"),
    ],
    ids=["object", "all namespaces", "core cluster-scoped", "list", "liqo", "cluster-scoped"],
)
def test_a_kind_knows_where_it_is_served(kind: Kind, namespace: str, name: str, path: str) -> None:
    assert kind.path(namespace, name) == path


@every(
    ("name", "segment"),
    [
        ("?x=", "%3Fx%3D"),
        ("a#b", "a%23b"),
        ("system:node", "system%3Anode"),
        ("..x", "..x"),
        ("é\n", "%C3%A9%0A"),
    ],
)
def test_whatever_a_name_holds_stays_one_segment(name: str, segment: str) -> None:
    assert r.NAMESPACE.path("", name) == f"/api/v1/namespaces/{segment}"
    assert r.SECRET.path(name, "one") == f"/api/v1/namespaces/{segment}/secrets/one"


EVIL = ["../../x", "a/b", "/", ".", "..", "%2e%2e", "a%2fb", "a\0", "\ud800"]


@every("name", EVIL, ids=ascii)
def test_what_would_lead_elsewhere_is_no_name(name: str) -> None:
    with pytest.raises(BadName, match="is no name of an object"):
        r.SECRET.path("ns", name)
    with pytest.raises(BadName):
        r.SECRET.path(name)
    with pytest.raises(BadName):
        Kind("v1", "Evil", name).path("ns")


@every("version", ["../v1", "a/b/c", "a/..", "", "a/", "%2e%2e/v1"])
def test_a_version_that_would_lead_elsewhere_is_none(version: str) -> None:
    with pytest.raises(BadName):
        Kind(version, "Evil", "evils").path("ns")


@pytest.mark.parametrize(
    ("kind", "text"),
    [(r.NAMESPACE, "namespace"), (r.GATEWAY_SERVER, "gatewayserver.networking.liqo.io")],
    ids=["core", "with group"],
)
def test_a_kind_is_written_as_kubectl_writes_it(kind: Kind, text: str) -> None:
    assert str(kind) == text


def test_a_kind_is_found_by_what_an_object_says() -> None:
    assert r.kind_of("networking.liqo.io/v1beta1", "Connection") is r.CONNECTION


def test_a_kind_of_another_version_is_none_of_ours() -> None:
    assert r.kind_of("networking.liqo.io/v1", "Connection") is None
