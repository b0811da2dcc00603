"""The networks that a cluster says it has."""

from __future__ import annotations

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core import validation
from kubectl_liqo_shortcut.core.model import labels_of
from kubectl_liqo_shortcut.core.networks import Cidrs
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.errors import ClusterError, Invalid


def own_cidrs(leaf: Cluster) -> Cidrs:
    """The networks that *leaf* has by its own word."""
    networks = leaf.list(Selection(r.NETWORK, leaf.liqo_namespace)).items

    def of(network_type: str) -> tuple[str, ...]:
        found = tuple(
            validation.cidr((each.get("status") or {}).get("cidr"), f"Network {network_type}")
            for each in networks
            if labels_of(each).get(r.NETWORK_TYPE) == network_type
        )
        if not found:
            raise ClusterError(
                leaf.name,
                f"no Network of type {network_type} in namespace {leaf.liqo_namespace}",
                hint="is Liqo installed and healthy there?",
            )
        return found

    try:
        return Cidrs(of("pod-cidr"), of("external-cidr"))
    except Invalid as error:
        raise ClusterError(leaf.name, error.message) from error
