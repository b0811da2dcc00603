"""Whose a field is: our name among an object's managedFields, and the one that v0.1.0 had.

Flux's kustomize-controller drops every field of a manager whose name begins with ``kubectl``: our
finalizer, labels and annotations would vanish at its next pass. So the name was changed, and what
still bears the old one is renamed when the object is next written to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import Object, dig

_KUBECTL_APPLY = "kubectl-client-side-apply"
_SAME = ("operation", "apiVersion", "subresource")


def made_by_us(body: Object) -> bool:
    """Whether this program made *body*, and did not only label it.

    Who makes an object sets the label that names its peer; adopting an object never does, and who
    applies it (``Apply``, or kubectl's own name) is somebody else.
    """
    return _set_by_us(body, r.REMOTE_CLUSTER_ID)


def labelled_by_us(body: Object) -> bool:
    """Whether this program put its labels on *body*: it made it, or took it over."""
    return _set_by_us(body, r.SHORTCUT_HUB)


def renamed(body: Object) -> list[dict[str, Any]] | None:
    """The managedFields of *body* with our present name, None where nothing bears the old one."""
    entries = _entries(body)
    if all(each.get("manager") != r.FORMER_FIELD_MANAGER for each in entries):
        return None
    kept: list[dict[str, Any]] = []
    for each in entries:
        ours = each.get("manager") == r.FORMER_FIELD_MANAGER
        entry = {**each, "manager": r.FIELD_MANAGER} if ours else dict(each)
        same = next((other for other in kept if _is_same(entry, other)), None)
        if same is None:
            kept.append(entry)
        else:  # the API server wants one entry for each manager, operation and version
            same["fieldsV1"] = _union(same.get("fieldsV1"), entry.get("fieldsV1"))
    return kept


def applied_by_others(body: Object) -> bool:
    """Whether somebody else, such as git, keeps our labels on *body* by applying them."""
    return any(
        f"f:{r.SHORTCUT_HUB}" in _labels(each)
        and (each.get("operation") == "Apply" or each.get("manager") == _KUBECTL_APPLY)
        for each in _entries(body)
    )


def labelled_by(body: Object) -> str:
    """Who else set our labels on *body*, by applying them or not; "" if that is not known."""
    said = (
        each.get("manager") for each in _entries(body) if f"f:{r.SHORTCUT_HUB}" in _labels(each)
    )
    ours = (r.FIELD_MANAGER, r.FORMER_FIELD_MANAGER)
    return next((str(each)[:128] for each in said if each and each not in ours), "")


def _set_by_us(body: Object, label: str) -> bool:
    return any(
        each.get("manager") in (r.FIELD_MANAGER, r.FORMER_FIELD_MANAGER)
        and each.get("operation") == "Update"
        and f"f:{label}" in _labels(each)
        for each in _entries(body)
    )


def _entries(body: Object) -> list[Mapping[str, Any]]:
    entries = dig(body, "metadata", "managedFields")
    found = entries if isinstance(entries, list) else []
    return [each for each in found if isinstance(each, dict)]


def _labels(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = entry.get("fieldsV1")
    for key in ("f:metadata", "f:labels"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(key) == other.get(key) for key in ("manager", *_SAME))


def _union(one: Any, other: Any) -> dict[str, Any]:
    """Both sets of fields; a set is a tree of names."""
    one, other = (each if isinstance(each, dict) else {} for each in (one, other))
    return {
        key: _union(one.get(key), other.get(key)) if key in one and key in other else value
        for key, value in {**one, **other}.items()
    }
