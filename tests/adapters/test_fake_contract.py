from __future__ import annotations

from collections.abc import Iterator

import pytest

from kubectl_liqo_shortcut.core.ports import Cluster
from tests.contract import NAMESPACE, NOT_SERVED, ClusterContract
from tests.fakes import FakeWorld


class TestFakeCluster(ClusterContract):
    @pytest.fixture
    def cluster(self) -> Iterator[Cluster]:
        world = FakeWorld("rome")
        rome = world.leaves["rome"]
        rome.not_served.add(NOT_SERVED)
        rome.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        yield rome
        world.close()
