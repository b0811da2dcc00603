"""Where an API server is, and how it proves who it is, by kubectl's own rules."""

from __future__ import annotations

import base64
import dataclasses
import ipaddress
import os
import urllib.parse
from collections.abc import Mapping
from typing import Any

from kubectl_liqo_shortcut.adapters.kubeconfig.values import (
    BadKubeconfig,
    data_or_file,
    flag,
    mappings,
    text,
)

PROXIES = ("http", "https", "socks5")
_PLUGINS = "client.authentication.k8s.io/exec"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    url: str
    authority: bytes = b""  # PEM; without it, the system's own authorities count
    insecure: bool = False
    tls_name: str = ""  # by which it is known, if not by its address
    proxy: str = ""  # that the kubeconfig names
    extension: Any = None  # for a credential plugin

    @property
    def is_tls(self) -> bool:
        return self.url.startswith("https://")

    def described(self) -> dict[str, Any]:
        """As a credential plugin is told of it."""
        authority = base64.b64encode(self.authority).decode()
        known = {
            "server": self.url,
            "tls-server-name": self.tls_name,
            "insecure-skip-tls-verify": self.insecure,
            "certificate-authority-data": authority,
            "proxy-url": self.proxy,
        }
        return {key: value for key, value in known.items() if value} | {"config": self.extension}

    @property
    def proxy_in_use(self) -> str:
        """The kubeconfig's own counts whatever NO_PROXY says, as for kubectl."""
        return self.proxy or proxy_from_environment(self.url)


def server(cluster: Mapping[str, Any]) -> Server:
    """The server of a kubeconfig's *cluster*; ``BadKubeconfig`` where kubectl would refuse it."""
    url = _url(text(cluster, "server"))
    insecure, authority = flag(cluster, "insecure-skip-tls-verify"), b""
    if url.startswith("https://"):
        authority = data_or_file(cluster, "certificate-authority")
        if authority and insecure:
            raise BadKubeconfig("insecure-skip-tls-verify and a certificate-authority are both set")
    proxy = text(cluster, "proxy-url")
    if proxy:
        proxy_parts(proxy, "proxy-url")
    given = (
        each.get("extension")
        for each in mappings(cluster, "extensions")
        if each.get("name") == _PLUGINS
    )
    return Server(
        url=url,
        authority=authority,
        insecure=insecure,
        tls_name=_host(text(cluster, "tls-server-name")),
        proxy=proxy,
        extension=next(given, None),
    )


def _host(name: str) -> str:
    """*name*, if it can be that of a server: OpenSSL would only say that it has a wrong type."""
    try:
        if name.isprintable() and len(name.encode("idna")) < 256:
            return name
    except UnicodeError:
        pass
    raise BadKubeconfig("tls-server-name is no name of a server")


def _url(written: str) -> str:
    if not written:
        raise BadKubeconfig("its cluster has no server")
    scheme, colons, rest = written.partition("://")
    if not colons:
        return _url(f"http://{written}")  # as kubectl
    if scheme.lower() not in ("http", "https") or address_parts(written) is None:
        told = f"{scheme}://{rest.rpartition('@')[2]}"  # without a password
        raise BadKubeconfig(f"server {told!r} is no http or https address")
    return f"{scheme.lower()}{written[len(scheme) :]}".rstrip("/")


def shown(url: str) -> str:
    """*url* for a message: a name and a password in it are nobody's business."""
    scheme, colons, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{colons}{host.rpartition('@')[2]}{slash}{path}"


def address_parts(written: str) -> urllib.parse.SplitResult | None:
    """None for what has no host, or one that a connection cannot be made to."""
    try:
        parts = urllib.parse.urlsplit(written)
        known = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if known else None


def proxy_parts(written: str, what: str) -> urllib.parse.SplitResult:
    """*written* may hold a password: only *what* it is gets told."""
    parts = address_parts(written)
    if parts is None:
        raise BadKubeconfig(f"{what} is no address of a proxy")
    if parts.scheme not in PROXIES:
        raise BadKubeconfig(f"{what} is none of {', '.join(PROXIES)}")
    return parts


def proxy_from_environment(url: str) -> str:
    """The proxy that HTTPS_PROXY or HTTP_PROXY names, unless NO_PROXY excepts the server."""
    parts = urllib.parse.urlsplit(url)
    name = f"{parts.scheme}_proxy"
    proxy = os.environ.get(name.upper()) or os.environ.get(name) or ""
    excepted = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if not proxy or _is_excepted(str(parts.hostname), port, excepted):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_excepted(host: str, port: int, rules: str) -> bool:
    """As Go's ``http.ProxyFromEnvironment``: loopback never goes through a proxy."""
    address = _address(host)
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    return any(_matches(host, port, address, rule) for rule in rules.lower().split(","))


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _matches(host: str, port: int, address: _Address | None, rule: str) -> bool:
    rule = rule.strip()
    if not rule:
        return False
    if rule == "*":
        return True
    if "/" in rule:
        try:
            return address is not None and address in ipaddress.ip_network(rule, strict=False)
        except ValueError:
            return False
    name, colon, wanted = rule.rpartition(":")
    if colon and wanted.isdigit() and (":" not in name or name.endswith("]")):
        if int(wanted) != port:
            return False
        rule = name.strip("[]")
    if address is not None:
        return _address(rule) == address
    rule = rule.removeprefix("*")
    if rule.startswith("."):
        return host.endswith(rule)
    return host == rule or host.endswith(f".{rule}")


def _address(host: str) -> _Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
