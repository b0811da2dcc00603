"""The lab for end-to-end tests: the one that runs already, or one for this run alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.plugin import PAIR, plugin, succeed
from tests.e2e.shop import CLIENT, KEY, NAMESPACE, SERVER, SERVICE, WEB, Shop
from tests.lab import gateway_templates
from tests.lab.chart import NAMESPACE as LIQO
from tests.lab.kube import CRDS, NETWORKING, path
from tests.lab.lab import Lab
from tests.lab.topology import HUB, Overlap

LEAVES = 2
LIQOS_PINGS = "liqos-pings"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The hook sees every test of the run; those of this folder are end-to-end tests.

    Those that want another lab come last, so that each kind of lab is started once.
    """
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
    items.sort(key=_wanted_lab)


def _wanted_lab(item: pytest.Item) -> str:
    """What it gives the fixture ``lab``: nothing, for an ordinary one."""
    return str(item.callspec.params.get("lab", "")) if hasattr(item, "callspec") else ""


@pytest.fixture(scope="session")
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """A hub and at least two leaves; stopped at the end only if it was started here.

    Its gateways ping often, so that a link is soon Connected; in one that runs already, as they do.
    A file may ask for Pod CIDRs that overlap. A lab of another kind that runs already is somebody
    else's: that is an error.
    """
    overlap = getattr(request, "param", Overlap.NONE)
    found = Lab.running()
    if found is not None and found.overlap is overlap and len(found.leaves) >= LEAVES:
        yield found
        found.close()
        return
    started = Lab.start(LEAVES, overlap=overlap, pings=gateway_templates.QUICK)
    yield started
    started.stop()


@pytest.fixture
def clean_lab(lab: Lab) -> Iterator[Lab]:
    """The lab without a link between its first two leaves, whatever this test or another did.

    Their tenant namespaces may be there, as the product leaves them.
    """
    _clean(lab)
    yield lab
    _clean(lab)


def _clean(lab: Lab) -> None:
    lab.set_knobs(pod_start=0, lb_delay=0, lb_hostname=False)
    lab.nat.clear()
    lab.remove_shortcuts()
    lab.clear_link(*PAIR)


@pytest.fixture(scope="session")
def kind(lab: Lab) -> None:
    """This program's own, in place of the one that a lab which ran already may have."""
    succeed(lab, "crd", "install")


@pytest.fixture
def hub(clean_lab: Lab, kind: None) -> Lab:
    """The lab, with the kind Shortcut installed on its hub: again, where a test took it away."""
    if clean_lab.clusters[HUB].kube.find(f"{CRDS}/shortcuts.shortcut.liqo.io") is None:
        succeed(clean_lab, "crd", "install")
    return clean_lab


@pytest.fixture
def pristine(hub: Lab) -> Lab:
    """The lab as if its first two leaves had never been linked: no tenant namespaces either."""
    hub.remove_link(*PAIR)
    return hub


@pytest.fixture(scope="module")
def liqos_pings(lab: Lab) -> Iterator[tuple[str, ...]]:
    """Options of create for gateways that ping as Liqo's chart has it, whatever the lab's do."""
    templates = {"server": gateway_templates.server(), "client": gateway_templates.client()}
    urls = {side: path(NETWORKING, f"wggateway{side}templates", LIQO) for side in templates}
    for leaf, (side, body) in itertools.product(PAIR, templates.items()):
        named = {**body, "metadata": {"name": LIQOS_PINGS, "namespace": LIQO}}
        lab.clusters[leaf].kube.create(urls[side], named)
    yield tuple(word for side in templates for word in (f"--gw-{side}-template-name", LIQOS_PINGS))
    for leaf, url in itertools.product(PAIR, urls.values()):
        lab.clusters[leaf].kube.delete(f"{url}/{LIQOS_PINGS}")


@pytest.fixture
def mended(hub: Lab) -> Iterator[Lab]:
    """The lab, whose leaves may lose their API servers and controllers."""
    yield hub
    hub.faults.heal()


@pytest.fixture(scope="module")
def dataplane(lab: Lab) -> Iterator[Lab]:
    """The lab with its data plane, as long as the tests of a file run."""
    was_on = lab.has_dataplane
    lab.enable_dataplane()
    yield lab
    if not was_on:
        lab.disable_dataplane()


@pytest.fixture(scope="module")
def shop(dataplane: Lab) -> Shop:
    """With its Pods, as long as the tests of a file run."""
    lab, plane = dataplane, dataplane.dataplane
    remote = plane.offload(NAMESPACE, leaves=PAIR)
    server = plane.make_pod(SERVER, remote, "web", ("python3", "-c", WEB), port=8080)
    client = plane.make_pod(CLIENT, remote, "client")
    plane.publish(NAMESPACE, SERVICE, [(SERVER, "web")])
    made = Shop(lab, NAMESPACE, remote, client, server)
    made.leads_to(made.external_address)
    return made


@pytest.fixture
def unlinked(shop: Shop, hub: Lab) -> Iterator[Shop]:
    """Through the hub, without a shortcut."""
    yield shop
    plugin(hub, "service", "disable", KEY)
    shop.leads_to(shop.external_address)


@pytest.fixture
def linked(unlinked: Shop) -> Shop:
    """Through the hub, with a shortcut."""
    succeed(unlinked.lab, "create", *PAIR)
    return unlinked


@pytest.fixture
def direct(linked: Shop) -> Shop:
    succeed(linked.lab, "service", "enable", KEY)
    return linked
