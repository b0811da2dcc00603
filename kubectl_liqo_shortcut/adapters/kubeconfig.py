"""kubeconfig files, merged as kubectl merges them.

The official client chooses another current-context than kubectl among several files (tried), so
reading and choosing is ours; nothing here needs the client.
"""

from __future__ import annotations

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


def load(explicit: str | None = None) -> dict[str, Any]:
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


def contexts(kubeconfig: Mapping[str, Any]) -> list[str]:
    return [str(entry["name"]) for entry in kubeconfig.get("contexts") or ()]


def user_of(kubeconfig: Mapping[str, Any], context: str) -> Mapping[str, Any]:
    """The user entry that *context* names; empty if there is none."""
    bodies = {entry["name"]: entry["context"] for entry in kubeconfig["contexts"]}
    wanted = bodies[context].get("user")
    users = {entry["name"]: entry["user"] for entry in kubeconfig.get("users") or ()}
    return users.get(wanted) or {}


def _paths(explicit: str | None) -> list[str]:
    if explicit:
        return [explicit]
    listed = os.environ.get("KUBECONFIG", "")
    if listed:
        return list(dict.fromkeys(path for path in listed.split(os.pathsep) if path))
    return [os.path.join(os.path.expanduser("~"), ".kube", "config")]


def _read(path: str, *, required: bool) -> dict[str, Any]:
    import yaml  # not for options at a TAB press, nor for a dry run that asks nobody

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        with open(path, encoding="utf-8") as file:
            document = yaml.load(file, Loader=loader) or {}  # noqa: S506 - a safe loader
    except FileNotFoundError as error:
        if required:
            raise ShortcutError(
                f"kubeconfig {path}: {error.strerror}", hint="pass the path of a kubeconfig file"
            ) from error
        return {}
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ShortcutError(f"kubeconfig {path}: {error}") from error
    if not isinstance(document, dict):
        raise ShortcutError(f"kubeconfig {path}: not a kubeconfig")
    return document


def _entries(
    path: str, document: Mapping[str, Any], kind: str, body_key: str
) -> list[tuple[str, dict[str, Any]]]:
    """The names and bodies of one list of a kubeconfig."""
    try:
        return [(each["name"], dict(each.get(body_key) or {})) for each in document.get(kind) or ()]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ShortcutError(f"kubeconfig {path}: {kind} is not a list of named entries") from error


def _absolute(body: Mapping[str, Any], fields: tuple[str, ...], folder: str) -> dict[str, Any]:
    """Paths are relative to the file they stand in."""
    base = os.path.abspath(folder)
    result = dict(body)
    for field in fields:
        if result.get(field):
            result[field] = os.path.join(base, result[field])
    plugin = result.get("exec")
    if isinstance(plugin, dict) and os.sep in str(plugin.get("command", "")):
        result["exec"] = {**plugin, "command": os.path.join(base, plugin["command"])}
    return result
