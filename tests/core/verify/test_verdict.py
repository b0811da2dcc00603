from __future__ import annotations

import pytest

from kubectl_liqo_shortcut.core.networks import Networks, networks_of
from kubectl_liqo_shortcut.core.service.endpoints import ServiceName, Target
from kubectl_liqo_shortcut.core.verify.probe_result import ProbeResult
from kubectl_liqo_shortcut.core.verify.verdict import (
    Direction,
    Expected,
    PathKind,
    ServiceCheck,
    Verdict,
    Verification,
    expected,
    judge_direction,
    place,
)
from tests import samples
from tests.tables import every


def networks(pod: str, external: str) -> Networks:
    """Those of a cluster whose addresses Liqo left as they are."""
    cidr = {"remote": {"cidr": {"pod": pod, "external": external}}}
    found = networks_of({"metadata": {"name": "x"}, "spec": cidr, "status": cidr})
    assert found is not None
    return found


MILAN = networks("10.61.0.0/16", "10.171.0.0/16")
HUB = networks("10.60.0.0/16", "10.70.0.0/16")
MAY_BE = expected("10.61.0.6", MILAN, HUB)


def heard(*callers: str, ok: int = 50) -> ProbeResult:
    return ProbeResult(ok=ok, of=50, error="timed out", callers=callers)


@every(
    ("found", "path"),
    [
        (heard("10.61.0.6"), PathKind.DIRECT),
        (heard("10.171.0.0"), PathKind.DIRECT),
        (heard("10.70.0.0"), PathKind.VIA_HUB),
        (heard("10.70.0.1"), PathKind.UNKNOWN),
        (heard("10.61.0.7"), PathKind.UNKNOWN),
        (heard("10.61.0.6", "10.70.0.0"), PathKind.UNKNOWN),
        (heard(), PathKind.UNKNOWN),
        (heard("10.61.0.6", ok=49), PathKind.UNKNOWN),
        (heard(ok=0), PathKind.UNREACHABLE),
    ],
)
def test_who_was_seen_is_the_verdict(found: ProbeResult, path: PathKind) -> None:
    assert judge_direction(found, MAY_BE).path is path


def test_an_address_that_may_mean_two_ways_proves_neither() -> None:
    may_be = Expected(direct="10.61.0.6", masqueraded="10.171.0.0", via_hub="10.61.0.6")
    verdict = judge_direction(heard("10.61.0.6"), may_be)
    assert (verdict.path, "direct or via hub" in verdict.reason) == (PathKind.UNKNOWN, True)


@pytest.mark.parametrize("client", ["192.0.2.1", ""])
def test_a_pod_in_no_known_network_proves_nothing(client: str) -> None:
    may_be = expected(client, MILAN, None)
    verdict = judge_direction(heard("192.0.2.1"), may_be)
    assert (verdict.path, "in no known network" in verdict.reason) == (PathKind.UNKNOWN, True)


@every(
    ("address", "path"),
    [
        ("10.61.0.9", PathKind.DIRECT),
        ("10.70.0.9", PathKind.VIA_HUB),
        ("10.60.0.9", PathKind.ELSEWHERE),
        ("192.0.2.1", PathKind.ELSEWHERE),
    ],
)
def test_an_address_tells_its_place(address: str, path: PathKind) -> None:
    assert place(Target(address, 80, ready=True), MILAN, HUB) is path
    assert place(Target(address, 80, ready=False), MILAN, HUB) is PathKind.NOT_READY


def test_an_address_of_two_places_is_not_known() -> None:
    both = networks("10.70.0.0/16", "10.171.0.0/16")
    assert place(Target("10.70.0.9", 80, ready=True), both, HUB) is PathKind.UNKNOWN
    assert place(Target("10.70.0.9", 80, ready=True), None, None) is PathKind.ELSEWHERE


@pytest.mark.parametrize(
    ("linked", "more"), [(True, ""), (False, " --create-shortcuts")], ids=["linked", "without link"]
)
def test_what_goes_through_the_hub_is_told_how_to_go_direct(linked: bool, more: str) -> None:
    of_pods = Direction(
        source=samples.MILAN,
        target=samples.ROME,
        verdict=Verdict(PathKind.UNREACHABLE),
        heard=heard("10.61.0.6") if linked else None,
    )
    check = ServiceCheck(ServiceName("shop", "web"), "shop-hub", Verdict(PathKind.VIA_HUB))
    found = Verification(name="milan--rome", directions=(of_pods,), service=check)
    assert found.next == f"kubectl liqo-shortcut service enable shop/web{more}"
