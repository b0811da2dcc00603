"""The identity for a leaf that Liqo stored on the hub: a kubeconfig in a Secret.

It is hostile input: whoever may write that Secret would otherwise run programs here, have files of
this machine sent to a server of theirs, or let another one answer. So only what is listed is taken.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kubectl_liqo_shortcut.adapters.kubeconfig.files import Entry
from kubectl_liqo_shortcut.adapters.kubeconfig.server import address_parts
from kubectl_liqo_shortcut.adapters.kubeconfig.values import BadKubeconfig
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.addresses import use_of_host
from kubectl_liqo_shortcut.core.link.facts import default_tenant_namespace
from kubectl_liqo_shortcut.core.model import ClusterID, is_terminating, name_of
from kubectl_liqo_shortcut.core.ports import Selection
from kubectl_liqo_shortcut.errors import ClusterError, Forbidden

if TYPE_CHECKING:
    from kubectl_liqo_shortcut.adapters.kube import KubeCluster

_KEY = "kubeconfig"
_LONGEST = 64 * 1024  # bytes: Liqo's own has a few thousand
_DEEPEST = 20
_CLUSTER = ("server", "tls-server-name", "proxy-url", "certificate-authority-data")
_USER = ("client-certificate-data", "client-key-data", "token")
_ADDRESS = re.compile(r"[A-Za-z0-9._~:/@!$&'()*+,;=%\[\]-]*")
"""What an address of a server is written with; two readers find two hosts behind a backslash."""
_HARMLESS = ("extensions", "disable-compression")  # and left out
_RUNS, _READS, _ANYBODY, _ELSE = (
    "would run a program on this machine",
    "would read a file on this machine",
    "would let anybody answer for that cluster",
    "would act as somebody else",
)
_WHY = {
    "exec": _RUNS,
    "auth-provider": _RUNS,
    "certificate-authority": _READS,
    "client-certificate": _READS,
    "client-key": _READS,
    "tokenFile": _READS,
    "insecure-skip-tls-verify": _ANYBODY,
    "as": _ELSE,
    "as-groups": _ELSE,
    "as-uid": _ELSE,
    "as-user-extra": _ELSE,
}


def identity_secret_name(leaf: str) -> str:
    return f"kubeconfig-controlplane-{leaf}"


def other_way(leaf: str) -> str:
    """The hint where this one is none."""
    return f"pass --leaf-context {leaf}=CONTEXT or --leaf-kubeconfig {leaf}=PATH"


def stored_entry(hub: KubeCluster, leaf: str, *, allow_local: bool = False) -> Entry | None:
    """The hub's identity for *leaf*, None if it has none.

    ``Forbidden`` where the Secret may not be read; refuses one that is not what Liqo writes, and,
    unless *allow_local*, one that leads to this machine or its neighbours instead of a leaf.
    """
    found = _find(hub, leaf)
    if found is None:
        return None
    namespace, data = found
    where = f"Secret {namespace}/{identity_secret_name(leaf)} on the hub"
    try:
        entry = _entry(where, data, other_way(leaf))
        if not allow_local:
            for field in ("server", "proxy-url"):
                refuse_local(field, str(entry.cluster.get(field) or ""))
        return entry
    except BadKubeconfig as error:
        raise ClusterError(leaf, f"{where}: {error}", hint=other_way(leaf)) from error


def _find(hub: KubeCluster, leaf: str) -> tuple[str, Mapping[str, str]] | None:
    """The namespace and the data of the Secret; in most hubs by one question."""
    usual = default_tenant_namespace(ClusterID(leaf))
    forbidden: Forbidden | None = None
    try:
        data = hub.secret(usual, identity_secret_name(leaf))
        if data is not None:
            return usual, data
    except Forbidden as error:
        forbidden = error
    for namespace in _namespaces(hub, leaf):
        if namespace != usual:
            data = hub.secret(namespace, identity_secret_name(leaf))
            if data is not None:
                return namespace, data
    if forbidden is not None:
        raise forbidden
    return None


def _namespaces(hub: KubeCluster, leaf: str) -> list[str]:
    """The hub's tenant namespaces for *leaf*; none if they may not be listed."""
    labels = f"{r.TENANT_NAMESPACE}=true,{r.REMOTE_CLUSTER_ID}={leaf}"
    try:
        found = hub.list(Selection(r.NAMESPACE, labels=labels)).items
    except Forbidden:
        return []
    return [name_of(each) for each in found if not is_terminating(each)]


def _entry(where: str, data: Mapping[str, str], hint: str) -> Entry:
    kubeconfig = _parsed(_decoded(data))
    context = _body(kubeconfig, "contexts", "context", _current(kubeconfig))
    cluster = _body(kubeconfig, "clusters", "cluster", context.get("cluster"))
    user = _body(kubeconfig, "users", "user", context.get("user"))
    taken = _taken("cluster", cluster, _CLUSTER), _taken("user", user, _USER)
    _check_server(taken[0].get("server"))
    return Entry(where, *taken, hint, stored=True)


def _decoded(data: Mapping[str, str]) -> bytes:
    written = data.get(_KEY)
    if not written:
        raise BadKubeconfig(f"it has no key {_KEY!r}")
    if len(written) > _LONGEST * 4 // 3:
        raise BadKubeconfig(f"its {_KEY} is larger than {_LONGEST // 1024} KiB")
    try:
        return base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadKubeconfig(f"its {_KEY} is not base64") from error


def _parsed(content: bytes) -> Mapping[str, Any]:
    from kubectl_liqo_shortcut.core.documents import NotYaml, Outsized, load_one

    try:
        document = load_one(content, deepest=_DEEPEST, aliases=False, tags=False)
    except NotYaml as error:
        raise BadKubeconfig(f"its {_KEY} is not YAML") from error
    except Outsized as error:
        raise BadKubeconfig(f"its {_KEY} is no kubeconfig: {error}") from error
    if not isinstance(document, dict):
        raise BadKubeconfig(f"its {_KEY} is no kubeconfig")
    return document


def _current(kubeconfig: Mapping[str, Any]) -> object:
    """Its current context, or its only one."""
    current = kubeconfig.get("current-context")
    names = [each.get("name") for each in _list(kubeconfig, "contexts")]
    if not current and len(names) != 1:
        raise BadKubeconfig(f"its {_KEY} has {len(names) or 'no'} contexts, and no current one")
    return current or names[0]


def _list(kubeconfig: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    found = kubeconfig.get(kind) or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise BadKubeconfig(f"its {_KEY} is no kubeconfig: {kind} is not a list of entries")
    return found


def _body(kubeconfig: Mapping[str, Any], kind: str, key: str, name: object) -> Mapping[str, Any]:
    bodies = [each.get(key) for each in _list(kubeconfig, kind) if each.get("name") == name]
    if len(bodies) != 1 or not isinstance(bodies[0], dict):
        raise BadKubeconfig(f"its {_KEY} has not one {key} of the name it uses")
    return bodies[0]


def _taken(part: str, body: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, str]:
    for field, value in body.items():
        if value and field not in known and field not in _HARMLESS:
            why = _WHY.get(field, "is not among what is taken from a Secret")
            raise BadKubeconfig(f"field {field!r} of its {part} is refused: it {why}")
        if value and field in known and not isinstance(value, str):
            raise BadKubeconfig(f"field {field!r} of its {part} is not a text")
    return {field: body[field] for field in known if body.get(field)}


def _check_server(server: object) -> None:
    parts = address_parts(str(server or ""))
    if parts is None or parts.scheme != "https" or parts.username is not None:
        raise BadKubeconfig("field 'server' of its cluster is refused: it is no https address")


def refuse_local(field: str, written: str) -> None:
    """Before anybody is dialled: else whoever writes the Secret reaches what only we reach.

    What has no host at all is refused later, by name. A DNS name is not looked up.
    """
    refused = f"field {field!r} of its cluster is refused: "
    if not _ADDRESS.fullmatch(written):
        raise BadKubeconfig(f"{refused}it has characters that no address has")
    parts = address_parts(written)
    host = str(parts.hostname) if parts else ""
    if "%" in host or (use := use_of_host(host)):
        said = "with a zone" if "%" in host else use
        raise BadKubeconfig(
            f"{refused}its host {host!r} is no leaf's ({said}); "
            "--allow-local-identity takes it all the same"
        )
