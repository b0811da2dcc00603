"""``rbac``: the least roles on one cluster, and what the present identity lacks there."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial

from kubectl_liqo_shortcut.core.link.facts import default_tenant_namespace
from kubectl_liqo_shortcut.core.model import HUB, Object, cluster_id, dig
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster
from kubectl_liqo_shortcut.core.rbac.access_review import AccessReview, Peer, Scope, access_reviews
from kubectl_liqo_shortcut.core.rbac.permissions import ClusterScope
from kubectl_liqo_shortcut.core.rbac.roles import LIQO_GROUP, Subject, own_user
from kubectl_liqo_shortcut.engine.hub.identity import hub_id
from kubectl_liqo_shortcut.engine.hub.permissions import missing_permissions
from kubectl_liqo_shortcut.engine.hub.queries import who_am_i
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, Future, retry_transient
from kubectl_liqo_shortcut.errors import Invalid, ShortcutError


def hub_scope(
    services: Sequence[str] = (),
    *,
    verify: bool = False,
    install: bool = False,
    stored: Sequence[str] = (),
) -> Scope:
    """What is done on the hub; *stored* are the leaves whose stored identity is used."""
    leaves = map(cluster_id, dict.fromkeys(stored))
    return Scope(
        on=ClusterScope.HUB,
        stored=tuple(Peer(leaf, default_tenant_namespace(leaf)) for leaf in leaves),
        services=tuple(dict.fromkeys(services)),
        verify=verify,
        install=install,
    )


def leaf_scope(
    leaf: str,
    peers: Sequence[str],
    services: Sequence[str] = (),
    *,
    adopt: bool = False,
    verify: bool = False,
) -> Scope:
    """What is done on *leaf* for links with *peers*, each ``ID`` or ``ID=TENANT-NAMESPACE``."""
    if not peers:
        raise Invalid(
            "--leaf needs --peer: the other leaf of a link",
            hint=f"for example: kubectl liqo-shortcut rbac print --leaf {leaf} --peer milan",
        )
    found = {each.id: each for each in map(_peer, peers)}
    if cluster_id(leaf) in found:
        raise Invalid(f"leaf {leaf!r} is no peer of itself")
    given = tuple(dict.fromkeys(services))
    known = tuple(found.values())
    return Scope(on=ClusterScope.LEAF, peers=known, services=given, adopt=adopt, verify=verify)


def _peer(text: str) -> Peer:
    name, _, namespace = text.partition("=")
    peer = cluster_id(name)
    return Peer(peer, namespace or default_tenant_namespace(peer))


def default_subject(open_cluster: OpenCluster, timeout: float) -> Subject:
    """The user of the hub's own name, which the hub is asked for."""
    look = partial(hub_id, open_cluster(HUB))
    try:
        return own_user(retry_transient(look, Deadline(timeout), first_look=True))
    except ShortcutError as error:
        error.hint = "--subject says who gets the roles: then nobody is asked"
        raise


@dataclasses.dataclass(frozen=True, slots=True)
class AccessReport:
    """Every permission, those that *lack*, and what is to be said of the identity."""

    cluster: str
    user: str
    asked: tuple[AccessReview, ...]
    lacks: tuple[AccessReview, ...]
    note: str = ""

    @property
    def is_enough(self) -> bool:
        return all(each.optional for each in self.lacks)


def check_access(scope: Scope, cluster: Cluster, timeout: float) -> AccessReport:
    """Ask the API server for each permission whether the present identity has it."""
    deadline = Deadline(timeout)
    identity = Future(
        lambda: retry_transient(lambda: who_am_i(cluster), deadline, first_look=True),
    )
    asked = access_reviews(scope)
    missing = set(missing_permissions(cluster, [each.access for each in asked], deadline))
    user = dig(identity.result(), "status", "userInfo") or {}
    return AccessReport(
        cluster=cluster.name,
        user=str(user.get("username") or "unknown"),
        asked=tuple(asked),
        lacks=tuple(each for each in asked if each.access in missing),
        note=_note(cluster.name, user) if missing else "",
    )


def _note(cluster: str, user: Object) -> str:
    if LIQO_GROUP not in (user.get("groups") or ()):
        return ""
    return (
        f"{cluster}: {user.get('username')} is Liqo's stored identity, made for peerings: it may "
        "make no networking objects, and where it was given those of a liqoctl peering-user, it "
        "still lacks watch and patch; give a user of its own the roles that rbac print prints"
    )
