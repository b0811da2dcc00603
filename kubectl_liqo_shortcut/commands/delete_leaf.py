"""``delete --leaf``: all shortcuts of a leaf; of one that is gone for ever, also what Liqo has."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator

from kubectl_liqo_shortcut.core.link.shortcut import pair_of
from kubectl_liqo_shortcut.core.model import HUB, ClusterID, Object, ObjectRef, name_of
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster
from kubectl_liqo_shortcut.engine.hub.identity import check_id
from kubectl_liqo_shortcut.engine.hub.queries import find_records
from kubectl_liqo_shortcut.engine.removal.remains import find_remains
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline
from kubectl_liqo_shortcut.errors import Forbidden, ShortcutError, listing

_LONGEST = 30.0  # seconds: it is asked after all that matters


def records_of(leaf: ClusterID, open_cluster: OpenCluster) -> list[Object]:
    """The records of all shortcuts of *leaf*, by name."""
    records = find_records(open_cluster(HUB))
    return sorted((each for each in records if leaf in pair_of(each).leaves), key=name_of)


def remains_of(
    leaf: ClusterID, records: Collection[Object], open_cluster: OpenCluster
) -> Iterator[str]:
    """What Liqo has of *leaf* on the hub, and on the others that *records* named, in sentences.

    Liqo's own objects are none of a shortcut: they are told with what takes them away. Where the
    leaf answers they are its peerings, and in use.
    """
    if _answers(leaf, open_cluster):
        yield f"{leaf} answers: it is not gone, what Liqo has of it stays"
        return
    peers = {str(each) for record in records for each in pair_of(record).leaves} - {str(leaf)}
    clusters: dict[str, Cluster] = {}
    for name in (HUB, *sorted(peers)):
        try:
            clusters[name] = open_cluster(name)
        except ShortcutError as error:
            yield f"what Liqo has of {leaf} on {name} was not checked: {error.message}"
    for each in find_remains(leaf, clusters, Deadline(_LONGEST)):
        for message in each.unseen:
            yield f"what Liqo has of {leaf} on {each.cluster} was not checked: {message}"
        if each.found:
            yield listing(
                f"Liqo on {each.cluster} still has of {leaf}; "
                "if that leaf is gone for ever, this takes it away there:",
                (_command(ref) for ref in each.found),
            )


def _answers(leaf: ClusterID, open_cluster: OpenCluster) -> bool:
    try:
        check_id(open_cluster(leaf))
    except ShortcutError as error:
        return isinstance(error, Forbidden)
    return True


def _command(ref: ObjectRef) -> str:
    kind = f"{ref.kind.plural}.{ref.kind.group}".rstrip(".")
    place = ("-n", ref.namespace) if ref.namespace else ()
    return shlex.join(("kubectl", "delete", kind, ref.name, *place))
