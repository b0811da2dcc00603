"""Admission policies for the hub (Kubernetes 1.30 and later), as documents for ``kubectl apply``.

RBAC says who may write a Shortcut, and nothing of what may stand in it. What is allowed stands
literally in the policies: one stream is applied, and no ConfigMap of parameters is left that
somebody else may write, or delete. JSON that the renderer makes of a value is a CEL literal too.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core import validation
from kubectl_liqo_shortcut.core.model import HUB, ClusterID, ObjectRef, cluster_id
from kubectl_liqo_shortcut.core.rbac.roles import Subject
from kubectl_liqo_shortcut.errors import Invalid

if TYPE_CHECKING:  # as in core/rbac
    from kubectl_liqo_shortcut.core.link.render import Renderer

_KEY = re.compile(
    r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
)
_MORE = (
    "an administrator allows more with kubectl liqo-shortcut rbac print --hub --admission "
    "--subject ..."
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionLimits:
    """What a record may name; without *leaves* and *pairs*, any; without *service_types*, any."""

    leaves: tuple[ClusterID, ...] = ()
    pairs: tuple[tuple[ClusterID, ClusterID], ...] = ()
    template_namespaces: tuple[str, ...] = (r.LIQO_NAMESPACE,)
    service_types: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    reclaim_delete: bool = False
    refuse_old_writers: bool = False

    @property
    def both_ways(self) -> list[list[ClusterID]]:
        """Each pair as server and client, and the other way round."""
        return [list(each) for pair in self.pairs for each in (pair, pair[::-1])]


def limits_of(
    *,
    leaves: Sequence[str] = (),
    pairs: Sequence[tuple[str, str]] = (),
    template_namespaces: Sequence[str] = (),
    service_types: Sequence[str] = (),
    annotations: Sequence[str] = (),
    labels: Sequence[str] = (),
    reclaim_delete: bool = False,
    refuse_old_writers: bool = False,
) -> AdmissionLimits:
    """The limits that options ask for; the first of *template_namespaces* is Liqo's."""
    return AdmissionLimits(
        leaves=tuple(map(cluster_id, dict.fromkeys(leaves))),
        pairs=tuple(_pair(*pair) for pair in dict.fromkeys(pairs)),
        template_namespaces=_namespaces(template_namespaces or (r.LIQO_NAMESPACE,)),
        service_types=tuple(dict.fromkeys(service_types)),
        annotations=_keys(annotations, "--allow-annotation"),
        labels=_keys(labels, "--allow-label"),
        reclaim_delete=reclaim_delete,
        refuse_old_writers=refuse_old_writers,
    )


def _pair(first: str, second: str) -> tuple[ClusterID, ClusterID]:
    if first == second:
        raise Invalid(f"--allow-pair: {first!r} is no pair with itself", hint="name two leaves")
    return cluster_id(first), cluster_id(second)


def _namespaces(names: Sequence[str]) -> tuple[str, ...]:
    at = "--allow-template-namespace"
    return tuple(validation.label(each, at) for each in dict.fromkeys(names))


def _keys(keys: Sequence[str], at: str) -> tuple[str, ...]:
    for each in keys:
        if not _KEY.fullmatch(each):
            raise Invalid(f"{at}: {each!r} is no key of an annotation or a label")
    return tuple(dict.fromkeys(keys))


def admission_documents(
    subjects: Sequence[Subject], limits: AdmissionLimits, liqo_namespace: str, renderer: Renderer
) -> Iterator[str]:
    """Each policy and its binding; *subjects* are the writers, Liqo is in *liqo_namespace*."""
    writers = {
        "users": [each.user for each in subjects if each.kind != "Group"],
        "groups": [each.name for each in subjects if each.kind == "Group"],
    }
    policies: dict[str, dict[str, object]] = {
        "writers": {**writers},
        "records": {"limits": limits, "more": _MORE},
        "leases": {**writers, "namespace": liqo_namespace},
    }
    if limits.refuse_old_writers:
        policies["old-writers"] = {}
    for policy, values in policies.items():
        name = f"liqo-shortcut-{policy}"
        ref = ObjectRef(HUB, r.ADMISSION_POLICY, "", name)
        yield renderer.text(f"admission-{policy}.yaml.j2", ref, **values)
        ref = ObjectRef(HUB, r.ADMISSION_POLICY_BINDING, "", name)
        yield renderer.text("admission-binding.yaml.j2", ref, name=name)
