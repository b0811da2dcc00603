"""The clusters that the options of a command line lead to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.adapters.kubeconfig.impersonation import Impersonation


def access_from(params: Mapping[str, Any]) -> ClusterAccess:
    """The way to the clusters that the values of ``access_options`` describe."""
    return ClusterAccess(
        kubeconfig=params.get("kubeconfig"),
        context=params.get("context"),
        leaf_contexts=dict(params.get("leaf_contexts") or ()),
        leaf_kubeconfigs=dict(params.get("leaf_kubeconfigs") or ()),
        impersonation=Impersonation(
            user=params.get("as_user") or "",
            groups=tuple(params.get("as_groups") or ()),
            uid=params.get("as_uid") or "",
        ),
        liqo_namespace=params.get("liqo_namespace") or "",
        leaf_liqo_namespaces=dict(params.get("leaf_liqo_namespaces") or ()),
        allow_local_identity=bool(params.get("allow_local_identity")),
    )
