"""``--output-directory``: a folder for each cluster, ready for a GitOps tool."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from kubectl_liqo_shortcut.core.documents import LARGEST, load_one
from kubectl_liqo_shortcut.core.model import Object, name_of
from kubectl_liqo_shortcut.errors import ShortcutError
from kubectl_liqo_shortcut.output.yaml import to_yaml

if TYPE_CHECKING:
    from kubectl_liqo_shortcut.output.folder import Folder

_KUSTOMIZATION = "kustomization.yaml"


def manifest_file_name(kind: str, name: str) -> str:
    """Several links can share a leaf's folder: the name holds all that tells objects apart."""
    return f"{kind.lower()}-{quote(name, safe='')}.yaml"


@dataclasses.dataclass(frozen=True, slots=True)
class Written:
    """What became of a folder."""

    paths: list[str]
    removed: list[str]  # files that it listed before
    before: int  # how many it listed then
    now: int


def write_folder(
    directory: str, cluster: str, documents: Sequence[Object], obsolete: Collection[str] = ()
) -> Written:
    """Write *documents* and their kustomization.yaml.

    A file is replaced whole or not at all; of others, only *obsolete* ones that an earlier
    kustomization.yaml of ours lists are removed. No link is followed.
    """
    from kubectl_liqo_shortcut.output import folder  # it needs openat, which Windows has not

    try:
        with folder.opened(directory, cluster) as opened:
            return _write(opened, documents, obsolete)
    except OSError as error:
        path = error.filename or os.path.join(directory, cluster)
        raise ShortcutError(f"cannot write {path}: {error.strerror}") from error


def _write(folder: Folder, documents: Sequence[Object], obsolete: Collection[str]) -> Written:
    names = [manifest_file_name(each["kind"], name_of(each)) for each in documents]
    before = _resources(folder)
    others = [name for name in before if name not in (*names, *obsolete)]
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [*others, *names],
    }
    files = [*zip(names, documents, strict=True), (_KUSTOMIZATION, kustomization)]
    written = [folder.write(name, to_yaml(body)) for name, body in files]
    removed = sorted(set(before).intersection(obsolete))
    for name in removed:
        folder.remove(name)
    return Written(written, removed, len(before), len(others) + len(names))


def _resources(folder: Folder) -> list[str]:
    """What a kustomization that is there already lists: another link may share the folder."""
    written = folder.read(_KUSTOMIZATION, LARGEST)
    if written is None:
        return []
    path = os.path.join(folder.path, _KUSTOMIZATION)
    try:
        found = load_one(written, twice=False)
    except ValueError as error:
        raise ShortcutError(
            f"cannot read {path}: {error}", hint="remove it, or choose another folder"
        ) from error
    ours = {"apiVersion", "kind", "resources"}
    if not isinstance(found, dict) or set(found) - ours:
        raise ShortcutError(
            f"{path} was not written by this program", hint="choose another --output-directory"
        )
    names = found.get("resources") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ShortcutError(
            f"cannot read {path}: resources is not a list of files",
            hint="mend it, or choose another folder",
        )
    return list(dict.fromkeys(names))
