"""``--output-directory``: a folder for each cluster, ready for a GitOps tool."""

from __future__ import annotations

import os
from collections.abc import Sequence

from kubectl_liqo_shortcut.core.model import Object
from kubectl_liqo_shortcut.errors import ShortcutError
from kubectl_liqo_shortcut.output.formats import to_yaml


def write_folder(directory: str, cluster: str, documents: Sequence[Object]) -> list[str]:
    """Write *documents* and their kustomization.yaml; returns the paths written.

    A file is replaced whole or not at all; files that are not ours are left alone.
    """
    folder = os.path.join(directory, cluster)
    names = [f"{each['kind'].lower()}-{each['metadata']['name']}.yaml" for each in documents]
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": names,
    }
    files = [*zip(names, documents, strict=True), ("kustomization.yaml", kustomization)]
    try:
        os.makedirs(folder, exist_ok=True)
        return [_write(os.path.join(folder, name), to_yaml(body)) for name, body in files]
    except OSError as error:
        raise ShortcutError(f"cannot write {error.filename or folder}: {error.strerror}") from error


def _write(path: str, text: str) -> str:
    unfinished = f"{path}.unfinished"
    with open(unfinished, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(unfinished, path)
    return path
