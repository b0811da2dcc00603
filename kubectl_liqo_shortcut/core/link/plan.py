"""From what we want and what is there to what must be done."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.inventory import Ownership, Recorded
from kubectl_liqo_shortcut.core.link.lost import Lost, lost_one
from kubectl_liqo_shortcut.core.link.observe import End
from kubectl_liqo_shortcut.core.link.ownership import (
    Membership,
    membership_at,
    ownership_labels_of,
    ownership_of,
)
from kubectl_liqo_shortcut.core.model import (
    Manifest,
    Object,
    ObjectRef,
    dig,
    is_terminating,
    labels_of,
    namespace_of,
    peer_of,
    ref_of,
)
from kubectl_liqo_shortcut.core.networks import in_order
from kubectl_liqo_shortcut.errors import Refused


@dataclasses.dataclass(frozen=True, slots=True)
class Create:
    """POST: an object that is not there."""

    manifest: Manifest


@dataclasses.dataclass(frozen=True, slots=True)
class Update:
    """Set the spec of an object of ours that differs, if it is still as *observed*.

    By a merge patch: server-side apply would see a conflict with our own POST.
    """

    manifest: Manifest
    observed: Object

    def patch(self) -> Object:
        version = self.observed["metadata"].get("resourceVersion")
        return {"metadata": {"resourceVersion": version}, "spec": self.manifest.body["spec"]}


@dataclasses.dataclass(frozen=True, slots=True)
class Recreate:
    """Delete a gateway of ours, with all that Liqo made of it; then it is missing.

    Liqo applies a change of a gateway half, so one that differs is not edited.
    """

    manifest: Manifest
    observed: Object
    why: str
    suspected: bool = False  # only, so that who does it first asks whether it is so

    @property
    def membership(self) -> Membership:
        """By which it is known again as the one that the plan called ours."""
        manifest, place = self.manifest, namespace_of(self.observed)
        return Membership(ownership_labels_of(manifest.body), manifest.ref.name, (place,))


Step = Create | Update | Recreate

Observed = tuple[str, Object]
"""A cluster, and an object there."""


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """*steps* may run at the same time; the rest of *desired* comes with the next look."""

    steps: tuple[Step, ...]
    ours: tuple[tuple[str, Object, Ownership], ...]
    reused: tuple[Observed, ...]  # of somebody else: never changed, never deleted
    leaving: tuple[Observed, ...] = ()  # being deleted: made anew once they are gone

    def is_ours(self, cluster: str, body: Object) -> bool:
        return any((cluster, body) == (where, what) for where, what, _ in self.ours)


def make_plan(
    desired: Collection[Manifest],
    ends: Mapping[str, End],
    recorded: Mapping[ObjectRef, Recorded],
) -> Plan:
    """The next steps for the *desired* manifests whose facts are known."""
    steps: list[Step] = []
    ours: list[tuple[str, Object, Ownership]] = []
    reused: list[Observed] = []
    leaving: list[Observed] = []
    for manifest in desired:
        end = ends[manifest.cluster]
        observed = end.of(manifest.ref.kind)
        if observed is None:
            if _place_is_ready(manifest, end):
                steps.append(Create(manifest))
            continue
        if is_terminating(observed):
            leaving.append((manifest.cluster, observed))
            continue
        entry = recorded.get(ref_of(manifest.cluster, observed))
        membership = membership_at(end, ownership_labels_of(manifest.body))
        ownership = ownership_of(observed, entry, membership)
        if ownership is Ownership.REUSED:
            _must_fit(observed, manifest, lost_one(observed, entry, membership))
            reused.append((manifest.cluster, observed))
        else:
            ours.append((manifest.cluster, observed, ownership))
            steps += _updates(observed, manifest)
    return Plan(tuple(steps), tuple(ours), tuple(reused), tuple(leaving))


def covers(observed: Any, desired: Any) -> bool:
    """Whether every field of *desired* stands in *observed*; what we do not render is not ours."""
    if isinstance(desired, Mapping):
        return isinstance(observed, Mapping) and all(
            covers(observed.get(key), value) for key, value in desired.items()
        )
    return bool(observed == desired)


def differing(observed: Any, desired: Any, at: str = "spec") -> Iterator[str]:
    """The paths of the fields of *desired* that *observed* has otherwise."""
    if isinstance(desired, Mapping) and isinstance(observed, Mapping):
        for key, value in desired.items():
            yield from differing(observed.get(key), value, f"{at}.{key}")
    elif observed != desired:
        yield at


def differences(observed: Object, manifest: Manifest) -> list[str]:
    """The paths of the fields that *observed* has otherwise than *manifest*; empty if none.

    A Configuration may list the networks in any order.
    """
    kind, spec = manifest.ref.kind, observed.get("spec") or {}
    return list(differing(_comparable(kind, spec), _comparable(kind, manifest.body["spec"])))


def _comparable(kind: r.Kind, spec: Object) -> Object:
    cidr = dig(spec, "remote", "cidr")
    if kind != r.CONFIGURATION or not isinstance(cidr, Mapping):
        return spec
    ordered = {key: in_order(value) for key, value in cidr.items()}
    return {**spec, "remote": {**spec["remote"], "cidr": ordered}}


def _place_is_ready(manifest: Manifest, end: End) -> bool:
    if manifest.ref.kind == r.NAMESPACE:
        return True
    return end.namespace is not None and not is_terminating(end.namespace)


def _updates(observed: Object, manifest: Manifest) -> Iterator[Step]:
    if manifest.ref.kind == r.NAMESPACE:
        return
    differs = differences(observed, manifest)
    if not differs:
        return
    if manifest.ref.kind in (r.GATEWAY_SERVER, r.GATEWAY_CLIENT):
        yield Recreate(manifest, observed, f"it differs in {', '.join(differs)}")
        return
    yield Update(manifest, observed)


def _must_fit(observed: Object, manifest: Manifest, lost: Lost | None) -> None:
    """Refuses a foreign object that stands in the way; a foreign gateway is taken as it is."""
    kind = manifest.ref.kind
    if kind == r.NAMESPACE:
        remote = peer_of(observed)
        if remote == labels_of(manifest.body)[r.REMOTE_CLUSTER_ID]:
            return
        differs = "is not a tenant namespace of that leaf"
    elif kind in (r.CONFIGURATION, r.PUBLIC_KEY):
        fields = ", ".join(differences(observed, manifest))
        if not fields:
            return
        differs = f"was made by somebody else and has another {fields}"
    else:
        return
    raise Refused(
        f"cluster {manifest.cluster!r}: {manifest.ref} {differs}",
        hint=lost.remedy
        if lost
        else "nothing that others made is changed: remove or correct it there, then try again",
    )
