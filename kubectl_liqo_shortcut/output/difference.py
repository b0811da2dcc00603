"""``diff`` in kubectl's form: two folders, in each a file for every object that is there."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import quote

from kubectl_liqo_shortcut.core.link.preview import Comparison
from kubectl_liqo_shortcut.core.model import ObjectRef
from kubectl_liqo_shortcut.output.yaml import to_yaml

Files = dict[str, str]
"""The text of each file, by its name."""


def difference_files(compared: Collection[Comparison]) -> tuple[Files, Files]:
    """The objects as they are, and as they will be."""
    live = {object_file_name(each.ref): to_yaml(each.live) for each in compared if each.live}
    merged = {object_file_name(each.ref): to_yaml(each.merged) for each in compared if each.merged}
    return live, merged


def object_file_name(ref: ObjectRef) -> str:
    """kubectl's name, ``GROUP.VERSION.KIND.NAMESPACE.NAME``, after the cluster.

    Two clusters have objects of the same name. What a cluster calls them is input: encoded, it
    leaves the folder as little as it moves the cursor when it is printed.
    """
    group_and_version = ref.kind.api_version.replace("/", ".")
    parts = (ref.cluster, group_and_version, ref.kind.kind, ref.namespace, ref.name)
    return quote(".".join(parts), safe="")
