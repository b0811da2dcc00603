"""The leaves of a hub: what the hub knows of each, what each says itself, and what both mean."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Iterable, Iterator, Mapping

from kubectl_liqo_shortcut.core import fields
from kubectl_liqo_shortcut.core import resources as r
from kubectl_liqo_shortcut.core.facts import KIND, Cidrs
from kubectl_liqo_shortcut.core.model import ClusterID, Object, cluster_id, labels_of
from kubectl_liqo_shortcut.core.networks import is_remapped
from kubectl_liqo_shortcut.core.status import latency_of
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
class Known:
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


class Reach(enum.StrEnum):
    """What came of asking a leaf."""

    OK = "ok"
    UNREACHABLE = "unreachable"
    NO_WAY = "no way to it"
    ANOTHER = "another cluster answers"
    NO_LIQO = "not Liqo"
    FORBIDDEN = "lacks permissions"
    ERROR = "error"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Says:
    """What a leaf says itself, or why it does not."""

    reach: Reach = Reach.OK
    message: str = ""
    hint: str = ""
    missing: tuple[str, ...] = ()  # permissions, for a link with any one leaf
    manager: Object | None = None  # the Deployment of Liqo's controller manager
    configurations: tuple[Object, ...] = ()

    @property
    def access(self) -> str:
        """In words: ``ok``, or what is missing."""
        if self.reach is not Reach.FORBIDDEN:
            return self.reach.value
        count = len(self.missing) or 1  # it was refused a look before the rest could be asked
        return f"lacks {count} permission{'s' if count > 1 else ''}"


class Direct(enum.StrEnum):
    """Whether Services with endpoints on a leaf, or asked for there, can go direct (Liqo 1.2)."""

    YES = "yes"
    REMAPPED = "no: remapped"
    DENIED = "no: denied"
    OLD = "no: Liqo < 1.2"
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True, slots=True)
class Leaf:
    known: Known
    via: str  # the way to it, empty if there is none
    says: Says
    direct: Direct

    @property
    def version(self) -> str:
        """Of Liqo there, for people: no decision hangs on it."""
        return version_of(self.says.manager)


def known_leaves(
    configurations: Iterable[Object],
    clients: Iterable[Object],
    servers: Iterable[Object] = (),
    connections: Iterable[Object] = (),
) -> list[Known]:
    """The leaves of a hub by its own objects, sorted."""
    dialled, dialling, tunnels = map(_by_leaf, (clients, servers, connections))
    return [
        Known(
            id=cluster_id(leaf),
            tenant_namespace=str(body["metadata"].get("namespace") or ""),
            cidrs=_readable_cidrs(body),
            on_hub=tuple(map(str, _cidr(body, "status").get("pod") or ())),
            remapped=is_remapped(body),
            serves=True if leaf in dialled else False if leaf in dialling else None,
            address=_address(dialled.get(leaf)),
            connection=(tunnels.get(leaf, {}).get("status") or {}).get("value"),
            latency=latency_of(tunnels.get(leaf)),
        )
        for leaf, body in sorted(_by_leaf(configurations).items())
    ]


def remote_cidrs(configuration: Object) -> Cidrs:
    """The networks of the cluster that *configuration* is about, as that one calls them itself."""
    cidr = _cidr(configuration, "spec")
    at = f"Configuration for {labels_of(configuration).get(r.REMOTE_CLUSTER_ID)}"
    return Cidrs(
        fields.cidrs(cidr.get("pod"), f"{at}: pod"),
        fields.cidrs(cidr.get("external"), f"{at}: external"),
    )


def refusal(error: ShortcutError) -> Says:
    """What an *error* says of the leaf that was asked."""
    reaches = {
        **dict.fromkeys(USELESS, Reach.UNREACHABLE),
        AnotherCluster: Reach.ANOTHER,
        NoLiqo: Reach.NO_LIQO,
        Gone: Reach.NO_LIQO,
        Forbidden: Reach.FORBIDDEN,
    }
    reach = next((word for kind, word in reaches.items() if isinstance(error, kind)), Reach.ERROR)
    return Says(reach=reach, message=error.message, hint=error.hint or "")


def direct(known: Known, hub_can: bool | None, says: Says) -> Direct:
    """*hub_can* is ``can_direct`` of the hub's Configurations: both ends must know of it."""
    leaf_can = can_direct(says.configurations)
    if known.remapped:
        return Direct.REMAPPED
    if denies_direct(says.manager):
        return Direct.DENIED
    if hub_can is False or leaf_can is False:
        return Direct.OLD
    told = hub_can and leaf_can and says.manager is not None and known.on_hub
    return Direct.YES if told else Direct.UNKNOWN


def can_direct(configurations: Iterable[Object]) -> bool | None:
    """Whether the Liqo that answered *configurations* knows of direct connections.

    They came with Liqo 1.2, as did the condition of Configurations, which is what shows: a version
    is only a name that somebody gave an image.
    """
    statuses = [each.get("status") or {} for each in configurations]
    if any(
        condition.get("type") == "NetworkCIDRsConfigured"
        for status in statuses
        for condition in status.get("conditions") or ()
    ):
        return True
    return False if any(status.get("remote") for status in statuses) else None


def denies_direct(manager: Object | None) -> bool:
    """Whether Liqo's controller manager there drops what would go direct."""
    said = [
        value
        for container in _containers(manager)
        for argument in (*(container.get("command") or ()), *(container.get("args") or ()))
        for flag, _, value in [str(argument).partition("=")]
        if flag == "--deny-direct-connections"
    ]
    return bool(said) and said[-1].lower() not in ("false", "f", "0")


def version_of(manager: Object | None) -> str:
    """The image tag of the controller manager; empty where there is none."""
    images = {str(each.get("name")): str(each.get("image")) for each in _containers(manager)}
    image = images.get("controller-manager") or next(iter(images.values()), "")
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]


def facts_document(
    hub: ClusterID, leaves: Iterable[Known], liqo_namespace: Callable[[str], str] = lambda _: ""
) -> Object:
    """The facts file of ``--facts`` (``core/facts`` reads it); what is not known is left out.

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


def _networks(known: Known) -> dict[str, str | list[str]]:
    if known.cidrs is None:
        return {}
    both = {"podCIDR": known.cidrs.pod, "externalCIDR": known.cidrs.external}
    return {key: each[0] if len(each) == 1 else list(each) for key, each in both.items()}


def _by_leaf(bodies: Iterable[Object]) -> dict[str, Object]:
    """*bodies* by the remote cluster that they are about; no leaf has a name that is no ID."""
    labelled = {labels_of(each).get(r.REMOTE_CLUSTER_ID) or "": each for each in bodies}
    return {leaf: body for leaf, body in labelled.items() if fields.LABEL.fullmatch(leaf)}


def _cidr(configuration: Object, part: str) -> Mapping[str, list[str]]:
    return ((configuration.get(part) or {}).get("remote") or {}).get("cidr") or {}


def _readable_cidrs(configuration: Object) -> Cidrs | None:
    try:
        return remote_cidrs(configuration)
    except Invalid:
        return None


def _address(gateway_client: Object | None) -> str | None:
    """What the hub dials; as for Liqo's own client, only the first address counts."""
    endpoint = ((gateway_client or {}).get("spec") or {}).get("endpoint") or {}
    try:
        return fields.address(next(iter(endpoint.get("addresses") or ()), None), "address")
    except Invalid:
        return None


def _containers(deployment: Object | None) -> Iterator[Object]:
    spec = (deployment or {}).get("spec") or {}
    pod = (spec.get("template") or {}).get("spec") or {}
    yield from pod.get("containers") or ()
