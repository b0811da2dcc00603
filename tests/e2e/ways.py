"""The plugin with a kubeconfig that leads to chosen clusters only, and stored identities."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.e2e.plugin import PAIR, UP, connections, environment, link_objects
from tests.lab import binaries
from tests.lab.kube import CORE, ApiError, path
from tests.lab.lab import Lab

Document = dict[str, Any]
Done = subprocess.CompletedProcess[str]
CREATED = "shortcut.shortcut.liqo.io/leaf-1--leaf-2 created\n"
DELETED = "shortcut.shortcut.liqo.io/leaf-1--leaf-2 deleted\n"


class Ways:
    """The plugin with a kubeconfig that leads to chosen clusters only."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab, self.folder = lab, folder
        self._all: Document = json.loads(lab.kubeconfig.read_text())
        self.use(self.kubeconfig("hub"))

    def kubeconfig(self, *clusters: str, **named: str) -> Document:
        """Contexts for these, under their own names or others; the first one is current."""
        names = {each: each for each in clusters} | named
        contexts = [
            {"name": name, "context": {"cluster": cluster, "user": f"admin@{cluster}"}}
            for name, cluster in names.items()
        ]
        return {**self._all, "contexts": contexts, "current-context": contexts[0]["name"]}

    def put(self, name: str, document: Document) -> str:
        (self.folder / name).write_text(json.dumps(document))
        return str(self.folder / name)

    def use(self, document: Document) -> None:
        self.put("kubeconfig", document)

    @property
    def environment(self) -> dict[str, str]:
        private = self.folder / "tmp"
        private.mkdir(exist_ok=True)
        known = environment(self.lab)
        return {**known, "KUBECONFIG": str(self.folder / "kubeconfig"), "TMPDIR": str(private)}

    @property
    def left(self) -> list[str]:
        """Temporary files that the plugin left behind."""
        return os.listdir(self.folder / "tmp")

    def plugin(self, *args: str) -> Done:
        return subprocess.run(
            [str(binaries.path("kubectl")), "liqo-shortcut", *args],
            stdin=subprocess.DEVNULL,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def of_liqo(self, leaf: str) -> Document:
        """As Liqo stores it; here the leaf's administrator, since it may make all objects."""
        clusters = {each["name"]: each["cluster"] for each in self._all["clusters"]}
        users = {each["name"]: each["user"] for each in self._all["users"]}
        context = {"cluster": leaf, "user": "u", "namespace": "liqo-tenant-hub"}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "default-context",
            "clusters": [{"name": leaf, "cluster": clusters[leaf]}],
            "users": [{"name": "u", "user": users[f"admin@{leaf}"]}],
            "contexts": [{"name": "default-context", "context": context}],
        }

    def store(self, leaf: str, kubeconfig: Document, namespace: str = "") -> None:
        name = f"kubeconfig-controlplane-{leaf}"
        namespace = namespace or f"liqo-tenant-{leaf}"
        kube = self.lab.clusters["hub"].kube
        data = {"kubeconfig": base64.b64encode(json.dumps(kubeconfig).encode()).decode()}
        kube.delete(path(CORE, "secrets", namespace, name))
        kube.create(
            path(CORE, "secrets", namespace),
            {"metadata": {"name": name}, "type": "Opaque", "data": data},
        )

    def forget(self) -> None:
        kube = self.lab.clusters["hub"].kube
        for leaf in PAIR:
            try:
                kube.delete(
                    path(CORE, "secrets", f"liqo-tenant-{leaf}", f"kubeconfig-controlplane-{leaf}")
                )
            except ApiError as error:
                if error.status != 404:
                    raise


def made_and_removed(ways: Ways, *options: str) -> str:
    """A link by this way, and its end; what was said on standard error."""
    created = ways.plugin("create", *PAIR, *options)
    assert (created.returncode, created.stdout) == (0, CREATED), created.stderr
    assert connections(ways.lab) == UP
    deleted = ways.plugin("delete", *PAIR, *options)
    assert (deleted.returncode, deleted.stdout) == (0, DELETED), deleted.stderr
    assert link_objects(ways.lab) == []
    assert ways.left == []
    return created.stderr
