"""Why a Service goes the way it does: checks from the hub down to each leaf's EndpointSlices.

Leaves do not depend on each other, so a cause on one hides nothing of the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.diagnosis.chain import Diagnosis, Ready
from kubectl_liqo_shortcut.core.diagnosis.check import Check, failed, ok, unknown
from kubectl_liqo_shortcut.core.model import HUB, ClusterID
from kubectl_liqo_shortcut.core.service.causes import ServiceCause
from kubectl_liqo_shortcut.core.service.model import Pair, Service, annotated_since
from kubectl_liqo_shortcut.core.service.path import LeafPath, LeafServices, ServicePath, path_on
from kubectl_liqo_shortcut.core.service.refusals import Refusal

_ABOUT_LINKS = (ServiceCause.NO_SHORTCUT, ServiceCause.SHORTCUT_NOT_READY)
_WITHOUT_DIRECT = (
    ServiceCause.NOT_OFFLOADED,
    ServiceCause.NOT_REFLECTED,
    ServiceCause.NO_ENDPOINTS,
)
"""What matters also where nobody asked for direct connections."""


def no_service(namespace: str, name: str) -> Check:
    cause = ServiceCause.NO_SERVICE
    return failed("service", HUB, cause, f"there is no Service {namespace}/{name}", cause.remedy)


def service_chain(
    service: Service,
    on_leaves: Mapping[ClusterID, LeafServices],
    refusals: Sequence[Refusal],
    diagnoses: Mapping[Pair, Diagnosis],
    to_hub: Mapping[ClusterID, str],
) -> Iterator[Check]:
    """*to_hub* has for each leaf what its Connection to the hub says."""
    if service.annotated:
        since = annotated_since(service.body)
        told = f"annotated since {since[0]}, by {since[1]}" if since else "annotated"
        yield ok("service", HUB, f"{service.key} is {told}")
    else:
        yield ok("service", HUB, f"{service.key} is there, not annotated")
    hindered = _hindrances(service, refusals)
    yield from _service(service, hindered)
    for leaf, on_leaf in on_leaves.items():
        if on_leaf.error:
            yield unknown("leaf", leaf, on_leaf.error, ServiceCause.LEAF_UNREACHABLE.remedy)
    if service.annotated:
        yield from _links(refusals, diagnoses)
    for leaf in sorted(service.seen_on):
        if not on_leaves[leaf].error:
            yield from _leaf(service, path_on(service, on_leaves[leaf]), to_hub.get(leaf, ""))
    if not service.annotated and not hindered:  # else that would not help
        yield failed(
            "annotation",
            HUB,
            ServiceCause.NOT_ANNOTATED,
            f"it does not bear {r.USE_DIRECT}: it goes through the hub",
            f"kubectl liqo-shortcut service enable {service.key}",
        )


def _hindrances(service: Service, refusals: Sequence[Refusal]) -> list[Refusal]:
    """What is wrong with the Service itself, apart from links and leaves."""
    return [
        each
        for each in refusals
        if each.reason not in (*_ABOUT_LINKS, ServiceCause.LEAF_UNREACHABLE)
        and (service.annotated or each.reason in _WITHOUT_DIRECT)
    ]


def _service(service: Service, hindered: Sequence[Refusal]) -> Iterator[Check]:
    for each in hindered:
        yield failed("rules", each.cluster, each.reason, each.message, each.hint)
    if not hindered:
        hosts = ", ".join(f"{count} on {leaf or HUB}" for leaf, count in service.hosts.items())
        yield ok("endpoints", HUB, hosts)
        yield ok("seen by", HUB, ", ".join(sorted(service.seen_on)))


def _links(refusals: Sequence[Refusal], diagnoses: Mapping[Pair, Diagnosis]) -> Iterator[Check]:
    wrong = {each.pair: each for each in refusals if each.reason in _ABOUT_LINKS}
    for pair in diagnoses:
        each = wrong.get(pair)
        if each is not None:
            yield failed("link", each.cluster, each.reason, each.message, each.hint)
        elif diagnoses[pair].ready is Ready.TRUE:
            yield ok("link", HUB, f"the shortcut of {' and '.join(pair)} is up")


def _leaf(service: Service, found: LeafPath, to_hub: str) -> Iterator[Check]:
    leaf = found.leaf
    held = f"its slices hold {', '.join(found.addresses) or 'nothing'}"
    match found.path:
        case ServicePath.MISSING:
            cause = ServiceCause.SLICE_MISSING
            seen = f"an EndpointSlice is missing in {found.namespace}"
            yield failed("slices", leaf, cause, seen, cause.remedy)
            return
        case ServicePath.STALE | ServicePath.MIXED:
            verb = "enable" if service.annotated else "disable"
            then = f"kubectl liqo-shortcut service {verb} {service.key}"
            asked = "direct" if service.annotated else "the hub's"
            seen = f"{held}, not the {asked} addresses that the Service asks for"
            yield failed("slices", leaf, ServiceCause.SLICE_STALE, seen, then)
            return
        case ServicePath.NONE:
            yield ok("slices", leaf, "there are no endpoints on other leaves")
        case _:
            yield ok("slices", leaf, f"{found.path.value.replace('-', ' ')}: {held}")
    if not found.ready:
        cause = ServiceCause.NOT_READY_ON_LEAF
        link = f"; its Connection to the hub says {to_hub}" if to_hub else ""
        yield failed("readiness", leaf, cause, f"endpoints are not ready there{link}", cause.remedy)
    else:
        yield ok("readiness", leaf, "as on the hub")
