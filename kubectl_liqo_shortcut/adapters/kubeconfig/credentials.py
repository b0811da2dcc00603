"""Who we are to an API server, by kubectl's own rules; the client library gets several wrong.

A token beats a password, each beats a plugin, and so does a client certificate, which goes along
with any of them. Never nothing: a request without credentials would be somebody else's.
"""

from __future__ import annotations

import base64
import calendar
import dataclasses
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from kubectl_liqo_shortcut.adapters.kubeconfig import exec_plugin
from kubectl_liqo_shortcut.adapters.kubeconfig.exec_plugin import PluginFailed
from kubectl_liqo_shortcut.adapters.kubeconfig.files import Entry
from kubectl_liqo_shortcut.adapters.kubeconfig.server import Server
from kubectl_liqo_shortcut.adapters.kubeconfig.values import (
    BadKubeconfig,
    data_or_file,
    mapping,
    read,
    text,
)

_REREAD = 50.0  # seconds after which a token file is read again
_EXPIRY = 10.0  # seconds before its end from which an OIDC token counts as expired


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """What goes along with requests. It has no repr: it is never to be seen."""

    authorization: str = ""  # the header
    certificate: bytes = b""  # PEM
    key: bytes = b""
    expires: float | None = dataclasses.field(default=None, compare=False)  # by ``time.time``


class Source:
    """Credentials that are looked up again when they expire, or are not accepted."""

    def __init__(self, look_up: Callable[[], Credentials]) -> None:
        self._look_up = look_up
        self._lock = threading.Lock()  # a plugin runs once, whoever waits for it
        self._current: Credentials | None = None

    def current(self) -> Credentials:
        with self._lock:
            known = self._current
            if known is None or (known.expires is not None and known.expires <= time.time()):
                self._current = self._look_up()
            assert self._current is not None
            return self._current

    def renew(self, refused: Credentials) -> bool:
        """Look again, since *refused* were not accepted; whether there are others now."""
        with self._lock:
            if self._current is refused:
                self._current = self._look_up()
            return self._current != refused


def source(entry: Entry, server: Server) -> Source:
    """The credentials of *entry*; ``BadKubeconfig`` where kubectl would use none of it."""
    user = entry.user
    _check(user)
    if not server.is_tls:
        return Source(Credentials)  # as kubectl: a plain connection is told no secret
    certificate = _certificate(user)
    if text(user, "token") or text(user, "tokenFile"):
        return Source(lambda: _with_token(user))
    if text(user, "username") or text(user, "password"):
        return Source(lambda: _with_password(user))
    if mapping(user, "auth-provider"):
        return Source(lambda: Credentials(_oidc_token(user), *_certificate(user)))
    if any(certificate):
        return Source(lambda: Credentials("", *_certificate(user)))
    if mapping(user, "exec"):
        return Source(lambda: _with_plugin(mapping(user, "exec"), server))
    raise BadKubeconfig("its user has no credentials")


def _check(user: Mapping[str, Any]) -> None:
    named, password = text(user, "username"), text(user, "password")
    if (named or password) and (text(user, "token") or text(user, "tokenFile")):
        raise BadKubeconfig("its user has both a token and a password")
    if password and not named:
        raise BadKubeconfig("its user has a password without a username")
    command, provider = mapping(user, "exec"), mapping(user, "auth-provider")
    if command and provider:
        raise BadKubeconfig("its user has both exec and auth-provider")
    if command:
        exec_plugin.check_plugin(command)
    if provider and text(provider, "name") != "oidc":
        raise BadKubeconfig(
            f"auth-provider {text(provider, 'name')!r} is not known, nor to today's kubectl"
        )
    config = mapping(provider, "config")
    for key in ("idp-issuer-url", "client-id") if provider else ():
        if not text(config, key):
            raise BadKubeconfig(f"auth-provider oidc has no {key}")


def _certificate(user: Mapping[str, Any]) -> tuple[bytes, bytes]:
    certificate = data_or_file(user, "client-certificate")
    if not certificate:
        return b"", b""  # kubectl ignores a key alone
    key = data_or_file(user, "client-key")
    if not key:
        raise BadKubeconfig("its user has a client-certificate without a client-key")
    return certificate, key


def _with_token(user: Mapping[str, Any]) -> Credentials:
    """Of both, kubectl takes the file's, as long as it can be read."""
    token, path = text(user, "token"), text(user, "tokenFile")
    expires = None
    if path:
        try:
            kept = read(path, "tokenFile").decode().strip()
            if not kept:
                raise BadKubeconfig(f"tokenFile {path} is empty")
            token, expires = kept, time.time() + _REREAD
        except (BadKubeconfig, UnicodeDecodeError):
            if not token:
                raise
    return Credentials(_bearer(token), *_certificate(user), expires)


def _bearer(token: str) -> str:
    """What cannot stand in a header would be told, whole, by the error that refuses it there."""
    if not (token.isascii() and token.isprintable()):
        raise BadKubeconfig("its token holds what no token may, such as a line break")
    return f"Bearer {token}"


def _with_password(user: Mapping[str, Any]) -> Credentials:
    both = f"{text(user, 'username')}:{text(user, 'password')}"
    encoded = base64.b64encode(both.encode()).decode()
    return Credentials(f"Basic {encoded}", *_certificate(user))


def _with_plugin(command: Mapping[str, Any], server: Server) -> Credentials:
    status = exec_plugin.run_plugin(command, server.described())
    token = text(status, "token")
    return Credentials(
        _bearer(token) if token else "",
        text(status, "clientCertificateData").encode(),
        text(status, "clientKeyData").encode(),
        _time(text(status, "expirationTimestamp")),
    )


def _time(written: str) -> float | None:
    if not written:
        return None
    import datetime  # seldom needed

    try:
        when = datetime.datetime.fromisoformat(written)
    except ValueError as error:
        raise PluginFailed(f"its expirationTimestamp {written!r} is no time") from error
    return calendar.timegm(when.utctimetuple()) if when.tzinfo else when.timestamp()


def _oidc_token(user: Mapping[str, Any]) -> str:
    """An expired token is not refreshed here: the new one must go into the file, as kubectl does.

    A refresh that is not written back may spend the refresh token there, and lock the user out.
    """
    token = text(mapping(mapping(user, "auth-provider"), "config"), "id-token")
    expires = _end_of(token) if token else 0.0
    if expires <= time.time() + _EXPIRY:
        raise BadKubeconfig("its OIDC token has expired: any kubectl command refreshes it")
    return _bearer(token)


def _end_of(token: str) -> float:
    try:
        _, claims, _ = token.split(".")
        padded = claims + "=" * (-len(claims) % 4)
        return float(json.loads(base64.urlsafe_b64decode(padded))["exp"])
    except (ValueError, KeyError, TypeError) as error:
        raise BadKubeconfig("its OIDC token is no JWT with an end") from error
