"""The real client over TLS: first a well-behaved server, then what others answer."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from kubectl_liqo_shortcut.adapters.connect import connect
from kubectl_liqo_shortcut.adapters.kubeconfig.files import Entry
from kubectl_liqo_shortcut.adapters.wire import RequestLimits
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core import patience
from kubectl_liqo_shortcut.core.model import Manifest, ObjectRef
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.engine.runtime import concurrency
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, retry_transient
from kubectl_liqo_shortcut.engine.runtime.store import Store
from kubectl_liqo_shortcut.errors import ClusterError, Expired, Nonsense, Unreachable
from tests.api_server import Answer, refusal
from tests.cli.runner import Clusters, linked, run
from tests.contract import NAMESPACE, NOT_SERVED, ClusterContract
from tests.core.test_kinds import EVIL
from tests.fakes import FakeWorld
from tests.hostile import Hostile, certificate
from tests.samples import an_object


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


def test_a_server_must_prove_that_it_is_the_one_whose_address_was_asked() -> None:
    with Hostile(FakeWorld("rome")) as clusters:
        address = clusters.url["rome"].replace("127.0.0.1", "localhost")
        cluster = {"server": address, "certificate-authority": certificate()[0]}
        rome = connect("rome", Entry("here", cluster, {"token": "t"}))
        with pytest.raises(ClusterError, match="certificate verify failed: Hostname mismatch"):
            rome.list(WHAT)
        assert clusters.asked["rome"] == []


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


def test_what_is_applied_takes_no_field_from_whom_it_belongs_to() -> None:
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "one"}}
    with Hostile(FakeWorld("rome")) as clusters:
        clusters("rome").apply(Manifest("rome", body))
        (asked,) = (each for each in clusters.asked["rome"] if each.method == "PATCH")
    assert asked.query == {"fieldManager": "liqo-shortcut", "force": "false"}


# Bounds, over TLS

WHAT = Selection(r.CONFIG_MAP, "liqo")
SOON = RequestLimits(whole=0.2)


def drip(pieces: int = 1000) -> Iterator[bytes]:
    for _ in range(pieces):
        time.sleep(0.02)
        yield b" "


def test_a_server_that_sends_a_byte_now_and_then_is_not_waited_for() -> None:
    with Hostile(FakeWorld("rome"), limits=SOON) as clusters:
        clusters.says["rome"] = lambda _: Answer(drip())
        began = time.monotonic()
        with pytest.raises(Unreachable, match=r"no whole answer within 0\.2 s"):
            clusters("rome").list(WHAT)
        assert time.monotonic() - began < 2


def test_a_head_that_comes_byte_by_byte_is_not_waited_for() -> None:
    """Each byte ends a timeout of the socket: only a clock of the request's own ends this."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_drip_a_head, args=(server,), daemon=True).start()
        entry = Entry("here", {"server": f"http://127.0.0.1:{server.getsockname()[1]}"}, {})
        rome = connect("rome", entry, limits=SOON)
        for ask in (lambda: rome.list(WHAT), lambda: next(rome.watch(WHAT, "1"))):
            began = time.monotonic()
            with pytest.raises(Unreachable, match=r"no whole answer within 0\.2 s"):
                ask()
            assert time.monotonic() - began < 2


def _drip_a_head(server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            threading.Thread(target=_drip_to, args=(server.accept()[0],), daemon=True).start()


def _drip_to(client: socket.socket) -> None:
    with client, contextlib.suppress(OSError):
        client.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        for piece in drip():
            client.sendall(piece)


def test_a_request_takes_no_more_than_half_of_what_a_command_has_left() -> None:
    assert RequestLimits(whole=15).time == 15
    with patience.ends_in(10):
        assert 4.9 < RequestLimits(whole=15).time <= 5
        assert RequestLimits(whole=3).time == 3
        answer = concurrency.Future(lambda: RequestLimits(whole=15).time)
        assert answer.result() <= 5
    with patience.ends_in(0):
        assert RequestLimits(whole=15).time == 1
    assert retry_transient(lambda: RequestLimits(whole=15).time, Deadline(6)) <= 3


def test_a_long_list_comes_in_pages() -> None:
    with Hostile(FakeWorld("rome")) as clusters:
        rome = clusters.world.leaves["rome"]
        for number in range(1100):
            rome.put(an_object(r.CONFIG_MAP, f"n{number}", "liqo"))
        listed = clusters("rome").list(WHAT)
        queries = [each.query for each in clusters.asked["rome"]]
    assert len(listed.items) == 1101  # and the one with the cluster's ID
    assert [each["limit"] for each in queries] == ["500"] * 3
    assert [each.get("continue") for each in queries] == [None, "500", "1000"]


def test_a_list_that_changed_too_much_in_between_is_begun_anew_once() -> None:
    with Hostile(FakeWorld("rome")) as clusters:
        rome = clusters.world.leaves["rome"]
        for number in range(600):
            rome.put(an_object(r.CONFIG_MAP, f"n{number}", "liqo"))
        expired = [refusal(410, "too old", "Expired")]
        clusters.says["rome"] = lambda asked: (
            expired.pop() if "continue" in asked.query and expired else None
        )
        assert len(clusters("rome").list(WHAT).items) == 601
        assert len(clusters.asked["rome"]) == 4
        clusters.says["rome"] = lambda asked: (
            refusal(410, "too old", "Expired") if "continue" in asked.query else None
        )
        with pytest.raises(Expired):
            clusters("rome").list(WHAT)


@pytest.mark.parametrize(
    "limits", [RequestLimits(pages=5), RequestLimits(listing=400)], ids=["pages", "bytes"]
)
def test_a_list_without_end_is_nonsense(limits: RequestLimits) -> None:
    endless = json.dumps({"metadata": {"continue": "more"}, "items": []}).encode()
    with Hostile(FakeWorld("rome"), limits=limits) as clusters:
        clusters.says["rome"] = lambda _: Answer(endless)
        with pytest.raises(Nonsense, match="its list of configmaps has no end"):
            clusters("rome").list(WHAT)
        assert 5 <= len(clusters.asked["rome"]) <= 10


def test_an_answer_that_would_take_many_times_its_size_is_nonsense() -> None:
    with Hostile(FakeWorld("rome")) as clusters:
        parts = b'{"metadata": {}, "items": [' + b"{}," * 2_000_000 + b"{}]}"
        clusters.says["rome"] = lambda _: Answer(parts)
        with pytest.raises(Nonsense, match="its answer has too many parts"):
            clusters("rome").list(WHAT)


@pytest.mark.parametrize("names", [(), ("one",)], ids=["empty pages", "pages"])
def test_a_list_without_end_ends_with_the_time_of_the_command(names: tuple[str, ...]) -> None:
    items = [an_object(r.CONFIG_MAP, each, "liqo") for each in names]
    for each in items:
        each["metadata"]["resourceVersion"] = "1"
    endless = json.dumps({"metadata": {"continue": "more"}, "items": items}).encode()
    with Hostile(FakeWorld("rome")) as clusters:
        clusters.says["rome"] = lambda _: Answer(endless)
        with (
            patience.ends_in(0),
            pytest.raises(Unreachable, match="its list of configmaps takes too long"),
        ):
            clusters("rome").list(WHAT)
        assert len(clusters.asked["rome"]) == 1


def test_a_name_and_a_password_in_an_address_stay_in_the_adapter() -> None:
    with Hostile(FakeWorld("rome")) as clusters:
        said = [clusters.url["rome"], "https://127.0.0.1:1", "http://127.0.0.1:1"]
        for url in said:
            secret = url.replace("://", "://jane:se%40cret@")
            cluster = {"server": secret}
            if "https" in url:
                cluster["certificate-authority"] = certificate()[0]
            entry = Entry("here", cluster, {"token": "t"})
            rome = connect("rome", entry)
            clusters.says["rome"] = lambda _: Answer(b"[]")
            with pytest.raises(ClusterError) as caught:
                rome.list(WHAT)
            assert url in caught.value.message
            told = f"{caught.value.message} {caught.value.hint}"
            assert "jane" not in told
            assert "cret" not in told


def test_a_dead_slow_leaf_keeps_nobody_from_cleaning_the_other_one() -> None:
    """Before its time is over, the living side is free, and the record says what is left."""
    clusters = linked("rome")
    with Hostile(clusters, tls=False, limits=SOON) as hostile:
        hostile.says["rome"] = lambda _: Answer(drip())
        began = time.monotonic()
        gone = run("delete", "milan", "rome", "--timeout", "20s", on=hostile)
        assert time.monotonic() - began < 10
    assert gone.exit_code == 8, gone.stderr
    left = {ref.kind for ref in clusters.leaves["milan"].objects}
    assert r.CONFIGURATION not in left
    assert r.GATEWAY_CLIENT not in left
    (record,) = clusters.hub.of(r.SHORTCUT)
    reasons = {each["reason"] for each in record["status"]["conditions"]}
    assert "CleanupPending" in reasons


@pytest.mark.parametrize(
    "said",
    [b"[]", b"[" * 100_000, b'{"metadata": {"name": 7}}', b"<html>"],
    ids=["list", "deep", "types", "html"],
)
def test_a_leaf_that_answers_nonsense_keeps_nobody_from_cleaning_the_other_one(said: bytes) -> None:
    clusters = linked("rome", "turin")
    with Hostile(clusters, tls=False) as hostile:
        hostile.says["rome"] = lambda _: Answer(said)
        gone = run("delete", "--all", "--yes", "--timeout", "20s", on=hostile)
    assert gone.exit_code == 8, gone.stderr
    assert [each["metadata"]["name"] for each in clusters.hub.of(r.SHORTCUT)] == ["milan--rome"]
    for cluster in (clusters.leaves["milan"], clusters.leaves["turin"]):
        assert not cluster.of(r.CONFIGURATION)
    assert not clusters.hub.of(r.LEASE)


@pytest.mark.parametrize(
    ("command", "code"), [("preflight milan rome", 4), ("sync", 4), ("create milan rome", 4)]
)
def test_no_command_waits_for_a_dead_slow_leaf(command: str, code: int) -> None:
    with Hostile(linked("rome"), tls=False, limits=SOON) as hostile:
        hostile.says["rome"] = lambda _: Answer(drip())
        began = time.monotonic()
        done = run(*command.split(), "--timeout", "20s", on=hostile)
        assert time.monotonic() - began < 10
    assert done.exit_code == code, done.stderr
    assert "cluster 'rome': cannot be reached at https://memory.example" in done.output


# What is left when nobody reads on


def test_a_store_that_is_closed_leaves_no_watch_and_no_thread() -> None:
    with Hostile(FakeWorld("rome", "milan")) as clusters:
        before = set(threading.enumerate())
        store = Store()
        for leaf in ("rome", "milan"):
            for kind in (r.CONFIG_MAP, r.SECRET, r.SERVICE):
                store.follow(clusters(leaf), Selection(kind, "liqo"))
        store.sync(Deadline(5))
        threads = set(threading.enumerate()) - before
        ours = [each for each in threads if "(follow)" in each.name]
        assert len(ours) == 6
        store.close()
        for each in ours:
            each.join(5)
        assert not any(each.is_alive() for each in ours)


def test_nobody_else_is_given_the_connection_of_a_watch() -> None:
    """To end it is to shut its socket down, TLS first."""
    with Hostile(FakeWorld("rome")) as clusters:
        watch = clusters("rome").watch(WHAT, clusters("rome").list(WHAT).resource_version)
        threading.Timer(0.1, watch.close).start()
        assert list(watch) == []
        (asked,) = (each for each in clusters.asked["rome"] if "watch" in each.query)
    assert asked.headers["connection"] == "close"
