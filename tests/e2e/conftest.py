"""The lab for end-to-end tests: the one that runs already, or one for this run alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.plugin import NAME, PAIR, plugin, succeed
from tests.e2e.shop import (
    CLIENT,
    KEY,
    NAMESPACE,
    SERVER,
    SERVICE,
    WEB,
    Shop,
    make_probe_namespaces,
)
from tests.lab import gateway_templates
from tests.lab.chart import NAMESPACE as LIQO
from tests.lab.kube import CRDS, NETWORKING, Object, path
from tests.lab.lab import Lab
from tests.lab.topology import HUB, Overlap

LEAVES = 2
MEND = ("sync", NAME, "--timeout=20s")
LIQOS_PINGS = "liqos-pings"
RECORD = path("/apis/shortcut.liqo.io/v1alpha1", "shortcuts", name=NAME)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The hook sees every test of the run; those of this folder are end-to-end tests.

    Each kind of lab is started once, and its data plane is switched on once: files that want
    another lab come last, and of those that want the same one, those that want its data plane.
    """
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
    stages: dict[Path, tuple[str, bool, bool]] = {}
    for item in items:
        stages[item.path] = max(_stage(item), stages.get(item.path, ("", False, False)))
    items.sort(key=lambda item: stages[item.path])


def _stage(item: pytest.Item) -> tuple[str, bool, bool]:
    """The lab that it wants ("": an ordinary one), with a data plane, and to switch that off."""
    lab = str(item.callspec.params.get("lab", "")) if hasattr(item, "callspec") else ""
    fixtures = getattr(item, "fixturenames", ())
    return lab, "dataplane" in fixtures, "without_dataplane" in fixtures


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
        had_dataplane = found.has_dataplane
        yield found
        _clean(found)
        if not had_dataplane:
            found.disable_dataplane()
        found.close()
        return
    started = Lab.start(LEAVES, overlap=overlap, pings=gateway_templates.QUICK)
    yield started
    started.stop()


@pytest.fixture
def clean_lab(lab: Lab) -> Iterator[Lab]:
    """The lab without a link between its first two leaves, whatever another test left.

    Their tenant namespaces may be there, as the product leaves them.
    """
    _clean(lab)
    yield lab
    _calm(lab)


def _calm(lab: Lab) -> None:
    """Nothing slows the lab down, and nothing is in the way of its packets."""
    lab.set_knobs(pod_start=0, lb_delay=0, lb_hostname=False)
    lab.nat.clear()


def _clean(lab: Lab) -> None:
    _calm(lab)
    lab.remove_shortcuts()
    lab.clear_link(*PAIR)


@pytest.fixture(scope="session")
def kind(lab: Lab) -> None:
    """This program's own, in place of the one that a lab which ran already may have."""
    succeed(lab, "crd", "install")


def _install_kind(lab: Lab) -> None:
    """Again, where a test took it away."""
    if lab.clusters[HUB].kube.find(f"{CRDS}/shortcuts.shortcut.liqo.io") is None:
        succeed(lab, "crd", "install")


@pytest.fixture
def hub(clean_lab: Lab, kind: None) -> Lab:
    """The lab, with the kind Shortcut installed on its hub."""
    _install_kind(clean_lab)
    return clean_lab


@pytest.fixture(scope="session")
def usual_spec() -> Object:
    """That of a shortcut made without any option, once there was one."""
    return {}


@pytest.fixture
def link(lab: Lab, kind: None, usual_spec: Object) -> Iterator[Lab]:
    """The lab with a healthy shortcut as ``create`` makes it: an earlier test's, or a new one.

    What that test broke is mended by ``sync``; what was made with options is made anew.
    """
    _calm(lab)
    _install_kind(lab)
    for side in (PAIR, PAIR[::-1]):
        lab.faults.heal_gateway(*side)
    kube = lab.clusters[HUB].kube
    record = kube.find(RECORD) or {"metadata": {}, "spec": None}
    going = "deletionTimestamp" in record["metadata"]
    if going or record["spec"] != usual_spec or plugin(lab, *MEND).returncode:
        _clean(lab)
        succeed(lab, "create", *PAIR)
        usual_spec.update(kube.get(RECORD)["spec"])
    yield lab
    _calm(lab)


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
def mended(lab: Lab) -> Iterator[None]:
    """Leaves may lose their API servers and controllers; afterwards they have them again."""
    yield
    lab.faults.heal()


@pytest.fixture(scope="session")
def dataplane(lab: Lab) -> Lab:
    """The lab with its data plane, which stays on for the files that follow."""
    lab.enable_dataplane()
    return lab


@pytest.fixture(scope="session")
def shop(dataplane: Lab) -> Shop:
    """With its Pods, which stay for the files that follow.

    So do the namespaces for probes, as an administrator may prepare them: Kubernetes needs many
    seconds to end a namespace, and whoever wants it again waits for that.
    """
    lab, plane = dataplane, dataplane.dataplane
    make_probe_namespaces(lab)
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
    _back_to_the_hub(shop)


@pytest.fixture
def linked(shop: Shop, link: Lab) -> Iterator[Shop]:
    """Through the hub, with a shortcut."""
    yield shop
    _back_to_the_hub(shop)


def _back_to_the_hub(shop: Shop) -> None:
    plugin(shop.lab, "service", "disable", KEY)
    shop.leads_to(shop.external_address)


@pytest.fixture
def direct(linked: Shop) -> Shop:
    succeed(linked.lab, "service", "enable", KEY)
    return linked
