"""From an entry of a kubeconfig to a cluster, through the official client.

Its way of reading a kubeconfig is not used: it sends requests anonymously after a credential plugin
failed, ignores ``as``, and leaves private keys in files after a signal (all tried).
"""

from __future__ import annotations

import contextlib
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

import urllib3

from kubectl_liqo_shortcut import __version__
from kubectl_liqo_shortcut.adapters import wire
from kubectl_liqo_shortcut.adapters.client import Configuration, RESTClientObject
from kubectl_liqo_shortcut.adapters.kube import KubeCluster
from kubectl_liqo_shortcut.adapters.kubeconfig import impersonation
from kubectl_liqo_shortcut.adapters.kubeconfig.credentials import Credentials, Source, source
from kubectl_liqo_shortcut.adapters.kubeconfig.exec_plugin import PluginFailed
from kubectl_liqo_shortcut.adapters.kubeconfig.files import Entry
from kubectl_liqo_shortcut.adapters.kubeconfig.server import Server, proxy_parts, server, shown
from kubectl_liqo_shortcut.adapters.kubeconfig.tls import tls
from kubectl_liqo_shortcut.adapters.kubeconfig.values import BadKubeconfig
from kubectl_liqo_shortcut.errors import ClusterError, Transient

_AGENT = f"kubectl-liqo_shortcut/{__version__}"
_CONNECTIONS = 32  # at once to one cluster: watches hold one each


def connect(
    name: str,
    entry: Entry,
    liqo_namespace: str = "",
    *,
    limits: wire.RequestLimits = wire.RequestLimits(),  # noqa: B008 - immutable
) -> KubeCluster:
    """The cluster that *entry* leads to; *name* is what messages call it."""
    with _told(name, entry, ClusterError):
        there = server(entry.cluster)
        settings = Configuration(host=shown(there.url))
        settings.proxy = None  # of the environment: which one counts is decided below
        headers = [("User-Agent", _AGENT), *impersonation.headers(entry.user)]
        connection = _Connection(settings, there, source(entry, there), headers)
    connection.broken = lambda: _told(name, entry, Transient)
    return KubeCluster(name, connection, liqo_namespace, limits=limits, stored=entry.stored)


class _Connection(RESTClientObject):
    """Sends requests with credentials; looks for others when these are not accepted."""

    def __init__(
        self, settings: Configuration, there: Server, who: Source, headers: list[tuple[str, str]]
    ) -> None:
        super().__init__(settings)
        self.broken: Any = contextlib.nullcontext
        self._server, self._source, self._always = there, who, headers
        self._shown = who.current()
        self.pool_manager = _pool(there, self._shown)

    @property
    def host(self) -> str:
        return str(self.configuration.host)

    def answer(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: Any,
        limits: wire.RequestLimits,
        ending: wire.Ending | None = None,
    ) -> wire.Answer:
        """Credentials first, with no limit: somebody may have to log in."""
        silence = limits.watch + limits.read if ending else limits.read

        def send(credentials: Credentials) -> wire.Answer:
            every = self._headers(headers, credentials)
            if ending:  # which shuts the socket down: nobody else may be given it by then
                every["Connection"] = "close"
            within = (limits.connect, silence)
            url = self.host + target
            request: Any = super(_Connection, self).request

            def ask() -> wire.Response:
                response: wire.Response = request(method, url, every, body, None, within).response
                return response

            return wire.receive(ask, limits, ending)

        credentials = self._usable()
        answer = send(credentials)
        if answer.status == 401 and self._is_renewed(credentials):
            answer = send(self._usable())
        return answer

    def _headers(
        self, headers: Mapping[str, str], credentials: Credentials
    ) -> urllib3.HTTPHeaderDict:
        every = urllib3.HTTPHeaderDict(headers)
        every["Accept-Encoding"] = "identity"  # what is unpacked has no bound
        for name, value in self._always:
            every.add(name, value)
        if credentials.authorization:
            every["Authorization"] = credentials.authorization
        return every

    def _usable(self) -> Credentials:
        with self.broken():
            credentials = self._source.current()
            if (credentials.certificate, credentials.key) != (
                self._shown.certificate,
                self._shown.key,
            ):
                self.pool_manager = _pool(self._server, credentials)
            self._shown = credentials
            return credentials

    def _is_renewed(self, refused: Credentials) -> bool:
        with self.broken():
            return self._source.renew(refused)


@contextlib.contextmanager
def _told(name: str, entry: Entry, kind: type[ClusterError]) -> Iterator[None]:
    """Say of which cluster and which kubeconfig it is; what worked once may work again."""
    try:
        yield
    except BadKubeconfig as error:
        raise kind(name, f"{entry.where}: {error}", hint=entry.hint) from error
    except PluginFailed as error:
        context = entry.where.removeprefix("kubeconfig ")
        said = f"the credential plugin of {context} failed: {error}"
        raise kind(name, said, hint=entry.hint) from error
    except ValueError as error:  # which may quote a password
        said = f"{entry.where}: the HTTP client refuses an address or a credential"
        raise kind(name, said, hint=entry.hint) from error


def _pool(there: Server, credentials: Credentials) -> urllib3.PoolManager:
    # Retrying is the engine's decision, with the deadline in view.
    settings: dict[str, Any] = {"maxsize": _CONNECTIONS, "retries": False}
    if there.is_tls:
        settings["ssl_context"] = tls(there, credentials)
        if there.tls_name:
            settings["server_hostname"] = there.tls_name
    proxy = there.proxy_in_use
    if not proxy:
        return urllib3.PoolManager(**settings)
    parts = proxy_parts(proxy, "proxy-url" if there.proxy else "the environment's proxy")
    if parts.scheme == "socks5":
        try:
            from urllib3.contrib.socks import SOCKSProxyManager
        except ImportError as error:
            raise BadKubeconfig("a socks5 proxy needs the Python package PySocks") from error
        return SOCKSProxyManager(proxy.replace("socks5:", "socks5h:", 1), **settings)
    login = urllib.parse.unquote(parts.netloc.rpartition("@")[0])
    headers = urllib3.make_headers(proxy_basic_auth=login) if login else None
    return urllib3.ProxyManager(proxy, proxy_headers=headers, **settings)
