"""``--output-directory``: a folder for each cluster, ready for a GitOps tool."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Sequence

import yaml

from kubectl_liqo_shortcut.core.model import Object
from kubectl_liqo_shortcut.errors import ShortcutError
from kubectl_liqo_shortcut.output.yaml import to_yaml

_KUSTOMIZATION = "kustomization.yaml"


def file_name(kind: str, name: str) -> str:
    """Several links can share a leaf's folder: the name holds all that tells objects apart."""
    return f"{kind.lower()}-{name}.yaml"


def write_folder(
    directory: str, cluster: str, documents: Sequence[Object], obsolete: Collection[str] = ()
) -> list[str]:
    """Write *documents* and their kustomization.yaml; returns the paths written.

    A file is replaced whole or not at all; of others, only *obsolete* ones that an earlier
    kustomization.yaml of ours lists are removed.
    """
    folder = os.path.join(directory, cluster)
    names = [file_name(each["kind"], each["metadata"]["name"]) for each in documents]
    before = _resources(os.path.join(folder, _KUSTOMIZATION))
    others = [name for name in before if name not in (*names, *obsolete)]
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [*others, *names],
    }
    files = [*zip(names, documents, strict=True), (_KUSTOMIZATION, kustomization)]
    try:
        os.makedirs(folder, exist_ok=True)
        written = [_write(os.path.join(folder, name), to_yaml(body)) for name, body in files]
        for name in set(before).intersection(obsolete):
            with contextlib.suppress(FileNotFoundError):
                os.remove(os.path.join(folder, name))
        return written
    except OSError as error:
        raise ShortcutError(f"cannot write {error.filename or folder}: {error.strerror}") from error


def _resources(path: str) -> list[str]:
    """What a kustomization that is there already lists: another link may share the folder."""
    try:
        with open(path, encoding="utf-8") as file:
            found = yaml.safe_load(file)
    except (FileNotFoundError, NotADirectoryError):  # the latter is told when we write
        return []
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ShortcutError(
            f"cannot read {path}: {error}", hint="remove it, or choose another folder"
        ) from error
    ours = {"apiVersion", "kind", "resources"}
    if not isinstance(found, dict) or set(found) - ours:
        raise ShortcutError(
            f"{path} was not written by this program", hint="choose another --output-directory"
        )
    return [str(name) for name in found.get("resources") or ()]


def _write(path: str, text: str) -> str:
    unfinished = f"{path}.unfinished"
    with open(unfinished, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(unfinished, path)
    return path
