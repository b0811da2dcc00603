"""What may happen while a Service goes direct: the list, why and verify all tell the truth."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.plugin import PAIR, connections, plugin, succeed
from tests.e2e.shop import CLIENT, KEY, SERVER, Shop
from tests.e2e.test_lifecycle import reset
from tests.lab import processes
from tests.lab.kube import wait_for
from tests.lab.state import State

DIRECT, VIA_HUB, UNREACHABLE = 0, 6, 7  # what verify ends with


def told(shop: Shop) -> tuple[str, str, int]:
    """What the list says of the calling leaf, the cause that why names, and verify's verdict."""
    return shop.listed(), shop.cause(), shop.verified()


def test_all_three_say_that_it_goes_direct(direct: Shop) -> None:
    assert told(direct) == ("direct", "", DIRECT)
    assert direct.callers() == {direct.client}


def test_a_cut_tunnel_leaves_no_way_until_the_service_is_disabled(direct: Shop) -> None:
    direct.lab.faults.cut_tunnel(*PAIR)
    assert direct.verified() == UNREACHABLE  # before any gateway has noticed
    wait_for(lambda: "Error" in connections(direct.lab).values(), 30, "Liqo notices", 0.2)

    assert told(direct) == ("direct", "ShortcutNotReady", UNREACHABLE)
    assert not direct.answers()

    succeed(direct.lab, "service", "disable", KEY)
    assert told(direct) == ("via-hub", "NotAnnotated", VIA_HUB)
    direct.leads_to(direct.external_address)


def test_a_calling_leaf_without_its_hub_refuses_calls_although_the_tunnel_works(
    direct: Shop,
) -> None:
    with cut_from_the_hub(direct, CLIENT):
        wait_for(lambda: direct.listed() == "direct(not-ready)", 60, "Liqo notices", 0.5)
        assert told(direct) == ("direct(not-ready)", "NotReadyOnLeaf", UNREACHABLE)
        assert plugin(direct.lab, "verify", *PAIR).returncode == DIRECT
        assert not direct.answers()
    wait_for(lambda: direct.listed() == "direct", 60, "it is ready again", 0.5)
    assert told(direct) == ("direct", "", DIRECT)


def test_a_serving_leaf_without_its_hub_serves_on(direct: Shop) -> None:
    with cut_from_the_hub(direct, SERVER):
        wait_for(lambda: hub_says(direct, SERVER) == "Error", 60, "Liqo notices", 0.5)
        assert told(direct) == ("direct", "", DIRECT)
        assert direct.callers() == {direct.client}


def test_without_virtual_kubelets_it_goes_direct_on(direct: Shop) -> None:
    kubelets = [each for each in processes.recorded(State()) if "virtual-kubelet" in each.name]
    assert len(kubelets) >= len(PAIR)
    for each in kubelets:
        os.kill(each.pid, signal.SIGSTOP)
    try:
        assert told(direct) == ("direct", "", DIRECT)
    finally:
        for each in kubelets:
            os.kill(each.pid, signal.SIGCONT)


def test_a_gateway_that_starts_anew_is_an_outage_and_no_more(
    unlinked: Shop, liqos_pings: tuple[str, ...]
) -> None:
    """With Liqo's own pings: quick ones bring the tunnel up again before a call has failed."""
    direct = unlinked
    succeed(direct.lab, "create", *PAIR, *liqos_pings)
    succeed(direct.lab, "service", "enable", KEY)
    selector = ("-l", "networking.liqo.io/component=gateway")
    namespace = f"liqo-tenant-{CLIENT}"
    direct.lab.kubectl("delete", "pod", "-n", namespace, *selector, "--wait=false", context=SERVER)
    wait_for(lambda: not direct.answers(), 10, "the outage", 0.05)
    wait_for(direct.answers, 60, "the end of it", 0.2)
    assert direct.verified() == DIRECT
    assert direct.callers() == {direct.client}


def test_a_reset_link_is_a_black_hole_until_the_service_is_disabled(direct: Shop) -> None:
    reset(direct.lab)
    assert told(direct) == ("stale", "ShortcutNotReady", UNREACHABLE)
    assert not direct.answers()
    succeed(direct.lab, "service", "disable", KEY)
    assert told(direct) == ("via-hub", "NotAnnotated", VIA_HUB)
    direct.leads_to(direct.external_address)


@contextmanager
def cut_from_the_hub(shop: Shop, leaf: str) -> Iterator[None]:
    shop.lab.dataplane.cut_hub_link(leaf)
    try:
        yield
    finally:
        shop.lab.dataplane.mend_hub_link(leaf)
        wait_for(lambda: hub_says(shop, leaf) == "Connected", 60, f"{leaf} has its hub", 0.2)


def hub_says(shop: Shop, leaf: str) -> str:
    query = ("-o", "jsonpath={.items[*].status.value}")
    return shop.lab.kubectl("get", "connections", "-n", f"liqo-tenant-{leaf}", *query).stdout
