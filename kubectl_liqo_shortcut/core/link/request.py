"""What a user asks for: a pair of leaves, and the fields of the spec they care about."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core import validation
from kubectl_liqo_shortcut.core.link import shortcut
from kubectl_liqo_shortcut.core.link.facts import Facts
from kubectl_liqo_shortcut.core.link.plan import differing
from kubectl_liqo_shortcut.core.link.roles import choose_server
from kubectl_liqo_shortcut.core.link.shortcut import Shortcut
from kubectl_liqo_shortcut.core.model import ClusterID, Object, cluster_id, shortcut_name
from kubectl_liqo_shortcut.errors import Invalid, Refused


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A wish for a Shortcut. *spec* holds only what was said; the rest keeps its default."""

    pair: tuple[ClusterID, ClusterID]
    server: ClusterID | None = None
    spec: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    annotations: Mapping[str, str] = dataclasses.field(default_factory=dict)
    renews: bool = False  # a record that is there gets the expirationTime of *spec*

    def __post_init__(self) -> None:
        if self.server is not None and self.server not in self.pair:
            raise Invalid(
                f"the gateway server {self.server!r} is neither of the two leaves",
                hint=f"--gw-server takes {self.pair[0]} or {self.pair[1]}",
            )
        self.shortcut_with(
            self.server or self.pair[0]
        )  # refuse nonsense before any cluster is asked

    @property
    def name(self) -> str:
        return shortcut_name(*self.pair)

    def shortcut_with(self, server: ClusterID) -> Shortcut:
        """The Shortcut asked for, with *server* as its server."""
        client = self.pair[0] if server == self.pair[1] else self.pair[1]
        roles = {"server": {"clusterID": server}, "client": {"clusterID": client}}
        return shortcut.parse({**self.spec, **roles})


def of_record(record: Object) -> Request:
    """The wish that a record on the hub stands for."""
    pair = shortcut.pair_of(record)
    return Request(pair=(pair.server, pair.client))


def decide(request: Request, record: Object | None, facts: Facts) -> tuple[Shortcut, str]:
    """The Shortcut to make and why its roles are so; a record that is there decides.

    Refuses a request that contradicts the record, naming the fields.
    """
    if record is None:
        server, why = choose_server(facts, request.server)
        return request.shortcut_with(server), why
    recorded = shortcut.parse_record(record)
    asked = request.spec
    if request.renews:
        asked = {key: each for key, each in asked.items() if key != "expirationTime"}
        until = request.shortcut_with(recorded.server).expiration_time
        recorded = dataclasses.replace(recorded, expiration_time=until)
    same = _covers(record["spec"], asked)
    others = [] if same else list(differing(record["spec"], asked))
    if request.server is not None and request.server != recorded.server:
        others.insert(0, "spec.server")
    if others:
        change = (
            f"kubectl edit shortcut {request.name}, then kubectl liqo-shortcut sync {request.name}"
        )
        swap = f"roles stay as they are: kubectl liqo-shortcut delete {request.name} first"
        raise Refused(
            f"shortcut {request.name} exists and differs in {', '.join(others)}",
            hint=swap if others[0] == "spec.server" else change,
        )
    return recorded, "its record says so"


def _covers(recorded: Object, asked: Object) -> bool:
    """Whether *asked* changes nothing, also where it is spelt otherwise (a time, an address)."""
    try:
        return shortcut.parse(_overlaid(recorded, asked)) == shortcut.parse(recorded)
    except Invalid:  # what is asked does not go with the rest
        return False


def _overlaid(below: Any, given: Any) -> Any:
    """*below* with what is *given*; null asks for nothing."""
    if given is None:
        return below
    if not isinstance(given, Mapping):
        return given
    kept = below if isinstance(below, Mapping) else {}
    return {**kept, **{key: _overlaid(kept.get(key), each) for key, each in given.items()}}


def from_documents(documents: Iterator[Any]) -> list[Request]:
    """The requests of a file: Shortcuts, also inside a List; other kinds are refused."""
    requests: list[Request] = []
    for document in documents:
        if isinstance(document, dict) and document.get("kind") == "List":
            items = document.get("items") or []
            if not isinstance(items, list):
                raise Invalid("items: not a list")
            requests += from_documents(iter(items))
        elif document is not None:
            requests.append(_from_document(document))
    names = [request.name for request in requests]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Invalid(f"shortcut {twice} stands in the input twice")
    return requests


def _from_document(document: Any) -> Request:
    body = validation.mapping(document, "document")
    kind = (body.get("apiVersion"), body.get("kind"))
    if kind == (r.API_VERSION, "LeafManifests"):
        raise Invalid(
            "LeafManifests are for reading: create makes them itself",
            hint="pass the Shortcut alone",
        )
    if kind != (r.API_VERSION, r.SHORTCUT.kind):
        raise Invalid(f"{kind[1]} {kind[0]} is no Shortcut of {r.API_VERSION}")
    spec = validation.mapping(body.get("spec"), "spec")
    wanted = shortcut.parse(spec)
    metadata = validation.mapping(body.get("metadata"), "metadata")
    name = metadata.get("name")
    if name is not None and name != wanted.name:
        raise Invalid(f"metadata.name is {name!r}, but this pair's is {wanted.name!r}")
    return Request(
        pair=(cluster_id(wanted.server), cluster_id(wanted.client)),
        server=wanted.server,
        spec={key: value for key, value in spec.items() if key not in ("server", "client")},
        annotations=validation.texts(metadata.get("annotations"), "metadata.annotations"),
    )
