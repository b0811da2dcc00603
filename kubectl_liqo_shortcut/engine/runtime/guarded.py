"""A cluster that is written to only while writing is allowed."""

from __future__ import annotations

from collections.abc import Callable

from kubectl_liqo_shortcut.core.kinds import Kind
from kubectl_liqo_shortcut.core.model import Manifest, Object, ObjectRef
from kubectl_liqo_shortcut.core.ports import Cluster, Listing, Selection, Watch


class LockedCluster:
    """A ``Cluster`` that is written to only after *check* raised nothing."""

    def __init__(self, cluster: Cluster, check: Callable[[], None]) -> None:
        self._cluster = cluster
        self._check = check

    @property
    def name(self) -> str:
        return self._cluster.name

    @property
    def host(self) -> str:
        return self._cluster.host

    @property
    def liqo_namespace(self) -> str:
        return self._cluster.liqo_namespace

    def get(self, ref: ObjectRef) -> Object | None:
        return self._cluster.get(ref)

    def list(self, what: Selection) -> Listing:
        return self._cluster.list(what)

    def watch(self, what: Selection, since: str) -> Watch:
        return self._cluster.watch(what, since)

    def served(self, api_version: str) -> tuple[Kind, ...]:
        return self._cluster.served(api_version)

    def kinds(self) -> tuple[Kind, ...]:
        return self._cluster.kinds()

    def create(self, manifest: Manifest, *, dry_run: bool = False) -> Object:
        if not dry_run:
            self._check()
        return self._cluster.create(manifest, dry_run=dry_run)

    def ask(self, review: Object) -> Object:
        return self._cluster.ask(review)

    def apply(self, manifest: Manifest) -> Object:
        self._check()
        return self._cluster.apply(manifest)

    def patch(
        self, ref: ObjectRef, body: Object, *, subresource: str = "", dry_run: bool = False
    ) -> Object:
        if not dry_run:
            self._check()
        return self._cluster.patch(ref, body, subresource=subresource, dry_run=dry_run)

    def delete(self, ref: ObjectRef, uid: str, version: str = "") -> None:
        self._check()
        self._cluster.delete(ref, uid, version)
