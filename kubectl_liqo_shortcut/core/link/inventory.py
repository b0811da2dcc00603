"""The objects of a link, as its record keeps them: which ones there are, and whose each is."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Iterator, Mapping

from kubectl_liqo_shortcut.core import validation
from kubectl_liqo_shortcut.core.kinds import LINK_KINDS, kind_of
from kubectl_liqo_shortcut.core.link.shortcut import pair_of
from kubectl_liqo_shortcut.core.model import Object, ObjectRef, dig
from kubectl_liqo_shortcut.errors import Invalid


class Ownership(enum.StrEnum):
    """Whose a link object is; only the first two are ever deleted."""

    CREATED = "Created"
    ADOPTED = "Adopted"
    REUSED = "Reused"


@dataclasses.dataclass(frozen=True, slots=True)
class Recorded:
    """An entry of ``status.objects``; without *uid*, its creation was only intended."""

    ref: ObjectRef
    uid: str
    ownership: Ownership

    @property
    def is_ours(self) -> bool:
        """Whether it was there, and created or adopted by us."""
        return bool(self.uid) and self.ownership is not Ownership.REUSED


def objects_of(record: Object | None) -> dict[ObjectRef, Recorded]:
    """The link objects that a record names; what can be none is left out (``misfits_of``)."""
    return {each.ref: each for each in _entries_of(record) if isinstance(each, Recorded)}


def misfits_of(record: Object | None) -> list[str]:
    """What a record names that is no object of its link, in words: nobody acts on it."""
    return [each for each in _entries_of(record) if isinstance(each, str)]


def _entries_of(record: Object | None) -> Iterator[Recorded | str]:
    entries = dig(record, "status", "objects") or ()
    if record is None or not entries:
        return
    pair = pair_of(record)
    peers = {str(side.leaf): str(side.peer) for side in pair.sides}
    for number, entry in enumerate(entries):
        at = f"status.objects[{number}]"
        try:
            yield _parse(validation.mapping(entry, at), peers, at)
        except Invalid as error:
            yield error.message


def _parse(entry: Object, peers: Mapping[str, str], at: str) -> Recorded:
    """An entry is input: whoever writes it must not steer a request elsewhere."""
    cluster = validation.choice(entry.get("clusterID"), f"{at}.clusterID", tuple(peers))
    what = (str(entry.get("apiVersion")), str(entry.get("kind")))
    kind = kind_of(*what)
    if kind not in LINK_KINDS:
        raise Invalid(f"{at}: {' '.join(what)[:100]!r} is no kind of a link")
    namespace = (
        validation.label(entry.get("namespace"), f"{at}.namespace") if kind.namespaced else ""
    )
    if kind.namespaced:
        name = validation.choice(entry.get("name"), f"{at}.name", (peers[cluster],))
    else:
        name = validation.label(entry.get("name"), f"{at}.name")
    uid = entry.get("uid") or ""
    try:
        ownership = Ownership(str(entry.get("ownership")))
    except ValueError:  # a later version's word: whatever it means, it is not ours to delete
        ownership = Ownership.REUSED
    ref = ObjectRef(cluster, kind, namespace, name)
    return Recorded(ref, validation.text(uid, f"{at}.uid", longest=64) if uid else "", ownership)


def to_entries(objects: Iterable[Recorded]) -> list[dict[str, str]]:
    return [
        {
            "clusterID": each.ref.cluster,
            "apiVersion": each.ref.kind.api_version,
            "kind": each.ref.kind.kind,
            "namespace": each.ref.namespace,
            "name": each.ref.name,
            "uid": each.uid,
            "ownership": each.ownership.value,
        }
        for each in objects
    ]
