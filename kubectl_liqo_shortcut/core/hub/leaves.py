"""The leaves of a hub: what the hub knows of each, what each says itself, and what both mean."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Iterable

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core import validation
from kubectl_liqo_shortcut.core.link.facts import KIND
from kubectl_liqo_shortcut.core.liqo import can_direct, denies_direct, version_of
from kubectl_liqo_shortcut.core.model import (
    ClusterID,
    Object,
    cluster_id,
    dig,
    namespace_of,
    peer_of,
)
from kubectl_liqo_shortcut.core.networks import Cidrs, is_remapped, raw_cidrs, remote_cidrs
from kubectl_liqo_shortcut.core.readiness import latency_of
from kubectl_liqo_shortcut.errors import (
    USELESS,
    AnotherCluster,
    Forbidden,
    Gone,
    Invalid,
    NoLiqo,
    ShortcutError,
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HubKnowledge:
    """What the hub alone knows of a leaf; None: not known, or not asked."""

    id: ClusterID
    tenant_namespace: str  # the hub's, for this leaf
    cidrs: Cidrs | None  # as the leaf calls them itself
    on_hub: tuple[str, ...]  # its Pod network as the hub sees it, empty until Liqo has answered
    remapped: bool
    serves: bool | None  # whether it is gateway server towards the hub; None: there is no gateway
    address: str | None = None  # that the hub dials
    connection: str | None = None  # the state of the hub's Connection to it
    latency: str | None = None


class Reachability(enum.StrEnum):
    """What came of asking a leaf."""

    OK = "ok"
    UNREACHABLE = "unreachable"
    NO_WAY = "no credentials"
    ANOTHER = "another cluster answers"
    NO_LIQO = "not Liqo"
    FORBIDDEN = "lacks permissions"
    ERROR = "error"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LeafStatus:
    """What a leaf says itself, or why it does not."""

    reach: Reachability = Reachability.OK
    message: str = ""
    hint: str = ""
    missing: tuple[str, ...] = ()  # permissions, for a link with any one leaf
    manager: Object | None = None  # the Deployment of Liqo's controller manager
    configurations: tuple[Object, ...] = ()

    @property
    def access(self) -> str:
        """In words: ``ok``, or what is missing."""
        if self.reach is not Reachability.FORBIDDEN:
            return self.reach.value
        count = len(self.missing) or 1  # it was refused a look before the rest could be asked
        return f"lacks {count} permission{'s' if count > 1 else ''}"


class DirectSupport(enum.StrEnum):
    """Whether Services with endpoints on a leaf, or asked for there, can go direct (Liqo 1.2)."""

    YES = "yes"
    REMAPPED = "no: remapped"
    DENIED = "no: denied"
    OLD = "no: Liqo < 1.2"
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True, slots=True)
class Leaf:
    known: HubKnowledge
    via: str  # the way to it, empty if there is none
    says: LeafStatus
    direct: DirectSupport

    @property
    def version(self) -> str:
        """Of Liqo there, for people: no decision hangs on it."""
        return version_of(self.says.manager)


def known_leaves(
    configurations: Iterable[Object],
    clients: Iterable[Object],
    servers: Iterable[Object] = (),
    connections: Iterable[Object] = (),
) -> list[HubKnowledge]:
    """The leaves of a hub by its own objects, sorted."""
    dialled, dialling, tunnels = map(_by_leaf, (clients, servers, connections))
    return [
        HubKnowledge(
            id=cluster_id(leaf),
            tenant_namespace=namespace_of(body),
            cidrs=_readable_cidrs(body),
            on_hub=tuple(map(str, raw_cidrs(body, "status").get("pod") or ())),
            remapped=is_remapped(body),
            serves=True if leaf in dialled else False if leaf in dialling else None,
            address=_address(dialled.get(leaf)),
            connection=dig(tunnels, leaf, "status", "value"),
            latency=latency_of(tunnels.get(leaf)),
        )
        for leaf, body in sorted(_by_leaf(configurations).items())
    ]


def refusal(error: ShortcutError) -> LeafStatus:
    """What an *error* says of the leaf that was asked."""
    reaches = {
        **dict.fromkeys(USELESS, Reachability.UNREACHABLE),
        AnotherCluster: Reachability.ANOTHER,
        NoLiqo: Reachability.NO_LIQO,
        Gone: Reachability.NO_LIQO,
        Forbidden: Reachability.FORBIDDEN,
    }
    reach = next(
        (word for kind, word in reaches.items() if isinstance(error, kind)), Reachability.ERROR
    )
    return LeafStatus(reach=reach, message=error.message, hint=error.hint or "")


def direct(known: HubKnowledge, hub_can: bool | None, says: LeafStatus) -> DirectSupport:
    """*hub_can* is ``can_direct`` of the hub's Configurations: both ends must know of it."""
    leaf_can = can_direct(says.configurations)
    if known.remapped:
        return DirectSupport.REMAPPED
    if denies_direct(says.manager):
        return DirectSupport.DENIED
    if hub_can is False or leaf_can is False:
        return DirectSupport.OLD
    told = hub_can and leaf_can and says.manager is not None and known.on_hub
    return DirectSupport.YES if told else DirectSupport.UNKNOWN


def facts_document(
    hub: ClusterID,
    leaves: Iterable[HubKnowledge],
    liqo_namespace: Callable[[str], str] = lambda _: "",
) -> Object:
    """The facts file of ``--facts`` (``core/link/facts`` reads it); what is not known is left out.

    A leaf that the hub does not dial serves nobody, also where there is no gateway at all: that is
    what ``create`` hears when it asks the hub, and a plan from the file must be the same one.
    """
    return {
        "apiVersion": r.API_VERSION,
        "kind": KIND,
        "hub": hub,
        "leaves": {
            each.id: {
                **_networks(each),
                **({"liqoNamespace": namespace} if (namespace := liqo_namespace(each.id)) else {}),
                "servesHub": bool(each.serves),
            }
            for each in leaves
        },
    }


def _networks(known: HubKnowledge) -> dict[str, str | list[str]]:
    if known.cidrs is None:
        return {}
    both = {"podCIDR": known.cidrs.pod, "externalCIDR": known.cidrs.external}
    return {key: each[0] if len(each) == 1 else list(each) for key, each in both.items()}


def _by_leaf(bodies: Iterable[Object]) -> dict[str, Object]:
    """*bodies* by the remote cluster that they are about; no leaf has a name that is no ID."""
    labelled = {peer_of(each): each for each in bodies}
    return {leaf: body for leaf, body in labelled.items() if validation.LABEL.fullmatch(leaf)}


def _readable_cidrs(configuration: Object) -> Cidrs | None:
    try:
        return remote_cidrs(configuration)
    except Invalid:
        return None


def _address(gateway_client: Object | None) -> str | None:
    """What the hub dials; as for Liqo's own client, only the first address counts."""
    endpoint = dig(gateway_client, "spec", "endpoint") or {}
    try:
        return validation.address(next(iter(endpoint.get("addresses") or ()), None), "address")
    except Invalid:
        return None
