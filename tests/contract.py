"""What the engine relies on in an API server; run on the fake and, on the lab, on a real one."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator

import pytest

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.kinds import Kind
from kubectl_liqo_shortcut.core.model import Manifest, Object, ObjectRef, uid_of
from kubectl_liqo_shortcut.core.ports import Change, Cluster, Selection
from kubectl_liqo_shortcut.errors import AlreadyExists, ClusterError, Conflict, Gone

NAMESPACE = "liqo-shortcut-contract"
NOT_SERVED = Kind("shortcut.liqo.io/v9", "Nothing", "nothings", namespaced=False)


class ClusterContract:
    """Subclasses give ``cluster``; the namespace is there and empty before each test."""

    @pytest.fixture
    def cluster(self) -> Iterator[Cluster]:
        raise NotImplementedError

    def manifest(self, cluster: Cluster, name: str = "one", **data: str) -> Manifest:
        metadata = {"name": name, "namespace": NAMESPACE, "labels": {"of": name}}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
        return Manifest(cluster.name, body)

    def test_what_was_created_is_there_with_a_uid(self, cluster: Cluster) -> None:
        made = cluster.create(self.manifest(cluster, a="1"))
        found = cluster.get(self.manifest(cluster).ref)
        assert found is not None
        assert uid_of(found) == uid_of(made) != ""

    def test_creating_twice_is_refused(self, cluster: Cluster) -> None:
        cluster.create(self.manifest(cluster, a="1"))
        with pytest.raises(AlreadyExists):
            cluster.create(self.manifest(cluster, a="2"))

    def test_creating_in_a_missing_namespace_is_refused(self, cluster: Cluster) -> None:
        body = {**self.manifest(cluster).body, "metadata": {"name": "one", "namespace": "nowhere"}}
        with pytest.raises(ClusterError, match="nowhere"):
            cluster.create(Manifest(cluster.name, body))

    def test_a_dry_run_answers_and_makes_nothing(self, cluster: Cluster) -> None:
        answer = cluster.create(self.manifest(cluster, a="1"), dry_run=True)
        assert answer["data"] == {"a": "1"}
        assert cluster.get(self.manifest(cluster).ref) is None

    def test_what_is_not_there_is_none(self, cluster: Cluster) -> None:
        assert cluster.get(self.manifest(cluster).ref) is None

    def test_a_kind_that_is_not_served_is_gone(self, cluster: Cluster) -> None:
        with pytest.raises(Gone):
            cluster.list(Selection(NOT_SERVED))

    @pytest.mark.parametrize(
        ("labels", "name", "expected"),
        [
            ("", "", ["one", "two"]),
            ("of=two", "", ["two"]),
            ("of", "", ["one", "two"]),
            ("", "one", ["one"]),
        ],
        ids=["all", "label", "label exists", "name"],
    )
    def test_a_list_holds_what_is_selected(
        self, cluster: Cluster, labels: str, name: str, expected: list[str]
    ) -> None:
        for each in ("one", "two"):
            cluster.create(self.manifest(cluster, each))
        listing = cluster.list(Selection(r.CONFIG_MAP, NAMESPACE, labels=labels, name=name))
        names = [item["metadata"]["name"] for item in listing.items]
        assert sorted(n for n in names if n != "kube-root-ca.crt") == expected
        assert {item["kind"] for item in listing.items} == {"ConfigMap"}

    def test_a_watch_shows_what_changed_since_the_list(self, cluster: Cluster) -> None:
        what = Selection(r.CONFIG_MAP, NAMESPACE, name="one")
        since = cluster.list(what).resource_version
        made = cluster.create(self.manifest(cluster, a="1"))
        cluster.patch(self.manifest(cluster).ref, {"data": {"a": "2"}})
        cluster.delete(self.manifest(cluster).ref, uid_of(made))
        seen: list[Change] = []
        for change in cluster.watch(what, since):
            seen.append(change)
            if change.gone:
                break
        assert [each.gone for each in seen] == [False, False, True]
        assert [each.body["data"]["a"] for each in seen] == ["1", "2", "2"]

    def test_a_watch_that_waits_ends_when_another_thread_closes_it(self, cluster: Cluster) -> None:
        what = Selection(r.CONFIG_MAP, NAMESPACE, name="one")
        changes = cluster.watch(what, cluster.list(what).resource_version)
        threading.Timer(0.2, changes.close).start()
        assert list(changes) == []

    def test_a_watch_that_was_closed_before_it_began_ends_at_once(self, cluster: Cluster) -> None:
        what = Selection(r.CONFIG_MAP, NAMESPACE, name="one")
        changes = cluster.watch(what, cluster.list(what).resource_version)
        changes.close()
        assert list(changes) == []

    def test_a_watch_that_waits_is_woken(self, cluster: Cluster) -> None:
        what = Selection(r.CONFIG_MAP, NAMESPACE, name="one")
        changes = cluster.watch(what, cluster.list(what).resource_version)
        threading.Timer(0.2, cluster.create, [self.manifest(cluster, a="1")]).start()
        assert next(changes).body["data"] == {"a": "1"}

    def test_only_that_very_object_is_deleted(self, cluster: Cluster) -> None:
        made = cluster.create(self.manifest(cluster))
        ref = self.manifest(cluster).ref
        cluster.delete(ref, "another-uid")
        assert cluster.get(ref) is not None
        cluster.delete(ref, uid_of(made))
        assert cluster.get(ref) is None
        cluster.delete(ref, uid_of(made))  # gone already: no error

    def test_what_changed_since_a_version_is_not_deleted(self, cluster: Cluster) -> None:
        made = cluster.create(self.manifest(cluster))
        ref = self.manifest(cluster).ref
        changed = cluster.patch(ref, {"data": {"a": "1"}})
        cluster.delete(ref, uid_of(made), made["metadata"]["resourceVersion"])
        assert cluster.get(ref) is not None
        cluster.delete(ref, uid_of(made), changed["metadata"]["resourceVersion"])
        assert cluster.get(ref) is None

    def test_the_kinds_of_a_version_are_told_and_what_is_not_served_has_none(
        self, cluster: Cluster
    ) -> None:
        assert {r.CONFIG_MAP, r.SECRET, r.NAMESPACE} <= set(cluster.served("v1"))
        assert not [each for each in cluster.served("v1") if "/" in each.plural]
        assert r.DEPLOYMENT in cluster.served("apps/v1")
        assert cluster.served(NOT_SERVED.api_version) == ()

    def test_the_kinds_are_those_that_a_namespace_can_hold(self, cluster: Cluster) -> None:
        kinds = cluster.kinds()
        assert {r.CONFIG_MAP, r.LEASE, r.DEPLOYMENT} <= set(kinds)
        assert not {"Namespace", "TokenReview", "Binding"} & {kind.kind for kind in kinds}
        cluster.create(self.manifest(cluster))
        held = {kind.kind for kind in kinds if cluster.list(Selection(kind, NAMESPACE)).items}
        assert "ConfigMap" in held

    def test_apply_sets_the_fields_it_has(self, cluster: Cluster) -> None:
        made = cluster.apply(self.manifest(cluster, a="1"))
        applied = cluster.apply(self.manifest(cluster, a="2"))
        assert uid_of(applied) == uid_of(made)
        assert applied["data"] == {"a": "2"}

    def test_a_patch_merges_and_none_removes(self, cluster: Cluster) -> None:
        cluster.create(self.manifest(cluster, a="1", b="1"))
        patched = cluster.patch(self.manifest(cluster).ref, {"data": {"a": None, "c": "1"}})
        assert patched["data"] == {"b": "1", "c": "1"}

    def test_of_a_dry_run_of_a_patch_nothing_is_kept(self, cluster: Cluster) -> None:
        cluster.create(self.manifest(cluster, a="1"))
        ref = self.manifest(cluster).ref
        patched = cluster.patch(ref, {"data": {"a": "2"}}, dry_run=True)
        assert patched["data"] == {"a": "2"}
        found = cluster.get(ref)
        assert found is not None
        assert found["data"] == {"a": "1"}

    def test_a_patch_of_an_old_version_conflicts(self, cluster: Cluster) -> None:
        old = cluster.create(self.manifest(cluster, a="1"))
        ref = self.manifest(cluster).ref
        cluster.patch(ref, {"data": {"a": "2"}})
        version = {"resourceVersion": old["metadata"]["resourceVersion"]}
        with pytest.raises(Conflict):
            cluster.patch(ref, {"metadata": version, "data": {"a": "3"}})

    def test_of_a_secret_only_the_public_key_comes_out(self, cluster: Cluster) -> None:
        data = {key: base64.b64encode(key.encode()).decode() for key in ("privateKey", "publicKey")}
        secret: Object = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": "gw-rome",
                "namespace": NAMESPACE,
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": str(data)},
            },
            "data": data,
        }
        what = Selection(r.SECRET, NAMESPACE)
        since = cluster.list(what).resource_version
        ref = ObjectRef(cluster.name, r.SECRET, NAMESPACE, "gw-rome")
        shown = [
            cluster.create(Manifest(cluster.name, secret)),
            cluster.get(ref),
            *cluster.list(what).items,
            next(cluster.watch(what, since)).body,
            cluster.patch(ref, {"metadata": {"labels": {"a": "b"}}}),
        ]
        assert len(shown) == 5
        assert not any(data["privateKey"] in str(each) for each in shown)
        assert all(each and each["data"] == {"publicKey": data["publicKey"]} for each in shown)
