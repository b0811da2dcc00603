from __future__ import annotations

import copy
from typing import Any

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.kinds import Kind
from kubectl_liqo_shortcut.core.link.shortcut import Gateway, GatewayService, TemplateRef
from kubectl_liqo_shortcut.core.model import GatewayRole
from kubectl_liqo_shortcut.core.preflight import gateway_template as of
from tests.fakes import gateway_template
from tests.lab import gateway_templates
from tests.tables import every

WHOLE = gateway_template(r.WG_SERVER_TEMPLATE, "fast", "gateways")
ASKED = Gateway(
    mtu=1400,
    service=GatewayService(type="NodePort", port=51841, node_port=31841),
    server_template=TemplateRef(kind="WgGatewayServerTemplate", name="fast"),
)


def test_each_role_has_a_template_of_its_own() -> None:
    assert of.of_role(GatewayRole.SERVER, ASKED).name == "fast"
    assert of.of_role(GatewayRole.CLIENT, ASKED).name == "wireguard-client"


@every(
    ("name", "namespace", "can"),
    [
        ("fast", None, True),
        ("fast.v2", "gateways", True),
        ("..", None, False),
        ("../secrets/x", None, False),
        ("fast?watch=1", None, False),
        ("fast", "liqo/../../x", False),
        ("Fast", None, False),
    ],
)
def test_only_legal_names_are_asked_for(name: str, namespace: str | None, can: bool) -> None:
    ref = TemplateRef(kind="Any", name=name, namespace=namespace)
    assert of.can_be_there(ref) is can


@every(
    ("text", "can"),
    [
        ("v1", True),
        ("gateways.example.com/v1alpha1", True),
        ("gateways.example.com", False),
        ("a/b/v1", False),
        ("../v1", False),
        ("a/v1?x", False),
        ("", False),
    ],
)
def test_only_legal_api_versions_are_asked_for(text: str, can: bool) -> None:
    assert of.is_api_version(text) is can


@every(
    ("kind", "plural", "namespaced", "found"),
    [
        ("DemoTemplate", "demotemplates", True, True),
        ("PublicKey", "publickeies", True, True),
        ("Policy", "policies", True, True),
        ("Address", "addresses", True, True),
        ("DemoTemplate", "demos", True, False),
        ("DemoTemplate", "demotemplates", False, False),
    ],
    ids=["plain", "as Liqo spells its own", "y", "s", "another plural", "without namespaces"],
)
def test_liqo_finds_a_kind_by_guessing_its_plural(
    kind: str, plural: str, namespaced: bool, found: bool
) -> None:
    assert of.is_found_by_liqo(Kind("a/v1", kind, plural, namespaced)) is found


def test_liqos_own_kinds_are_found_by_that_guess() -> None:
    own = (r.WG_SERVER_TEMPLATE, r.WG_CLIENT_TEMPLATE, r.WG_GATEWAY_SERVER, r.WG_GATEWAY_CLIENT)
    assert all(map(of.is_found_by_liqo, own))


def test_a_whole_template_lacks_nothing_and_tells_what_is_made() -> None:
    assert of.lacks(WHOLE) == []
    assert of.made_by(WHOLE) == ("networking.liqo.io/v1beta1", "WgGatewayServer")


@every(
    ("path", "value", "said"),
    [
        (("objectKind", "kind"), None, ["spec.objectKind.kind"]),
        (("objectKind", "apiVersion"), 1, ["spec.objectKind.apiVersion"]),
        (("template", "metadata", "name"), "", ["spec.template.metadata.name"]),
        (("template", "metadata", "namespace"), [], ["spec.template.metadata.namespace"]),
        (("template", "spec"), [], ["spec.template.spec"]),
        (("template", "spec"), {}, []),  # Liqo only asks that it is a map
        (("objectKind",), "text", ["spec.objectKind.apiVersion", "spec.objectKind.kind"]),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) else "",
)
def test_what_liqo_cannot_do_without_is_named(
    path: tuple[str, ...], value: Any, said: list[str]
) -> None:
    template = copy.deepcopy(WHOLE)
    place = template["spec"]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert of.lacks(template) == said


def test_an_object_that_is_no_template_lacks_all() -> None:
    assert len(of.lacks({"kind": "Secret", "data": {}})) == 5


def test_liqos_own_templates_heed_every_option() -> None:
    for role, template in (
        (GatewayRole.SERVER, gateway_templates.server()),
        (GatewayRole.CLIENT, gateway_templates.client()),
    ):
        assert of.lacks(template) == []
        assert list(of.ignored(role, ASKED, template)) == []


def with_text(text: str) -> dict[str, Any]:
    whole: dict[str, Any] = copy.deepcopy(WHOLE)
    whole["spec"]["template"]["spec"] = {"args": [text]}
    return whole


@every(
    ("role", "gateway", "text", "fields"),
    [
        (GatewayRole.CLIENT, Gateway(), "--mtu=1400", ["mtu"]),
        (GatewayRole.CLIENT, Gateway(), "--mtu={{ .Spec.MTU }}", []),
        (GatewayRole.CLIENT, Gateway(), "--mtu={{ .Spec.MTUs }}", ["mtu"]),
        (GatewayRole.CLIENT, Gateway(), "{{ printf `%v` .Spec }}", []),
        (GatewayRole.CLIENT, ASKED, "{{ .Spec.MTU }}", []),
        (GatewayRole.SERVER, Gateway(), "{{ .Spec.MTU }}", []),
        (
            GatewayRole.SERVER,
            ASKED,
            "{{ .Spec.MTU }}",
            ["service.type", "service.port", "service.nodePort"],
        ),
        (GatewayRole.SERVER, ASKED, "{{ .Spec.MTU }} {{ with .Spec.Endpoint }}", []),
        (GatewayRole.SERVER, ASKED, "{{ .Spec }}", []),
        (
            GatewayRole.SERVER,
            Gateway(service=GatewayService(load_balancer_ip="203.0.113.9")),
            "{{ .Spec.MTU }} {{ .Spec.Endpoint.Port }}",
            ["service.loadBalancerIP"],
        ),
    ],
)
def test_what_a_template_does_not_heed_is_named(
    role: GatewayRole, gateway: Gateway, text: str, fields: list[str]
) -> None:
    assert [field for field, _ in of.ignored(role, gateway, with_text(text))] == fields
