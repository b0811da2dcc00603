"""The real client over TLS: first a well-behaved server, then what others answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kubectl_liqo_shortcut.core import resources as r
from kubectl_liqo_shortcut.core.model import ObjectRef
from kubectl_liqo_shortcut.core.ports import Cluster
from kubectl_liqo_shortcut.errors import ClusterError
from tests.cli.runner import Clusters, run
from tests.contract import NAMESPACE, NOT_SERVED, ClusterContract
from tests.core.test_resources import EVIL
from tests.fakes import FakeWorld
from tests.hostile import Hostile


def rome() -> FakeWorld:
    world = FakeWorld("rome")
    world.leaves["rome"].not_served.add(NOT_SERVED)
    metadata = {"name": NAMESPACE}
    world.leaves["rome"].put({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    return world


class TestOverTls(ClusterContract):
    @pytest.fixture
    def cluster(self) -> Iterator[Cluster]:
        with Hostile(rome()) as clusters:
            yield clusters("rome")


class TestInMemory(ClusterContract):
    @pytest.fixture
    def cluster(self) -> Iterator[Cluster]:
        with Hostile(rome(), tls=False) as clusters:
            yield clusters("rome")


def test_a_whole_command_runs_over_tls() -> None:
    with Hostile(Clusters("milan", "rome")) as clusters:
        made = run("create", "milan", "rome", "--timeout", "20s", on=clusters)
        assert (made.exit_code, made.stderr.count("Error")) == (0, 0), made.stderr
        gone = run("delete", "milan", "rome", "--timeout", "20s", on=clusters)
        assert gone.exit_code == 0, gone.stderr
        assert "DELETE" in {each.method for each in clusters.asked["rome"]}


@pytest.mark.parametrize("name", EVIL, ids=ascii)
def test_no_request_is_made_for_what_is_no_name(name: str) -> None:
    ref = ObjectRef("rome", r.CONFIGURATION, "liqo-tenant-milan", name)
    with Hostile(FakeWorld("rome")) as clusters:
        rome = clusters("rome")
        with pytest.raises(ClusterError, match="is no name of an object"):
            rome.get(ref)
        with pytest.raises(ClusterError, match="is no name of an object"):
            rome.delete(ref, "uid")
        with pytest.raises(ClusterError, match="is no name of an object"):
            rome.patch(ref, {})
        assert clusters.asked["rome"] == []


@pytest.mark.parametrize("name", ["?x=", "a#b", "http:payments:80", "a b"])
def test_a_name_arrives_as_one_segment(name: str) -> None:
    with Hostile(FakeWorld("rome")) as clusters:
        clusters("rome").delete(ObjectRef("rome", r.NAMESPACE, "", name), "u")
        (asked,) = clusters.asked["rome"]
    assert asked.segments == ["api", "v1", "namespaces", name]
    assert asked.query == {}
