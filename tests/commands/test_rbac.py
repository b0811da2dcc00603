from __future__ import annotations

import pytest

from kubectl_liqo_shortcut.commands import rbac
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import Object, ObjectRef
from kubectl_liqo_shortcut.core.rbac.roles import Subject
from kubectl_liqo_shortcut.errors import ClusterError, Invalid, Unreachable
from tests.fakes import FakeWorld

SCOPE = rbac.leaf_scope("rome", ["milan"])


def check(world: FakeWorld) -> rbac.AccessReport:
    return rbac.check_access(SCOPE, world.leaves["rome"], 5)


def test_who_may_do_all_is_asked_one_question_and_lacks_nothing(world: FakeWorld) -> None:
    found = check(world)
    assert (found.lacks, found.is_enough, found.user) == ((), True, "tester")
    assert len(found.asked) > 40
    asked = [ref.kind for verb, ref in world.calls if verb == "ask"]
    assert asked.count(r.SELF_SUBJECT_ACCESS_REVIEW) == 1


def test_what_lacks_is_told_and_is_not_enough(world: FakeWorld) -> None:
    def allows(asked: Object) -> bool:
        return asked["verb"] not in ("*", "patch")

    world.leaves["rome"].allows = allows
    found = check(world)
    assert {each.access.verb for each in found.lacks} == {"patch"}
    assert not found.is_enough


def test_what_is_optional_may_lack(world: FakeWorld) -> None:
    world.leaves["rome"].allows = lambda asked: asked["resource"] not in ("*", "deployments")
    world.leaves["rome"].allows = lambda asked: (
        asked["resource"] != "*" and asked.get("name") != "liqo-controller-manager"
    )
    found = check(world)
    assert [str(each.access) for each in found.lacks] == [
        "get deployments.apps/liqo-controller-manager -n liqo"
    ]
    assert found.is_enough


def test_liqos_stored_identity_is_told_apart(
    world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = {"username": "torino", "groups": ["liqo.io", "system:authenticated"]}
    monkeypatch.setattr(rbac, "who_am_i", lambda _: {"status": {"userInfo": user}})
    assert check(world).note == ""
    world.leaves["rome"].allows = lambda _: False
    assert "torino is Liqo's stored identity" in check(world).note
    monkeypatch.setattr(rbac, "who_am_i", lambda _: {})
    assert (check(world).note, check(world).user) == ("", "unknown")


def test_the_tenant_namespace_may_have_another_name() -> None:
    scope = rbac.leaf_scope("rome", ["milan=tenants", "oslo", "oslo"], ["a", "a"])
    assert [(each.id, each.namespace) for each in scope.peers] == [
        ("milan", "tenants"),
        ("oslo", "liqo-tenant-oslo"),
    ]
    assert scope.services == ("a",)


@pytest.mark.parametrize("peers", [[], ["rome"], ["No Leaf"]])
def test_wrong_peers_are_refused(peers: list[str]) -> None:
    with pytest.raises(Invalid):
        rbac.leaf_scope("rome", peers)


def test_the_hub_is_asked_for_its_name(world: FakeWorld) -> None:
    assert rbac.default_subject(world, 5) == Subject("User", "liqo-shortcut:torino")

    def fault(_: str, __: ObjectRef) -> ClusterError:
        return Unreachable("the hub", "no")

    world.hub.fault = fault
    with pytest.raises(Unreachable) as caught:
        rbac.default_subject(world, 5)
    assert "--subject" in str(caught.value.hint)
