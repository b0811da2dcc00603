"""What the core needs of the outside world, said as types."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Protocol

from kubectl_liqo_shortcut.core.kinds import Kind
from kubectl_liqo_shortcut.core.model import Manifest, Object, ObjectRef


@dataclasses.dataclass(frozen=True, slots=True)
class Selection:
    """Some objects of one kind; without *namespace*, those of all namespaces."""

    kind: Kind
    namespace: str = ""
    labels: str = ""
    name: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Listing:
    items: tuple[Object, ...]
    resource_version: str


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """An object of a selection as it is now, or, *gone*, as it was last."""

    body: Object
    gone: bool = False


class Watch(Iterator[Change], Protocol):
    """Changes as they come, read by one thread."""

    def close(self) -> None:
        """End it, from any thread: whoever reads it is woken, and its connection is closed."""


class Cluster(Protocol):
    """One Kubernetes API server. Every method may raise ``ClusterError``.

    A Secret's private parts never come out of it: of its data only ``publicKey`` is kept.
    """

    @property
    def name(self) -> str:
        """What messages call it: a cluster ID, or ``HUB``."""

    @property
    def host(self) -> str:
        """Of its API server: a name or an address; empty where that is not known."""

    @property
    def liqo_namespace(self) -> str:
        """The namespace that Liqo was installed in there."""

    def get(self, ref: ObjectRef) -> Object | None:
        """The object, None if it is not there."""

    def list(self, what: Selection) -> Listing:
        """What is selected now. Raises ``Gone`` if the kind is not served."""

    def watch(self, what: Selection, since: str) -> Watch:
        """Changes after the resource version *since*, until the server ends it.

        Raises ``Expired`` if that version is too old: list again.
        """

    def create(self, manifest: Manifest, *, dry_run: bool = False) -> Object:
        """POST; the object as the server made it, or would make it. Raises ``AlreadyExists``."""

    def ask(self, review: Object) -> Object:
        """The answer to a review, such as a SelfSubjectAccessReview: nothing is kept of it."""

    def apply(self, manifest: Manifest) -> Object:
        """Server-side apply under our field manager, nothing forced.

        For what is only ever applied: it conflicts with a field that ``create`` or ``patch`` set.
        """

    def patch(
        self, ref: ObjectRef, body: Object, *, subresource: str = "", dry_run: bool = False
    ) -> Object:
        """A JSON merge patch; of a *dry run* nothing is kept."""

    def delete(self, ref: ObjectRef, uid: str, version: str = "") -> None:
        """Delete that very object; what is gone, or is another by now, is left alone.

        With *version* (a resourceVersion), so is what changed since.
        """

    def served(self, api_version: str) -> tuple[Kind, ...]:
        """Every kind of that version of an API group; none if it is not served."""

    def kinds(self) -> tuple[Kind, ...]:
        """Every namespaced kind that can be listed, in its preferred version."""


OpenCluster = Callable[[str], Cluster]
"""Given a leaf's cluster ID, or ``HUB``: the way to it."""
