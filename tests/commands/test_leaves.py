from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.commands import leaves as commands
from kubectl_liqo_shortcut.commands.create_dry_run import dry_run
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.hub.leaves import DirectSupport, Leaf
from kubectl_liqo_shortcut.core.link import facts
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.request import Request
from kubectl_liqo_shortcut.core.model import HUB, Object, ObjectRef, cluster_id, ref_of
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster
from kubectl_liqo_shortcut.engine.link.survey import survey_hub
from kubectl_liqo_shortcut.errors import (
    ClusterError,
    ExitCode,
    Forbidden,
    Invalid,
    NoLiqo,
    Refused,
    ShortcutError,
    Unreachable,
)
from tests.fakes import FakeCluster, FakeWorld
from tests.peered import answer, manager, of_leaf, peered
from tests.samples import MILAN, ROME


@pytest.fixture
def hub(world: FakeWorld) -> FakeWorld:
    peered(world)
    return world


def leaves(
    world: FakeWorld, *words: str, by: OpenCluster | None = None, timeout: float = 5.0
) -> list[Leaf]:
    return commands.list_leaves(words, by or world, lambda leaf: f"context:{leaf}", timeout)


def accesses(found: list[Leaf]) -> dict[str, str]:
    return {each.known.id: each.says.access for each in found}


def silence(leaf: FakeCluster) -> None:
    leaf.fault = lambda *_: Unreachable(leaf.name, "cannot be reached")


def asked(world: FakeWorld, cluster: str) -> list[tuple[str, str]]:
    return [(verb, ref.kind.kind) for verb, ref in world.calls if ref.cluster == cluster]


def test_all_is_told_of_every_leaf(hub: FakeWorld) -> None:
    milan, rome = leaves(hub)
    assert (milan.known.id, rome.known.id) == (MILAN, ROME)
    assert (milan.known.address, rome.known.address) == ("203.0.113.1", "203.0.113.2")
    for leaf in (milan, rome):
        assert (leaf.via, leaf.version) == (f"context:{leaf.known.id}", "v1.2.0")
        assert (leaf.says.access, leaf.direct) == ("ok", DirectSupport.YES)


def test_the_hub_is_asked_for_three_lists(hub: FakeWorld) -> None:
    leaves(hub)
    kinds = ["Configuration", "GatewayClient", "GatewayServer"]
    assert sorted(asked(hub, HUB)) == [("list", kind) for kind in kinds]


def test_connections_are_one_more_question_to_it(hub: FakeWorld) -> None:
    (milan, _) = commands.list_leaves((), hub, str, 5.0, connections=True)
    assert (milan.known.connection, milan.known.latency) == ("Connected", "1ms")
    assert len(asked(hub, HUB)) == 4


def test_each_leaf_is_asked_four_questions(hub: FakeWorld) -> None:
    leaves(hub)
    for leaf in hub.leaves:
        assert asked(hub, leaf) == [
            ("get", "ConfigMap"),
            ("get", "Deployment"),
            ("list", "Configuration"),
            ("ask", "SelfSubjectAccessReview"),
        ]


def test_nothing_is_written(hub: FakeWorld) -> None:
    leaves(hub)
    assert {verb for verb, _ in hub.calls} == {"get", "list", "ask"}


def test_only_the_leaves_named_are_asked(hub: FakeWorld) -> None:
    (rome,) = leaves(hub, "rome")
    assert rome.known.id == ROME
    assert asked(hub, "milan") == []


def test_what_is_no_leaf_is_an_error_with_those_there_are(hub: FakeWorld) -> None:
    with pytest.raises(Refused, match="'oslo' is not a leaf of this hub") as caught:
        leaves(hub, "rome", "oslo")
    assert caught.value.hint == "leaves of this hub: milan, rome"
    with pytest.raises(Invalid):
        leaves(hub, "No_ID")


def test_a_hub_without_leaves_has_none() -> None:
    assert leaves(FakeWorld()) == []


def test_a_hub_without_liqo_is_told_so(hub: FakeWorld) -> None:
    hub.hub.not_served.add(r.CONFIGURATION)
    with pytest.raises(NoLiqo, match="Liqo is not there") as caught:
        leaves(hub)
    assert caught.value.exit_code is ExitCode.REFUSED


def test_one_that_fails_does_not_hide_the_others(hub: FakeWorld) -> None:
    silence(hub.leaves["milan"])
    milan, rome = leaves(hub)
    assert accesses([milan, rome]) == {"milan": "unreachable", "rome": "ok"}
    assert milan.says.message == "cluster 'milan': cannot be reached"
    assert milan.known.cidrs is not None  # what the hub knows is told anyway
    assert (milan.version, milan.direct) == ("", DirectSupport.UNKNOWN)


def test_one_that_hangs_is_waited_for_until_the_limit(hub: FakeWorld) -> None:
    over = threading.Event()

    def by(name: str) -> Cluster:
        if name == "milan":
            over.wait()
        return hub(name)

    found = leaves(hub, by=by, timeout=0.2)
    over.set()
    assert accesses(found) == {"milan": "unreachable", "rome": "ok"}
    assert found[0].says.message == "cluster 'milan': no answer within 0.2 s"


def test_a_leaf_without_a_way_is_told_what_to_pass(hub: FakeWorld) -> None:
    def by(name: str) -> Cluster:
        if name == "milan":
            raise ShortcutError("kubeconfig context 'x' does not exist", hint="contexts: y")
        return hub(name)

    milan, rome = leaves(hub, by=by)
    assert accesses([milan, rome]) == {"milan": "no credentials", "rome": "ok"}
    assert milan.says.hint == "contexts: y"


def test_another_cluster_that_answers_is_noticed_and_asked_no_more(hub: FakeWorld) -> None:
    def by(name: str) -> Cluster:
        return Renamed("rome", hub("milan")) if name == "rome" else hub(name)

    milan, rome = leaves(hub, by=by)
    assert accesses([milan, rome]) == {"milan": "ok", "rome": "another cluster answers"}
    assert rome.version == ""


class Renamed:
    """A cluster under another one's name: what a wrong context leads to."""

    def __init__(self, name: str, cluster: Any) -> None:
        self.name = name
        self._cluster = cluster

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._cluster, attribute)

    def get(self, ref: ObjectRef) -> Object | None:
        found: Object | None = self._cluster.get(
            ObjectRef(self._cluster.name, ref.kind, ref.namespace, ref.name)
        )
        return found


def test_a_cluster_without_liqo_is_told_so(hub: FakeWorld) -> None:
    milan = hub.leaves["milan"]
    milan.drop(ref_of("milan", *milan.of(r.CONFIG_MAP)))
    assert accesses(leaves(hub))["milan"] == "not Liqo"


def test_credentials_that_are_not_accepted_are_an_error_of_that_leaf(hub: FakeWorld) -> None:
    hub.leaves["milan"].fault = lambda *_: ClusterError("milan", "Unauthorized")
    assert accesses(leaves(hub)) == {"milan": "error", "rome": "ok"}


def allow_but(verb: str, *kinds: r.Kind) -> Callable[[Object], bool]:
    denied = {("*", "*"), *((verb, kind.plural) for kind in kinds)}
    return lambda asked: (asked["verb"], asked["resource"]) not in denied


def test_what_one_may_not_do_is_counted_for_both_roles(hub: FakeWorld) -> None:
    gateways = (r.GATEWAY_SERVER, r.GATEWAY_CLIENT)
    hub.leaves["milan"].allows = allow_but("create", *gateways)
    milan, rome = leaves(hub)
    assert accesses([milan, rome]) == {"milan": "lacks 2 permissions", "rome": "ok"}
    assert milan.says.missing == tuple(
        f"create {kind.plural}.networking.liqo.io -n liqo-tenant-rome" for kind in gateways
    )
    assert all(each in milan.says.message for each in milan.says.missing)


def test_no_permission_is_asked_for_twice(hub: FakeWorld) -> None:
    hub.leaves["milan"].allows = lambda _: False
    milan, _ = leaves(hub)
    assert len(set(milan.says.missing)) == len(milan.says.missing)
    assert (
        len(milan.says.missing) == asked(hub, "milan").count(("ask", "SelfSubjectAccessReview")) - 1
    )  # whether one may do all


def test_of_many_missing_permissions_the_sentence_names_some(hub: FakeWorld) -> None:
    hub.leaves["milan"].allows = lambda _: False
    (milan,) = leaves(hub, "milan")
    more = len(milan.says.missing) - 3
    assert milan.says.message.endswith(f" and {more} more, which -o json lists")
    assert milan.says.missing[2] in milan.says.message


def test_permissions_are_asked_for_a_link_with_the_other_leaf_named() -> None:
    world = FakeWorld("milan", "oslo", "rome")
    peered(world)
    world.leaves["rome"].allows = lambda _: False
    for words, peer in (((), "milan"), (("rome",), "milan"), (("oslo", "rome"), "oslo")):
        rome = leaves(world, *words)[-1]
        assert f"delete publickeies.networking.liqo.io/{peer} -n liqo-tenant-{peer}" in (
            rome.says.missing
        )


def test_the_only_leaf_of_a_hub_can_be_linked_with_nobody() -> None:
    world = FakeWorld("rome")
    peered(world)
    world.leaves["rome"].allows = lambda _: False
    assert accesses(leaves(world)) == {"rome": "ok"}


def test_what_may_not_be_looked_at_is_only_not_told(hub: FakeWorld) -> None:
    def fault(_verb: str, ref: ObjectRef) -> ClusterError | None:
        hidden = ref.kind in (r.DEPLOYMENT, r.CONFIGURATION)
        return Forbidden("milan", "no") if hidden else None

    hub.leaves["milan"].fault = fault
    milan, rome = leaves(hub)
    assert (milan.says.access, milan.version, milan.direct) == ("ok", "", DirectSupport.UNKNOWN)
    assert rome.direct is DirectSupport.YES


def test_one_who_may_not_even_look_who_it_is_lacks_a_permission(hub: FakeWorld) -> None:
    hub.leaves["milan"].fault = lambda *_: Forbidden("milan", "configmaps is forbidden")
    assert accesses(leaves(hub))["milan"] == "lacks 1 permission"


def test_one_who_may_not_even_look_who_it_is_hears_of_all_that_lacks(hub: FakeWorld) -> None:
    milan = hub.leaves["milan"]
    milan.allows = lambda asked: asked["verb"] not in ("*", "get")
    milan.fault = lambda verb, _: Forbidden("milan", "get is forbidden") if verb == "get" else None
    (says, _) = (each.says for each in leaves(hub))
    assert len(says.missing) > 5
    assert says.access == f"lacks {len(says.missing)} permissions"
    first, _, rest = says.message.partition("; ")
    assert first == "cluster 'milan': get is forbidden"  # on a real one, this names the user
    assert rest.startswith("cluster 'milan': not allowed to ")


def test_services_of_a_leaf_that_the_hub_remapped_cannot_go_direct(hub: FakeWorld) -> None:
    answer(hub.hub, "milan", seen="10.70.0.0/16")
    milan, rome = leaves(hub)
    assert (milan.known.on_hub, milan.direct) == (("10.70.0.0/16",), DirectSupport.REMAPPED)
    assert rome.direct is DirectSupport.YES


def test_a_leaf_may_deny_direct_connections(hub: FakeWorld) -> None:
    milan = hub.leaves["milan"]
    ref = ref_of("milan", *milan.of(r.DEPLOYMENT))
    milan.patch(ref, {"spec": manager("--deny-direct-connections")["spec"]})
    assert leaves(hub)[0].direct is DirectSupport.DENIED


# The facts file.


def test_facts_are_three_questions_to_the_hub_and_none_to_a_leaf(hub: FakeWorld) -> None:
    commands.hub_facts((), hub)
    assert sorted(asked(hub, HUB)) == [
        ("get", "ConfigMap"),
        ("list", "Configuration"),
        ("list", "GatewayClient"),
    ]
    assert len(hub.calls) == 3


def test_facts_are_of_the_leaves_named(hub: FakeWorld) -> None:
    assert list(commands.hub_facts(["rome"], hub)["leaves"]) == ["rome"]


@pytest.mark.parametrize("dialled", [("milan", "rome"), ("rome",)], ids=["both", "one"])
def test_a_dry_run_from_the_facts_is_that_from_the_hub(
    hub: FakeWorld, dialled: tuple[str, ...]
) -> None:
    for leaf in {"milan", "rome"} - set(dialled):
        hub.hub.drop(ref_of(HUB, of_leaf(hub, r.GATEWAY_CLIENT, leaf)))
    pair = (cluster_id("milan"), cluster_id("rome"))
    from_hub = survey_hub(hub.hub, pair, crd_needed=False).facts
    from_file = facts.from_document(commands.hub_facts((), hub), *pair)
    assert from_file == from_hub
    request, renderer = Request(pair=pair), Renderer(read_template)
    assert dry_run(request, from_file, None, renderer) == dry_run(request, from_hub, None, renderer)


def test_names_are_one_question_to_the_hub(hub: FakeWorld) -> None:
    assert commands.names((), hub) == ["milan", "rome"]
    assert commands.names(["rome"], hub) == ["rome"]
    assert len(hub.calls) == 2
