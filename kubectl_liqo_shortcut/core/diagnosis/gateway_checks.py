"""The checks of a gateway: its Pod, its endpoint, the keys, and what its Connection says."""

from __future__ import annotations

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.diagnosis.causes import CauseName
from kubectl_liqo_shortcut.core.diagnosis.check import Check, failed, ok, unknown
from kubectl_liqo_shortcut.core.diagnosis.observed import ObservedLeaf, ObservedLink
from kubectl_liqo_shortcut.core.link.observe import End, gateway_kind, served_endpoint
from kubectl_liqo_shortcut.core.model import GatewayRole, Object, dig, is_terminating, name_of
from kubectl_liqo_shortcut.core.readiness import endpoint_of, endpoint_trouble, parse_endpoint
from kubectl_liqo_shortcut.core.record.conditions import condition_of

_READY = "Ready"  # Kubernetes' own word, of a Pod


TUNNEL = "tunnel"
"""The check that tells whether packets pass."""


def unseen(name: str, leaf: ObservedLeaf, what: str) -> Check:
    """The user may not look, so nobody can tell."""
    return unknown(name, leaf.leaf, f"{what} may not be looked at there", CauseName.UNSEEN.remedy)


def gateway_kind_name(end: End) -> str:
    return gateway_kind(end.side.role).kind


def _place(leaf: ObservedLeaf) -> tuple[End, Object, str, str]:
    """Its end, its gateway, and that one's namespace and name."""
    end = leaf.end
    assert end is not None, "leaf_checks.gateway() comes first"
    assert end.gateway is not None, "leaf_checks.gateway() comes first"
    at = end.gateway["metadata"]
    return end, end.gateway, at["namespace"], at["name"]


def pod(leaf: ObservedLeaf, _: ObservedLink) -> Check:
    """Does the gateway's Pod run?"""
    _end, _gateway, namespace, name = _place(leaf)
    logs = f"kubectl --context {leaf.leaf} -n {namespace}"
    if r.POD.kind in leaf.unseen:
        return unseen("gateway Pod", leaf, "Pods")
    living = [each for each in leaf.pods if not is_terminating(each) and not _has_ended(each)]
    if not living:
        return failed(
            "gateway Pod",
            leaf.leaf,
            CauseName.NO_GATEWAY_POD,
            f"there is none in {namespace}",
            f"{logs} describe deployment gw-{name}",
        )
    ready = next((each for each in living if not _trouble(each)), None)
    if ready is None:
        pod_name = name_of(living[0])
        return failed(
            "gateway Pod",
            leaf.leaf,
            CauseName.GATEWAY_POD_NOT_READY,
            f"{pod_name}: {_trouble(living[0])}",
            f"{logs} logs {pod_name} --all-containers --prefix",
        )
    node = dig(ready, "spec", "nodeName") or "no node"
    return ok("gateway Pod", leaf.leaf, f"{name_of(ready)} is ready on {node}")


def _has_ended(pod: Object) -> bool:
    """An evicted Pod stays around for long, beside the one that took its place."""
    return dig(pod, "status", "phase") in ("Failed", "Succeeded")


def _trouble(pod: Object) -> str:
    """What keeps a Pod from being ready, in words; "" if it is."""
    for each in dig(pod, "status", "containerStatuses") or ():
        if each.get("ready"):
            continue
        waiting = dig(each, "state", "waiting", "reason")
        ended = dig(each, "lastState", "terminated", "exitCode")
        said = waiting or "not ready"
        code = f", exit code {ended}" if ended is not None else ""
        return f"container {each.get('name')}: {said}{code}"
    if condition_of(pod, _READY).get("status") == "True":
        return ""
    scheduled = condition_of(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        return f"not scheduled: {scheduled.get('message') or scheduled.get('reason')}"
    return f"not ready ({dig(pod, 'status', 'phase') or 'no status'})"


def endpoint(leaf: ObservedLeaf, evidence: ObservedLink) -> Check:
    """Has the server an endpoint, and does the client dial it?"""
    end, gateway, namespace, name = _place(leaf)
    if end.side.role is GatewayRole.CLIENT:
        return _dialled(leaf, evidence)
    found = endpoint_of(gateway)
    if found is not None:
        return ok("endpoint", leaf.leaf, f"listens at {found}")
    service = evidence.shortcut.gateway.service
    if trouble := endpoint_trouble(dig(gateway, "status", "endpoint")):
        seen = (
            f"the endpoint that its GatewayServer {namespace}/{name} tells is not taken: {trouble}"
        )
    elif r.SERVICE.kind not in leaf.unseen and not leaf.services:
        seen = f"Liqo has made no Service {namespace}/gw-{name}"
    elif service.type == "LoadBalancer":
        seen = f"Service {namespace}/gw-{name} has no address from a load balancer yet"
    else:
        seen = f"Service {namespace}/gw-{name} ({service.type}) has no address yet"
    return failed(
        "endpoint",
        leaf.leaf,
        CauseName.ENDPOINT_PENDING,
        seen,
        f"kubectl --context {leaf.leaf} -n {namespace} describe service gw-{name}",
    )


def _dialled(leaf: ObservedLeaf, evidence: ObservedLink) -> Check:
    end, gateway, _, _ = _place(leaf)
    server = evidence.sides[0].end
    if server is None or server.gateway is None:
        return unknown("endpoint", leaf.leaf, "the server's gateway may not be looked at")
    listens = served_endpoint(server, end)
    dials = parse_endpoint(dig(gateway, "spec", "endpoint"))
    given = evidence.shortcut.gateway
    wanted = (
        given.client_address or (listens.address if listens else None),
        given.client_port or (listens.port if listens else None),
    )
    if dials is None or (dials.address, dials.port) != wanted:
        trouble = endpoint_trouble(dig(gateway, "spec", "endpoint"))
        named = f"what is no endpoint ({trouble})" if trouble else "nothing"
        return failed(
            "endpoint",
            leaf.leaf,
            CauseName.WRONG_ENDPOINT,
            f"its gateway dials {dials or named}, the server listens at {listens}",
            f"kubectl liqo-shortcut sync {evidence.shortcut.name}",
        )
    by = ", as spec.gateway.clientEndpoint says" if given.client_address else ""
    return ok("endpoint", leaf.leaf, f"dials {dials}{by}")


def keys(leaf: ObservedLeaf, evidence: ObservedLink) -> Check:
    """Is the peer's public key published here the one that the peer's gateway has?"""
    end, _, namespace, _ = _place(leaf)
    peer = evidence.leaves[end.side.peer]
    if r.SECRET.kind in peer.unseen:
        return unknown("keys", leaf.leaf, f"the key of {peer.leaf}'s gateway could not be read")
    if not peer.key_asked:
        return ok("keys", leaf.leaf, "not compared")
    if peer.key is None:
        return failed(
            "keys",
            peer.leaf,
            CauseName.NO_KEY,
            "its gateway has no key pair yet",
            f"kubectl --context {peer.leaf} -n liqo logs deployment/liqo-controller-manager",
        )
    if end.public_key is None and r.PUBLIC_KEY.kind in leaf.unseen:
        return unseen("keys", leaf, "PublicKeys")
    published = dig(end.public_key, "spec", "publicKey")
    if published != peer.key:
        what = "has another key for" if published else "has no key of"
        return failed(
            "keys",
            leaf.leaf,
            CauseName.KEY_MISMATCH if published else CauseName.KEY_MISSING,
            f"{namespace} {what} {peer.leaf}'s gateway",
            f"kubectl liqo-shortcut sync {evidence.shortcut.name}",
        )
    return ok("keys", leaf.leaf, f"has the key of {peer.leaf}'s gateway")


def connection(leaf: ObservedLeaf, evidence: ObservedLink) -> Check:
    """What does its gateway say of the tunnel, and is that of now?"""
    end, _, namespace, _ = _place(leaf)
    logs = f"kubectl --context {leaf.leaf} -n {namespace} logs deployment/gw-{end.side.peer} -c "
    if end.connection is None and r.CONNECTION.kind in leaf.unseen:
        return unseen(TUNNEL, leaf, "Connections")
    if end.connection is None:
        return failed(
            TUNNEL,
            leaf.leaf,
            CauseName.NO_CONNECTION,
            "its gateway has made no Connection yet",
            f"{logs}wireguard",
        )
    status = end.connection.get("status") or {}
    value = status.get("value")
    if value == "Connected":
        if leaf.is_stale:
            return _stale(leaf)
        latency = dig(status, "latency", "value")
        return ok(TUNNEL, leaf.leaf, "Connected" + (f", {latency}" if latency else ""))
    peer = evidence.leaves[end.side.peer]
    if peer.says_connected and peer.is_stale:  # its gateway hangs: this side only suffers from it
        return _stale(peer)
    remedy = _WAIT if peer.says_connected else _ask(evidence)
    return failed(TUNNEL, leaf.leaf, CauseName.TUNNEL_DOWN, _down(end, evidence, value), remedy)


_WAIT = "ask again in a minute: the two leaves disagree, and one of them is behind"


def _stale(leaf: ObservedLeaf) -> Check:
    end, _, namespace, _ = _place(leaf)
    return failed(
        TUNNEL,
        leaf.leaf,
        CauseName.STALE_CONNECTION,
        f"its Connection says Connected, but heard nothing for {leaf.silence() or 0.0:.0f} s",
        f"kubectl --context {leaf.leaf} -n {namespace} logs deployment/gw-{end.side.peer}"
        " -c gateway",
    )


def _down(end: End, evidence: ObservedLink, value: object) -> str:
    """No packets: what each side says, and where the client's go."""
    client = evidence.sides[1].end
    dials = parse_endpoint(dig(client.gateway if client else None, "spec", "endpoint"))
    if value == "Error":
        said = f"its gateway gets no answer to its pings to {end.side.peer}"
    else:
        said = f"its Connection says {value or 'nothing yet'}"
    peer = evidence.leaves[end.side.peer]
    other = dig(peer.connection, "status", "value")
    silence = peer.silence() if peer.says_connected else None
    heard = "" if silence is None else f", and was answered {silence:.0f} s ago"
    return f"{said} (udp packets go to {dials}; {end.side.peer} says {other}{heard})"


def _ask(evidence: ObservedLink) -> str:
    server = evidence.shortcut.server
    return (
        f"let UDP through from {evidence.shortcut.client}'s nodes to {server}'s endpoint: "
        "firewall, security group, port forward"
    )
