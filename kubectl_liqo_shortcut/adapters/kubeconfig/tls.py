"""TLS to an API server; a client's private key never becomes a file on a disk."""

from __future__ import annotations

import contextlib
import os
import re
import ssl
import sys
import tempfile
from collections.abc import Iterator

from kubectl_liqo_shortcut.adapters.kubeconfig.credentials import Credentials
from kubectl_liqo_shortcut.adapters.kubeconfig.server import Server
from kubectl_liqo_shortcut.adapters.kubeconfig.values import BadKubeconfig

_CERTIFICATE = re.compile(b"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def tls(server: Server, credentials: Credentials) -> ssl.SSLContext:
    """What *server* must prove, and what it is shown; ``BadKubeconfig`` if it is no certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if server.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif server.authority:
        _trust(context, server.authority)
    else:
        context.load_default_certs()
    if credentials.certificate:
        with _file(credentials.certificate) as certificate, _file(credentials.key) as key:
            try:
                # Without a password OpenSSL would ask for one on the terminal.
                context.load_cert_chain(certificate, key, password=b"")
            except (ssl.SSLError, ValueError) as error:
                raise BadKubeconfig(
                    f"its client certificate and key cannot be used: {_words(error)}"
                ) from error
    return context


def _trust(context: ssl.SSLContext, authority: bytes) -> None:
    """Whatever certificate stands there is trusted, the server's own too, as kubectl does."""
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    for certificate in _CERTIFICATE.findall(authority):
        with contextlib.suppress(ssl.SSLError, ValueError):  # kubectl needs one that it can read
            context.load_verify_locations(cadata=certificate.decode())
    if not context.cert_store_stats()["x509"]:
        raise BadKubeconfig("its certificate-authority holds no certificate")


@contextlib.contextmanager
def _file(content: bytes) -> Iterator[str]:
    """A path to *content*, as OpenSSL wants one: in memory, or shortly in a private folder.

    In memory nothing is left after any kind of end, a kill included.
    """
    if sys.platform == "linux" and os.path.isdir("/proc/self/fd"):
        with os.fdopen(os.memfd_create("kubectl-liqo_shortcut"), "wb") as file:
            file.write(content)
            file.flush()
            yield f"/proc/self/fd/{file.fileno()}"
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "pem")
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
            yield path


def _words(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error).replace("_", " ").lower()
