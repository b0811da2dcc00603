"""The way to an API server over TLS: what is shown to it, and looked up again when refused."""

from __future__ import annotations

import http.server
import json
import pathlib
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.adapters.connect import connect
from kubectl_liqo_shortcut.adapters.kubeconfig.files import IN_CLUSTER, Entry
from kubectl_liqo_shortcut.adapters.kubeconfig.impersonation import Impersonation
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import HUB, ObjectRef
from kubectl_liqo_shortcut.core.ports import Cluster
from kubectl_liqo_shortcut.errors import ClusterError, ShortcutError, Transient

REF = ObjectRef("rome", r.CONFIG_MAP, "liqo", "one")
V1 = "client.authentication.k8s.io/v1"


def certificate(folder: pathlib.Path, name: str) -> tuple[str, str]:
    """Paths of a certificate that vouches for itself, and of its key."""
    files = str(folder / f"{name}.crt"), str(folder / f"{name}.key")
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
            ),
            *("-nodes", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-out", files[0], "-keyout", files[1]),
        ],
        capture_output=True,
        check=True,
    )
    return files


class ApiServer:
    """Accepts a few tokens, and remembers what it was shown."""

    def __init__(self, folder: pathlib.Path, client_authority: str) -> None:
        self.folder = folder
        self.accepts = {"Bearer good"}
        self.seen: list[tuple[str, list[tuple[str, str]], Any]] = []
        self.redirect = ""
        self.authority, key = certificate(folder, "server")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.authority, key)
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(client_authority)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(server) -> type[http.server.BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                peer = self.connection.getpeercert()
                server.seen.append((self.path, list(self.headers.items()), peer))
                known = self.headers["Authorization"] in server.accepts or peer
                code = 302 if server.redirect else 200 if known else 401
                metadata = {"name": "one", "namespace": "liqo", "uid": "u", "resourceVersion": "1"}
                body = json.dumps({"message": "who?", "metadata": metadata}).encode()
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                if server.redirect:
                    self.send_header("Location", server.redirect)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        return Handler

    def entry(self, **user: Any) -> Entry:
        cluster = {"server": self.url, "certificate-authority": self.authority}
        return Entry("kubeconfig context 'rome'", cluster, user, "a hint")

    @property
    def shown(self) -> list[str]:
        return [dict(headers).get("Authorization", "") for _, headers, _ in self.seen]


@pytest.fixture
def client(tmp_path: pathlib.Path) -> dict[str, str]:
    """A user with a certificate that the server knows."""
    path, key = certificate(tmp_path, "client")
    return {"client-certificate": path, "client-key": key}


@pytest.fixture
def server(tmp_path: pathlib.Path, client: dict[str, str]) -> Iterator[ApiServer]:
    server = ApiServer(tmp_path, client["client-certificate"])
    yield server
    server.close()


Plugin = Callable[[str], dict[str, Any]]


@pytest.fixture
def plugin(tmp_path: pathlib.Path) -> Plugin:
    """A credential plugin that prints the file ``answer``, unless it is missing."""

    def plugin(token: str) -> dict[str, Any]:
        path = tmp_path / "login"
        path.write_text(f"#!/bin/sh\ncat {tmp_path}/answer 2> /dev/null\n")
        path.chmod(0o700)
        say(tmp_path, token)
        return {"apiVersion": V1, "command": str(path), "interactiveMode": "Never"}

    return plugin


def say(folder: pathlib.Path, token: str, **status: str) -> None:
    answer = {"apiVersion": V1, "kind": "ExecCredential", "status": {"token": token, **status}}
    (folder / "answer").write_text(json.dumps(answer))


def name_of(cluster: Cluster) -> str:
    return str((cluster.get(REF) or {})["metadata"]["name"])


def test_a_token_is_shown(server: ApiServer) -> None:
    assert name_of(connect("rome", server.entry(token="good"))) == "one"
    assert server.shown == ["Bearer good"]


def test_a_certificate_is_shown(server: ApiServer, client: dict[str, str]) -> None:
    assert name_of(connect("rome", server.entry(**client))) == "one"
    assert server.shown == [""]


def test_what_is_refused_and_stays_the_same_is_not_shown_again(server: ApiServer) -> None:
    with pytest.raises(ClusterError, match="who") as caught:
        connect("rome", server.entry(token="bad")).get(REF)
    assert "credentials" in str(caught.value.hint)
    assert server.shown == ["Bearer bad"]


@pytest.mark.process
def test_a_refused_token_of_a_plugin_is_looked_up_again(
    server: ApiServer, plugin: Plugin, tmp_path: pathlib.Path
) -> None:
    cluster = connect("rome", server.entry(exec=plugin("old")))
    say(tmp_path, "good")
    assert name_of(cluster) == "one"
    assert name_of(cluster) == "one"
    assert server.shown == ["Bearer old", "Bearer good", "Bearer good"]


@pytest.mark.process
def test_a_certificate_that_was_renewed_is_shown_on_a_new_connection(
    server: ApiServer, client: dict[str, str], plugin: Plugin, tmp_path: pathlib.Path
) -> None:
    cluster = connect("rome", server.entry(exec=plugin("old")))
    pem = {key: pathlib.Path(path).read_text() for key, path in client.items()}
    say(
        tmp_path,
        "",
        clientCertificateData=pem["client-certificate"],
        clientKeyData=pem["client-key"],
    )
    assert name_of(cluster) == "one"
    assert [peer is None for *_, peer in server.seen] == [True, False]


@pytest.mark.process
def test_a_plugin_that_worked_once_may_work_again(
    server: ApiServer, plugin: Plugin, tmp_path: pathlib.Path
) -> None:
    cluster = connect("rome", server.entry(exec=plugin("old")))
    (tmp_path / "answer").unlink()
    with pytest.raises(Transient, match="the credential plugin of context 'rome' failed: it ended"):
        cluster.get(REF)
    say(tmp_path, "good")
    assert name_of(cluster) == "one"


@pytest.mark.process
def test_a_plugin_that_fails_at_first_is_an_error_and_nobody_is_asked(
    server: ApiServer, plugin: Plugin, tmp_path: pathlib.Path
) -> None:
    user = plugin("")
    with pytest.raises(ClusterError, match="the credential plugin of context 'rome' failed") as e:
        connect("rome", server.entry(exec=user))
    assert not isinstance(e.value, Transient)
    assert (server.seen, e.value.hint) == ([], "a hint")


def test_a_kubeconfig_that_is_no_use_is_named_with_its_hint(server: ApiServer) -> None:
    with pytest.raises(ClusterError) as caught:
        connect("rome", server.entry())
    assert (caught.value.message, caught.value.hint) == (
        "cluster 'rome': kubeconfig context 'rome': its user has no credentials",
        "a hint",
    )


def test_every_part_of_an_impersonation_is_a_header_of_its_own(server: ApiServer) -> None:
    acting = {"as": "jane", "as-groups": ["a", "b"], "as-user-extra": {"k": ["1", "2"]}}
    connect("rome", server.entry(token="good", **acting)).get(REF)
    _, headers, _ = server.seen[0]
    assert [each for each in headers if each[0].startswith("Impersonate")] == [
        ("Impersonate-User", "jane"),
        ("Impersonate-Group", "a"),
        ("Impersonate-Group", "b"),
        ("Impersonate-Extra-k", "1"),
        ("Impersonate-Extra-k", "2"),
    ]


def test_no_redirection_is_followed(server: ApiServer) -> None:
    server.redirect = f"{server.url}/elsewhere"
    with pytest.raises(ClusterError):
        connect("rome", server.entry(token="good")).get(REF)
    assert len(server.seen) == 1


def test_a_server_that_another_authority_vouches_for_is_refused(
    server: ApiServer, client: dict[str, str]
) -> None:
    entry = Entry(
        "here",
        {"server": server.url, "certificate-authority": client["client-certificate"]},
        {"token": "good"},
    )
    with pytest.raises(ClusterError, match="certificate verify failed"):
        connect("rome", entry).get(REF)
    assert server.seen == []


def test_a_socks_proxy_without_its_library_is_told(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "urllib3.contrib.socks", None)
    entry = server.entry(token="good")
    cluster = {**entry.cluster, "proxy-url": "socks5://127.0.0.1:1"}
    with pytest.raises(ClusterError, match="a socks5 proxy needs the Python package PySocks"):
        connect("rome", Entry("here", cluster, entry.user))


def test_a_proxy_of_another_kind_in_the_environment_is_told(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "ftp://proxy")
    entry = server.entry(token="good")
    cluster = {**entry.cluster, "server": "https://rome.example:6443"}
    with pytest.raises(ClusterError, match="the environment's proxy is none of http, https"):
        connect("rome", Entry("here", cluster, entry.user))


@pytest.mark.parametrize("proxy", ["http://u:sekret@h:abc", "u:sekret@[h", "http://u:sekret@h:0"])
def test_a_wrong_address_of_a_proxy_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    entry = Entry("here", {"server": "https://rome.example:6443"}, {"token": "good"})
    with pytest.raises(ClusterError, match="the environment's proxy is no address") as caught:
        connect("rome", entry)
    assert "sekret" not in caught.value.message


def test_an_address_that_only_the_client_refuses_is_told(server: ApiServer) -> None:
    entry = server.entry(token="good")
    cluster = {**entry.cluster, "proxy-url": "http://u:sekret@a b\x7f"}
    with pytest.raises(ClusterError, match="here: the HTTP client refuses an address") as caught:
        connect("rome", Entry("here", cluster, entry.user))
    assert "sekret" not in caught.value.message


# The hub


def test_the_hub_alone_is_asked_as_somebody_else(server: ApiServer, tmp_path: pathlib.Path) -> None:
    document = {
        "current-context": "torino",
        "clusters": [{"name": "c", "cluster": server.entry().cluster}],
        "users": [{"name": "u", "user": {"token": "good"}}],
        "contexts": [
            {"name": name, "context": {"cluster": "c", "user": "u"}} for name in ("torino", "rome")
        ],
    }
    path = tmp_path / "config"
    path.write_text(json.dumps(document))
    access = ClusterAccess(kubeconfig=str(path), impersonation=Impersonation(user="jane"))
    for name in (HUB, "rome"):
        access(name).get(REF)
    assert [dict(headers).get("Impersonate-User") for _, headers, _ in server.seen] == [
        "jane",
        None,
    ]


def test_in_a_pod_its_own_account_leads_to_the_hub(
    server: ApiServer, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = tmp_path / "account"
    account.mkdir()
    (account / "token").write_text("good\n")
    (account / "ca.crt").write_text(pathlib.Path(server.authority).read_text())
    monkeypatch.setattr("kubectl_liqo_shortcut.adapters.kubeconfig.files._ACCOUNT", str(account))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    assert not ClusterAccess().has_hub()
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", server.url.rpartition(":")[2])
    access = ClusterAccess()
    assert access.has_hub()
    access(HUB).get(REF)
    assert server.shown == ["Bearer good"]
    with pytest.raises(ShortcutError, match="context 'other' does not exist"):
        ClusterAccess(context="other")(HUB)
    assert IN_CLUSTER == "in-cluster"


@pytest.mark.parametrize(
    ("server", "host"),
    [
        ("https://192.0.2.7:6443", "192.0.2.7"),
        ("https://[2001:db8::7]:6443/path", "2001:db8::7"),
        ("https://user:password@API.example/path", "api.example"),
    ],
)
def test_a_cluster_tells_the_host_of_its_api_server_and_no_more(server: str, host: str) -> None:
    entry = Entry("there", {"server": server}, {"token": "t"})
    assert connect("milan", entry).host == host
