from __future__ import annotations

import pytest

from kubectl_liqo_shortcut.core.networks import Networks, networks_of
from kubectl_liqo_shortcut.core.probe_result import Heard
from kubectl_liqo_shortcut.core.slices import ServiceName, Target
from kubectl_liqo_shortcut.core.verify import (
    Direction,
    Expected,
    ServiceCheck,
    Verdict,
    Verification,
    Way,
    expected,
    judge,
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


def heard(*callers: str, ok: int = 50) -> Heard:
    return Heard(ok=ok, of=50, error="timed out", callers=callers)


@every(
    ("found", "path"),
    [
        (heard("10.61.0.6"), Way.DIRECT),
        (heard("10.171.0.0"), Way.DIRECT),
        (heard("10.70.0.0"), Way.VIA_HUB),
        (heard("10.70.0.1"), Way.UNKNOWN),
        (heard("10.61.0.7"), Way.UNKNOWN),
        (heard("10.61.0.6", "10.70.0.0"), Way.UNKNOWN),
        (heard(), Way.UNKNOWN),
        (heard("10.61.0.6", ok=49), Way.UNKNOWN),
        (heard(ok=0), Way.UNREACHABLE),
    ],
)
def test_who_was_seen_is_the_verdict(found: Heard, path: Way) -> None:
    assert judge(found, MAY_BE).path is path


def test_an_address_that_may_mean_two_ways_proves_neither() -> None:
    may_be = Expected(direct="10.61.0.6", masqueraded="10.171.0.0", via_hub="10.61.0.6")
    verdict = judge(heard("10.61.0.6"), may_be)
    assert (verdict.path, "direct or via hub" in verdict.reason) == (Way.UNKNOWN, True)


@pytest.mark.parametrize("client", ["192.0.2.1", ""])
def test_a_pod_in_no_known_network_proves_nothing(client: str) -> None:
    may_be = expected(client, MILAN, None)
    verdict = judge(heard("192.0.2.1"), may_be)
    assert (verdict.path, "in no known network" in verdict.reason) == (Way.UNKNOWN, True)


@every(
    ("address", "path"),
    [
        ("10.61.0.9", Way.DIRECT),
        ("10.70.0.9", Way.VIA_HUB),
        ("10.60.0.9", Way.ELSEWHERE),
        ("192.0.2.1", Way.ELSEWHERE),
    ],
)
def test_an_address_tells_its_place(address: str, path: Way) -> None:
    assert place(Target(address, 80, ready=True), MILAN, HUB) is path
    assert place(Target(address, 80, ready=False), MILAN, HUB) is Way.NOT_READY


def test_an_address_of_two_places_is_not_known() -> None:
    both = networks("10.70.0.0/16", "10.171.0.0/16")
    assert place(Target("10.70.0.9", 80, ready=True), both, HUB) is Way.UNKNOWN
    assert place(Target("10.70.0.9", 80, ready=True), None, None) is Way.ELSEWHERE


@pytest.mark.parametrize(
    ("linked", "more"), [(True, ""), (False, " --create-shortcuts")], ids=["linked", "without link"]
)
def test_what_goes_through_the_hub_is_told_how_to_go_direct(linked: bool, more: str) -> None:
    of_pods = Direction(
        source=samples.MILAN,
        target=samples.ROME,
        verdict=Verdict(Way.UNREACHABLE),
        heard=heard("10.61.0.6") if linked else None,
    )
    check = ServiceCheck(ServiceName("shop", "web"), "shop-hub", Verdict(Way.VIA_HUB))
    found = Verification(name="milan--rome", directions=(of_pods,), service=check)
    assert found.next == f"kubectl liqo-shortcut service enable shop/web{more}"
