"""A pair of leaves, milan and rome, of the hub torino: the values that most unit tests speak of."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.kinds import Kind
from kubectl_liqo_shortcut.core.link import observe
from kubectl_liqo_shortcut.core.link.facts import Facts, LeafFacts
from kubectl_liqo_shortcut.core.link.observe import End
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.shortcut import Shortcut
from kubectl_liqo_shortcut.core.model import Object, ObjectRef, cluster_id, ref_of
from kubectl_liqo_shortcut.core.networks import Cidrs, GatewayEndpoint

Golden = Callable[[str, str], None]

MILAN, ROME, TORINO = cluster_id("milan"), cluster_id("rome"), cluster_id("torino")

RENDERER = Renderer(read_template)

SHORTCUT = Shortcut(server=ROME, client=MILAN)
SERVER, CLIENT = SHORTCUT.sides

NAMESPACE_OF = {MILAN: "liqo-tenant-rome", ROME: "liqo-tenant-milan"}
"""For each leaf: where it keeps what belongs to the other one."""


def public_key(of: str) -> str:
    return base64.b64encode(of.encode().ljust(32)).decode()


FACTS = Facts(
    TORINO,
    {
        MILAN: LeafFacts(
            id=MILAN,
            cidrs=Cidrs(("10.61.0.0/16",), ("10.171.0.0/16",)),
            tenant_namespace=NAMESPACE_OF[MILAN],
            public_key=public_key("milan"),
            serves_hub=False,
        ),
        ROME: LeafFacts(
            id=ROME,
            cidrs=Cidrs(("10.62.0.0/16",), ("10.172.0.0/16",)),
            tenant_namespace=NAMESPACE_OF[ROME],
            endpoint=GatewayEndpoint("203.0.113.2", 51840),
            public_key=public_key("rome"),
            serves_hub=True,
        ),
    },
)
"""All there is to know."""


def facts_with(leaf: str, **changes: Any) -> Facts:
    """``FACTS``, some of *leaf* being otherwise."""
    id_ = cluster_id(leaf)
    changed = dataclasses.replace(FACTS.leaves[id_], **changes)
    return Facts(FACTS.hub, {**FACTS.leaves, id_: changed})


def spec_of(server: str = "rome", client: str = "milan", **rest: Any) -> dict[str, Any]:
    return {"server": {"clusterID": server}, "client": {"clusterID": client}, **rest}


def record_of(
    name: str = "milan--rome",
    *,
    spec: Mapping[str, Any] | None = None,
    status: Mapping[str, Any] | None = None,
    **metadata: Any,
) -> dict[str, Any]:
    return {
        "apiVersion": r.API_VERSION,
        "kind": "Shortcut",
        "metadata": {"name": name, "uid": "uid-record", "generation": 1, **metadata},
        "spec": dict(spec or spec_of()),
        **({"status": dict(status)} if status is not None else {}),
    }


def an_object(
    kind: Kind,
    name: str,
    namespace: str = "",
    *,
    uid: str = "uid-1",
    owner: str = "",
    labels: Mapping[str, str] | None = None,
    terminating: bool = False,
    **body: Any,
) -> dict[str, Any]:
    """An object as an API server shows it; *owner* is the UID of what owns it."""
    metadata: dict[str, Any] = {"name": name, "uid": uid, "labels": dict(labels or {})}
    if namespace:
        metadata["namespace"] = namespace
    if owner:
        metadata["ownerReferences"] = [{"uid": owner}]
    if terminating:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **body}


def on(cluster: str, *bodies: Object) -> dict[ObjectRef, Object]:
    """*bodies* as they are observed in *cluster*."""
    return {ref_of(cluster, body): body for body in bodies}


def ends_of(objects: Mapping[ObjectRef, Object]) -> dict[str, End]:
    return {side.leaf: observe.end(side, objects) for side in (SERVER, CLIENT)}


def configuration(leaf: str, **changes: Any) -> dict[str, Any]:
    """The Configuration on *leaf* for the other one, answered by Liqo."""
    peer = "rome" if leaf == "milan" else "milan"
    cidrs = FACTS.leaves[cluster_id(peer)].cidrs
    assert cidrs is not None
    remote = {"cidr": {"pod": list(cidrs.pod), "external": list(cidrs.external)}}
    return an_object(
        r.CONFIGURATION,
        peer,
        NAMESPACE_OF[cluster_id(leaf)],
        uid=f"uid-configuration-{leaf}",
        **{"spec": {"remote": remote}, "status": {"remote": remote}, **changes},
    )


def gateway(leaf: str, **changes: Any) -> dict[str, Any]:
    """The gateway on *leaf*, accepted by Liqo: rome's is the server."""
    if leaf == "rome":
        kind, peer = r.GATEWAY_SERVER, "milan"
        endpoint = {"addresses": ["203.0.113.2"], "port": 51840, "protocol": "UDP"}
        status: dict[str, Any] = {"endpoint": endpoint}
    else:
        kind, peer = r.GATEWAY_CLIENT, "rome"
        status = {"clientRef": {"name": "rome"}}
    namespace = NAMESPACE_OF[cluster_id(leaf)]
    given: dict[str, Any] = {"uid": f"uid-gateway-{leaf}", "spec": {}, "status": status, **changes}
    return an_object(kind, peer, namespace, **given)


def connection(leaf: str, value: str = "Connected", **changes: Any) -> dict[str, Any]:
    peer = "rome" if leaf == "milan" else "milan"
    status = {"value": value, "latency": {"value": "3ms"}}
    return an_object(
        r.CONNECTION,
        f"gw-{peer}",
        NAMESPACE_OF[cluster_id(leaf)],
        **{"owner": f"uid-gateway-{leaf}", "status": status, **changes},
    )


def secret(leaf: str, **changes: Any) -> dict[str, Any]:
    peer = "rome" if leaf == "milan" else "milan"
    given: dict[str, Any] = {
        "owner": f"uid-gateway-{leaf}",
        "data": {"publicKey": public_key(leaf)},
        **changes,
    }
    return an_object(r.SECRET, f"gw-{peer}", NAMESPACE_OF[cluster_id(leaf)], **given)


def namespace(leaf: str, **changes: Any) -> dict[str, Any]:
    peer = "rome" if leaf == "milan" else "milan"
    labels = {r.REMOTE_CLUSTER_ID: peer, r.TENANT_NAMESPACE: "true"}
    given: dict[str, Any] = {"uid": f"uid-namespace-{leaf}", "labels": labels, **changes}
    return an_object(r.NAMESPACE, NAMESPACE_OF[cluster_id(leaf)], **given)


def whole_end(leaf: str) -> dict[ObjectRef, Object]:
    """All of one end of a link that is up."""
    return on(
        leaf,
        namespace(leaf),
        configuration(leaf),
        gateway(leaf),
        secret(leaf),
        connection(leaf),
    )


LAUGHS = "\n".join(
    (
        "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]",
        *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)),
    )
)
"""A few hundred bytes of YAML that stand for gigabytes."""
