"""Options of ``rbac print`` that tell what the hub's admission policies allow."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.cli.params import completions
from kubectl_liqo_shortcut.cli.params.access import Command, with_options
from kubectl_liqo_shortcut.cli.params.types import Assignment
from kubectl_liqo_shortcut.core.kinds import LIQO_NAMESPACE
from kubectl_liqo_shortcut.core.link.shortcut import SERVICE_TYPES
from kubectl_liqo_shortcut.core.model import HUB
from kubectl_liqo_shortcut.errors import Invalid

if TYPE_CHECKING:
    from kubectl_liqo_shortcut.core.rbac.admission import AdmissionLimits

AskedLimits: TypeAlias = "Callable[[ClusterAccess], AdmissionLimits | None]"
"""What the options ask for, with Liqo where the way to the clusters says it is; None: nothing."""

_LIMITS = {
    "leaves": "--allow-leaf",
    "pairs": "--allow-pair",
    "template_namespaces": "--allow-template-namespace",
    "service_types": "--allow-service-type",
    "annotations": "--allow-annotation",
    "labels": "--allow-label",
    "reclaim_delete": "--allow-reclaim-delete",
    "refuse_old_writers": "--refuse-old-writers",
}


def admission_options(command: Command) -> Command:
    """Gives the command ``limits``."""

    @with_options(
        click.option(
            "--admission",
            is_flag=True,
            help="Also admission policies for Kubernetes >= 1.30: nobody but each --subject may "
            "write the status of Shortcuts, and a Shortcut may name only what the options below "
            "allow; with --hub",
        ),
        click.option(
            "--allow-leaf",
            "leaves",
            metavar="ID",
            multiple=True,
            shell_complete=completions.complete_more_leaves,
            help="A Shortcut may link this leaf to others that are allowed; may be repeated  "
            "[default: any leaf]",
        ),
        click.option(
            "--allow-pair",
            "pairs",
            type=Assignment(),
            metavar="ID=ID",
            multiple=True,
            shell_complete=completions.complete_leaf_assignments,
            help="A Shortcut may link these two leaves; may be repeated  [default: any pair]",
        ),
        click.option(
            "--allow-template-namespace",
            "template_namespaces",
            metavar="NAMESPACE",
            multiple=True,
            help="Gateway templates may be in this namespace of a leaf too; may be repeated  "
            "[default: only Liqo's]",
        ),
        click.option(
            "--allow-service-type",
            "service_types",
            type=click.Choice(SERVICE_TYPES),
            multiple=True,
            help="The gateway server's Service may have this type; may be repeated  [default: any]",
        ),
        click.option(
            "--allow-annotation",
            "annotations",
            metavar="KEY",
            multiple=True,
            help="That Service may have this annotation; may be repeated  [default: none]",
        ),
        click.option(
            "--allow-label",
            "labels",
            metavar="KEY",
            multiple=True,
            help="That Service may have this label; may be repeated  [default: none]",
        ),
        click.option(
            "--allow-reclaim-delete",
            "reclaim_delete",
            is_flag=True,
            help="A Shortcut may have tenantNamespaceReclaimPolicy Delete  [default: only Retain]",
        ),
        click.option(
            "--refuse-old-writers",
            is_flag=True,
            help="Also a policy that refuses what v0.1.0 of this program writes",
        ),
    )
    @functools.wraps(command)
    def with_limits(**params: Any) -> Any:
        asked = {name: params.pop(name) for name in _LIMITS}
        wanted = params.pop("admission")
        return command(limits=functools.partial(_limits, asked, wanted), **params)

    return with_limits  # type: ignore[return-value]


def _limits(
    asked: Mapping[str, Any], wanted: bool, access: ClusterAccess
) -> AdmissionLimits | None:
    if not wanted:
        given = [_LIMITS[name] for name, value in asked.items() if value]
        if given:
            raise Invalid(f"{given[0]} requires --admission")
        return None
    from kubectl_liqo_shortcut.core.rbac.admission import limits_of

    liqo = access.liqo_namespace_of(HUB) or LIQO_NAMESPACE
    return limits_of(
        **{**asked, "template_namespaces": (liqo, *asked["template_namespaces"])},
    )
