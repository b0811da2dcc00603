"""``why``: the first cause, and the cluster where it is, for each state of a link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kubectl_liqo_shortcut.commands.why import Explanation, describe_link, events_of, why
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.diagnosis.chain import Ready
from kubectl_liqo_shortcut.core.diagnosis.check import CheckStatus
from kubectl_liqo_shortcut.core.model import HUB, ObjectRef
from kubectl_liqo_shortcut.errors import (
    LONGEST,
    ClusterError,
    Forbidden,
    Gone,
    Invalid,
    ShortcutError,
    Transient,
    Unreachable,
)
from tests.commands.test_adopt import connect
from tests.commands.test_create import put_tenant_namespace, records
from tests.fakes import BY_GIT, Body, FakeCluster, FakeWorld
from tests.linked import link


@pytest.fixture
def linked(world: FakeWorld) -> FakeWorld:
    link(world)
    return world


def explain(world: FakeWorld, *words: str) -> Explanation:
    return why(words or ("milan", "rome"), world, 5)


def cause(world: FakeWorld) -> tuple[str, str]:
    """Reason and cluster of the first cause."""
    found = explain(world).diagnosis.cause
    assert found is not None
    assert found.reason is not None
    assert found.next or found.verdict is CheckStatus.UNKNOWN
    return found.reason, found.cluster


def the(cluster: FakeCluster, kind: r.Kind) -> ObjectRef:
    return next(ref for ref in cluster.objects if ref.kind == kind)


def drop(world: FakeWorld, leaf: str, kind: r.Kind) -> None:
    world.leaves[leaf].drop(the(world.leaves[leaf], kind))


def patch(world: FakeWorld, leaf: str, kind: r.Kind, body: Body) -> None:
    world.leaves[leaf].patch(the(world.leaves[leaf], kind), body)


def test_all_is_well_with_a_healthy_link(linked: FakeWorld) -> None:
    diagnosis = explain(linked).diagnosis
    assert diagnosis.cause is None
    assert diagnosis.ready is Ready.TRUE
    assert {each.verdict for each in diagnosis.checks} == {CheckStatus.OK}
    assert [each.name for each in diagnosis.checks if each.cluster == "milan"] == [
        "leaf",
        "link",
        "tenant namespace",
        "networks",
        "gateway",
        "gateway Pod",
        "endpoint",
        "keys",
        "tunnel",
        "as recorded",
    ]


def test_the_name_of_a_shortcut_will_do(linked: FakeWorld) -> None:
    assert explain(linked, "shortcut/milan--rome").diagnosis.cause is None


def take_away(world: FakeWorld) -> None:
    drop(world, "rome", r.CONFIGURATION)
    drop(world, "rome", r.GATEWAY_CLIENT)


def silent(leaf: str) -> Callable[[str, ObjectRef], ClusterError | None]:
    return lambda *_: Unreachable(leaf, "cannot be reached")


def crash(world: FakeWorld) -> None:
    container = {
        "name": "wireguard",
        "ready": False,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": 1}},
    }
    milan = world.leaves["milan"]
    milan.set_status(the(milan, r.POD), {"containerStatuses": [container]})


def no_address(world: FakeWorld) -> None:
    milan = world.leaves["milan"]
    milan.set_status(the(milan, r.GATEWAY_SERVER), {})


def no_service(world: FakeWorld) -> None:
    no_address(world)
    drop(world, "milan", r.SERVICE)


def node_port(world: FakeWorld) -> None:
    no_address(world)
    ref = the(world.hub, r.SHORTCUT)
    world.hub.patch(ref, {"spec": {"gateway": {"service": {"type": "NodePort"}}}})


def say(world: FakeWorld, leaf: str, value: str | None) -> None:
    cluster = world.leaves[leaf]
    cluster.set_status(the(cluster, r.CONNECTION), {"value": value} if value else {})


def heard(world: FakeWorld, at: str) -> None:
    rome = world.leaves["rome"]
    latency = {"value": "3ms", "timestamp": at}
    rome.set_status(the(rome, r.CONNECTION), {"value": "Connected", "latency": latency})


def one_side_hangs(world: FakeWorld) -> None:
    """The gateway in rome neither answers nor tells any more; only milan notices."""
    heard(world, "2025-12-31T23:00:00Z")
    say(world, "milan", "Error")


def rebuilt(world: FakeWorld) -> None:
    rome = world.leaves["rome"]
    ref = ObjectRef("rome", r.NAMESPACE, "", "kube-system")
    body = dict(rome.objects[ref])
    rome.drop(ref)
    rome.put(body)


def second_gateway(world: FakeWorld) -> None:
    rome = world.leaves["rome"]
    put_tenant_namespace(rome, "milan", "another")
    body = {**rome.objects[the(rome, r.CONFIGURATION)]}
    body["metadata"] = {**body["metadata"], "namespace": "another"}
    rome.put(body)


def expire(world: FakeWorld) -> None:
    ref = the(world.hub, r.SHORTCUT)
    world.hub.patch(ref, {"spec": {"expirationTime": "2025-01-01T00:00:00Z"}})


def hold(world: FakeWorld, leaf: str, kind: r.Kind) -> None:
    """It is being deleted, and somebody holds it."""
    patch(world, leaf, kind, {"metadata": {"finalizers": ["some/one"]}})
    drop(world, leaf, kind)


def hold_namespace(world: FakeWorld) -> None:
    rome = world.leaves["rome"]
    ref = ObjectRef("rome", r.NAMESPACE, "", "liqo-tenant-milan")
    rome.patch(ref, {"metadata": {"finalizers": ["some/one"]}})
    rome.drop(ref)


STATES: dict[str, tuple[Callable[[FakeWorld], Any], tuple[str, str]]] = {
    "leaf silent": (
        lambda w: setattr(w.leaves["rome"], "fault", silent("rome")),
        ("LeafUnreachable", "rome"),
    ),
    "leaf rebuilt": (rebuilt, ("Rebuilt", "rome")),
    "leaf without Liqo": (
        lambda w: drop(w, "rome", r.CONFIG_MAP),
        ("NoLiqo", "rome"),
    ),
    "two of a kind": (second_gateway, ("TwoOfAKind", "rome")),
    "record going": (
        lambda w: w.hub.drop(the(w.hub, r.SHORTCUT)),
        ("Terminating", HUB),
    ),
    "record expired": (expire, ("Expired", HUB)),
    "taken away": (take_away, ("RemovedOnLeaf", "rome")),
    "namespace gone": (
        lambda w: w.leaves["rome"].drop(ObjectRef("rome", r.NAMESPACE, "", "liqo-tenant-milan")),
        ("NoTenantNamespace", "rome"),
    ),
    "namespace going": (hold_namespace, ("NamespaceTerminating", "rome")),
    "configuration gone": (
        lambda w: drop(w, "milan", r.CONFIGURATION),
        ("NoConfiguration", "milan"),
    ),
    "other networks": (
        lambda w: patch(
            w, "milan", r.CONFIGURATION, {"spec": {"remote": {"cidr": {"pod": ["10.9.0.0/16"]}}}}
        ),
        ("CIDRMismatch", "milan"),
    ),
    "networks not configured": (
        lambda w: w.leaves["rome"].set_status(the(w.leaves["rome"], r.CONFIGURATION), {}),
        ("NetworksNotConfigured", "rome"),
    ),
    "gateway deleted by hand": (
        lambda w: drop(w, "rome", r.GATEWAY_CLIENT),
        ("NoGateway", "rome"),
    ),
    "gateway going": (
        lambda w: hold(w, "rome", r.GATEWAY_CLIENT),
        ("GatewayTerminating", "rome"),
    ),
    "no Pod": (lambda w: drop(w, "rome", r.POD), ("NoGatewayPod", "rome")),
    "server Pod crashing": (crash, ("GatewayPodNotReady", "milan")),
    "no address from the load balancer": (no_address, ("EndpointPending", "milan")),
    "no Service": (no_service, ("EndpointPending", "milan")),
    "no address of a node": (node_port, ("EndpointPending", "milan")),
    "wrong endpoint": (
        lambda w: patch(
            w, "rome", r.GATEWAY_CLIENT, {"spec": {"endpoint": {"addresses": ["192.0.2.9"]}}}
        ),
        ("WrongEndpoint", "rome"),
    ),
    "no key pair": (lambda w: drop(w, "rome", r.SECRET), ("NoKey", "rome")),
    "key missing": (lambda w: drop(w, "rome", r.PUBLIC_KEY), ("KeyMissing", "rome")),
    "key mismatch": (
        lambda w: patch(w, "rome", r.PUBLIC_KEY, {"spec": {"publicKey": "a" * 43 + "="}}),
        ("KeyMismatch", "rome"),
    ),
    "no connection": (lambda w: drop(w, "rome", r.CONNECTION), ("NoConnection", "rome")),
    "one side connecting": (lambda w: say(w, "rome", "Connecting"), ("TunnelDown", "rome")),
    "tunnel cut": (lambda w: say(w, "milan", "Error"), ("TunnelDown", "milan")),
    "nothing said": (lambda w: say(w, "milan", None), ("TunnelDown", "milan")),
    "one side connected": (one_side_hangs, ("StaleConnection", "rome")),
    "stale": (lambda w: heard(w, "2025-12-31T23:00:00Z"), ("StaleConnection", "rome")),
}


@pytest.mark.parametrize("state", STATES)
def test_the_first_cause_is_named_with_its_cluster(linked: FakeWorld, state: str) -> None:
    make, expected = STATES[state]
    make(linked)
    assert cause(linked) == expected
    assert explain(linked).diagnosis.ready is not Ready.TRUE


def tell_addresses(world: FakeWorld, *addresses: str, port: int = 51840) -> None:
    """The load balancer in front of milan's gateway now has these."""
    milan = world.leaves["milan"]
    endpoint = {"addresses": list(addresses), "port": port, "protocol": "UDP"}
    milan.set_status(the(milan, r.GATEWAY_SERVER), {"endpoint": endpoint})


IN_USE = "203.0.113.1"
"""Of milan's gateway: rome's dials it."""

STILL_THERE = {"another order": ("192.0.2.7", IN_USE), "one more": ("192.0.2.7", IN_USE, "::7")}


@pytest.mark.parametrize("addresses", STILL_THERE)
def test_a_dialled_address_that_the_server_still_has_is_the_right_one_while_packets_pass(
    linked: FakeWorld, addresses: str
) -> None:
    tell_addresses(linked, *STILL_THERE[addresses])
    assert explain(linked).diagnosis.cause is None
    say(linked, "rome", "Connecting")
    assert cause(linked) == ("WrongEndpoint", "rome")


def test_a_dialled_address_that_is_gone_or_has_another_port_is_wrong(linked: FakeWorld) -> None:
    tell_addresses(linked, "192.0.2.7")
    assert cause(linked) == ("WrongEndpoint", "rome")
    tell_addresses(linked, "192.0.2.7", IN_USE, port=51999)
    assert cause(linked) == ("WrongEndpoint", "rome")


LINK_LOCAL = "address: 'fe80::1%eth0' is no address that another cluster reaches (with a zone)"


def test_an_endpoint_that_is_not_taken_is_told_with_the_reason(linked: FakeWorld) -> None:
    milan = linked.leaves["milan"]
    told = {"addresses": ["fe80::1%eth0"], "port": 51840}
    milan.set_status(the(milan, r.GATEWAY_SERVER), {"endpoint": told})
    found = explain(linked).diagnosis.cause
    assert found is not None
    assert (found.reason, found.cluster) == ("EndpointPending", "milan")
    assert found.seen == (
        "the endpoint that its GatewayServer liqo-tenant-rome/rome tells is not taken: "
        + LINK_LOCAL
    )


def test_a_gateway_that_dials_what_is_no_endpoint_is_told_with_the_reason(
    linked: FakeWorld,
) -> None:
    dials = {"spec": {"endpoint": {"addresses": ["fe80::1%eth0"]}}}
    patch(linked, "rome", r.GATEWAY_CLIENT, dials)
    found = explain(linked).diagnosis.cause
    assert found is not None
    assert f"its gateway dials what is no endpoint ({LINK_LOCAL})" in found.seen


def test_where_no_side_gets_an_answer_the_firewall_is_to_be_asked(linked: FakeWorld) -> None:
    for leaf in ("milan", "rome"):
        say(linked, leaf, "Error")
    found = explain(linked).diagnosis.cause
    assert found is not None
    assert (found.reason, found.cluster) == ("TunnelDown", "milan")
    assert found.next.startswith("let UDP through from rome's nodes to milan's endpoint")


def test_leaves_that_disagree_are_both_quoted_and_looked_at_again(linked: FakeWorld) -> None:
    heard(linked, "2025-12-31T23:59:50Z")
    say(linked, "milan", "Error")
    found = explain(linked).diagnosis.cause
    assert found is not None
    assert (found.reason, found.cluster) == ("TunnelDown", "milan")
    assert found.seen.endswith("rome says Connected, and was answered 10 s ago)")
    assert found.next.startswith("ask again in a minute")


def test_a_connection_that_was_heard_lately_is_believed(linked: FakeWorld) -> None:
    heard(linked, "2025-12-31T23:59:50Z")
    assert explain(linked).diagnosis.cause is None


def status(world: FakeWorld, body: Body) -> None:
    ref = the(world.hub, r.SHORTCUT)
    world.hub.patch(ref, {"status": body}, subresource="status")


def test_a_record_that_says_otherwise_is_stale_and_the_link_is_up(linked: FakeWorld) -> None:
    ready = {"type": "Ready", "status": "False", "reason": "Progressing", "message": "so"}
    status(linked, {"conditions": [ready]})
    assert cause(linked) == ("RecordStale", HUB)
    assert explain(linked).diagnosis.ready is Ready.TRUE


OURS = [r.MANAGED_BY, r.SHORTCUT_NAME, r.SHORTCUT_HUB]
LABELS = {"one": OURS[2:], "all": OURS, "Liqo's": [r.REMOTE_CLUSTER_ID]}


def unlabel(world: FakeWorld, kind: r.Kind, labels: list[str]) -> None:
    """Somebody takes *labels* off rome's object of *kind*."""
    rome = world.leaves["rome"]
    place = (ref for ref in rome.objects if ref.kind == kind and "milan" in ref.name)
    rome.patch(next(place), {"metadata": {"labels": dict.fromkeys(labels)}})


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("kind", [r.NAMESPACE, r.CONFIGURATION, r.GATEWAY_CLIENT, r.PUBLIC_KEY])
def test_an_object_that_lost_a_label_is_told_with_the_command_that_puts_it_back(
    linked: FakeWorld, kind: r.Kind, labels: str
) -> None:
    unlabel(linked, kind, LABELS[labels])
    found = explain(linked).diagnosis
    assert cause(linked) == ("LabelsLost", "rome")
    assert found.ready is (Ready.UNKNOWN if labels == "Liqo's" else Ready.TRUE)
    assert found.cause is not None
    assert "is on record as ours, but lost its labels" in found.cause.seen
    words = found.cause.next.split()
    assert words[:3] == ["kubectl", "--context", "rome"]
    given = dict(each.split("=") for each in words[words.index("--overwrite") + 1 :])
    assert set(given) == set(LABELS[labels])
    rome = linked.leaves["rome"]
    (ref,) = (each for each in rome.objects if each.kind == kind and "milan" in each.name)
    rome.patch(ref, {"metadata": {"labels": given}})
    assert explain(linked).diagnosis.cause is None


def test_an_object_that_somebody_applies_from_git_is_told_with_who_does(linked: FakeWorld) -> None:
    rome = linked.leaves["rome"]
    rome.objects[the(rome, r.PUBLIC_KEY)]["metadata"]["managedFields"] = [BY_GIT]
    found = explain(linked).diagnosis.cause
    assert found is not None
    assert found.reason == "LabelsLost"
    assert found.next == (
        "kubectl --context rome -n liqo-tenant-milan get publickeies.networking.liqo.io milan "
        "--show-managed-fields -o yaml"
    )


@pytest.mark.parametrize(
    ("label", "value"), [(r.SHORTCUT_HUB, "napoli"), (r.MANAGED_BY, "Helm")], ids=str
)
def test_an_object_that_bears_the_label_of_another_owner_is_not_to_be_labelled_as_ours(
    linked: FakeWorld, label: str, value: str
) -> None:
    """Whoever writes a record's status could else have another hub's link labelled as ours."""
    rome = linked.leaves["rome"]
    rome.patch(the(rome, r.GATEWAY_CLIENT), {"metadata": {"labels": {label: value}}})
    found = explain(linked).diagnosis.cause
    assert found is not None
    assert (found.reason, found.cluster) == ("LabelsLost", "rome")
    assert f"it says that somebody else has it ({label}={value})" in found.seen
    assert found.next == (
        "kubectl --context rome -n liqo-tenant-milan get gatewayclients.networking.liqo.io milan "
        "--show-managed-fields -o yaml"
    )


def test_an_object_of_others_needs_no_label_of_ours(linked: FakeWorld) -> None:
    unlabel(linked, r.CONFIGURATION, OURS)
    entries = [
        {**each, "ownership": "Reused"} if each["kind"] == "Configuration" else each
        for each in records(linked)[0]["status"]["objects"]
    ]
    status(linked, {"objects": entries})
    assert explain(linked).diagnosis.cause is None


CHANGED: dict[str, tuple[str, r.Kind, Body, str]] = {
    "MTU of the server": (
        "milan",
        r.GATEWAY_SERVER,
        {"mtu": 1400},
        "spec.mtu is 1400, the record says 1340",
    ),
    "MTU of the client": (
        "rome",
        r.GATEWAY_CLIENT,
        {"mtu": 1400},
        "spec.mtu is 1400, the record says 1340",
    ),
    "type of the Service": (
        "milan",
        r.GATEWAY_SERVER,
        {"endpoint": {"serviceType": "NodePort"}},
        "spec.endpoint.serviceType is NodePort, the record says LoadBalancer",
    ),
}


@pytest.mark.parametrize("change", CHANGED)
def test_a_gateway_that_somebody_changed_is_told_though_packets_pass(
    linked: FakeWorld, change: str
) -> None:
    leaf, kind, spec, said = CHANGED[change]
    patch(linked, leaf, kind, {"spec": spec})
    found = explain(linked).diagnosis
    assert cause(linked) == ("Drifted", leaf)
    assert found.ready is Ready.TRUE
    assert found.cause is not None
    assert said in found.cause.seen
    assert found.cause.next == "kubectl liqo-shortcut diff milan--rome"


@pytest.mark.parametrize(
    ("leaf", "kind", "spec", "reason"),
    [
        ("milan", r.GATEWAY_SERVER, {"endpoint": {"serviceType": "x" * 9999}}, "Drifted"),
        (
            "rome",
            r.CONFIGURATION,
            {"remote": {"cidr": {"pod": ["10.0.0.0/16"] * 999}}},
            "CIDRMismatch",
        ),
    ],
    ids=str,
)
def test_of_a_value_that_somebody_wrote_no_more_is_told_than_a_person_reads(
    linked: FakeWorld, leaf: str, kind: r.Kind, spec: Body, reason: str
) -> None:
    patch(linked, leaf, kind, {"spec": spec})
    found = explain(linked).diagnosis.cause
    assert found is not None
    assert (found.reason, found.cluster) == (reason, leaf)
    assert len(found.seen) < 2 * LONGEST
    assert "the record says LoadBalancer" in found.seen or "the hub's says" in found.seen


def test_a_gateway_of_others_may_have_another_mtu(linked: FakeWorld) -> None:
    patch(linked, "rome", r.GATEWAY_CLIENT, {"spec": {"mtu": 1400}})
    entries = [
        {**each, "ownership": "Reused"} if each["kind"] == "GatewayClient" else each
        for each in records(linked)[0]["status"]["objects"]
    ]
    status(linked, {"objects": entries})
    assert explain(linked).diagnosis.cause is None


def test_where_the_record_was_edited_the_gateways_are_not_called_changed(
    linked: FakeWorld,
) -> None:
    linked.hub.patch(the(linked.hub, r.SHORTCUT), {"spec": {"gateway": {"mtu": 1280}}})
    status(linked, {"observedGeneration": 0})
    assert cause(linked) == ("RecordStale", HUB)


def test_a_leaf_that_fails_at_a_name_still_tells_what_it_showed(linked: FakeWorld) -> None:
    unlabel(linked, r.GATEWAY_CLIENT, LABELS["Liqo's"])
    linked.leaves["rome"].fault = lambda _, ref: (
        ClusterError("rome", "broken") if ref.kind == r.GATEWAY_CLIENT and ref.name else None
    )
    assert cause(linked) == ("NoGateway", "rome")


def test_an_edit_that_is_not_applied_is_told(linked: FakeWorld) -> None:
    status(linked, {"observedGeneration": 0})
    assert cause(linked) == ("RecordStale", HUB)


def test_a_pair_without_a_shortcut_is_explained_too(world: FakeWorld) -> None:
    found = explain(world).diagnosis.cause
    assert found is not None
    assert (found.reason, found.next) == (
        "NoShortcut",
        "kubectl liqo-shortcut create milan rome",
    )


@pytest.mark.parametrize("server", ["milan", "rome"])
def test_a_link_that_nobody_recorded_can_be_adopted(world: FakeWorld, server: str) -> None:
    connect(world, server, "rome" if server == "milan" else "milan")
    found = explain(world)
    assert found.evidence is not None
    assert found.evidence.shortcut.server == server
    assert found.diagnosis.cause is not None
    assert "adopt" in found.diagnosis.cause.next


def test_a_leaf_that_the_hub_does_not_know_is_told(world: FakeWorld) -> None:
    world.leaves["paris"] = FakeCluster("paris", world)
    found = explain(world, "milan", "paris").diagnosis.cause
    assert found is not None
    assert found.reason == "NotALeaf"
    assert "milan, rome" in found.seen


def test_a_hub_without_leaves_says_so(world: FakeWorld) -> None:
    for ref in [ref for ref in world.hub.objects if ref.kind == r.CONFIGURATION]:
        world.hub.drop(ref)
    found = explain(world).diagnosis.cause
    assert found is not None
    assert found.seen.endswith("its leaves: none")


def test_a_silent_hub_is_the_first_cause(world: FakeWorld) -> None:
    world.hub.fault = silent(HUB)
    found = explain(world)
    assert found.evidence is None
    assert found.diagnosis.cause is not None
    assert found.diagnosis.cause.reason == "HubUnreachable"
    with pytest.raises(ShortcutError):
        explain(world, "milan--rome")


def forbidding(*kinds: r.Kind, everywhere: bool = False) -> Any:
    """May not list these, in all namespaces or (*everywhere*) at all."""

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        if verb != "list" or ref.kind not in kinds or (ref.namespace and not everywhere):
            return None
        return Forbidden(ref.cluster, "no")

    return fault


def test_least_privilege_is_enough(linked: FakeWorld) -> None:
    for leaf in linked.leaves.values():
        leaf.fault = forbidding(r.CONNECTION, r.PUBLIC_KEY, r.POD, r.SERVICE)
    assert explain(linked).diagnosis.cause is None


def test_what_may_not_be_looked_at_is_unknown_and_the_chain_goes_on(linked: FakeWorld) -> None:
    linked.leaves["rome"].fault = forbidding(r.POD, r.SECRET, everywhere=True)
    diagnosis = explain(linked).diagnosis
    assert diagnosis.ready is Ready.TRUE  # both gateways say so
    unseen = [each for each in diagnosis.checks if each.verdict is CheckStatus.UNKNOWN]
    assert [(each.name, each.cluster) for each in unseen] == [
        ("gateway Pod", "rome"),
        ("keys", "milan"),
    ]
    say(linked, "rome", "Error")
    assert cause(linked) == ("TunnelDown", "rome")


def test_a_kind_that_is_not_served_there_is_just_empty(linked: FakeWorld) -> None:
    linked.leaves["rome"].not_served.add(r.SERVICE)
    assert explain(linked).diagnosis.cause is None


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        ([], "not ready (Pending)"),
        (
            [{"type": "PodScheduled", "status": "False", "message": "no nodes"}],
            "not scheduled: no nodes",
        ),
    ],
    ids=["no condition", "not scheduled"],
)
def test_a_pod_says_what_it_waits_for(linked: FakeWorld, conditions: list[Body], said: str) -> None:
    milan = linked.leaves["milan"]
    container = {"name": "gateway", "ready": True}
    pod = {"phase": "Pending", "conditions": conditions, "containerStatuses": [container]}
    milan.set_status(the(milan, r.POD), pod)
    found = explain(linked).diagnosis.cause
    assert found is not None
    assert found.seen.endswith(said)


def test_events_are_those_of_the_record_in_their_order(linked: FakeWorld) -> None:
    linked.hub.put(
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": "other", "namespace": "default"},
            "involvedObject": {"uid": "another"},
        }
    )
    told = events_of(records(linked)[0], linked)
    assert [each["reason"] for each in told] == ["Progressing", "Connected"]


def test_every_kind_is_asked_for_once_on_each_leaf(linked: FakeWorld) -> None:
    linked.calls.clear()
    explain(linked)
    lists = [(ref.cluster, ref.kind) for verb, ref in linked.calls if verb == "list"]
    assert len(lists) == len(set(lists))


def test_gone_is_no_answer_that_kills(linked: FakeWorld) -> None:
    """A kind that goes away in between reads as empty."""

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return Gone("rome", "gone") if ref.kind == r.POD and verb == "list" else None

    linked.leaves["rome"].fault = fault
    assert cause(linked) == ("NoGatewayPod", "rome")


def test_a_gateway_that_somebody_made_anew_is_told_apart(linked: FakeWorld) -> None:
    rome = linked.leaves["rome"]
    ref = the(rome, r.GATEWAY_CLIENT)
    body = dict(rome.objects[ref])
    rome.drop(ref)
    rome.put(body)
    seen = [each.seen for each in explain(linked).diagnosis.checks if each.name == "gateway"]
    assert seen[1] == ("its GatewayClient is another than the recorded one: somebody made it anew")


def test_a_client_that_waits_for_the_servers_endpoint_is_not_the_cause(linked: FakeWorld) -> None:
    no_address(linked)
    drop(linked, "rome", r.GATEWAY_CLIENT)
    assert cause(linked) == ("EndpointPending", "milan")


HIDDEN: dict[str, tuple[r.Kind, ...]] = {
    "Configurations and gateways": (r.CONFIGURATION, r.GATEWAY_SERVER, r.GATEWAY_CLIENT),
    "Configurations": (r.CONFIGURATION,),
    "Namespaces": (r.NAMESPACE,),
    "Connections": (r.CONNECTION,),
    "PublicKeys": (r.PUBLIC_KEY,),
}


@pytest.mark.parametrize("leaf", ["milan", "rome"])
@pytest.mark.parametrize("what", HIDDEN)
def test_what_may_not_be_listed_is_not_told_to_be_missing(
    linked: FakeWorld, what: str, leaf: str
) -> None:
    linked.leaves[leaf].fault = forbidding(*HIDDEN[what], everywhere=True)
    diagnosis = explain(linked).diagnosis
    assert [each for each in diagnosis.checks if each.verdict is CheckStatus.FAIL] == []
    assert diagnosis.cause is not None
    assert diagnosis.cause.next
    tunnel_unseen = what == "Connections" or "gateways" in what
    assert diagnosis.ready is (Ready.UNKNOWN if tunnel_unseen else Ready.TRUE)


def another_pod(world: FakeWorld, name: str, status: Body) -> None:
    milan = world.leaves["milan"]
    pod = dict(milan.objects[the(milan, r.POD)])
    pod["metadata"] = {**pod["metadata"], "name": name, "ownerReferences": []}
    milan.put({**pod, "status": status})


@pytest.mark.parametrize(
    "status", [{"phase": "Failed", "reason": "Evicted"}, {"phase": "Pending"}], ids=str
)
@pytest.mark.parametrize("name", ["gw-rome-0", "gw-rome-2"])
def test_another_pod_beside_a_ready_one_is_no_trouble(
    linked: FakeWorld, name: str, status: Body
) -> None:
    another_pod(linked, name, status)
    assert explain(linked).diagnosis.cause is None


def test_an_evicted_pod_alone_is_no_pod(linked: FakeWorld) -> None:
    milan = linked.leaves["milan"]
    milan.set_status(the(milan, r.POD), {"phase": "Failed", "reason": "Evicted"})
    assert cause(linked) == ("NoGatewayPod", "milan")


def test_a_leaf_that_fails_at_the_key_still_tells_the_rest(linked: FakeWorld) -> None:
    linked.leaves["rome"].fault = lambda _, ref: (
        ClusterError("rome", "unauthorized") if ref.kind == r.SECRET else None
    )
    diagnosis = explain(linked).diagnosis
    assert diagnosis.ready is Ready.TRUE
    assert diagnosis.cause is not None
    assert "could not be read" in diagnosis.cause.seen


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Forbidden("rome", "no"), "Forbidden"),
        (Unreachable("rome", "cannot be reached"), "LeafUnreachable"),
    ],
    ids=["forbidden", "silent"],
)
def test_where_nobody_can_tell_ready_is_unknown(
    linked: FakeWorld, error: ClusterError, reason: str
) -> None:
    linked.leaves["rome"].fault = lambda *_: error
    assert cause(linked) == (reason, "rome")
    assert explain(linked).diagnosis.ready is Ready.UNKNOWN


def test_a_record_of_a_later_version_is_looked_at_by_its_pair(linked: FakeWorld) -> None:
    later = {"spec": {"gateway": {"service": {"type": "ExternalName"}}}}
    linked.hub.patch(the(linked.hub, r.SHORTCUT), later)
    assert explain(linked).diagnosis.ready is Ready.TRUE


def test_a_wrong_command_line_is_no_cause(world: FakeWorld) -> None:
    with pytest.raises(Invalid, match="no shortcut to itself"):
        explain(world, "milan", "milan")


def test_a_hub_that_is_busy_for_a_moment_is_asked_again(linked: FakeWorld) -> None:
    busy = [Transient(HUB, "503")]
    linked.hub.fault = lambda _, ref: busy.pop() if busy and ref.kind == r.SHORTCUT else None
    assert explain(linked).diagnosis.cause is None


def test_a_hub_that_refuses_is_not_called_silent(world: FakeWorld) -> None:
    world.hub.fault = lambda *_: Forbidden(HUB, "no")
    assert cause(world) == ("Forbidden", HUB)


def test_a_description_needs_no_events(linked: FakeWorld) -> None:
    linked.hub.fault = lambda _, ref: Forbidden(HUB, "no") if ref.kind == r.EVENT else None
    _, diagnosis, events = describe_link("milan--rome", linked, 5)
    assert (diagnosis.cause, events) == (None, None)
