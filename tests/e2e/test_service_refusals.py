"""Each reason to leave a Service on the hub's path, forced on real Liqo: nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from tests.e2e.plugin import PAIR, connections, plugin
from tests.e2e.shop import CLIENT, KEY, NAMESPACE, SERVER, SERVICE, Shop
from tests.lab.dataplane.proxy import DISCOVERY
from tests.lab.kube import APPS, CORE, NETWORKING, Object, path, wait_for

Forced = Callable[[Shop], AbstractContextManager[None]]


@contextmanager
def patched(shop: Shop, cluster: str, url: str, body: Object, back: Object) -> Iterator[None]:
    kube = shop.lab.clusters[cluster].kube
    kube.patch(url, body)
    try:
        yield
    finally:
        kube.patch(url, back)


def service_url() -> str:
    return path(CORE, "services", NAMESPACE, SERVICE)


def slice_of(shop: Shop) -> Object:
    """The hub's EndpointSlice of the Service."""
    kube = shop.lab.clusters["hub"].kube
    label = f"kubernetes.io/service-name={SERVICE}"
    (found,) = kube.list(path(DISCOVERY, "endpointslices", NAMESPACE), labelSelector=label)
    return found


def slice_patched(shop: Shop, body: Object, back: Object) -> AbstractContextManager[None]:
    url = path(DISCOVERY, "endpointslices", NAMESPACE, slice_of(shop)["metadata"]["name"])
    return patched(shop, "hub", url, body, back)


@contextmanager
def no_shortcut(shop: Shop) -> Iterator[None]:
    assert plugin(shop.lab, "delete", *PAIR).returncode == 0
    yield


@contextmanager
def cut(shop: Shop) -> Iterator[None]:
    shop.lab.faults.cut_tunnel(*PAIR)
    wait_for(lambda: "Error" in connections(shop.lab).values(), 30, "Liqo notices", 0.2)
    yield


@contextmanager
def frozen_leaf(shop: Shop) -> Iterator[None]:
    shop.lab.faults.freeze_api_server(SERVER)
    try:
        yield
    finally:
        shop.lab.faults.thaw_api_server(SERVER)


def publishes_not_ready(shop: Shop) -> AbstractContextManager[None]:
    on, off = ({"spec": {"publishNotReadyAddresses": each}} for each in (True, None))
    return patched(shop, "hub", service_url(), on, off)


def not_reflected(shop: Shop) -> AbstractContextManager[None]:
    """Liqo takes the Service from the leaves meanwhile."""
    key = "liqo.io/skip-reflection"
    on, off = ({"metadata": {"annotations": {key: each}}} for each in ("true", None))
    return patched(shop, "hub", service_url(), on, off)


def no_endpoints(shop: Shop) -> AbstractContextManager[None]:
    now = slice_of(shop)["endpoints"]
    return slice_patched(shop, {"endpoints": []}, {"endpoints": now})


def untold_endpoint(shop: Shop) -> AbstractContextManager[None]:
    now = slice_of(shop)["endpoints"]
    more = [*now, {"addresses": ["192.0.2.7"], "conditions": {"ready": True}}]
    return slice_patched(shop, {"endpoints": more}, {"endpoints": now})


def too_large(shop: Shop) -> AbstractContextManager[None]:
    """As large as an API server takes: what Liqo would add is too much."""
    key, most = "example.org/large", 256 * 1024
    size = sum(map(len, (slice_of(shop)["metadata"].get("annotations") or {}).items()))
    value = "x" * (most - len(key) - size - 40)
    on, off = ({"metadata": {"annotations": {key: each}}} for each in (value, None))
    return slice_patched(shop, on, off)


def denied(shop: Shop) -> AbstractContextManager[None]:
    """As helm's networking.denyDirectConnections sets it."""
    url = path(APPS, "deployments", "liqo", "liqo-controller-manager")
    found = shop.lab.clusters[CLIENT].kube.get(url)
    (container,) = found["spec"]["template"]["spec"]["containers"]
    args = container.get("args") or []

    def body(args: list[str]) -> Object:
        return {"spec": {"template": {"spec": {"containers": [{**container, "args": args}]}}}}

    return patched(shop, CLIENT, url, body([*args, "--deny-direct-connections"]), body(args))


@contextmanager
def remapped(shop: Shop) -> Iterator[None]:
    """As Liqo answers where the leaf's Pod network is taken on the hub."""
    shop.lab.faults.stop_controllers("hub")
    try:
        url = path(NETWORKING, "configurations", f"liqo-tenant-{SERVER}", SERVER)
        kube = shop.lab.clusters["hub"].kube
        now = kube.get(url)["status"]["remote"]["cidr"]["pod"]
        body, back = (
            {"status": {"remote": {"cidr": {"pod": each}}}} for each in (["10.99.0.0/16"], now)
        )
        kube.patch(f"{url}/status", body)
        yield
        kube.patch(f"{url}/status", back)
    finally:
        shop.lab.faults.start_controllers("hub")


REASONS: dict[str, Forced] = {
    "NoShortcut": no_shortcut,
    "ShortcutNotReady": cut,
    "LeafUnreachable": frozen_leaf,
    "PublishesNotReady": publishes_not_ready,
    "NotReflected": not_reflected,
    "NoEndpoints": no_endpoints,
    "UntoldEndpoint": untold_endpoint,
    "PayloadTooLarge": too_large,
    "Denied": denied,
    "RemappedByHub": remapped,
}


@pytest.mark.parametrize("reason", REASONS)
def test_it_is_refused_with_its_reason_and_stays_on_the_hubs_path(
    linked: Shop, reason: str
) -> None:
    with REASONS[reason](linked):
        done = plugin(linked.lab, "service", "enable", KEY)
        assert (done.returncode, f"({reason})" in done.stderr) == (4, True), done.stderr
        assert not linked.is_on()
    linked.leads_to(linked.external_address)  # as before


def test_all_reasons_are_told_at_once(linked: Shop) -> None:
    with cut(linked), publishes_not_ready(linked), denied(linked):
        done = plugin(linked.lab, "service", "enable", KEY)
    assert done.returncode == 4
    assert "3 things keep Service" in done.stderr
    for reason in ("ShortcutNotReady", "PublishesNotReady", "Denied"):
        assert f"({reason})" in done.stderr


def test_a_service_that_is_not_there_or_not_offloaded_is_refused(linked: Shop) -> None:
    missing = plugin(linked.lab, "service", "enable", f"{NAMESPACE}/nothing")
    assert (missing.returncode, "not found" in missing.stderr) == (4, True)
    local = plugin(linked.lab, "service", "enable", "default/kubernetes")
    assert (local.returncode, "(NotOffloaded)" in local.stderr) == (4, True), local.stderr
