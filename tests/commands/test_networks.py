"""What a leaf says of its networks is judged before the other leaf routes any of them."""

from __future__ import annotations

import pytest

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.commands.preflight import preflight
from kubectl_liqo_shortcut.commands.sync import SyncOptions, next_steps, sync
from kubectl_liqo_shortcut.commands.why import why
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.events import Note, Outcome, Verb
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.request import Request
from kubectl_liqo_shortcut.core.model import HUB, ObjectRef
from kubectl_liqo_shortcut.core.networks import KINDS
from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken
from kubectl_liqo_shortcut.errors import ExitCode, Refused, Unreachable
from tests.commands import test_adopt
from tests.commands.test_create import events as create
from tests.commands.test_create import link_objects, records
from tests.fakes import FakeWorld
from tests.linked import link
from tests.samples import MILAN, ROME, an_object
from tests.told import all_told

RENDERER = Renderer(read_template)
HOSTILE = {
    "0.0.0.0/0": "UnusableCIDR",
    "127.0.0.0/8": "UnusableCIDR",
    "169.254.0.0/16": "UnusableCIDR",
    "224.0.0.0/8": "UnusableCIDR",
    "192.0.2.0/24": "CIDRHoldsAddress",
}
"""In the last one is the API server of each of the three clusters."""


@pytest.fixture
def world(world: FakeWorld) -> FakeWorld:
    for number, cluster in enumerate((world.hub, *world.leaves.values()), 1):
        cluster.host = f"192.0.2.{number}"
    return world


def claim(world: FakeWorld, cidr: str, leaf: str = "rome") -> None:
    """The leaf has that Pod network, and its hub knows it."""
    network = ObjectRef(leaf, r.NETWORK, "liqo", "pod-cidr")
    world.leaves[leaf].set_status(network, {"cidr": cidr})
    configuration = ObjectRef(HUB, r.CONFIGURATION, "liqo-hub", leaf)
    cidrs = world.hub.objects[configuration]["spec"]["remote"]["cidr"]
    world.hub.patch(configuration, {"spec": {"remote": {"cidr": {**cidrs, "pod": [cidr]}}}})


def found(world: FakeWorld) -> list[str]:
    report = preflight(Request(pair=(MILAN, ROME)), world, RENDERER, 5.0)
    return [f"{each.cluster}: {each.name}" for each in report.findings]


@pytest.mark.parametrize("cidr", HOSTILE)
def test_preflight_finds_a_network_that_must_not_be_routed(world: FakeWorld, cidr: str) -> None:
    claim(world, cidr)
    assert {each for each in found(world) if "CIDRs" not in each} == {f"rome: {HOSTILE[cidr]}"}


@pytest.mark.parametrize("cidr", HOSTILE)
def test_create_refuses_it_before_anything_is_written(world: FakeWorld, cidr: str) -> None:
    claim(world, cidr)
    with pytest.raises(Refused, match=f"cluster 'rome': its Pod CIDR {cidr} ") as caught:
        list(create(world))
    assert caught.value.exit_code is ExitCode.REFUSED
    assert (records(world), link_objects(world)) == ([], [])


@pytest.mark.parametrize("cidr", HOSTILE)
def test_sync_refuses_it_also_for_a_link_that_is_up(world: FakeWorld, cidr: str) -> None:
    record = link(world)
    before = link_objects(world)
    world.remaps[cidr] = cidr
    claim(world, cidr)
    with pytest.raises(Refused, match=f"cluster 'rome': its Pod CIDR {cidr} ") as caught:
        all_told(sync, record, world, RENDERER, SyncOptions(timeout=5), CancelToken())
    assert caught.value.exit_code is ExitCode.REFUSED
    with pytest.raises(Refused, match=f"cluster 'rome': its Pod CIDR {cidr} "):
        list(next_steps(record, world, RENDERER, 5))
    assert link_objects(world) == before


def test_adopt_refuses_it(world: FakeWorld) -> None:
    test_adopt.connect(world)
    claim(world, "169.254.0.0/16")
    with pytest.raises(Refused, match=r"its Pod CIDR 169\.254\.0\.0/16 holds link-local"):
        test_adopt.run(world)
    assert records(world) == []


def test_a_bad_network_is_found_also_where_a_leaf_is_silent(world: FakeWorld) -> None:
    claim(world, "127.0.0.0/8")
    milan = world.leaves["milan"]
    milan.fault = lambda *_: Unreachable("milan", "cannot be reached")
    assert sorted(found(world)) == ["milan: Unreachable", "rome: UnusableCIDR"]


@pytest.mark.parametrize("cidr", HOSTILE)
@pytest.mark.parametrize("wait", [True, False], ids=["wait", "no wait"])
def test_what_liqo_remaps_a_network_to_is_judged_before_the_link_is_up(
    world: FakeWorld, cidr: str, wait: bool
) -> None:
    """Milan's Liqo answers only when the Configuration is there: what was made goes again."""
    world.remaps["10.62.0.0/16"] = cidr
    with pytest.raises(Refused, match="'milan': its Liqo routes the Pod CIDR of rome as " + cidr):
        list(create(world, wait=wait))
    assert (records(world), link_objects(world)) == ([], [])


def test_a_network_with_the_servers_endpoint_in_it_is_refused_once_that_is_known(
    world: FakeWorld,
) -> None:
    claim(world, "203.0.113.0/24")
    with pytest.raises(Refused, match=r"holds 203\.0\.113\.1, the endpoint of milan's gateway"):
        list(create(world))
    assert link_objects(world) == []
    dialling = [ref for verb, ref in world.calls if verb == "create" and "Client" in ref.kind.kind]
    assert dialling == []


def test_public_addresses_are_warned_of_and_used(world: FakeWorld) -> None:
    claim(world, "8.8.8.0/24")
    notes = [each.text for each in create(world) if isinstance(each, Note)]
    assert [each for each in notes if "(PublicCIDR)" in each] != []
    assert len(link_objects(world)) == 6


def test_an_address_by_which_the_hub_reaches_the_other_leaf_is_warned_of(world: FakeWorld) -> None:
    client = ObjectRef(HUB, r.GATEWAY_CLIENT, "liqo-hub", "milan")
    world.hub.patch(client, {"spec": {"endpoint": {"addresses": ["10.62.0.9"]}}})
    assert found(world) == ["rome: CIDRHoldsNode"]


def test_an_endpoint_that_is_not_taken_is_warned_of(world: FakeWorld) -> None:
    link(world)
    (server,) = (ref for ref in world.leaves["milan"].objects if ref.kind == r.GATEWAY_SERVER)
    told = {"endpoint": {"addresses": ["fe80::1%eth0; reboot"], "port": 51840}}
    world.leaves["milan"].set_status(server, told)
    assert found(world) == ["milan: EndpointNotTaken"]


def test_the_judgement_asks_nobody_anything(world: FakeWorld) -> None:
    """The first look knows it all; nobody is asked for nodes."""
    link(world)
    lists = [ref for verb, ref in world.calls if verb == "list"]
    assert sorted(ref.cluster for ref in lists if ref.kind == r.NETWORK) == ["milan", "rome"]
    assert [ref for ref in lists if ref.kind in (r.NODE, r.SERVICE, r.ENDPOINT_SLICE)] == []


def several(world: FakeWorld, leaf: str = "rome") -> None:
    """The leaf has two Pod networks, and its hub lists them in another order."""
    more = {"cidr": "fd00:62::/56"}
    labels = {r.NETWORK_TYPE: "pod-cidr"}
    body = an_object(r.NETWORK, "pod-cidr-0", "liqo", labels=labels, spec=more, status=more)
    world.leaves[leaf].put(body)
    configuration = ObjectRef(HUB, r.CONFIGURATION, "liqo-hub", leaf)
    pods = ["fd00:62::/56", *world.hub.objects[configuration]["spec"]["remote"]["cidr"]["pod"]]
    world.hub.patch(configuration, {"spec": {"remote": {"cidr": {"pod": pods}}}})


def turn(world: FakeWorld) -> None:
    """Milan's Configuration for rome lists its Pod networks the other way round."""
    milan = world.leaves["milan"]
    (ref,) = (each for each in milan.objects if each.kind == r.CONFIGURATION)
    for part, subresource in (("spec", ""), ("status", "status")):
        pods = milan.objects[ref][part]["remote"]["cidr"]["pod"][::-1]
        body = {part: {"remote": {"cidr": {"pod": pods}}}}
        milan.patch(ref, body, subresource=subresource)


def test_several_pod_networks_may_come_in_any_order(world: FakeWorld) -> None:
    several(world)
    assert found(world) == []
    *_, made = create(world)
    assert isinstance(made, Outcome)
    turn(world)
    before = link_objects(world)
    assert why(("milan", "rome"), world, 5).diagnosis.cause is None
    assert list(next_steps(records(world)[0], world, RENDERER, 5.0)) == []
    *_, again = create(world)
    assert isinstance(again, Outcome)
    assert again.verb is Verb.UNCHANGED
    assert link_objects(world) == before


def test_a_configuration_of_others_may_list_them_in_any_order(world: FakeWorld) -> None:
    several(world)
    list(create(world))
    turn(world)
    milan = world.leaves["milan"]
    (body,) = milan.of(r.CONFIGURATION)
    body["metadata"] |= {"labels": {r.REMOTE_CLUSTER_ID: "rome"}, "managedFields": []}
    *_, made = create(world)
    assert isinstance(made, Outcome)


@pytest.mark.parametrize("kind", ["pod", "external"])
def test_a_network_that_somebody_changed_is_told_by_its_kind(world: FakeWorld, kind: str) -> None:
    link(world)
    milan = world.leaves["milan"]
    (ref,) = (each for each in milan.objects if each.kind == r.CONFIGURATION)
    milan.patch(ref, {"spec": {"remote": {"cidr": {kind: ["10.9.0.0/16"]}}}})
    told = why(("milan", "rome"), world, 5).diagnosis.cause
    assert told is not None
    assert told.reason == "CIDRMismatch"
    assert f"{KINDS[kind]} ['10.9.0.0/16'], the hub's says" in told.seen
