"""The template that Liqo makes a gateway from: what Liqo asks of one, of whatever kind it is.

Other network technologies have kinds of their own. Liqo reads them all alike: an ``objectKind`` to
make, and a ``template`` of it, in which it fills in the gateway's name and spec.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from kubectl_liqo_shortcut.core.kinds import Kind
from kubectl_liqo_shortcut.core.link.shortcut import (
    DEFAULT_PORT,
    SERVICE_TYPES,
    Gateway,
    TemplateRef,
)
from kubectl_liqo_shortcut.core.model import GatewayRole, Object

_API_VERSION = re.compile(r"([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?v[a-z0-9]+")
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


def of_role(role: GatewayRole, gateway: Gateway) -> TemplateRef:
    """The one that the gateway in that *role* is made from."""
    return gateway.server_template if role is GatewayRole.SERVER else gateway.client_template


def can_be_there(ref: TemplateRef) -> bool:
    """Whether an API server could have an object of such a name: others are not even asked for."""
    return all(map(_NAME.fullmatch, filter(None, (ref.name, ref.namespace))))


def is_api_version(text: str) -> bool:
    """Whether an API server could serve it."""
    return bool(_API_VERSION.fullmatch(text))


def is_found_by_liqo(kind: Kind) -> bool:
    """Whether Liqo would look where *kind* is served: it guesses the plural from the kind's name
    (UnsafeGuessKindToResource of Kubernetes' apimachinery), and looks in a namespace."""
    word = kind.kind.lower()
    if word.endswith("y"):
        guess = f"{word[:-1]}ies"
    else:
        guess = word + ("es" if word.endswith("s") else "s")
    return kind.namespaced and kind.plural == guess


def made_by(template: Object) -> tuple[str, str]:
    """API version and kind of what Liqo makes from *template*."""
    made = _at(template, "spec", "objectKind")
    return str(made["apiVersion"]), str(made["kind"])


def lacks(template: Object) -> list[str]:
    """The fields that *template* lacks, without which Liqo makes no gateway from it."""
    texts = {
        f"spec.{'.'.join(path)}.{key}": _at(template, "spec", *path).get(key)
        for path, keys in (
            (("objectKind",), ("apiVersion", "kind")),
            (("template", "metadata"), ("name", "namespace")),
        )
        for key in keys
    }
    missing = [at for at, value in texts.items() if not (isinstance(value, str) and value)]
    whole = _at(template, "spec", "template").get("spec")
    return missing if isinstance(whole, Mapping) else [*missing, "spec.template.spec"]


def ignored(role: GatewayRole, gateway: Gateway, template: Object) -> Iterator[tuple[str, str]]:
    """What a shortcut says of the gateway and *template* does not heed: the field of
    ``spec.gateway``, and what the template would have to hold.

    The MTU always counts, since both sides must have the same; else only what was asked for.
    """
    service = gateway.service
    asked = {("mtu", ".Spec.MTU"): True}
    if role is GatewayRole.SERVER:
        asked |= {
            ("service.type", ".Spec.Endpoint.ServiceType"): service.type != SERVICE_TYPES[0],
            ("service.port", ".Spec.Endpoint.Port"): service.port != DEFAULT_PORT,
            ("service.nodePort", ".Spec.Endpoint.NodePort"): service.node_port is not None,
            ("service.loadBalancerIP", ".Spec.Endpoint.LoadBalancerIP"): (
                service.load_balancer_ip is not None
            ),
        }
    text = json.dumps(_at(template, "spec", "template"))
    for (field, variable), counts in asked.items():
        if counts and not _uses(text, variable):
            yield field, variable


def _uses(text: str, variable: str) -> bool:
    """Whether *text* holds *variable*, or the whole of what it is a part of."""
    if re.search(rf"{re.escape(variable)}\b", text):
        return True
    parts = variable.split(".")
    wholes = (".".join(parts[:count]) for count in range(2, len(parts)))
    return any(re.search(rf"{re.escape(whole)}(?![\w.])", text) for whole in wholes)


def _at(body: Object, *path: str) -> Mapping[str, Any]:
    found: Any = body
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}
