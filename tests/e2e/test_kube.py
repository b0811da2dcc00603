"""The adapter on a real API server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import HUB, ObjectRef
from kubectl_liqo_shortcut.core.ports import Cluster
from kubectl_liqo_shortcut.errors import Unreachable
from tests.contract import NAMESPACE, ClusterContract
from tests.lab.kube import CORE, path
from tests.lab.lab import Lab


def access(lab: Lab) -> ClusterAccess:
    return ClusterAccess(kubeconfig=str(lab.kubeconfig))


class TestKubeCluster(ClusterContract):
    @pytest.fixture(scope="class")
    @classmethod
    def namespace(cls, lab: Lab) -> Iterator[None]:
        kube = lab.clusters["hub"].kube
        kube.create(path(CORE, "namespaces"), {"metadata": {"name": NAMESPACE}})
        yield
        kube.delete(path(CORE, "namespaces", name=NAMESPACE))

    @pytest.fixture
    def cluster(self, lab: Lab, namespace: None) -> Iterator[Cluster]:
        yield access(lab)(HUB)
        kube = lab.clusters["hub"].kube
        for plural in ("configmaps", "secrets"):
            for item in kube.list(path(CORE, plural, NAMESPACE)):
                kube.delete(path(CORE, plural, NAMESPACE, item["metadata"]["name"]))


def test_a_dead_api_server_is_unreachable_with_its_address(lab: Lab) -> None:
    lab.faults.stop_api_server("leaf-1")
    try:
        with pytest.raises(Unreachable, match="cannot be reached at https://"):
            access(lab)("leaf-1").get(ObjectRef("leaf-1", r.NAMESPACE, "", "default"))
    finally:
        lab.faults.start_api_server("leaf-1")


def test_what_v0_1_0_wrote_bears_the_new_name_after_the_next_write(lab: Lab) -> None:
    kube, ref = lab.clusters["hub"].kube, ObjectRef(HUB, r.CONFIG_MAP, "default", "of-v010")
    former = f"?fieldManager={r.FORMER_FIELD_MANAGER}"
    body = {"metadata": {"name": ref.name}, "data": {"a": "1"}}
    kube.create(path(CORE, "configmaps", "default") + former, body)
    try:
        patched = access(lab)(HUB).patch(ref, {"data": {"b": "2"}})
        assert [each["manager"] for each in patched["metadata"]["managedFields"]] == [
            r.FIELD_MANAGER
        ]
        fields = patched["metadata"]["managedFields"][0]["fieldsV1"]
        assert set(fields["f:data"]) >= {"f:a", "f:b"}
    finally:
        kube.delete(path(CORE, "configmaps", "default", ref.name))
