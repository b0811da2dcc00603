"""Not one call is lost while a Service is turned, again and again, and while its link goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.plugin import PAIR, link_objects, succeed
from tests.lab.kube import wait_for
from tests.lab.lab import Lab
from tests.traffic import WEB, Traffic

CALLER, SERVER = PAIR
FLIPS = 10


@pytest.fixture(scope="module")
def offloaded(dataplane: Lab) -> str:
    """What the leaves call the namespace with the Service and its client."""
    plane = dataplane.dataplane
    remote = plane.offload("flips", leaves=PAIR)
    plane.make_pod(SERVER, remote, "web", ("python3", "-c", WEB))
    plane.make_pod(CALLER, remote, "client")
    plane.publish("flips", "web", [(SERVER, "web")])
    wait_for(lambda: plane.slice_addresses(CALLER, remote, "web"), 30, "the Service arrives")
    return remote


def test_no_call_is_lost_from_enable_through_ten_flips_to_delete(
    dataplane: Lab, hub: Lab, liqos_pings: tuple[str, ...], offloaded: str, tmp_path: Path
) -> None:
    plane = dataplane.dataplane
    with Traffic(plane, CALLER, offloaded, "client", "web", tmp_path / "calls") as traffic:
        (the_hub,) = traffic.some(1).callers
        succeed(hub, "create", *PAIR, *liqos_pings)
        for _ in range(FLIPS):
            succeed(hub, "service", "enable", "flips/web")
            direct = traffic.turned(the_hub)
            succeed(hub, "service", "disable", "flips/web")
            assert traffic.turned(direct) == the_hub
        succeed(hub, "service", "enable", "flips/web")
        traffic.turned(the_hub)
        succeed(hub, "delete", *PAIR)
        assert traffic.some(1).callers == {the_hub}
    calls = traffic.calls()
    assert calls.callers == {the_hub, direct}
    assert calls.lost == [], f"{len(calls.lost)} of {len(calls)} calls are lost"
    assert link_objects(hub) == []
