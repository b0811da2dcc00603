"""Liqo's authentication and offloading modules on a running lab: on, off, and no trace left.

They are off unless somebody asks: a process more for each cluster, and objects that links need not
have.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Mapping
from functools import partial

from tests.lab import chart, control_plane, processes
from tests.lab.cluster import LabCluster
from tests.lab.faults import Faults
from tests.lab.kube import CORE, IPAM, LIQO_CORE, ApiError, Kube, Object, path, wait_for
from tests.lab.state import State

AUTHENTICATION = "/apis/authentication.liqo.io/v1beta1"
CERTIFICATES = "/apis/certificates.k8s.io/v1"
_PATIENCE = 60.0  # seconds
_PEERING = ("resourceslices", "identities", "renews", "tenants")
"""What a peering consists of, in the order in which it is taken away; Liqo makes the rest."""

_REPLICATOR = "crdreplicator.liqo.io"  # so begin its finalizers
_LEFT = ("liqo-nonce", "liqo-signed-nonce", "liqo-remote-certificate", "kubeconfig-controlplane-")
"""So begin the names of the Secrets that may stay in a tenant namespace after a peering."""


class Peering:
    """The modules of all clusters at once."""

    def __init__(self, state: State, clusters: Mapping[str, LabCluster]) -> None:
        self._state, self._clusters = state, clusters

    def enable(self) -> None:
        self._everywhere(chart.install_proxy)
        self._restart(wanted=True)

    def disable(self) -> None:
        """End all peerings; afterwards the clusters hold what they held before ``enable``."""
        self.end_all()
        self._restart(wanted=False)
        self._everywhere(_remove_traces)

    def end_all(self) -> None:
        """Take away every peering by force, whatever state it is in; links stay.

        Liqo may need the force: ``liqoctl unpeer`` takes the provider's permissions away while the
        consumer's replicator still needs them to clean up, and then that waits for ever.
        """
        for plural in _PEERING:
            self._everywhere(partial(_remove, plural))
        self._everywhere(_remove_remains)

    def _restart(self, *, wanted: bool) -> None:
        faults = Faults(self._state, self._clusters)
        for name in self._clusters:
            faults.stop_controllers(name)
        self._state.set_peering(wanted)
        if not wanted:
            for cluster in self._clusters.values():
                processes.forget(self._state, control_plane.replicator_name(cluster.spec))
        with concurrent.futures.ThreadPoolExecutor(len(self._clusters)) as pool:
            list(pool.map(faults.start_controllers, self._clusters))

    def _everywhere(self, action: Callable[[Kube], None]) -> None:
        with concurrent.futures.ThreadPoolExecutor(len(self._clusters)) as pool:
            list(pool.map(action, [cluster.kube for cluster in self._clusters.values()]))


def _remove(plural: str, kube: Kube) -> None:
    """A replicator may bring one back while the other cluster still has it."""

    def none_left() -> bool:
        found = kube.list(path(AUTHENTICATION, plural))
        for item in found:
            _delete(kube, AUTHENTICATION, plural, item)
        return not found

    wait_for(none_left, _PATIENCE, f"{kube.server}: {plural} gone")


def _remove_remains(kube: Kube) -> None:
    for item in kube.list(path(CORE, "secrets")):
        if item["metadata"]["name"].startswith(_LEFT):
            _delete(kube, CORE, "secrets", item)
    signed = {"labelSelector": "liqo.io/remote-tenant-csr=true"}
    for item in kube.list(path(CERTIFICATES, "certificatesigningrequests"), **signed):
        _delete(kube, CERTIFICATES, "certificatesigningrequests", item)
    wait_for(lambda: _knows_no_peering(kube), _PATIENCE, f"{kube.server}: role Unknown", 0.3)


def _delete(kube: Kube, group_version: str, plural: str, item: Object) -> None:
    """Without waiting for a replicator, which may wait for the other cluster."""
    metadata = item["metadata"]
    url = path(group_version, plural, metadata.get("namespace", ""), metadata["name"])
    kube.delete(url)
    found = kube.find(url)
    if found is None:
        return
    finalizers = found["metadata"].get("finalizers") or []
    kept = [each for each in finalizers if not each.startswith(_REPLICATOR)]
    if kept != finalizers:
        _patch(kube, url, {"metadata": {"finalizers": kept}})


def _knows_no_peering(kube: Kube) -> bool:
    """Whether each ForeignCluster says so; one that does not is given a reason to look again.

    Liqo reads the identity's Secret for it, and does not notice when that has gone.
    """
    url = path(LIQO_CORE, "foreignclusters")
    stale = [
        item["metadata"]["name"]
        for item in kube.list(url)
        if (item.get("status") or {}).get("role", "Unknown") != "Unknown"
    ]
    for name in stale:
        for value in ("again", None):
            _patch(kube, f"{url}/{name}", {"metadata": {"labels": {"lab/look": value}}})
    return not stale


def _patch(kube: Kube, url: str, body: Object) -> None:
    try:
        kube.patch(url, body)
    except ApiError as error:
        if error.status != 404:  # it has gone by itself
            raise


def _remove_traces(kube: Kube) -> None:
    """What the modules made for themselves; the networking module cleans up behind the IPs."""
    kube.delete(path(CORE, "secrets", chart.NAMESPACE, "authentication-keys"))
    kube.delete(path(CORE, "services", chart.NAMESPACE, chart.PROXY))
    for item in kube.list(path(IPAM, "ips")):
        _delete(kube, IPAM, "ips", item)
    wait_for(lambda: not kube.list(path(IPAM, "ips")), _PATIENCE, f"{kube.server}: IPs gone")
