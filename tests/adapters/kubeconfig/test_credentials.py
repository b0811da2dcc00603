"""Who the program is to an API server. The whole table, beside kubectl, is an end-to-end test."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import pathlib
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kubectl_liqo_shortcut.adapters.kubeconfig import impersonation
from kubectl_liqo_shortcut.adapters.kubeconfig.credentials import Credentials, Source, source
from kubectl_liqo_shortcut.adapters.kubeconfig.exec_plugin import PluginFailed
from kubectl_liqo_shortcut.adapters.kubeconfig.files import Entry
from kubectl_liqo_shortcut.adapters.kubeconfig.server import Server, proxy_from_environment, server
from kubectl_liqo_shortcut.adapters.kubeconfig.tls import tls
from kubectl_liqo_shortcut.adapters.kubeconfig.values import BadKubeconfig
from kubectl_liqo_shortcut.engine.runtime.concurrency import gather
from tests.samples import LAUGHS
from tests.tables import every

TLS = Server(url="https://rome:6443")
V1 = "client.authentication.k8s.io/v1"
User = dict[str, Any]


def current(user: User, there: Server = TLS) -> Credentials:
    return source(Entry("here", {}, user), there).current()


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


CERT = {"client-certificate-data": encoded("cert"), "client-key-data": encoded("key")}


@every(
    ("user", "expected"),
    [
        ({"token": "t"}, Credentials("Bearer t")),
        (CERT, Credentials("", b"cert", b"key")),
        ({**CERT, "token": "t"}, Credentials("Bearer t", b"cert", b"key")),
        ({"username": "j", "password": "p"}, Credentials("Basic ajpw")),
        ({**CERT, "username": "j"}, Credentials("Basic ajo=", b"cert", b"key")),
        ({**CERT, "exec": {"apiVersion": V1, "command": "x", "interactiveMode": "Never"}},
         Credentials("", b"cert", b"key")),
        ({"token": "t", "client-key-data": "a2V5"}, Credentials("Bearer t")),
    ],
    ids=["token", "certificate", "both", "password", "certificate, password", "no plugin", "key"],
)  # fmt: skip
def test_what_kubectl_would_show(user: User, expected: Credentials) -> None:
    assert current(user) == expected


@every(
    ("user", "why"),
    [
        ({}, "its user has no credentials"),
        ({"token": 5}, "token is not a text"),
        ({"token": "t\n"}, "its token holds what no token may"),
        ({"token": "t", "username": "u"}, "both a token and a password"),
        ({"tokenFile": "t", "password": "p"}, "both a token and a password"),
        ({"password": "p"}, "a password without a username"),
        ({"client-certificate-data": "Yw=="}, "without a client-key"),
        ({**CERT, "client-certificate": "x"}, "client-certificate and client-certificate-data"),
        ({**CERT, "client-key-data": "!"}, "client-key-data is not base64"),
        ({"client-certificate": "/nowhere"}, "client-certificate /nowhere: No such file"),
        ({"tokenFile": "/nowhere"}, "tokenFile /nowhere: No such file"),
        ({"exec": "x"}, "exec is not a mapping"),
        ({"exec": {"args": []}}, "exec has no command"),
        ({"exec": {"command": "x"}}, "apiVersion '' is none of"),
        ({"exec": {"command": "x", "apiVersion": V1}}, "interactiveMode '' is none of"),
        ({"exec": {"command": "x", "apiVersion": V1, "interactiveMode": "No"}}, "Mode 'No' is"),
        (
            {"exec": {"command": "x", "apiVersion": f"{V1}beta1", "env": [{"value": "v"}]}},
            "an env entry has no name",
        ),
        ({"exec": {"command": "x", "apiVersion": f"{V1}beta1", "env": "v"}}, "env is not a list"),
        ({"token": "t", "auth-provider": {"name": "gcp"}}, "auth-provider 'gcp' is not known"),
        ({"auth-provider": {"name": "oidc"}}, "auth-provider oidc has no idp-issuer-url"),
        ({"auth-provider": {"name": "oidc"}, "exec": {"command": "x"}}, "both exec and"),
    ],
)
def test_what_kubectl_would_refuse(user: User, why: str) -> None:
    with pytest.raises(BadKubeconfig, match=why):
        current(user)


def test_credentials_are_never_shown() -> None:
    shown = repr(Entry("here", {}, {"token": "secret"})) + repr(Credentials("secret"))
    assert "secret" not in shown


def test_a_plain_connection_is_told_no_secret() -> None:
    assert current({"token": "t"}, Server(url="http://rome")) == Credentials()


# Token files


def test_a_token_file_is_read_again_when_it_may_have_changed(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "token"
    path.write_text("one\n")
    who = source(Entry("here", {}, {"tokenFile": str(path)}), TLS)
    assert who.current().authorization == "Bearer one"
    path.write_text("two")
    assert who.current().authorization == "Bearer one"
    later = time.time() + 60
    monkeypatch.setattr(time, "time", lambda: later)
    assert who.current().authorization == "Bearer two"


def test_the_file_beats_the_token_while_it_can_be_read(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "token"
    user = {"token": "inline", "tokenFile": str(path)}
    assert current(user).authorization == "Bearer inline"
    path.write_text("kept")
    assert current(user).authorization == "Bearer kept"
    path.write_bytes(b"\xff")
    assert current(user).authorization == "Bearer inline"


def test_an_empty_token_file_is_an_error(tmp_path: pathlib.Path) -> None:
    (tmp_path / "token").write_text("\n")
    with pytest.raises(BadKubeconfig, match="is empty"):
        current({"tokenFile": str(tmp_path / "token")})


# OIDC


def oidc(token: str) -> User:
    config = {"idp-issuer-url": "https://i", "client-id": "c", "id-token": token}
    return {"auth-provider": {"name": "oidc", "config": config}}


def jwt(claims: object) -> str:
    written = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"head.{written}.sign"


def test_a_token_of_oidc_is_used_until_it_expires() -> None:
    token = jwt({"exp": time.time() + 3600})
    assert current(oidc(token)) == Credentials(f"Bearer {token}")


@pytest.mark.parametrize(
    "token",
    ["", jwt({"exp": time.time() + 5}), jwt({"exp": 1})],
    ids=["none", "about to expire", "expired"],
)
def test_an_expired_token_of_oidc_is_left_to_kubectl(token: str) -> None:
    with pytest.raises(BadKubeconfig, match="has expired: any kubectl command refreshes it"):
        current(oidc(token))


@every("token", ["token", "a.b.c", jwt({}), jwt([])])
def test_what_is_no_token_of_oidc_is_an_error(token: str) -> None:
    with pytest.raises(BadKubeconfig, match="its OIDC token is no JWT with an end"):
        current(oidc(token))


# Plugins

Plugin = Callable[..., User]


@pytest.fixture
def plugin(tmp_path: pathlib.Path) -> Plugin:
    def plugin(script: str, **more: Any) -> User:
        path = tmp_path / "login"
        path.write_text(f"#!/bin/sh\necho run >> {tmp_path}/runs\n{script}\n")
        path.chmod(0o700)
        known = {"apiVersion": V1, "command": str(path), "interactiveMode": "Never"}
        return {"exec": {**known, **more}}

    return plugin


def says(status: object, **more: object) -> str:
    answer = {"apiVersion": V1, "kind": "ExecCredential", "status": status, **more}
    return f"printf '%s' '{json.dumps(answer)}'"


@pytest.mark.process
def test_plugins_that_may_ask_do_so_one_after_the_other(
    plugin: Plugin, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", terminal := io.StringIO())
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    alone = f"mkdir {tmp_path}/asking || exit 1; sleep 0.2; rmdir {tmp_path}/asking"
    user = plugin(f"{alone}; {says({'token': 't'})}", interactiveMode="IfAvailable")
    found = gather([lambda: current(user).authorization] * 3)
    assert found == ["Bearer t"] * 3


@pytest.mark.process
def test_a_plugin_gives_a_token_until_it_expires(plugin: Plugin, tmp_path: pathlib.Path) -> None:
    user = plugin(says({"token": "t", "expirationTimestamp": "2999-01-01T00:00:00Z"}))
    who = source(Entry("here", {}, user), TLS)
    assert who.current() is who.current()
    assert (who.current().authorization, who.current().expires) == ("Bearer t", 32472144000)
    assert (tmp_path / "runs").read_text() == "run\n"


@pytest.mark.process
def test_an_expired_token_has_the_plugin_run_again(plugin: Plugin, tmp_path: pathlib.Path) -> None:
    user = plugin(says({"token": "t", "expirationTimestamp": "2000-01-01T00:00:00+01:00"}))
    who = source(Entry("here", {}, user), TLS)
    who.current()
    who.current()
    assert (tmp_path / "runs").read_text() == "run\nrun\n"


@pytest.mark.process
def test_many_who_wait_have_the_plugin_run_once(plugin: Plugin, tmp_path: pathlib.Path) -> None:
    who = source(Entry("here", {}, plugin(f"sleep 0.2; {says({'token': 't'})}")), TLS)
    threads = [threading.Thread(target=who.current) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "runs").read_text() == "run\n"


@pytest.mark.process
def test_a_plugin_may_give_a_certificate(plugin: Plugin) -> None:
    user = plugin(says({"clientCertificateData": "cert", "clientKeyData": "key"}))
    assert current(user) == Credentials("", b"cert", b"key")


@pytest.mark.process
@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("exit 3", "exit code 3"),
        ("true", "its answer is no ExecCredential"),
        ("echo '{'", "its answer is not JSON"),
        (f"echo '{LAUGHS}'", "its answer is not JSON"),
        (says({}), "neither a token nor a certificate"),
        (says(None), "its answer has no status"),
        (says({"token": 5}), "its answer: token is not a text"),
        (says({"token": "t"}, kind="Secret"), "its answer is no ExecCredential"),
        (says({"token": "t"}, apiVersion="v1"), "it answers in version 'v1', the kubeconfig says"),
        (says({"token": "t", "clientKeyData": "k"}), "only one of certificate and key"),
        (says({"token": "t", "expirationTimestamp": "soon"}), "'soon' is no time"),
    ],
)
def test_a_plugin_that_gives_nothing_is_an_error(plugin: Plugin, script: str, why: str) -> None:
    with pytest.raises(PluginFailed, match=why):
        current(plugin(script))


@pytest.mark.process
def test_a_plugin_that_cannot_be_run_is_an_error(plugin: Plugin, tmp_path: pathlib.Path) -> None:
    with pytest.raises(PluginFailed, match="there is no program 'no-such-login'"):
        current(plugin("", command="no-such-login"))
    user = plugin("")
    (tmp_path / "login").write_text("\0")
    with pytest.raises(PluginFailed, match="Exec format error"):
        current(user)


def test_a_plugin_is_not_run_from_the_working_folder(
    plugin: Plugin, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f".:{os.environ['PATH']}")
    with pytest.raises(PluginFailed, match="only in the working folder"):
        current(plugin(says({"token": "t"}), command="login"))


@pytest.mark.process
def test_a_plugin_does_not_get_the_library_path_of_a_frozen_program(
    plugin: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.frozen", True, raising=False)
    monkeypatch.setenv("LD_LIBRARY_PATH", "/of/the/frozen/one")
    monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", "/of/the/user")
    check = '[ "$LD_LIBRARY_PATH" = /of/the/user ] || exit 1'
    assert current(plugin(f"{check}; {says({'token': 't'})}")).authorization == "Bearer t"


def test_a_plugin_that_needs_a_terminal_is_not_run_without(plugin: Plugin) -> None:
    with pytest.raises(PluginFailed, match="it needs a terminal"):
        current(plugin(says({"token": "t"}), interactiveMode="Always"))


# Looking again


def test_refused_credentials_are_looked_up_again_once() -> None:
    found = iter([Credentials("one"), Credentials("two"), Credentials("two")])
    who = Source(lambda: next(found))
    one = who.current()
    assert who.renew(one)
    assert who.renew(one)  # somebody else saw the same refusal: there are others already
    assert not who.renew(who.current())
    with pytest.raises(StopIteration):
        next(found)


# Impersonation


def test_impersonation_has_a_header_for_each_value() -> None:
    user = {
        "as": "jané",
        "as-uid": "7",
        "as-groups": ["a", "b"],
        "as-user-extra": {"x/y%": ["1", "2"]},
    }
    assert impersonation.headers(user) == [
        ("Impersonate-User", "jan\xc3\xa9"),
        ("Impersonate-Uid", "7"),
        ("Impersonate-Group", "a"),
        ("Impersonate-Group", "b"),
        ("Impersonate-Extra-x%2Fy%25", "1"),
        ("Impersonate-Extra-x%2Fy%25", "2"),
    ]


@pytest.mark.parametrize(
    "field", [{"as-groups": ["a"]}, {"as-uid": "7"}, {"as-user-extra": {"a": ["b"]}}]
)
def test_parts_of_nobody_are_refused(field: User) -> None:
    with pytest.raises(BadKubeconfig, match="and as is not"):
        impersonation.headers(field)


def test_a_line_break_in_an_impersonation_is_refused() -> None:
    with pytest.raises(BadKubeconfig, match="line break"):
        impersonation.headers({"as": "jane", "as-groups": ["a\nImpersonate-User: admin"]})


def test_the_command_line_beats_the_kubeconfig_part_by_part() -> None:
    user = {"as": "jane", "as-groups": ["a"], "as-uid": "7", "token": "t"}
    given = impersonation.Impersonation(user="joe", groups=("b", "c"))
    assert given.over(user) == {**user, "as": "joe", "as-groups": ["b", "c"]}


# The server


@every(
    ("written", "url"),
    [
        ("https://rome:6443/", "https://rome:6443"),
        ("HTTPS://rome/k8s/clusters/a/", "https://rome/k8s/clusters/a"),
        ("rome:6443", "http://rome:6443"),
        ("https://[::1]:6443", "https://[::1]:6443"),
    ],
)
def test_a_server_is_read_as_kubectl_reads_it(written: str, url: str) -> None:
    assert server({"server": written}).url == url


@every(
    ("cluster", "why"),
    [
        ({}, "its cluster has no server"),
        ({"server": "ftp://rome"}, "no http or https address"),
        ({"server": "https://[rome"}, "no http or https address"),
        ({"server": "https://rome:99999"}, "no http or https address"),
        ({"server": "https://u:p@rome:abc"}, "server 'https://rome:abc' is no http"),
        ({"server": "https://a", "certificate-authority": "/nowhere"}, "authority /nowhere: No"),
        (
            {
                "server": "https://a",
                "certificate-authority-data": "YQ==",
                "insecure-skip-tls-verify": True,
            },
            "are both set",
        ),
        ({"server": "https://a", "insecure-skip-tls-verify": "yes"}, "neither true nor false"),
        ({"server": "https://a", "proxy-url": "ftp://b"}, "proxy-url is none of"),
        ({"server": "https://a", "proxy-url": "http://u:p@b:abc"}, "^proxy-url is no address of"),
        ({"server": "https://a", "proxy-url": "http://u:p@[b"}, "^proxy-url is no address of"),
        ({"server": "https://a", "proxy-url": "http://"}, "^proxy-url is no address of"),
        ({"server": "https://a", "extensions": ["b"]}, "extensions is not a list of mappings"),
    ],
)
def test_a_server_that_kubectl_would_refuse(cluster: User, why: str) -> None:
    with pytest.raises(BadKubeconfig, match=why):
        server(cluster)


@pytest.mark.parametrize(
    ("url", "rules", "excepted"),
    [
        ("https://api.example.com", "", False),
        ("https://api.example.com", "*", True),
        ("https://api.example.com", "example.com", True),
        ("https://api.example.com", ".example.com", True),
        ("https://api.example.com", "*.example.com", True),
        ("https://example.com", ".example.com", False),
        ("https://notexample.com", "example.com", False),
        ("https://API.example.com", "api.EXAMPLE.com", True),
        ("https://api.example.com", "example.com:443", True),
        ("https://api.example.com", "example.com:6443", False),
        ("https://10.1.2.3:6443", "10.0.0.0/8", True),
        ("https://10.1.2.3:6443", "other, 10.1.2.3", True),
        ("https://10.1.2.3:6443", "10.1.2.3:6443", True),
        ("https://10.1.2.3:6443", "10.1.2.3:1", False),
        ("https://10.1.2.3:6443", "2.3", False),
        ("https://10.1.2.3:6443", "10.0.0.0/99", False),
        ("https://[2001:db8::1]:6443", "2001:db8::1", True),
        ("https://[2001:db8::1]:6443", "[2001:db8::1]:6443", True),
        ("https://[2001:db8::1]:6443", "2001:db8::/32", True),
        ("https://localhost:6443", "", True),
        ("https://127.0.0.1:6443", "", True),
    ],
)
def test_exceptions_from_the_environments_proxy(
    monkeypatch: pytest.MonkeyPatch, url: str, rules: str, excepted: bool
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy:3128")
    monkeypatch.setenv("NO_PROXY", rules)
    assert proxy_from_environment(url) == ("" if excepted else "http://proxy:3128")


# TLS


@contextlib.contextmanager
def no_other_files(folder: pathlib.Path) -> Iterator[None]:
    before = set(folder.iterdir())
    yield
    assert set(folder.iterdir()) == before


def test_a_private_key_is_written_nowhere(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    subject = ("-subj", "/CN=jane", "-keyout", tmp_path / "key", "-out", tmp_path / "cert")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", *subject],
        capture_output=True,
        check=True,
    )
    cert, key = ((tmp_path / name).read_bytes() for name in ("cert", "key"))
    with no_other_files(tmp_path):
        tls(Server(url="https://a", authority=cert), Credentials("", cert, key))
    monkeypatch.setattr("sys.platform", "darwin")
    with no_other_files(tmp_path):
        tls(TLS, Credentials("", cert, key))


@pytest.mark.parametrize(
    ("there", "who", "why"),
    [
        (Server(url="https://a", authority=b"words"), Credentials(), "holds no certificate"),
        (TLS, Credentials("", b"cert", b"key"), "client certificate and key cannot be used"),
    ],
    ids=["authority", "certificate"],
)
def test_what_is_no_certificate_is_an_error(there: Server, who: Credentials, why: str) -> None:
    with pytest.raises(BadKubeconfig, match=why):
        tls(there, who)
