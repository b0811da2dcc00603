"""Whatever stands in a kubeconfig: the plugin is to the API server who the real kubectl is."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import pty
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.connect_proxy import ConnectProxy
from tests.lab import binaries
from tests.lab.lab import Lab

Body = dict[str, Any]
V1, V1BETA1 = (f"client.authentication.k8s.io/{version}" for version in ("v1", "v1beta1"))
ADMIN, ROBOT, OTHER = "admin", "system:serviceaccount:default:robot", "the other one"
DEAD = "http://127.0.0.1:1"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Hub:
    """What kubeconfigs are made of."""

    server: str
    ca: str
    certificate: str
    key: str
    server_certificate: str
    other_ca: str
    token: str
    other_token: str
    proxy: ConnectProxy


@dataclasses.dataclass
class Case:
    """A folder with files, and how both programs are called in it."""

    folder: Path
    hub: Hub
    env: dict[str, str] = dataclasses.field(default_factory=dict)
    args: tuple[str, ...] = ()
    terminal: bool = False

    def put(self, name: str, content: str | bytes | Body, *, mode: int = 0o600) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            content = json.dumps(content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        return str(path)

    def use(self, user: Body | None = None, cluster: Body | None = None, **more: Any) -> None:
        """One file with one context; *cluster* is added to what leads to the hub."""
        self.put("config", self.config(user, cluster, **more))

    def config(
        self,
        user: Body | None = None,
        cluster: Body | None = None,
        *,
        bare: Body | None = None,
        name: str = "hub",
        current: str | None = None,
    ) -> Body:
        there = {"server": self.hub.server, "certificate-authority-data": self.hub.ca}
        there |= cluster or {}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name if current is None else current,
            "clusters": [{"name": name, "cluster": there if bare is None else bare}],
            "users": [{"name": name, "user": user or {}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        }

    def plugin(self, status: Body, *, before: str = "", version: str = V1, **more: Any) -> Body:
        """A credential plugin that answers *status* after the shell commands *before*."""
        answer = json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": status})
        text = f"#!/bin/sh\n{before}\nprintf '%s' {shlex.quote(answer)}\n"
        command = self.put("bin/login", text, mode=0o700)
        known = {"apiVersion": version, "command": command, "interactiveMode": "Never"}
        return {"exec": {**known, **more}}

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        env = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
        env |= {"KUBECONFIG": str(self.folder / "config"), "HOME": str(self.folder), **self.env}
        master, slave = pty.openpty() if self.terminal else (-1, subprocess.DEVNULL)
        try:
            return subprocess.run(
                [*command, *self.args],
                env={**env, "PYTHONPATH": str(Path(__file__).parents[2])},
                cwd=self.folder,
                stdin=slave,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        finally:
            if self.terminal:
                os.close(master)
                os.close(slave)


def identity(done: subprocess.CompletedProcess[str]) -> Body | None:
    """Who it was; None: it failed."""
    if done.returncode:
        return None
    user: Body = json.loads(done.stdout)["status"]["userInfo"]
    return user


TABLE: dict[str, tuple[Callable[[Case], object], str | None]] = {}


def case(
    who: str | None,
) -> Callable[[Callable[[Case], object]], Callable[[Case], object]]:
    """A row of the table: both programs are *who*; None: both fail."""

    def add(function: Callable[[Case], object]) -> Callable[[Case], object]:
        TABLE[function.__name__] = (function, who)
        return function

    return add


def cert(c: Case) -> Body:
    return {"client-certificate-data": c.hub.certificate, "client-key-data": c.hub.key}


def pem(data: str) -> bytes:
    return base64.b64decode(data)


# Certificates


@case(ADMIN)
def certificate_inline(c: Case) -> None:
    c.use(cert(c))


@case(ADMIN)
def certificate_files_relative_to_their_kubeconfig(c: Case) -> None:
    c.put("sub/tls/a.crt", pem(c.hub.certificate))
    c.put("sub/tls/a.key", pem(c.hub.key))
    user = {"client-certificate": "tls/a.crt", "client-key": "tls/a.key"}
    c.put("sub/config", c.config(user))
    c.env["KUBECONFIG"] = "sub/config"


@case(ADMIN)
def certificate_inline_with_key_file(c: Case) -> None:
    path = c.put("a.key", pem(c.hub.key))
    c.use({"client-certificate-data": c.hub.certificate, "client-key": path})


@case(None)
def certificate_twice(c: Case) -> None:
    path = c.put("a.crt", pem(c.hub.certificate))
    c.use({**cert(c), "client-certificate": path})


@case(None)
def certificate_without_key(c: Case) -> None:
    c.use({"client-certificate-data": c.hub.certificate})


@case(None)
def certificate_with_another_key(c: Case) -> None:
    key = subprocess.run(
        ["openssl", "genpkey", "-algorithm", "ed25519"], capture_output=True, check=True
    ).stdout
    c.use({**cert(c), "client-key-data": base64.b64encode(key).decode()})


@case(None)
def certificate_with_an_encrypted_key(c: Case) -> None:
    key = subprocess.run(
        ["openssl", "pkey", "-aes256", "-passout", "pass:x"],
        input=pem(c.hub.key),
        capture_output=True,
        check=True,
    ).stdout
    c.use({**cert(c), "client-key-data": base64.b64encode(key).decode()})


@case(None)
def certificate_no_base64(c: Case) -> None:
    c.use({**cert(c), "client-key-data": "!!!"})


@case(ROBOT)
def key_alone_beside_a_token(c: Case) -> None:
    c.use({"client-key-data": c.hub.key, "token": c.hub.token})


@case(ADMIN)
def certificate_and_token(c: Case) -> None:
    c.use({**cert(c), "token": c.hub.token})


# Tokens


@case(ROBOT)
def token(c: Case) -> None:
    c.use({"token": c.hub.token})


@case(None)
def token_with_a_line_break(c: Case) -> None:
    c.use({"token": c.hub.token + "\n"})


@case(None)
def token_wrong(c: Case) -> None:
    c.use({"token": "wrong"})


@case(None)
def token_a_number(c: Case) -> None:
    c.use({"token": 12345})


@case(ROBOT)
def token_file_relative(c: Case) -> None:
    c.put("token", c.hub.token + "\n")
    c.use({"tokenFile": "token"})


@case(OTHER)
def token_file_beside_a_token(c: Case) -> None:
    c.use({"token": c.hub.token, "tokenFile": c.put("token", c.hub.other_token)})


@case(ROBOT)
def token_file_missing_beside_a_token(c: Case) -> None:
    c.use({"token": c.hub.token, "tokenFile": "nowhere"})


@case(None)
def token_file_missing(c: Case) -> None:
    c.use({"tokenFile": "nowhere"})


@case(None)
def token_file_empty(c: Case) -> None:
    c.put("token", "\n")
    c.use({"tokenFile": "token"})


# Passwords, nobody, providers


@case(None)
def password(c: Case) -> None:
    c.use({"username": "jane", "password": "secret"})


@case(None)
def password_beside_a_token(c: Case) -> None:
    c.use({"username": "jane", "password": "secret", "token": c.hub.token})


@case(ADMIN)
def password_beside_a_certificate(c: Case) -> None:
    c.use({**cert(c), "username": "jane", "password": "secret"})


@case(None)
def nobody(c: Case) -> None:
    c.use({})


@case(None)
def user_not_there(c: Case) -> None:
    c.put("config", {**c.config(cert(c)), "users": []})


@case(None)
def cluster_not_there(c: Case) -> None:
    c.put("config", {**c.config(cert(c)), "clusters": []})


@case(None)
def provider_of_old(c: Case) -> None:
    c.use({"token": c.hub.token, "auth-provider": {"name": "gcp"}})


def oidc(token: str) -> Body:
    config = {"idp-issuer-url": "https://127.0.0.1:1", "client-id": "c", "id-token": token}
    return {"auth-provider": {"name": "oidc", "config": config}}


@case(ROBOT)
def provider_oidc(c: Case) -> None:
    c.use(oidc(c.hub.token))


@case(None)
def provider_oidc_expired(c: Case) -> None:
    head, _, sign = c.hub.token.split(".")
    claims = base64.urlsafe_b64encode(json.dumps({"exp": time.time() - 60}).encode())
    c.use(oidc(f"{head}.{claims.decode().rstrip('=')}.{sign}"))


@case(None)
def provider_beside_a_plugin(c: Case) -> None:
    c.use({**oidc(c.hub.token), **c.plugin({"token": c.hub.token})})


# Credential plugins


@case(ROBOT)
def plugin(c: Case) -> None:
    c.use(c.plugin({"token": c.hub.token}))


@case(ROBOT)
def plugin_v1beta1_without_interactive_mode(c: Case) -> None:
    c.use(c.plugin({"token": c.hub.token}, version=V1BETA1, interactiveMode=None))


@case(None)
def plugin_v1_without_interactive_mode(c: Case) -> None:
    c.use(c.plugin({"token": c.hub.token}, interactiveMode=None))


@case(None)
def plugin_v1alpha1(c: Case) -> None:
    c.use(c.plugin({"token": c.hub.token}, version="client.authentication.k8s.io/v1alpha1"))


@case(None)
def plugin_answers_another_version(c: Case) -> None:
    c.use(c.plugin({"token": c.hub.token}, version=V1BETA1, apiVersion=V1))


@case(None)
def plugin_fails(c: Case) -> None:
    c.use(c.plugin({"token": c.hub.token}, before="exit 3"))


@case(None)
def plugin_says_nothing(c: Case) -> None:
    c.use(c.plugin({"token": c.hub.token}, before="exit 0"))


@case(None)
def plugin_has_nothing(c: Case) -> None:
    c.use(c.plugin({}))


@case(None)
def plugin_not_there(c: Case) -> None:
    c.use(c.plugin({}, command="no-such-plugin-anywhere"))


@case(ROBOT)
def plugin_relative_to_its_kubeconfig(c: Case) -> None:
    c.put("sub/config", c.config(c.plugin({"token": c.hub.token}, command="../bin/login")))
    c.env["KUBECONFIG"] = "sub/config"


@case(ROBOT)
def plugin_on_the_path(c: Case) -> None:
    c.use(c.plugin({"token": c.hub.token}, command="login-to-the-lab"))
    (c.folder / "bin/login").rename(c.folder / "bin/login-to-the-lab")
    c.env["PATH"] = f"{c.folder / 'bin'}:{os.environ['PATH']}"


@case(None)
def plugin_on_a_path_of_its_own(c: Case) -> None:
    path = [{"name": "PATH", "value": f"{c.folder / 'bin'}:{os.environ['PATH']}"}]
    c.use(c.plugin({"token": c.hub.token}, command="login-to-the-lab", env=path))
    (c.folder / "bin/login").rename(c.folder / "bin/login-to-the-lab")


@case(ROBOT)
def plugin_with_arguments_and_environment(c: Case) -> None:
    check = '[ "$1/$2/$ZONE/$FROM" = "a b/c/z/outside" ] || exit 1'
    env = [{"name": "ZONE", "value": "z"}]
    c.env["FROM"] = "outside"
    c.use(c.plugin({"token": c.hub.token}, before=check, args=["a b", "c"], env=env))


@case(ROBOT)
def plugin_is_told_of_the_cluster(c: Case) -> None:
    told = {
        "server": c.hub.server,
        "certificate-authority-data": c.hub.ca,
        "tls-server-name": "localhost",
        "config": {"audience": "lab"},
    }
    check = f"""
python3 - <<'END' || exit 1
import json, os
info = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
assert info["kind"] == "ExecCredential" and info["apiVersion"] == "{V1}", info
assert info["spec"] == {{"interactive": False, "cluster": {told}}}, info
END"""
    extension = {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "lab"}}
    cluster = {"tls-server-name": "localhost", "extensions": [extension]}
    user = c.plugin({"token": c.hub.token}, before=check, provideClusterInfo=True)
    c.use(user, cluster)


@case(ROBOT)
def plugin_is_told_of_no_cluster(c: Case) -> None:
    check = 'case "$KUBERNETES_EXEC_INFO" in *cluster*) exit 1;; esac'
    c.use(c.plugin({"token": c.hub.token}, before=check))


@case(ADMIN)
def plugin_with_a_certificate(c: Case) -> None:
    status = {
        "clientCertificateData": pem(c.hub.certificate).decode(),
        "clientKeyData": pem(c.hub.key).decode(),
    }
    c.use(c.plugin(status))


@case(None)
def plugin_with_half_a_certificate(c: Case) -> None:
    status = {"clientCertificateData": pem(c.hub.certificate).decode(), "token": c.hub.token}
    c.use(c.plugin(status))


@case(ROBOT)
def plugin_with_an_expired_token(c: Case) -> None:
    c.use(c.plugin({"token": c.hub.token, "expirationTimestamp": "2020-01-01T00:00:00Z"}))


@case(ROBOT)
def plugin_answers_yaml(c: Case) -> None:
    answer = (
        f"cat <<END\napiVersion: {V1}\nkind: ExecCredential\nstatus:\n  token: {c.hub.token}\nEND"
    )
    c.use(c.plugin({}, before=f"{answer}\nexit 0"))


@case(OTHER)
def token_beside_a_plugin(c: Case) -> None:
    c.use({"token": c.hub.other_token, **c.plugin({"token": c.hub.token})})


@case(ADMIN)
def certificate_beside_a_plugin(c: Case) -> None:
    c.use({**cert(c), **c.plugin({"token": c.hub.token})})


@case(None)
def plugin_that_needs_a_terminal(c: Case) -> None:
    c.use(c.plugin({"token": c.hub.token}, interactiveMode="Always"))


@case(ROBOT)
def plugin_that_has_a_terminal(c: Case) -> None:
    c.terminal = True
    check = '[ -t 0 ] && case "$KUBERNETES_EXEC_INFO" in *true*) ;; *) exit 1;; esac || exit 1'
    c.use(c.plugin({"token": c.hub.token}, before=check, interactiveMode="IfAvailable"))


@case(ROBOT)
def plugin_that_wants_no_terminal(c: Case) -> None:
    c.terminal = True
    c.use(c.plugin({"token": c.hub.token}, before="[ -t 0 ] && exit 1"))


# Acting as somebody else


@case("jane")
def as_somebody(c: Case) -> None:
    c.use({**cert(c), "as": "jane"})


@case("jané")
def as_somebody_with_everything(c: Case) -> None:
    extra = {"scopes": ["a", "b c"], "example.com/Weird%Key": ["1"]}
    more = {"as-groups": ["ops", "dev"], "as-uid": "7", "as-user-extra": extra}
    c.use({**cert(c), "as": "jané", **more})


@case(None)
def as_groups_of_nobody(c: Case) -> None:
    c.use({**cert(c), "as-groups": ["ops"]})


@case(None)
def as_somebody_without_permission(c: Case) -> None:
    c.use({"token": c.hub.token, "as": "jane"})


@case(None)
def as_somebody_with_a_line_break(c: Case) -> None:
    c.use({**cert(c), "as": "jane\nx"})


@case("joe")
def as_on_the_command_line_beats_the_file(c: Case) -> None:
    c.use({**cert(c), "as": "jane", "as-groups": ["ops"], "as-uid": "7"})
    c.args = ("--as", "joe", "--as-group", "a", "--as-group", "b")


@case("joe")
def as_on_the_command_line(c: Case) -> None:
    c.use(cert(c))
    c.args = ("--as", "joe", "--as-uid", "8")


@case(None)
def as_group_alone_on_the_command_line(c: Case) -> None:
    c.use(cert(c))
    c.args = ("--as-group", "ops")


# The server


@case(ADMIN)
def authority_file_relative(c: Case) -> None:
    c.put("ca.crt", pem(c.hub.ca))
    c.use(cert(c), bare={"server": c.hub.server, "certificate-authority": "ca.crt"})


@case(None)
def authority_twice(c: Case) -> None:
    c.use(cert(c), {"certificate-authority": c.put("ca.crt", pem(c.hub.ca))})


@case(None)
def authority_missing(c: Case) -> None:
    c.use(cert(c), bare={"server": c.hub.server})


@case(None)
def authority_of_another(c: Case) -> None:
    c.use(cert(c), {"certificate-authority-data": c.hub.other_ca})


@case(ADMIN)
def authority_among_others(c: Case) -> None:
    both = b"some words\n" + pem(c.hub.other_ca) + pem(c.hub.ca)
    c.use(cert(c), {"certificate-authority-data": base64.b64encode(both).decode()})


@case(None)
def authority_no_certificate(c: Case) -> None:
    c.use(cert(c), {"certificate-authority-data": base64.b64encode(b"words").decode()})


@case(ADMIN)
def authority_is_the_servers_own_certificate(c: Case) -> None:
    c.use(cert(c), {"certificate-authority-data": c.hub.server_certificate})


@case(ADMIN)
def insecure(c: Case) -> None:
    c.use(cert(c), bare={"server": c.hub.server, "insecure-skip-tls-verify": True})


@case(None)
def insecure_with_an_authority(c: Case) -> None:
    c.use(cert(c), {"insecure-skip-tls-verify": True})


@case(ADMIN)
def tls_server_name(c: Case) -> None:
    c.use(cert(c), {"tls-server-name": "localhost"})


@case(None)
def tls_server_name_of_another(c: Case) -> None:
    c.use(cert(c), {"tls-server-name": "example.com"})


@case(None)
def server_without_a_scheme(c: Case) -> None:
    c.use(cert(c), {"server": c.hub.server.removeprefix("https://")})


@case(ADMIN)
def server_with_a_slash_and_capitals(c: Case) -> None:
    c.use(cert(c), {"server": c.hub.server.replace("https", "HTTPS") + "/"})


# Proxies


@case(ADMIN)
def proxy(c: Case) -> None:
    c.use(cert(c), {"proxy-url": f"http://{c.hub.proxy.address}"})


@case(ADMIN)
def proxy_with_a_password(c: Case) -> None:
    c.use(cert(c), {"proxy-url": f"http://jane:se%40cret@{c.hub.proxy.address}"})


@case(None)
def proxy_dead(c: Case) -> None:
    c.use(cert(c), {"proxy-url": DEAD})


@case(None)
def proxy_dead_whatever_no_proxy_says(c: Case) -> None:
    c.env["NO_PROXY"] = "*"
    c.use(cert(c), {"proxy-url": DEAD})


@case(None)
def proxy_of_another_kind(c: Case) -> None:
    c.use(cert(c), {"proxy-url": "ftp://127.0.0.1:1"})


@case(ADMIN)
def proxy_beats_the_environment(c: Case) -> None:
    c.env["HTTPS_PROXY"] = DEAD
    c.use(cert(c), {"proxy-url": f"http://{c.hub.proxy.address}"})


@case(ADMIN)
def proxy_of_the_environment(c: Case) -> None:
    c.env["https_proxy"] = c.hub.proxy.address
    c.use(cert(c))


@case(None)
def proxy_of_the_environment_dead(c: Case) -> None:
    c.env["HTTPS_PROXY"] = DEAD
    c.use(cert(c))


@case(ADMIN)
def proxy_of_the_environment_with_exceptions(c: Case) -> None:
    address = c.hub.server.removeprefix("https://").partition(":")[0]
    c.env |= {"HTTPS_PROXY": DEAD, "NO_PROXY": f"example.com, {address}/16"}
    c.use(cert(c))


@case(None)
def proxy_of_the_environment_with_exceptions_of_another_port(c: Case) -> None:
    address = c.hub.server.removeprefix("https://").partition(":")[0]
    c.env |= {"HTTPS_PROXY": DEAD, "NO_PROXY": f"{address}:1"}
    c.use(cert(c))


@case(ADMIN)
def proxy_for_all_is_none(c: Case) -> None:
    c.env["ALL_PROXY"] = DEAD
    c.use(cert(c))


# Files


def several(c: Case, *files: Body | str | None) -> None:
    for number, content in enumerate(files):
        if content is not None:
            c.put(f"f{number}", content)
    c.env["KUBECONFIG"] = ":".join(str(c.folder / f"f{n}") for n in range(len(files)))


@case(ROBOT)
def files_the_first_current_context_wins(c: Case) -> None:
    one = c.config({"token": c.hub.token}, name="one", current="")
    two = c.config({"token": c.hub.other_token}, name="two", current="one")
    several(c, one, two, c.config({"token": c.hub.other_token}, name="three"))


@case(ROBOT)
def files_missing_and_empty_ones_are_skipped(c: Case) -> None:
    several(c, None, "", "---\n", c.config({"token": c.hub.token}))


@case(ROBOT)
def files_the_first_user_of_a_name_wins_whole(c: Case) -> None:
    one = {"users": [{"name": "hub", "user": {"token": c.hub.token}}]}
    several(c, one, c.config({**cert(c), "as": "jane"}))


@case(ROBOT)
def files_a_context_whose_parts_are_in_others(c: Case) -> None:
    whole = c.config({"token": c.hub.token})
    several(
        c,
        {"contexts": whole["contexts"]},
        {"users": whole["users"]},
        {"clusters": whole["clusters"], "current-context": "hub"},
    )


@case(None)
def files_no_yaml(c: Case) -> None:
    several(c, "a: [", c.config(cert(c)))


@case(None)
def file_a_name_twice(c: Case) -> None:
    whole = c.config(cert(c))
    c.put("config", {**whole, "users": whole["users"] * 2})


@case(None)
def file_asked_for_is_missing(c: Case) -> None:
    c.use(cert(c))
    c.args = ("--kubeconfig", "nowhere")


@case(OTHER)
def file_asked_for_is_the_only_one(c: Case) -> None:
    c.use(cert(c))
    c.args = ("--kubeconfig", c.put("other", c.config({"token": c.hub.other_token})))


@case(ROBOT)
def context_asked_for(c: Case) -> None:
    several(c, c.config(cert(c)), c.config({"token": c.hub.token}, name="other"))
    c.args = ("--context", "other")


@case(None)
def context_asked_for_is_missing(c: Case) -> None:
    c.use(cert(c))
    c.args = ("--context", "nowhere")


@case(None)
def context_current_is_missing(c: Case) -> None:
    c.use(cert(c), current="nowhere")


@case(None)
def context_none_is_current(c: Case) -> None:
    c.use(cert(c), current="")


@pytest.fixture(scope="module")
def hub(lab: Lab) -> Iterator[Hub]:
    document = json.loads(lab.kubeconfig.read_text())
    clusters = {each["name"]: each["cluster"] for each in document["clusters"]}
    users = {each["name"]: each["user"] for each in document["users"]}
    names = ("robot", "another")
    for name in names:
        lab.kubectl("create", "serviceaccount", name, "-n", "default")
    tokens = [lab.kubectl("create", "token", name, "-n", "default").stdout for name in names]
    folder = lab.kubeconfig.parent
    own = next(folder.rglob("hub/apiserver.crt")).read_bytes()
    with ConnectProxy().running() as proxy:
        yield Hub(
            server=clusters["hub"]["server"],
            ca=clusters["hub"]["certificate-authority-data"],
            certificate=users["admin@hub"]["client-certificate-data"],
            key=users["admin@hub"]["client-key-data"],
            server_certificate=base64.b64encode(own).decode(),
            other_ca=clusters["leaf-1"]["certificate-authority-data"],
            token=tokens[0].strip(),
            other_token=tokens[1].strip(),
            proxy=proxy,
        )
    for name in names:
        lab.kubectl("delete", "serviceaccount", name, "-n", "default")


SAMPLE = (
    *("certificate_inline", "certificate_files_relative_to_their_kubeconfig", "token"),
    *("certificate_with_an_encrypted_key", "token_file_beside_a_token", "password"),
    *("provider_oidc_expired", "plugin", "plugin_is_told_of_the_cluster"),
    *("plugin_that_has_a_terminal", "as_somebody_with_everything", "authority_of_another"),
    *(
        "tls_server_name",
        "proxy_beats_the_environment",
        "files_a_context_whose_parts_are_in_others",
    ),
)
"""At least one row of each section; the others are soaked."""


def test_the_sample_is_of_the_table() -> None:
    assert set(SAMPLE) <= TABLE.keys()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in SAMPLE else pytest.mark.soak("kubeconfigs"), id=name)
        for name in TABLE
    ],
)
def test_the_plugin_is_who_kubectl_is(name: str, hub: Hub, tmp_path: Path) -> None:
    build, who = TABLE[name]
    case = Case(tmp_path, hub)
    build(case)
    theirs = case.run(str(binaries.path("kubectl")), "auth", "whoami", "-o", "json")
    ours = case.run(sys.executable, "-m", "tests.e2e.whoami")
    said = f"kubectl: {theirs.stderr}\nours: {ours.stderr}"
    assert identity(ours) == identity(theirs), said
    user = identity(ours) or {}
    expected = "system:serviceaccount:default:another" if who == OTHER else who
    assert user.get("username") == expected, said
    assert "Traceback" not in ours.stderr


def test_the_proxy_was_asked_by_both(hub: Hub, tmp_path: Path) -> None:
    case = Case(tmp_path, hub)
    hub.proxy.asked.clear()
    hub.proxy.logins.clear()
    proxy_with_a_password(case)
    case.run(str(binaries.path("kubectl")), "auth", "whoami", "-o", "json")
    case.run(sys.executable, "-m", "tests.e2e.whoami")
    assert hub.proxy.asked == [hub.server.removeprefix("https://")] * 2
    assert hub.proxy.logins == ["Basic amFuZTpzZUBjcmV0"] * 2
