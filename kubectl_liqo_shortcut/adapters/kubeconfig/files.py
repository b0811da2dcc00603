"""kubeconfig files, merged as kubectl merges them.

The official client chooses another current-context than kubectl among several files (tried), so
reading and choosing is ours; nothing here needs the client.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

from kubectl_liqo_shortcut.errors import ShortcutError

_PATHS = {
    "clusters": ("cluster", ("certificate-authority",)),
    "users": ("user", ("client-certificate", "client-key", "tokenFile")),
    "contexts": ("context", ()),
}
"""For each list of a kubeconfig: the key of its entries' body, and which fields are file paths."""

_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
IN_CLUSTER = "in-cluster"


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """What a context leads to: the bodies of its cluster and of its user, empty if not there."""

    where: str  # what messages call it
    cluster: Mapping[str, Any]
    user: Mapping[str, Any] = dataclasses.field(repr=False)
    hint: str = ""  # where it is no use
    stored: bool = False  # by Liqo on the hub: whoever may write it there chose the address


def load_kubeconfig(explicit: str | None = None) -> dict[str, Any]:
    """The kubeconfig that kubectl would use: files merged, the first one wins."""
    merged: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "current-context": ""}
    for path in _paths(explicit):
        document = _read(path, required=explicit is not None)
        merged["current-context"] = (
            merged["current-context"] or document.get("current-context") or ""
        )
        for kind, (body_key, path_fields) in _PATHS.items():
            entries = merged.setdefault(kind, [])
            known = {entry["name"] for entry in entries}
            for name, body in _entries(path, document, kind, body_key):
                if name not in known:
                    body = _absolute(body, path_fields, os.path.dirname(path))
                    entries.append({"name": name, body_key: body})
    return merged


def missing_files() -> str:
    """Which files KUBECONFIG names that are not there, in words; empty if there are none.

    As kubectl, nobody minds them where another file leads on.
    """
    if not os.environ.get("KUBECONFIG"):
        return ""
    gone = [path for path in _paths(None) if not os.path.exists(path)]
    those = f"{' and '.join(gone)}, which {'do' if len(gone) > 1 else 'does'} not exist"
    return f"KUBECONFIG names {those}" if gone else ""


def in_cluster() -> dict[str, Any] | None:
    """The kubeconfig of a Pod's own ServiceAccount, which kubectl takes where there is no other."""
    host, port = (os.environ.get(f"KUBERNETES_SERVICE_{part}") for part in ("HOST", "PORT"))
    if not (host and port and os.path.isfile(f"{_ACCOUNT}/token")):
        return None
    host = f"[{host}]" if ":" in host else host
    cluster = {"server": f"https://{host}:{port}", "certificate-authority": f"{_ACCOUNT}/ca.crt"}
    return of_one(IN_CLUSTER, cluster, {"tokenFile": f"{_ACCOUNT}/token"})


def of_one(name: str, cluster: Mapping[str, Any], user: Mapping[str, Any]) -> dict[str, Any]:
    """A kubeconfig with one context, which is current."""
    return {
        "current-context": name,
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }


def contexts(kubeconfig: Mapping[str, Any]) -> list[str]:
    return [str(entry["name"]) for entry in kubeconfig.get("contexts") or ()]


def entry_for(kubeconfig: Mapping[str, Any], context: str) -> Entry:
    """What *context*, which exists, leads to."""

    def body(kind: str, name: object) -> Mapping[str, Any]:
        key = _PATHS[kind][0]
        bodies = {entry["name"]: entry[key] for entry in kubeconfig.get(kind) or ()}
        return bodies.get(name) or {}

    leads = body("contexts", context)
    return Entry(
        f"kubeconfig context {context!r}",
        body("clusters", leads.get("cluster")),
        body("users", leads.get("user")),
        f"what kubectl makes of it: kubectl --context {context} auth whoami",
    )


def _paths(explicit: str | None) -> list[str]:
    if explicit:
        return [explicit]
    listed = os.environ.get("KUBECONFIG", "")
    if listed:
        return list(dict.fromkeys(path for path in listed.split(os.pathsep) if path))
    return [os.path.join(os.path.expanduser("~"), ".kube", "config")]


def _read(path: str, *, required: bool) -> dict[str, Any]:
    # Not for options at a TAB press, nor for a dry run that asks nobody: it imports yaml.
    from kubectl_liqo_shortcut.core.documents import LARGEST, load_one

    try:
        with open(path, "rb") as file:
            document = load_one(file.read(LARGEST + 1)) or {}
    except FileNotFoundError as error:
        if required:
            raise ShortcutError(
                f"kubeconfig {path}: {error.strerror}", hint="pass the path of a kubeconfig file"
            ) from error
        return {}
    except (OSError, ValueError) as error:
        raise ShortcutError(f"kubeconfig {path}: {error}") from error
    if not isinstance(document, dict):
        raise ShortcutError(f"kubeconfig {path}: not a kubeconfig")
    return document


def _entries(
    path: str, document: Mapping[str, Any], kind: str, body_key: str
) -> list[tuple[str, dict[str, Any]]]:
    """The names and bodies of one list of a kubeconfig."""
    try:
        found = [
            (each["name"], dict(each.get(body_key) or {})) for each in document.get(kind) or ()
        ]
        names = [name for name, _ in found]
        twice = next((name for name in names if names.count(name) > 1), None)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ShortcutError(f"kubeconfig {path}: {kind} is not a list of named entries") from error
    if twice is not None:  # as for kubectl: it does not choose between them
        raise ShortcutError(f"kubeconfig {path}: {twice!r} is twice in {kind}")
    return found


def _absolute(body: Mapping[str, Any], fields: tuple[str, ...], folder: str) -> dict[str, Any]:
    """Paths are relative to the file they stand in."""
    base = os.path.abspath(folder)
    result = dict(body)
    for field in fields:
        if isinstance(result.get(field), str) and result[field]:
            result[field] = os.path.join(base, result[field])
    plugin = result.get("exec")
    if isinstance(plugin, dict) and os.sep in str(plugin.get("command", "")):
        result["exec"] = {**plugin, "command": os.path.join(base, plugin["command"])}
    return result
