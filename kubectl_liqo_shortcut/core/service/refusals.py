"""All that forbids a Service to go direct, found in one go: pure judgements over what was seen."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.diagnosis.chain import Diagnosis, Ready
from kubectl_liqo_shortcut.core.model import HUB, ClusterID, Object, dig, peer_of
from kubectl_liqo_shortcut.core.networks import is_remapped
from kubectl_liqo_shortcut.core.service.causes import ServiceCause
from kubectl_liqo_shortcut.core.service.model import Pair, Service, annotations_of
from kubectl_liqo_shortcut.core.service.path import LeafServices, wanted

MOST = 256 * 1024  # bytes of annotations, as Liqo counts them


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that forbids it; *pair* where it is about two leaves.

    Where nothing better is known to do, the hint is what its reason says.
    """

    reason: ServiceCause
    cluster: str
    message: str
    hint: str = ""
    pair: Pair | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "hint", self.hint or self.reason.remedy)

    def __str__(self) -> str:
        return f"{self.message} ({self.reason})"


def of_service(service: Service) -> Iterator[Refusal]:
    """What the hub alone knows."""
    if not service.seen_on:
        yield _about(service, ServiceCause.NOT_OFFLOADED, "is in no offloaded namespace")
        return
    if annotations_of(service.body).get(r.SKIP_REFLECTION, "false").lower() != "false":
        yield _about(service, ServiceCause.NOT_REFLECTED, f"bears {r.SKIP_REFLECTION}")
    if not service.pairs:
        yield _about(
            service, ServiceCause.NO_ENDPOINTS, "has no endpoints on a leaf that another leaf sees"
        )
    if dig(service.body, "spec", "publishNotReadyAddresses"):
        yield _about(service, ServiceCause.PUBLISHES_NOT_READY, "has publishNotReadyAddresses")
    for slice_ in service.slices:
        size = max((slice_.payload(leaf) for leaf in service.seen_on), default=0)
        if size >= MOST:
            yield _about(
                service,
                ServiceCause.PAYLOAD_TOO_LARGE,
                f"would need {size} bytes of annotations in its slice {slice_.name}, "
                f"Liqo allows less than {MOST}",
            )


def of_hub(service: Service, configurations: Iterable[Object]) -> Iterator[Refusal]:
    """Leaves with endpoints, whose Pod network the hub sees under another prefix."""
    about = {peer_of(each): each for each in configurations}
    for leaf in service.hosts:
        if leaf is not None and is_remapped(about.get(leaf, {})):
            seen = about[leaf]["status"]["remote"]["cidr"]["pod"]
            yield Refusal(
                ServiceCause.REMAPPED_BY_HUB,
                leaf,
                f"{leaf}: the hub sees its Pod network as {', '.join(map(str, seen))}",
            )


def of_leaf(service: Service, on_leaf: LeafServices) -> Iterator[Refusal]:
    """What a leaf shows."""
    leaf = on_leaf.leaf
    if on_leaf.error:
        yield Refusal(ServiceCause.LEAF_UNREACHABLE, leaf, on_leaf.error)
        return
    if leaf not in service.seen_on:
        return
    if on_leaf.denies and any(leaf in pair for pair in service.pairs if _sees(service, leaf, pair)):
        said = f"{leaf}: Liqo there denies direct connections"
        yield Refusal(ServiceCause.DENIED, leaf, said)
    hub = on_leaf.networks(on_leaf.hub)
    for each in service.endpoints:
        if each.direct or each.leaf == leaf or hub is None:
            continue
        for address in each.addresses:
            if hub.map_any(address) is None:
                yield Refusal(
                    ServiceCause.UNTOLD_ENDPOINT,
                    leaf,
                    f"{leaf}: Liqo would give it {address} as it is, which leads nowhere there",
                )


def of_pair(pair: Pair, diagnosis: Diagnosis, *, recorded: bool) -> Iterator[Refusal]:
    """Unless both ends say now that they are connected."""
    words = " ".join(pair)
    if diagnosis.ready is Ready.TRUE:
        return
    if not recorded:
        said = f"{' and '.join(pair)} have no shortcut"
        yield Refusal(ServiceCause.NO_SHORTCUT, HUB, said, pair=pair)
        return
    cause = diagnosis.cause
    seen = f"{cause.cluster}: {cause.seen}" if cause else "nobody can tell"
    yield Refusal(
        ServiceCause.SHORTCUT_NOT_READY,
        cause.cluster if cause else HUB,
        f"the shortcut of {' and '.join(pair)} is not up: {seen}",
        f"kubectl liqo-shortcut why {words}",
        pair,
    )


def of_mapping(service: Service, on_leaves: Mapping[ClusterID, LeafServices]) -> Iterator[Refusal]:
    """Slices that would freeze although all shortcuts are up, by the leaves' own Configurations."""
    on = service.with_annotation(True)
    for leaf in service.seen_on:
        on_leaf = on_leaves[leaf]
        wants = [want for each in on.slices for want in wanted(on, each, on_leaf)]
        if any(want.address is None and want.via is None for want in wants):
            yield Refusal(
                ServiceCause.UNMAPPABLE,
                leaf,
                f"{leaf}: its Configurations do not cover all endpoints' addresses",
                "kubectl liqo-shortcut diff",
            )


def _sees(service: Service, leaf: ClusterID, pair: Pair) -> bool:
    """Whether *leaf* is given endpoints of the other one of *pair*."""
    other = pair[1] if pair[0] == leaf else pair[0]
    return other in service.hosts


def _about(service: Service, reason: ServiceCause, says: str) -> Refusal:
    ns = service.namespace
    return Refusal(reason, HUB, f"Service {service.key} {says}", reason.remedy.replace("NS", ns))
