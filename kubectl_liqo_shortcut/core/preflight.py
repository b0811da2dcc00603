"""What is found before the first write, and what it means: pure judgements over objects."""

from __future__ import annotations

import dataclasses
import enum
import ipaddress
from collections.abc import Iterable, Iterator, Mapping

from kubectl_liqo_shortcut.core import resources as r
from kubectl_liqo_shortcut.core.facts import Cidrs
from kubectl_liqo_shortcut.core.model import ClusterID, Object, labels_of
from kubectl_liqo_shortcut.errors import (
    ClusterError,
    Forbidden,
    Gone,
    NoLiqo,
    ShortcutError,
    Transient,
)


class Severity(enum.StrEnum):
    """An error refuses; a warning is only said."""

    ERROR = "error"
    WARNING = "warning"


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found: where, what, and what to do."""

    name: str  # in one word, for programs
    severity: Severity
    cluster: str
    message: str
    hint: str = ""


def of_error(error: ShortcutError, cluster: str, name: str = "Refused") -> Finding:
    """The finding that an *error* about *cluster* stands for."""
    named = {Transient: "Unreachable", Forbidden: "Forbidden", NoLiqo: "NoLiqo", Gone: "NoLiqo"}
    name = next((word for kind, word in named.items() if isinstance(error, kind)), name)
    if "(CIDRMismatch)" in error.message:
        name = "CIDRMismatch"
    where = error.cluster if isinstance(error, ClusterError) else cluster
    return Finding(name, Severity.ERROR, where, error.message, error.hint or "")


def overlaps(cidrs: Mapping[ClusterID, Cidrs | None]) -> Iterator[Finding]:
    """Networks of the two leaves that overlap: Liqo remaps them, so it works, and is said."""
    first, second = cidrs
    pairs = (
        (mine, other)
        for mine in _networks(cidrs[first])
        for other in _networks(cidrs[second])
        if mine.overlaps(other)
    )
    for mine, other in pairs:
        yield Finding(
            "OverlappingCIDRs",
            Severity.WARNING,
            first,
            f"its network {mine} overlaps {other} of {second}: Liqo remaps them",
            "the record's routes tell under which prefix each leaf reaches the other",
        )


def _networks(cidrs: Cidrs | None) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    texts = (*cidrs.pod, *cidrs.external) if cidrs else ()
    return [ipaddress.ip_network(text, strict=False) for text in texts]


def remapped(pair: Iterable[ClusterID], configurations: Iterable[Object]) -> Iterator[Finding]:
    """Leaves whose Pod network the hub sees under another prefix."""
    by_leaf = {labels_of(each).get(r.REMOTE_CLUSTER_ID): each for each in configurations}
    for leaf in pair:
        body = by_leaf.get(leaf, {})
        own, seen = (
            ((body.get(part) or {}).get("remote") or {}).get("cidr") or {}
            for part in ("spec", "status")
        )
        if seen.get("pod") and seen.get("pod") != own.get("pod"):
            yield Finding(
                "RemappedByHub",
                Severity.WARNING,
                leaf,
                f"the hub sees its Pod network as {', '.join(map(str, seen['pod']))}",
                "Services with endpoints there cannot go direct with Liqo 1.2; the tunnel can",
            )


def outdated(crd: Object | None) -> Iterator[Finding]:
    """A kind Shortcut that is older than this program loses fields of the status silently."""
    if crd is None:
        return
    given = str((crd["metadata"].get("annotations") or {}).get(r.SCHEMA_ANNOTATION) or "")
    if given != r.SCHEMA:
        number = int(given) if given.isdigit() else 0
        newer = number > int(r.SCHEMA)
        yield Finding(
            "NewerCRD" if newer else "OutdatedCRD",
            Severity.WARNING if newer else Severity.ERROR,
            "the hub",
            f"its kind Shortcut is {'newer' if newer else 'older'} than this program",
            "update the plugin: kubectl krew upgrade liqo-shortcut"
            if newer
            else "kubectl liqo-shortcut crd install",
        )


def exhausted(leaf: str, service_type: str | None, quotas: Iterable[Object]) -> Iterator[Finding]:
    """Quotas of a tenant namespace that leave no room for a gateway, its Service or its Pod.

    *service_type* is that of the gateway server's Service, None for a client.
    """
    needed = {"pods", "count/pods", "secrets", "count/secrets", "count/deployments.apps"}
    if service_type is not None:
        needed |= {"services", "count/services"}
        needed |= {"services.loadbalancers"} if service_type == "LoadBalancer" else set()
        needed |= {"services.nodeports"} if service_type != "ClusterIP" else set()
    for quota in quotas:
        hard = (
            (quota.get("status") or {}).get("hard") or (quota.get("spec") or {}).get("hard") or {}
        )
        used = (quota.get("status") or {}).get("used") or {}
        name = f"ResourceQuota {quota['metadata']['namespace']}/{quota['metadata']['name']}"
        for resource, limit in sorted(hard.items()):
            if resource in needed and _number(used.get(resource, "0")) >= _number(limit):
                yield Finding(
                    "QuotaExhausted",
                    Severity.ERROR,
                    leaf,
                    f"{name} allows {limit} {resource}, all used: the gateway would be refused",
                    "raise it there, or free some",
                )
            elif resource.rpartition(".")[2] in ("cpu", "memory"):
                yield Finding(
                    "QuotaNeedsResources",
                    Severity.WARNING,
                    leaf,
                    f"{name} limits {resource}: Pods that do not ask for it are refused",
                    "give Liqo's gateway template resources, or the namespace a LimitRange",
                )


def limited(leaf: str, ranges: Iterable[Object]) -> Iterator[Finding]:
    """LimitRanges about whole Pods refuse Pods that say nothing and get no default."""
    for each in ranges:
        limits = (each.get("spec") or {}).get("limits") or ()
        given = {
            resource
            for limit in limits
            if limit.get("type") == "Container"
            for part in ("default", "defaultRequest", "max", "min")
            for resource in limit.get(part) or ()
        }
        asked = {
            resource
            for limit in limits
            if limit.get("type") == "Pod"
            for part in ("min", "max")
            for resource in limit.get(part) or ()
        }
        for resource in sorted(asked - given):
            yield Finding(
                "LimitRange",
                Severity.WARNING,
                leaf,
                f"LimitRange {each['metadata']['name']} limits {resource} of whole Pods: "
                "a gateway that does not say how much it needs is refused",
                "give Liqo's gateway template resources, or the LimitRange defaults",
            )


def _number(quantity: object) -> float:
    """A count; a quantity with a suffix that does not belong to counts allows anything."""
    try:
        return float(str(quantity))
    except ValueError:
        return float("inf")
