"""Which cluster answers: what it calls itself, and whether it is still the one it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import (
    HUB,
    ClusterID,
    Object,
    ObjectRef,
    cluster_id,
    dig,
    uid_of,
)
from kubectl_liqo_shortcut.core.ports import Cluster
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, gather_each, retry_transient
from kubectl_liqo_shortcut.errors import (
    AnotherCluster,
    ClusterError,
    ExitCode,
    Invalid,
    NoLiqo,
    Refused,
    ShortcutError,
)


class Rebuilt(Refused):
    """A leaf was made anew under its old name: it is another cluster, with nothing of ours."""


class LiqoLost(ClusterError):
    """The cluster that a record means, with no Liqo any more, or with one of another cluster ID.

    What is on it cannot be taken away in Liqo's order: it is worked on no more than a silent one.
    """

    exit_code = ExitCode.REFUSED


def hub_id(hub: Cluster) -> ClusterID:
    """The hub's own cluster ID: its objects on the leaves bear it."""
    return _id_of(hub)


def recorded_uid(record: Object | None, leaf: str) -> str:
    """The UID of the leaf's kube-system namespace when it was linked; "" if not known."""
    clusters = dig(record, "status", "clusters") or ()
    uids = (each.get("uid") for each in clusters if each["clusterID"] == leaf)
    return str(next(uids, "") or "")


def check_identity(leaf: Cluster, recorded_uid: str) -> Callable[[], None]:
    """Asks *leaf* whether it is the cluster that a record means; "" where the record has no UID."""

    def check() -> None:
        uid = checked_uid(leaf)
        if recorded_uid and uid != recorded_uid:
            raise Rebuilt(
                f"cluster {leaf.name!r} was rebuilt: it is not the one the shortcut was made on",
                hint="nothing on it was touched",
            )

    return check


def not_identified(
    record: Object, leaves: Mapping[str, Cluster], deadline: Deadline
) -> dict[str, ShortcutError]:
    """For each of *leaves* that is not, or does not say it is, the cluster *record* means: why."""
    checks = {
        leaf: partial(_identify, cluster, recorded_uid(record, leaf))
        for leaf, cluster in leaves.items()
    }
    return gather_each(
        {
            leaf: partial(retry_transient, check, deadline, first_look=True)
            for leaf, check in checks.items()
        }
    )[1]


def _identify(leaf: Cluster, uid: str) -> None:
    try:
        check_identity(leaf, uid)()
    except (NoLiqo, AnotherCluster) as error:
        if not uid or _system_uid(leaf) != uid:
            raise  # most likely the way leads to another cluster
        raise _lost(leaf, error) from error


def checked_uid(leaf: Cluster) -> str:
    """The UID of its kube-system namespace; refuses if another cluster answers."""
    check_id(leaf)
    return _system_uid(leaf)


def _system_uid(cluster: Cluster) -> str:
    system = cluster.get(ObjectRef(cluster.name, r.NAMESPACE, "", "kube-system"))
    return uid_of(system) if system else ""


def _lost(leaf: Cluster, error: ShortcutError) -> LiqoLost:
    said = error.message.removeprefix(f"cluster {leaf.name!r}: ")
    hint = f"where Liqo is in another namespace there: --leaf-liqo-namespace {leaf.name}=NS"
    return LiqoLost(
        leaf.name,
        f"it is the cluster that the shortcut was made on, but {said}",
        hint=hint if isinstance(error, NoLiqo) else None,
    )


def check_id(leaf: Cluster) -> None:
    """Refuses if another cluster answers."""
    said = _id_of(leaf)
    if said != leaf.name:
        raise AnotherCluster(
            f"cluster {leaf.name!r}: its Liqo cluster ID is {said!r}",
            hint=f"pass the context that leads to {leaf.name}: --leaf-context {leaf.name}=CONTEXT",
        )


def controller_manager(cluster: Cluster) -> ObjectRef:
    """The Deployment that tells Liqo's version and settings there."""
    return ObjectRef(cluster.name, r.DEPLOYMENT, cluster.liqo_namespace, r.CONTROLLER_MANAGER)


def _id_of(cluster: Cluster) -> ClusterID:
    """The cluster ID that Liqo was installed with there."""
    ref = ObjectRef(cluster.name, r.CONFIG_MAP, cluster.liqo_namespace, r.CLUSTER_ID_CONFIGMAP)
    found = cluster.get(ref)
    if found is None:
        raise NoLiqo(
            cluster.name,
            f"Liqo is not there: no ConfigMap {ref.name} in namespace {ref.namespace}",
            hint="is this the right kubeconfig context? where Liqo is in another namespace: "
            + (
                "--liqo-namespace"
                if cluster.name == HUB
                else f"--leaf-liqo-namespace {cluster.name}=NS"
            ),
        )
    try:
        return cluster_id(str(dig(found, "data", "CLUSTER_ID")))
    except Invalid as error:
        raise ClusterError(cluster.name, f"in its {ref.name}: {error.message}") from error
