"""What packets prove: by which way one leaf's Pods reach another's, and a Service's endpoints."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator

from kubectl_liqo_shortcut.core.model import ClusterID
from kubectl_liqo_shortcut.core.networks import Networks
from kubectl_liqo_shortcut.core.service.endpoints import ServiceName, Target
from kubectl_liqo_shortcut.core.verify.probe_result import ProbeResult
from kubectl_liqo_shortcut.errors import ExitCode


class PathKind(enum.StrEnum):
    DIRECT = "direct"
    VIA_HUB = "via-hub"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"
    ELSEWHERE = "elsewhere"  # of a Service's address: not on the other leaf
    NOT_READY = "not ready"  # of a Service's address: no call is sent there

    @property
    def words(self) -> str:
        """For people."""
        return self.value.replace("-", " ")


LARGEST_TRIED = 9200
"""Bytes of the largest packet that a probe sends."""

_MASQUERADED = "masqueraded"

_WORST_FIRST = {
    PathKind.UNREACHABLE: ExitCode.UNREACHABLE,
    PathKind.VIA_HUB: ExitCode.VIA_HUB,
    PathKind.UNKNOWN: ExitCode.FAILED,
    PathKind.DIRECT: ExitCode.OK,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    path: PathKind
    reason: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the server's leaf would see a client as, if its packets came by each of the ways."""

    direct: str | None  # the client's Pod
    masqueraded: str  # direct too, but from outside its leaf's Pod network
    via_hub: str | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """Pods of *source* calling Pods of *target*."""

    source: ClusterID
    target: ClusterID
    verdict: Verdict
    called: str = ""  # the address of the probe server, as *source* sees it
    heard: ProbeResult | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Called:
    """One address of a Service, and what became of calling it."""

    target: Target
    verdict: Verdict
    heard: ProbeResult | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class ServiceCheck:
    """A Service of the hub, called from one leaf, where it is in namespace *remote*."""

    service: ServiceName
    remote: str
    verdict: Verdict
    addresses: tuple[Called, ...] = ()

    def remarks(self) -> Iterator[str]:
        for each in self.addresses:
            if each.verdict.reason:
                yield f"{self.service} at {each.target}: {each.verdict.reason}"
        if self.verdict.reason:
            yield f"{self.service}: {self.verdict.reason}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    name: str  # of the pair's shortcut
    directions: tuple[Direction, ...]
    service: ServiceCheck | None = None
    mtu: int | None = None  # of the record
    run: str = ""

    @property
    def path(self) -> PathKind:
        """With a Service, how calls to it go; else the worst of all directions."""
        if self.service is not None:
            return self.service.verdict.path
        return _worst(each.verdict.path for each in self.directions)

    @property
    def exit_code(self) -> ExitCode:
        return _WORST_FIRST[self.path]

    @property
    def next(self) -> str:
        """What to do about it, as a command where there is one."""
        pair = self.directions[0].source, self.directions[0].target
        if (
            all(each.heard is None for each in self.directions)
            and self.path is not PathKind.VIA_HUB
        ):
            return f"kubectl liqo-shortcut create {pair[0]} {pair[1]}"
        if self.path is PathKind.VIA_HUB and self.service is not None:
            linked = self.directions[0].heard is not None
            more = "" if linked else " --create-shortcuts"
            return f"kubectl liqo-shortcut service enable {self.service.service}{more}"
        if self.path in (PathKind.UNREACHABLE, PathKind.UNKNOWN):
            return f"kubectl liqo-shortcut why {pair[0]} {pair[1]}"
        return ""

    def remarks(self) -> Iterator[str]:
        """What its numbers do not say by themselves."""
        for each in self.directions:
            way, heard = f"{each.source} -> {each.target}", each.heard
            if each.verdict.reason:
                yield f"{way}: {each.verdict.reason}"
            if heard is None or not heard.ok:
                continue
            if not heard.mtu:
                yield f"{way}: no UDP datagram was answered, so the MTU is not known"
            elif self.mtu is not None and heard.mtu < self.mtu:
                yield f"{way}: the path carries {heard.mtu} bytes, the record's MTU is {self.mtu}"
        if self.service is not None:
            yield from self.service.remarks()


def _worst(paths: Iterator[PathKind]) -> PathKind:
    found = set(paths)
    return next(each for each in _WORST_FIRST if each in found)


def expected(client: str, of_client: Networks, of_hub: Networks | None) -> Expected:
    """Of the leaf that serves: what it would see *client*, a Pod's own address, as.

    It is empty where nobody knows it.
    """
    return Expected(
        direct=of_client.map_pod(client) if client else None,
        masqueraded=of_client.gateway,
        via_hub=of_hub.gateway if of_hub else None,
    )


def judge_direction(heard: ProbeResult, may_be: Expected) -> Verdict:
    """By whom the server saw, and nothing else; an unparsable result counts as failure."""
    if not heard.ok:
        return Verdict(PathKind.UNREACHABLE, f"no connect succeeded: {heard.error}")
    if len(heard.callers) != 1:
        seen = ", ".join(heard.callers) or "nobody"
        return Verdict(PathKind.UNKNOWN, f"the server saw {seen} as the caller")
    (caller,) = heard.callers
    if heard.ok < heard.of:
        lost = heard.of - heard.ok
        return Verdict(PathKind.UNKNOWN, f"{lost} of {heard.of} connects failed: {heard.error}")
    ways = {
        PathKind.DIRECT: may_be.direct,
        _MASQUERADED: may_be.masqueraded,
        PathKind.VIA_HUB: may_be.via_hub,
    }
    match [way for way, address in ways.items() if address == caller]:
        case [PathKind.DIRECT]:
            return Verdict(PathKind.DIRECT)
        case [PathKind.VIA_HUB]:
            return Verdict(
                PathKind.VIA_HUB, f"the server saw the hub's address {caller} as the caller"
            )
        case ["masqueraded"]:
            return Verdict(PathKind.DIRECT, f"the caller is masqueraded as {caller}")
        case []:
            wanted = (
                f"not {may_be.direct}" if may_be.direct else "and the Pod is in no known network"
            )
            return Verdict(PathKind.UNKNOWN, f"the server saw {caller} as the caller, {wanted}")
        case several:
            words = " or ".join(each.replace("-", " ") for each in several)
            return Verdict(PathKind.UNKNOWN, f"{caller} as the caller may mean {words}")


def place(target: Target, of_peer: Networks | None, of_hub: Networks | None) -> PathKind:
    """Where *target* leads to by its address alone, as the calling leaf sees networks."""
    if not target.ready:
        return PathKind.NOT_READY
    direct = of_peer is not None and of_peer.has_pod(target.address)
    via_hub = of_hub is not None and of_hub.passes(target.address)
    if direct and via_hub:
        return PathKind.UNKNOWN
    return PathKind.DIRECT if direct else PathKind.VIA_HUB if via_hub else PathKind.ELSEWHERE


def judge_call(
    target: Target, by_address: PathKind, heard: ProbeResult | None, pods: Direction
) -> Called:
    """*pods*: how Pods of the calling leaf reach the peer's, which the address must agree with."""
    if heard is None:
        return Called(target, Verdict(by_address))
    if not heard.ok:
        return Called(target, Verdict(PathKind.UNREACHABLE, heard.error), heard)
    if by_address is PathKind.DIRECT and pods.verdict.path is not PathKind.DIRECT:
        path = PathKind.VIA_HUB if pods.verdict.path is PathKind.VIA_HUB else PathKind.UNKNOWN
        return Called(target, Verdict(path, "but Pods do not go direct"), heard)
    if by_address is PathKind.DIRECT and heard.ok < heard.of:
        return Called(target, Verdict(PathKind.UNKNOWN, heard.error), heard)
    return Called(target, Verdict(by_address), heard)


def judge_service(calls: tuple[Called, ...], peer: ClusterID) -> Verdict:
    """The worst of all that concern *peer*."""
    paths = [each.verdict.path for each in calls]
    counted = [path for path in paths if path in _WORST_FIRST]
    if counted:
        path = _worst(iter(counted))
        number = f"{counted.count(path)} of {len(counted)} addresses"
        return Verdict(path, "" if path is PathKind.DIRECT else f"{number}: {path.words}")
    if PathKind.NOT_READY in paths:
        return Verdict(PathKind.UNREACHABLE, "no endpoint is ready, so calls are refused")
    return Verdict(PathKind.UNKNOWN, f"none of its {len(paths)} addresses leads to {peer}")
