"""Services and the ways they go, as a table and as documents."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from kubectl_liqo_shortcut.core.kinds import API_VERSION, SERVICE, USE_DIRECT
from kubectl_liqo_shortcut.core.model import Object, name_of, namespace_of, shortcut_name
from kubectl_liqo_shortcut.core.service.model import Pair, Service
from kubectl_liqo_shortcut.core.service.path import LeafPath, ServicePath
from kubectl_liqo_shortcut.output.tables import plain_table

KIND = "ServicePaths"
"""A kind of documents, which no API server serves."""

_TITLES = ("NAME", "DIRECT", "ENDPOINTS", "MISSING", "PATH")
_WIDE = ("SEEN-BY", "ADDRESSES")

Row = tuple[Service, tuple[Pair, ...], tuple[LeafPath, ...], Collection[str]]
"""A Service, the pairs that lack a Ready shortcut, the way it goes on each leaf, and the leaves
whose Pods the hub remapped."""


def services_table(
    rows: Sequence[Row], *, namespaces: bool, wide: bool, headers: bool = True
) -> str:
    """One row for each Service; with *namespaces*, the namespace comes first."""
    first = ("NAMESPACE",) if namespaces else ()
    titles = first + _TITLES + (_WIDE if wide else ())
    cells = [
        ((row[0].namespace,) if namespaces else ()) + _narrow(*row) + (_wide(*row) if wide else ())
        for row in rows
    ]
    return plain_table([titles, *cells] if headers else cells)


def service_document(
    service: Service,
    missing: Sequence[Pair],
    paths: Sequence[LeafPath],
    remapped: Collection[str],
) -> Object:
    """All that is known of a Service; of each leaf, what its slices hold."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": service.name, "namespace": service.namespace},
        "direct": service.annotated,
        "endpoints": [
            {"cluster": leaf, "count": count, "remapped": leaf in remapped}  # null: on the hub
            for leaf, count in service.hosts.items()
        ],
        "missingShortcuts": [
            {"name": shortcut_name(*pair), "leaves": list(pair)} for pair in missing
        ],
        "leaves": [_leaf(each) for each in paths],
    }


def service_name_document(service: Object) -> Object:
    """For ``-o name``: it is the hub's own Service."""
    metadata = {"name": name_of(service), "namespace": namespace_of(service)}
    return {"apiVersion": SERVICE.api_version, "kind": SERVICE.kind, "metadata": metadata}


def annotation_document(service: Object) -> Object:
    """What is to stand in git, and nothing else of it."""
    document = service_name_document(service)
    metadata = {**document["metadata"], "annotations": {USE_DIRECT: "true"}}
    return {**document, "metadata": metadata}


def _narrow(
    service: Service,
    missing: Sequence[Pair],
    paths: Sequence[LeafPath],
    remapped: Collection[str],
) -> tuple[str, ...]:
    return (
        service.name,
        "yes" if service.annotated else "no",
        _hosts(service, remapped),
        ",".join(shortcut_name(*pair) for pair in missing) or "<none>",
        _ways(paths),
    )


def _wide(
    service: Service,
    _missing: Sequence[Pair],
    paths: Sequence[LeafPath],
    _remapped: Collection[str],
) -> tuple[str, ...]:
    seen = [f"{leaf}/{namespace}" for leaf, namespace in sorted(service.seen_on.items())]
    held = [f"{each.leaf}:{address}" for each in paths for address in each.addresses]
    return ",".join(seen) or "<none>", ",".join(held) or "<none>"


def _hosts(service: Service, remapped: Collection[str]) -> str:
    told = (
        f"{leaf or 'hub'}:{count}" + ("(remapped)" if leaf in remapped else "")
        for leaf, count in service.hosts.items()
    )
    return ",".join(told) or "<none>"


def _ways(paths: Sequence[LeafPath]) -> str:
    """In one word where all leaves that it matters to go the same way."""
    words = {each.leaf: _way(each) for each in paths if each.path is not ServicePath.NONE}
    if len(set(words.values())) == 1:
        return next(iter(words.values()))
    return ",".join(f"{leaf}:{word}" for leaf, word in words.items()) or "<none>"


def _way(path: LeafPath) -> str:
    word = path.path.value
    if path.path is ServicePath.STALE and path.uses in (ServicePath.DIRECT, ServicePath.HUB):
        word += f"({path.uses})"
    return word + ("" if path.ready else "(not-ready)")


def _leaf(path: LeafPath) -> dict[str, Any]:
    return {
        "leaf": path.leaf,
        "namespace": path.namespace,
        "path": path.path.value,
        "uses": path.uses.value,
        "addresses": list(path.addresses),
        "ready": None if path.error else path.ready,
        "error": path.error or None,
    }
