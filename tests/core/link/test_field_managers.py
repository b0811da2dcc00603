"""Whose a field is, by what an API server notes of it."""

from __future__ import annotations

from typing import Any

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.field_managers import made_by_us, renamed
from tests.test_architecture import ROOT

PEER: dict[str, Any] = {
    "f:metadata": {"f:labels": {f"f:{r.REMOTE_CLUSTER_ID}": {}}},
    "f:spec": {"f:mtu": {}},
}
OURS: dict[str, Any] = {
    "f:metadata": {"f:labels": {f"f:{r.MANAGED_BY}": {}, f"f:{r.SHORTCUT_HUB}": {}}}
}


def entry(manager: str, fields: Any = None, operation: str = "Update") -> dict[str, Any]:
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": "v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields or PEER,
    }


def managed(*entries: Any) -> dict[str, Any]:
    return {"metadata": {"name": "rome", "managedFields": list(entries)}}


def test_no_field_manager_of_ours_begins_with_kubectl() -> None:
    """Flux's kustomize-controller would drop all its fields."""
    assert not r.FIELD_MANAGER.startswith("kubectl")
    written = [
        file.name
        for file in (ROOT / "kubectl_liqo_shortcut").rglob("*.py")
        if "fieldManager" in file.read_text(encoding="utf-8")
    ]
    assert written == ["kube.py"], "who else writes has to use FIELD_MANAGER too"


def test_what_the_present_and_the_former_version_made_was_made_by_us() -> None:
    assert made_by_us(managed(entry(r.FIELD_MANAGER)))
    assert made_by_us(managed(entry("liqo-controller-manager"), entry(r.FORMER_FIELD_MANAGER)))


def test_what_others_made_or_applied_was_not_made_by_us() -> None:
    others = [
        managed(entry("kubectl-create")),
        managed(entry("kubectl", operation="Apply")),
        managed(entry(r.FIELD_MANAGER, operation="Apply")),
        managed(entry("liqoctl"), entry(r.FIELD_MANAGER, OURS)),
        {"metadata": {"name": "rome"}},
    ]
    assert [each for each in others if made_by_us(each)] == []


def test_managed_fields_that_make_no_sense_say_nothing() -> None:
    for broken in ("x", [None], ["x"], [{"manager": r.FIELD_MANAGER}], {"a": 1}):
        assert not made_by_us({"metadata": {"managedFields": broken}})
    shapes: list[Any] = ["x", {"f:metadata": []}, {"f:metadata": {"f:labels": "x"}}]
    for fields in shapes:
        assert not made_by_us(managed(entry(r.FIELD_MANAGER, fields)))


def test_nothing_is_renamed_where_nothing_bears_the_old_name() -> None:
    assert renamed(managed(entry(r.FIELD_MANAGER), entry("kubectl-edit"))) is None
    assert renamed({"metadata": {}}) is None


def test_the_old_name_becomes_the_new_one_and_all_else_stays() -> None:
    status = {**entry(r.FORMER_FIELD_MANAGER), "subresource": "status"}
    others = entry("kubectl-edit")
    assert renamed(managed(others, status, entry(r.FORMER_FIELD_MANAGER))) == [
        others,
        {**status, "manager": r.FIELD_MANAGER},
        entry(r.FIELD_MANAGER),
    ]


def test_fields_of_both_names_become_one_entry() -> None:
    fields = {"f:metadata": {"f:finalizers": {"v:x": {}}}, "f:spec": {"f:mtu": {}, "f:port": {}}}
    both = renamed(managed(entry(r.FIELD_MANAGER), entry(r.FORMER_FIELD_MANAGER, fields)))
    assert both == [
        entry(
            r.FIELD_MANAGER,
            {
                "f:metadata": {**PEER["f:metadata"], "f:finalizers": {"v:x": {}}},
                "f:spec": {"f:mtu": {}, "f:port": {}},
            },
        )
    ]
