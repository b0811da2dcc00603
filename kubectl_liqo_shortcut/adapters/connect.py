"""From a kubeconfig context to a cluster, through the official client.

The client sends requests anonymously after a credential plugin failed, and ignores ``as`` (both
tried): here the first is an error, and the second is done.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from kubernetes import config
from kubernetes.client.api_client import ApiClient
from kubernetes.client.configuration import Configuration
from kubernetes.config.config_exception import ConfigException

from kubectl_liqo_shortcut import __version__
from kubectl_liqo_shortcut.adapters.kube import KubeCluster
from kubectl_liqo_shortcut.adapters.kubeconfig import user_of
from kubectl_liqo_shortcut.errors import ClusterError, ShortcutError

_CONNECTIONS = 32  # at once to one cluster: watches hold one each


def connect(name: str, kubeconfig: Mapping[str, Any], context: str) -> KubeCluster:
    """The cluster that *context* leads to; *name* is what messages call it."""
    return KubeCluster(name, _client(name, kubeconfig, context))


def _client(name: str, kubeconfig: Mapping[str, Any], context: str) -> ApiClient:
    settings = Configuration()
    said = _Said()
    logging.getLogger().addHandler(said)
    try:
        config.load_kube_config_from_dict(  # type: ignore[no-untyped-call]
            dict(kubeconfig), context=context, client_configuration=settings, persist_config=False
        )
    except (ConfigException, OSError, ValueError, KeyError) as error:
        raise ClusterError(name, f"kubeconfig context {context!r}: {error}") from error
    finally:
        logging.getLogger().removeHandler(said)
    user = user_of(kubeconfig, context)
    if "exec" in user and not settings.api_key and not settings.cert_file:
        # The client only logs this and goes on without credentials.
        raise ClusterError(
            name,
            f"the credential plugin of context {context!r} failed: {'; '.join(said.lines)}",
            hint=f"try it: kubectl --context {context} auth whoami",
        )
    settings.retries = False  # retrying is the engine's decision, with the deadline in view
    settings.connection_pool_maxsize = _CONNECTIONS
    api = ApiClient(settings)
    api.user_agent = f"kubectl-liqo_shortcut/{__version__}"
    _impersonate(api, user)
    return api


def _impersonate(api: ApiClient, user: Mapping[str, Any]) -> None:
    groups = user.get("as-groups") or []
    if len(groups) > 1 or user.get("as-user-extra"):
        raise ShortcutError(
            "as-groups with more than one group and as-user-extra are not supported yet",
            hint="use a kubeconfig user without them",
        )
    headers = {"Impersonate-User": user.get("as"), "Impersonate-Uid": user.get("as-uid")}
    headers["Impersonate-Group"] = groups[0] if groups else None
    for header, value in headers.items():
        if value:
            api.set_default_header(header, value)  # type: ignore[no-untyped-call]


class _Said(logging.Handler):
    """Keeps what the client logs while it loads."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
