"""Whose an object is, by the record, by the object, and by what its API server noted."""

from __future__ import annotations

import copy
from typing import Any

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.inventory import Ownership, Recorded
from kubectl_liqo_shortcut.core.link.ownership import (
    Membership,
    inventory,
    ownership_labels,
    ownership_labels_of,
    ownership_of,
)
from kubectl_liqo_shortcut.core.model import Object, ref_of
from tests.fakes import made_by_us
from tests.samples import FACTS, NAMESPACE_OF, RENDERER, ROME, SHORTCUT
from tests.tables import every

DESIRED = RENDERER.link(SHORTCUT, FACTS).ready
CLAIM = Membership(ownership_labels("milan--rome", "torino"), "milan", (NAMESPACE_OF[ROME],))
CREATED, ADOPTED, REUSED = Ownership.CREATED, Ownership.ADOPTED, Ownership.REUSED


def gateway(**metadata: Any) -> dict[str, Any]:
    """rome's gateway, as this program made it."""
    manifest = next(
        each for each in DESIRED if (each.cluster, each.ref.kind) == ("rome", r.GATEWAY_SERVER)
    )
    body = copy.deepcopy(made_by_us(manifest.body))
    body["metadata"] |= {"uid": "one", **metadata}
    return body


def labelled(**labels: str) -> dict[str, Any]:
    return gateway(labels={**gateway()["metadata"]["labels"], **labels})


APPLIED = {"managedFields": [{"manager": "kustomize-controller", "operation": "Apply"}]}
TAKEN_OVER = {
    "managedFields": [
        {
            "manager": r.FIELD_MANAGER,
            "operation": "Update",
            "fieldsV1": {"f:metadata": {"f:labels": {f"f:{r.SHORTCUT_HUB}": {}}}},
        }
    ]
}


HUB_LABEL: dict[str, Any] = {"f:metadata": {"f:labels": {f"f:{r.SHORTCUT_HUB}": {}}}}
BY_GIT = {**APPLIED["managedFields"][0], "fieldsV1": HUB_LABEL}
BY_KUBECTL = {
    "manager": "kubectl-client-side-apply",
    "operation": "Update",
    "fieldsV1": HUB_LABEL,
}


def entry(uid: str, ownership: Ownership) -> Recorded:
    return Recorded(ref_of("rome", gateway()), uid, ownership)


@every(
    ("body", "recorded", "whose"),
    [
        (gateway(), None, CREATED),
        (gateway(), entry("", CREATED), CREATED),
        (gateway(), entry("of another", CREATED), CREATED),
        (gateway(), entry("one", REUSED), CREATED),
        (gateway(**TAKEN_OVER), None, ADOPTED),
        (gateway(**APPLIED), None, REUSED),
        (gateway(**APPLIED), entry("", CREATED), REUSED),
        (gateway(**APPLIED), entry("one", REUSED), REUSED),
        (gateway(**APPLIED), entry("of another", CREATED), REUSED),
        (gateway(**APPLIED), entry("one", CREATED), CREATED),
        (gateway(**APPLIED), entry("one", ADOPTED), ADOPTED),
        (gateway(managedFields=[BY_GIT]), entry("one", CREATED), REUSED),
        (gateway(managedFields=[BY_KUBECTL]), entry("one", ADOPTED), REUSED),
        (
            gateway(managedFields=[BY_GIT, *TAKEN_OVER["managedFields"]]),
            entry("one", ADOPTED),
            ADOPTED,
        ),
        (gateway(labels={}), entry("one", CREATED), REUSED),
        (labelled(**{r.SHORTCUT_HUB: "paris"}), entry("one", CREATED), REUSED),
        (labelled(**{r.SHORTCUT_NAME: "milan--paris"}), entry("one", CREATED), REUSED),
        (labelled(**{r.MANAGED_BY: "Helm"}), entry("one", CREATED), REUSED),
        (labelled(**{r.REMOTE_CLUSTER_ID: "torino"}), entry("one", CREATED), REUSED),
        (gateway(name="torino"), entry("one", CREATED), REUSED),
        (gateway(namespace="liqo-tenant-torino"), entry("one", CREATED), REUSED),
    ],
    ids=[
        "made by us, the record lost its status",
        "made by us, the run was killed before it noted the UID",
        "made by us after the record was written",
        "made by us, and somebody wrote that it is not",
        "labelled by us, the record lost its status",
        "applied from git",
        "applied from git while its creation was intended",
        "applied from git, as the record says",
        "another object under that name",
        "recorded by UID",
        "adopted by UID",
        "git keeps our labels, and a record lies",
        "kubectl apply set our labels, and a record lies",
        "adopted, and git keeps it since",
        "recorded by UID, without our labels",
        "of another hub",
        "of another shortcut",
        "of another program",
        "of another peer",
        "named otherwise",
        "in another namespace",
    ],
)
def test_an_object_is_ours_if_record_labels_name_and_place_agree(
    body: Object, recorded: Recorded | None, whose: Ownership
) -> None:
    assert ownership_of(body, recorded, CLAIM) is whose


def test_a_namespace_of_ours_is_the_peers_tenant() -> None:
    body = next(each.body for each in DESIRED if each.ref.kind == r.NAMESPACE)
    body = made_by_us(body)
    membership = Membership(
        ownership_labels("milan--rome", "torino"),
        body["metadata"]["labels"][r.REMOTE_CLUSTER_ID],
        (),
    )
    assert ownership_of(body, None, membership) is CREATED
    del body["metadata"]["labels"][r.TENANT_NAMESPACE]
    assert ownership_of(body, None, membership) is REUSED


def test_what_is_found_puts_the_record_right_and_completes_it() -> None:
    body = gateway()
    elsewhere = Recorded(ref_of("milan", body), "x", CREATED)
    gone = Recorded(ref_of("rome", gateway(name="gone")), "y", CREATED)
    assert inventory("rome", [elsewhere, gone, entry("old", CREATED)], [body], CLAIM) == [
        gone,
        entry("one", CREATED),
    ]


def test_labels_are_rendered_by_which_an_object_is_known() -> None:
    assert all(
        ownership_labels_of(each.body) == ownership_labels("milan--rome", "torino")
        for each in DESIRED
    )
