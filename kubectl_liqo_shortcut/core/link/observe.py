"""From what the watches have shown to one end of a link, and to the facts that it gives."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core import validation
from kubectl_liqo_shortcut.core.link.facts import LeafFacts
from kubectl_liqo_shortcut.core.link.shortcut import Side
from kubectl_liqo_shortcut.core.model import (
    GatewayRole,
    Object,
    ObjectRef,
    dig,
    is_terminating,
    name_of,
    uid_of,
)
from kubectl_liqo_shortcut.core.networks import GatewayEndpoint
from kubectl_liqo_shortcut.core.ports import Selection
from kubectl_liqo_shortcut.core.readiness import (
    addresses_of,
    endpoint_of,
    parse_endpoint,
    readiness,
)
from kubectl_liqo_shortcut.errors import Invalid, Refused

Objects = Mapping[ObjectRef, Object]


@dataclasses.dataclass(frozen=True, slots=True)
class End:
    """One end of a link, as observed; None: not there."""

    side: Side
    namespace: Object | None
    configuration: Object | None
    gateway: Object | None
    public_key: Object | None  # the peer's, published here
    secret: Object | None  # with this end's own key
    connection: Object | None

    def of(self, kind: r.Kind) -> Object | None:
        """The link object of *kind*."""
        match kind:
            case r.NAMESPACE:
                return self.namespace
            case r.CONFIGURATION:
                return self.configuration
            case r.GATEWAY_SERVER | r.GATEWAY_CLIENT:
                return self.gateway
            case r.PUBLIC_KEY:
                return self.public_key
            case _:
                raise ValueError(f"{kind} is no link object")


def end_of(role: GatewayRole, ends: Iterable[End]) -> End:
    """The one of both *ends* that has that *role*."""
    return next(end for end in ends if end.side.role is role)


def gateway_kind(role: GatewayRole) -> r.Kind:
    return r.GATEWAY_SERVER if role is GatewayRole.SERVER else r.GATEWAY_CLIENT


def kinds_of(role: GatewayRole) -> tuple[r.Kind, ...]:
    """The kinds of the link objects on a leaf in that *role*."""
    return r.NAMESPACE, r.CONFIGURATION, r.PUBLIC_KEY, gateway_kind(role)


def link_objects(end: End) -> Iterator[Object]:
    """Every link object that is there."""
    found = (end.of(kind) for kind in kinds_of(end.side.role))
    return (body for body in found if body is not None)


def tenant_namespace(side: Side) -> Selection:
    """Liqo finds a tenant namespace by its labels, whatever its name."""
    by_peer = f"{r.REMOTE_CLUSTER_ID}={side.peer}"
    return Selection(r.NAMESPACE, labels=f"{by_peer},{r.TENANT_NAMESPACE}")


def in_all_namespaces(side: Side, kind: r.Kind) -> Selection:
    """A second Configuration or gateway for the same peer, in whatever namespace, breaks Liqo."""
    return Selection(kind, labels=f"{r.REMOTE_CLUSTER_ID}={side.peer}")


def first_look(side: Side) -> tuple[Selection, ...]:
    """What is looked at before the roles and the tenant namespaces are known."""
    kinds = (r.CONFIGURATION, r.GATEWAY_SERVER, r.GATEWAY_CLIENT)
    return tenant_namespace(side), *(in_all_namespaces(side, kind) for kind in kinds)


def published_keys(side: Side, namespace: str) -> Selection:
    """The peer's public key, as this leaf's gateway reads it."""
    return Selection(r.PUBLIC_KEY, namespace, labels=f"{r.REMOTE_CLUSTER_ID}={side.peer}")


def live_selections(side: Side, namespace: str, gateway: Object | None) -> tuple[Selection, ...]:
    """What Liqo changes while a link comes up; of Secrets, the gateway's own one by name."""
    return (
        in_all_namespaces(side, r.CONFIGURATION),
        in_all_namespaces(side, gateway_kind(side.role)),
        key_secret(side, namespace, gateway),
        Selection(r.CONNECTION, namespace, labels=f"{r.REMOTE_CLUSTER_ID}={side.peer}"),
    )


def key_secret(side: Side, namespace: str, gateway: Object | None) -> Selection:
    """The Secret with the key pair of *gateway*: by its name, so that no other one is read."""
    return Selection(r.SECRET, namespace, name=key_secret_name(side, gateway))


def key_secret_name(side: Side, gateway: Object | None) -> str:
    """The Secret with a gateway's key pair: ``gw-NAME``, unless the gateway names another."""
    if gateway is None:
        return f"gw-{side.peer}"
    given = dig(gateway, "spec", "secretRef") or {}
    return str(given.get("name") or f"gw-{name_of(gateway)}")


def end(side: Side, objects: Objects) -> End:
    """The observed end of *side*; refuses where Liqo itself would be at a loss (two of a kind)."""
    own = gateway_of(side, objects)
    return End(
        side=side,
        namespace=_only(r.NAMESPACE, side, objects),
        configuration=_only(r.CONFIGURATION, side, objects),
        gateway=own,
        public_key=_first(r.PUBLIC_KEY, side, objects),
        secret=_named(key_secret_name(side, own), r.SECRET, side, objects),
        connection=_of_gateway(r.CONNECTION, side, objects, own),
    )


def gateway_of(side: Side, objects: Objects) -> Object | None:
    """The gateway that *side* has in its role; with the roles exchanged, ask for that side."""
    return _only(gateway_kind(side.role), side, objects)


def update_facts(
    known: LeafFacts, seen: End, vouched: str = "", peer: End | None = None
) -> LeafFacts:
    """*known*, with what *seen* says now; what is gone is forgotten.

    A *vouched* key is that of the gateway, where its Secret was not asked for. What the *peer*
    dials may stay.
    """
    namespace = name_of(seen.namespace) if seen.namespace else known.tenant_namespace
    gateway = seen.gateway if seen.gateway and not is_terminating(seen.gateway) else None
    return dataclasses.replace(
        known,
        tenant_namespace=namespace,
        endpoint=served_endpoint(seen, peer) if seen.side.role is GatewayRole.SERVER else None,
        public_key=(vouched or own_key(gateway, seen.secret)) if gateway else None,
    )


def served_endpoint(server: End, client: End | None) -> GatewayEndpoint | None:
    """What the client is to dial: the first of the server's addresses, as for Liqo's client.

    A load balancer may tell them in another order, or one more. While packets pass, what is dialled
    stays, as long as the server still has that address: to change it would cut the link.
    """
    if server.gateway is None or is_terminating(server.gateway):
        return None
    endpoint = endpoint_of(server.gateway)
    dialled = parse_endpoint(dig(client.gateway, "spec", "endpoint")) if client else None
    if client is None or endpoint is None or dialled is None:
        return endpoint
    known = addresses_of(dig(server.gateway, "status", "endpoint"))
    serves = dialled in [dataclasses.replace(endpoint, address=each) for each in known]
    is_up = bool(readiness(server.connection) and readiness(client.connection))
    return dialled if serves and is_up else endpoint


def own_key(gateway: Object, secret: Object | None) -> str | None:
    """A gateway's public key; a Secret left over from an earlier gateway does not count."""
    if secret is None or is_terminating(secret):
        return None
    named = dig(gateway, "spec", "secretRef", "name")
    if named != name_of(secret) and not is_owned_by(secret, uid_of(gateway)):
        return None
    try:
        return validation.public_key(dig(secret, "data", "publicKey"), "publicKey")
    except Invalid:
        return None


def vouched_key(own: End, peer: End) -> str:
    """The key of *own*'s gateway, if a ping from *peer* proves it; else "".

    The key is published at the peer. A ping that was answered after the key was written there
    went through a tunnel with this key: WireGuard lets nothing else through. A gateway made anew
    has another key, and its own Connection tells: the peer's may say for long that it is up.
    """
    published = peer.public_key
    if published is None or not (readiness(own.connection) and readiness(peer.connection)):
        return ""
    latency = dig(peer.connection, "status", "latency") or {}
    written = [each.get("time") for each in published["metadata"].get("managedFields") or ()]
    try:
        pinged = validation.moment(latency.get("timestamp"), "latency.timestamp")
        moments = [validation.moment(each, "managedFields.time") for each in written]
        if not moments or pinged <= max(moments):
            return ""
        return validation.public_key(dig(published, "spec", "publicKey"), "publicKey")
    except Invalid:
        return ""


def is_owned_by(body: Object, uid: str) -> bool:
    """Whether the object of that *uid* is an owner of *body*."""
    owners = dig(body, "metadata", "ownerReferences") or ()
    return any(each.get("uid") == uid for each in owners)


def _all(kind: r.Kind, side: Side, objects: Objects) -> Iterable[Object]:
    return (body for ref, body in objects.items() if ref.cluster == side.leaf and ref.kind == kind)


def _first(kind: r.Kind, side: Side, objects: Objects) -> Object | None:
    return next(iter(_all(kind, side, objects)), None)


def _named(name: str, kind: r.Kind, side: Side, objects: Objects) -> Object | None:
    found = _all(kind, side, objects)
    return next((body for body in found if name_of(body) == name), None)


def _of_gateway(
    kind: r.Kind, side: Side, objects: Objects, gateway: Object | None
) -> Object | None:
    """The one that belongs to the present gateway: an old one may still say Connected."""
    if gateway is None:
        return None
    return next(
        (body for body in _all(kind, side, objects) if is_owned_by(body, uid_of(gateway))), None
    )


def _only(kind: r.Kind, side: Side, objects: Objects) -> Object | None:
    found = list(_all(kind, side, objects))
    if len(found) > 1:
        places = (body["metadata"] for body in found)
        names = ", ".join(
            sorted("/".join(filter(None, (at.get("namespace"), at["name"]))) for at in places)
        )
        raise Refused(
            f"cluster {side.leaf!r}: two objects {kind} for {side.peer!r}: {names}",
            hint="Liqo works with one only; delete the wrong one on that cluster",
        )
    return found[0] if found else None
