"""Services of the hub, called on a leaf and served on another one: direct in time, back in time."""

from __future__ import annotations

import signal
import threading
import time

from tests.e2e.plugin import NAME, PAIR, interrupt_when, plugin, succeed
from tests.e2e.shop import CLIENT, KEY, NAMESPACE, SERVER, SERVICE, Shop, hub_address
from tests.lab.errors import LabError
from tests.lab.kube import CORE, path, wait_for

SEEN_AGAIN = 15.0  # seconds: Liqo's next own look comes as many later as it has waited for so far


def test_without_a_shortcut_it_is_refused_and_nothing_changes(unlinked: Shop) -> None:
    done = plugin(unlinked.lab, "service", "enable", KEY)

    assert (done.returncode, "(NoShortcut)" in done.stderr) == (4, True)
    assert not unlinked.is_on()
    assert unlinked.path() == "via-hub"


def test_shortcuts_are_made_first_and_the_next_call_goes_direct(unlinked: Shop) -> None:
    said = succeed(unlinked.lab, "service", "enable", KEY, "--create-shortcuts")

    assert said == f"shortcut.shortcut.liqo.io/{NAME} created\nservice/web configured\n"
    unlinked.leads_to(unlinked.server)
    assert unlinked.callers() == {unlinked.client}
    assert unlinked.path() == "direct"
    assert plugin(unlinked.lab, "why", "--service", KEY).returncode == 0
    assert succeed(unlinked.lab, "service", "enable", KEY) == "service/web unchanged\n"

    assert succeed(unlinked.lab, "service", "disable", KEY) == "service/web configured\n"
    unlinked.leads_to(unlinked.external_address)
    assert unlinked.callers() == {hub_address(unlinked.lab)}
    assert unlinked.path() == "via-hub"


def test_packets_prove_that_it_turned(linked: Shop) -> None:
    done = plugin(linked.lab, "service", "enable", KEY, "--verify")

    assert (done.returncode, done.stdout) == (0, "service/web configured\n"), done.stderr
    calls = f"calls from {CLIENT} to {SERVER}:"
    assert f"before: {calls} via hub" in done.stderr
    assert f"after: {calls} direct" in done.stderr


def test_packets_that_cannot_be_sent_take_it_back(linked: Shop) -> None:
    done = plugin(linked.lab, "service", "enable", KEY, "--verify", "--image", "missing/image:1")

    assert (done.returncode, "missing/image:1" in done.stderr) == (1, True)
    assert not linked.is_on()


def test_pods_everywhere_are_expected_where_liqo_puts_them(linked: Shop) -> None:
    """On the hub, on the leaf itself, and on the other one."""
    plane = linked.lab.dataplane
    plane.make_pod("hub", NAMESPACE, "here")
    plane.publish(NAMESPACE, "all", [(SERVER, "web"), (CLIENT, "client"), ("hub", "here")])
    key = f"{NAMESPACE}/all"
    wait_for(lambda: "via-hub" in succeed(linked.lab, "service", "list", "-A"), 20, "via-hub")
    try:
        assert succeed(linked.lab, "service", "enable", key) == "service/all configured\n"
        explained = plugin(linked.lab, "why", "--service", key)
        assert explained.returncode == 0, explained.stdout
        assert succeed(linked.lab, "service", "disable", key) == "service/all configured\n"
    finally:
        linked.lab.clusters["hub"].kube.delete(path(CORE, "services", NAMESPACE, "all"))


def test_what_was_annotated_too_early_is_frozen_until_it_is_poked(unlinked: Shop) -> None:
    unlinked.lab.dataplane.set_direct(NAMESPACE, SERVICE, True)
    wait_for(lambda: unlinked.path() == "stale", 10, "the slice is stale")
    assert "SliceStale" in plugin(unlinked.lab, "why", "--service", KEY, "-o", "json").stdout
    time.sleep(SEEN_AGAIN)  # until then Liqo looks again itself
    succeed(unlinked.lab, "create", *PAIR)

    done = plugin(unlinked.lab, "service", "enable", KEY)

    assert done.returncode == 0, done.stderr
    assert unlinked.path() == "direct"
    unlinked.leads_to(unlinked.server)


def test_a_leaf_that_does_not_follow_takes_it_back_to_the_hubs_path(linked: Shop) -> None:
    linked.lab.faults.stop_controllers(CLIENT)
    try:
        done = plugin(linked.lab, "service", "enable", KEY, "--timeout", "4s")
    finally:
        linked.lab.faults.start_controllers(CLIENT)

    assert (done.returncode, "went back to the hub's path" in done.stderr) == (5, True)
    assert not linked.is_on()
    linked.leads_to(linked.external_address)


def test_ctrl_c_takes_it_back_too(linked: Shop) -> None:
    linked.lab.faults.stop_controllers(CLIENT)
    try:
        args = ("service", "enable", KEY, "--progress=plain")
        code, said = interrupt_when(linked.lab, "service/web configured", signal.SIGINT, *args)
    finally:
        linked.lab.faults.start_controllers(CLIENT)

    assert (code, "it is back on the hub's path" in said) == (130, True)
    assert not linked.is_on()


def test_delete_switches_it_back_first_and_no_call_is_lost(direct: Shop) -> None:
    direct.leads_to(direct.server)
    over, lost = threading.Event(), list[LabError]()

    def call() -> None:
        while not over.is_set():
            try:
                direct.calls()
            except LabError as error:
                lost.append(error)

    calling = threading.Thread(target=call)
    calling.start()
    try:
        dry = plugin(direct.lab, "delete", *PAIR, "--dry-run")
        done = plugin(direct.lab, "delete", *PAIR)
    finally:
        over.set()
        calling.join()

    assert f"service {KEY} would be switched back" in dry.stderr
    assert done.returncode == 0, done.stderr
    assert not direct.is_on()
    assert lost == []
    assert direct.callers() == {hub_address(direct.lab)}


def test_disabling_needs_no_leaf_and_says_which_are_unchecked(direct: Shop) -> None:
    direct.lab.faults.freeze_api_server(SERVER)
    try:
        done = plugin(direct.lab, "service", "disable", KEY)
    finally:
        direct.lab.faults.thaw_api_server(SERVER)

    assert (done.returncode, f"on {SERVER}: " in done.stderr) == (8, True)
    direct.leads_to(direct.external_address)


def test_why_tells_that_a_cut_hub_link_stops_a_direct_service(direct: Shop) -> None:
    direct.lab.dataplane.cut_hub_link(CLIENT)
    try:
        wait_for(
            lambda: (
                "NotReadyOnLeaf" in plugin(direct.lab, "why", "--service", KEY, "-o", "json").stdout
            ),
            40,
            "the cause is named",
        )
    finally:
        direct.lab.dataplane.mend_hub_link(CLIENT)
    wait_for(
        lambda: plugin(direct.lab, "why", "--service", KEY).returncode == 0, 60, "all is well again"
    )
