from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.inventory import Ownership, Recorded
from kubectl_liqo_shortcut.core.link.plan import Create, Plan, Recreate, Update, covers, make_plan
from kubectl_liqo_shortcut.core.model import Manifest, Object, ObjectRef, uid_of
from kubectl_liqo_shortcut.errors import Refused
from tests.samples import FACTS, RENDERER, SHORTCUT, ends_of, on
from tests.tables import every

DESIRED = RENDERER.link(SHORTCUT, FACTS).ready
Objects = dict[ObjectRef, Object]


def made(manifest: Manifest, **metadata: Any) -> dict[str, Any]:
    """*manifest* as its API server shows it, with what Liqo adds of its own."""
    body = copy.deepcopy(dict(manifest.body))
    body["metadata"] |= {"uid": f"uid-{manifest.cluster}-{manifest.ref.kind.kind}", **metadata}
    body.setdefault("spec", {})["addedByLiqo"] = True
    return body


def manifest_of(kind: r.Kind, cluster: str = "rome") -> Manifest:
    return next(each for each in DESIRED if each.cluster == cluster and each.ref.kind == kind)


def everything(**metadata: Any) -> Objects:
    objects: Objects = {}
    for manifest in DESIRED:
        objects |= on(manifest.cluster, made(manifest, **metadata))
    return objects


def recorded(
    objects: Objects, ownership: Ownership = Ownership.CREATED
) -> dict[ObjectRef, Recorded]:
    return {ref: Recorded(ref, uid_of(body), ownership) for ref, body in objects.items()}


def replaced(objects: Objects, body: Mapping[str, Any], cluster: str = "rome") -> Objects:
    return {**objects, **on(cluster, body)}


def steps(plan: Plan) -> list[tuple[type, str, str]]:
    return [(type(s), s.manifest.cluster, s.manifest.ref.kind.kind) for s in plan.steps]


def test_where_nothing_is_the_namespaces_come_first() -> None:
    plan = make_plan(DESIRED, ends_of({}), {})
    assert steps(plan) == [(Create, "rome", "Namespace"), (Create, "milan", "Namespace")]


def test_in_a_namespace_all_that_is_missing_is_made_at_once() -> None:
    there = on("rome", made(manifest_of(r.NAMESPACE)))
    plan = make_plan(DESIRED, ends_of(there), recorded(there))
    assert steps(plan) == [
        (Create, "rome", "Configuration"),
        (Create, "rome", "GatewayServer"),
        (Create, "rome", "PublicKey"),
        (Create, "milan", "Namespace"),
    ]


def test_nothing_is_made_in_a_namespace_that_is_being_deleted() -> None:
    there = on("rome", made(manifest_of(r.NAMESPACE), deletionTimestamp="2026-01-01T00:00:00Z"))
    plan = make_plan(DESIRED, ends_of(there), recorded(there))
    assert steps(plan) == [(Create, "milan", "Namespace")]


def test_what_is_as_desired_needs_no_step() -> None:
    there = everything()
    plan = make_plan(DESIRED, ends_of(there), recorded(there))
    assert (plan.steps, plan.reused) == ((), ())


def test_what_we_made_is_ours() -> None:
    there = everything()
    plan = make_plan(DESIRED, ends_of(there), recorded(there))
    assert len(plan.ours) == len(DESIRED)


def test_what_others_made_is_reused_and_never_changed() -> None:
    there = everything()
    plan = make_plan(DESIRED, ends_of(there), {})
    assert (plan.steps, plan.ours, len(plan.reused)) == ((), (), len(DESIRED))


def test_what_is_being_deleted_is_waited_for() -> None:
    there = everything()
    doomed = made(manifest_of(r.GATEWAY_SERVER), deletionTimestamp="2026-01-01T00:00:00Z")
    plan = make_plan(DESIRED, ends_of(replaced(there, doomed)), recorded(there))
    assert plan.steps == ()
    assert doomed not in [body for _, body, _ in plan.ours]


@pytest.mark.parametrize("kind", [r.CONFIGURATION, r.PUBLIC_KEY], ids=str)
def test_what_is_ours_and_differs_is_set_right(kind: r.Kind) -> None:
    there = everything()
    other = made(manifest_of(kind)) | {"spec": {}}
    plan = make_plan(DESIRED, ends_of(replaced(there, other)), recorded(there))
    assert plan.steps == (Update(manifest_of(kind), other),)


def test_an_update_is_bound_to_the_version_that_was_looked_at() -> None:
    update = Update(
        manifest_of(r.CONFIGURATION), made(manifest_of(r.CONFIGURATION), resourceVersion="7")
    )
    assert update.patch()["metadata"] == {"resourceVersion": "7"}


@pytest.mark.parametrize(
    ("kind", "cluster"),
    [(r.GATEWAY_SERVER, "rome"), (r.GATEWAY_CLIENT, "milan")],
    ids=["server", "client"],
)
def test_a_gateway_of_ours_that_differs_is_made_anew(kind: r.Kind, cluster: str) -> None:
    there = everything()
    other = made(manifest_of(kind, cluster))
    other["spec"]["mtu"] = 1400
    plan = make_plan(DESIRED, ends_of(replaced(there, other, cluster)), recorded(there))
    assert plan.steps == (Recreate(manifest_of(kind, cluster), other, "it differs in spec.mtu"),)


def test_a_gateway_of_others_is_taken_as_it_is() -> None:
    there = everything()
    other = made(manifest_of(r.GATEWAY_SERVER))
    other["spec"]["mtu"] = 1400
    records = recorded(there)
    del records[manifest_of(r.GATEWAY_SERVER).ref]
    plan = make_plan(DESIRED, ends_of(replaced(there, other)), records)
    assert plan.reused == (("rome", other),)


@pytest.mark.parametrize("kind", [r.CONFIGURATION, r.PUBLIC_KEY], ids=str)
def test_what_others_made_otherwise_stands_in_the_way(kind: r.Kind) -> None:
    there = replaced(everything(), made(manifest_of(kind)) | {"spec": {}})
    with pytest.raises(Refused, match=f"^cluster 'rome': {kind.kind.lower()}/milan was made by"):
        make_plan(DESIRED, ends_of(there), {})


def test_a_refusal_names_the_fields_that_differ() -> None:
    other = made(manifest_of(r.CONFIGURATION))
    other["spec"]["remote"]["cidr"]["pod"] = ["10.99.0.0/16"]
    with pytest.raises(Refused, match=r"has another spec\.remote\.cidr\.pod$"):
        make_plan(DESIRED, ends_of(replaced(everything(), other)), {})


def test_a_namespace_of_others_must_belong_to_that_leaf() -> None:
    other = made(manifest_of(r.NAMESPACE), labels={r.REMOTE_CLUSTER_ID: "paris"})
    with pytest.raises(Refused, match="is not a tenant namespace of that leaf"):
        make_plan(DESIRED, ends_of(replaced(everything(), other)), {})


@every(
    ("observed", "desired", "result"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, True),
        ({"a": [1, 2]}, {"a": [1]}, False),
        ({}, {"a": 1}, False),
        ({"a": None}, {"a": {"b": 1}}, False),
        ({"a": {}}, {"a": {}}, True),
    ],
    ids=["more fields", "nested", "lists are whole", "missing", "null", "empty"],
)
def test_only_fields_that_we_render_are_compared(
    observed: Object, desired: Object, result: bool
) -> None:
    assert covers(observed, desired) is result
