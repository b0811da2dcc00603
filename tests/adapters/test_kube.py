"""The adapter against canned answers: what a well-behaved API server rarely says."""

from __future__ import annotations

import gzip
import http.server
import json
import threading
from collections.abc import Callable, Iterator

import pytest

from kubectl_liqo_shortcut.adapters import wire
from kubectl_liqo_shortcut.adapters.connect import connect
from kubectl_liqo_shortcut.adapters.kubeconfig.files import Entry
from kubectl_liqo_shortcut.adapters.wire import RequestLimits
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.kinds import Kind
from kubectl_liqo_shortcut.core.model import ObjectRef
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.errors import (
    AlreadyExists,
    ClusterError,
    Conflict,
    Expired,
    Forbidden,
    Nonsense,
    Transient,
    Unreachable,
)

REF = ObjectRef("rome", r.CONFIG_MAP, "liqo", "one")
WHAT = Selection(r.CONFIG_MAP, "liqo")
Says = Callable[..., Cluster]


def client_of(
    port: int, user: dict[str, object] | None = None, limits: RequestLimits | None = None
) -> Cluster:
    entry = Entry("here", {"server": f"http://127.0.0.1:{port}"}, user or {})
    return connect("rome", entry, limits=limits or RequestLimits())


@pytest.fixture
def says() -> Iterator[Says]:
    """A server that gives one answer: ``says(code, body, headers)`` is the way to it."""
    answer: dict[str, object] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            answer["headers seen"], answer["path"] = dict(self.headers), self.path
            self.send_response(int(str(answer["code"])))
            for name, value in dict(answer["headers"]).items():  # type: ignore[call-overload]
                self.send_header(name, value)
            self.end_headers()
            for part in answer["parts"]:  # type: ignore[attr-defined]
                self.wfile.write(part)
                self.wfile.flush()

        do_GET = do_POST = do_PATCH = do_DELETE = answer

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

    def say(
        code: int,
        *parts: bytes,
        headers: dict[str, str] | None = None,
        user: dict[str, object] | None = None,
        limits: RequestLimits | None = None,
    ) -> Cluster:
        answer.update(code=code, parts=parts, headers=headers or {})
        return client_of(server.server_port, user, limits)

    say.seen = answer  # type: ignore[attr-defined]
    yield say
    server.shutdown()
    server.server_close()


def status(message: str, reason: str = "") -> bytes:
    return json.dumps({"kind": "Status", "message": message, "reason": reason}).encode()


@pytest.mark.parametrize(
    ("code", "reason", "error"),
    [
        (401, "Unauthorized", ClusterError),
        (403, "Forbidden", Forbidden),
        (409, "AlreadyExists", AlreadyExists),
        (409, "Conflict", Conflict),
        (410, "Expired", Expired),
        (422, "Invalid", ClusterError),
        (429, "TooManyRequests", Transient),
        (500, "InternalError", Transient),
        (503, "ServiceUnavailable", Transient),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else None,
)
def test_each_refusal_has_its_type_and_the_servers_own_words(
    says: Says, code: int, reason: str, error: type[ClusterError]
) -> None:
    with pytest.raises(ClusterError, match="cluster 'rome': because") as caught:
        says(code, status("because", reason)).get(REF)
    assert type(caught.value) is error


def test_a_server_that_asks_for_time_names_it(says: Says) -> None:
    with pytest.raises(Transient) as caught:
        says(429, status("slow down"), headers={"Retry-After": "3"}).get(REF)
    assert caught.value.retry_after == 3


def test_an_answer_that_is_not_json_is_shown_as_it_is(says: Says) -> None:
    with pytest.raises(Transient, match="upstream connect error"):
        says(503, b"upstream connect error").get(REF)


def test_a_success_that_is_not_json_is_nonsense(says: Says) -> None:
    with pytest.raises(Nonsense, match="is no JSON that makes sense"):
        says(200, b"<html>").get(REF)


def test_nobody_listening_is_unreachable_with_the_address() -> None:
    with pytest.raises(Unreachable, match=r"cannot be reached at http://127.0.0.1:1: .*refused"):
        client_of(1).get(REF)


def event(kind: str, **body: object) -> bytes:
    return json.dumps({"type": kind, "object": body}).encode() + b"\n"


def config_map(name: str, version: str = "5") -> dict[str, object]:
    metadata = {"name": name, "namespace": "liqo", "uid": "u", "resourceVersion": version}
    return {"metadata": metadata}


def test_a_watch_joins_what_arrives_in_pieces(says: Says) -> None:
    line = event("ADDED", **config_map("one"))
    changes = list(
        says(200, line[:10], line[10:], event("DELETED", **config_map("one"))).watch(WHAT, "1")
    )
    assert [(each.body["metadata"]["name"], each.gone) for each in changes] == [
        ("one", False),
        ("one", True),
    ]
    assert changes[0].body["kind"] == "ConfigMap"


def test_a_bookmark_is_no_change(says: Says) -> None:
    assert list(says(200, event("BOOKMARK", **config_map("one"))).watch(WHAT, "1")) == []


def test_a_watch_that_is_too_far_behind_says_expired(says: Says) -> None:
    gone = event("ERROR", code=410, message="too old resource version")
    with pytest.raises(Expired):
        list(says(200, gone).watch(WHAT, "1"))


def test_a_watch_that_breaks_off_is_a_passing_fault(says: Says) -> None:
    headers = {"Content-Length": "999"}
    with pytest.raises(Transient):
        list(says(200, event("ADDED", **config_map("one")), headers=headers).watch(WHAT, "1"))


def test_requests_say_who_they_are_from(says: Says) -> None:
    with pytest.raises(ClusterError):
        says(403, status("no"), user={"as": "jane", "as-groups": ["ops"], "as-uid": "7"}).get(REF)
    seen = says.seen["headers seen"]  # type: ignore[attr-defined]
    assert seen["User-Agent"].startswith("kubectl-liqo_shortcut/")
    assert (seen["Impersonate-User"], seen["Impersonate-Group"], seen["Impersonate-Uid"]) == (
        "jane",
        "ops",
        "7",
    )


@pytest.mark.parametrize(
    "said",
    [b"[]", b'{"resources": "many"}', b'{"resources": [{"kind": "X"}]}', b'{"resources": [1]}'],
    ids=["a list", "a text", "without a name", "a number"],
)
def test_what_a_cluster_says_of_its_kinds_is_input(says: Says, said: bytes) -> None:
    with pytest.raises(ClusterError, match="cluster 'rome': "):
        says(200, said).served("example.com/v1")
    with pytest.raises(ClusterError, match="cluster 'rome': "):
        says(200, said).kinds()


# What no API server says


@pytest.mark.parametrize(
    "said",
    [
        b"[]",
        b"null",
        b'"text"',
        b'{"items": []}',
        b'{"metadata": [], "items": []}',
        b'{"metadata": {}, "items": {}}',
        b'{"metadata": {}, "items": [1]}',
        b'{"metadata": {}, "items": [{}]}',
        b'{"metadata": {"resourceVersion": 1}, "items": []}',
        b'{"metadata": {"continue": ["more"]}, "items": []}',
        b"[" * 100_000,
        b'{"a":' * 500 + b"1" + b"}" * 500,
        b'{"metadata": {}, "items": [], "a": 1e999}',
        b'{"metadata": {}, "items": [], "a": NaN}',
        b'{"metadata": {}, "items": [], "a": ' + b"9" * 5000 + b"}",
        b'{"metadata": {}, "items": [], "a": ' + b"9" * 30 + b"}",
        b'{"metadata": {}, "items": [], "a": "\\ud800"}',
        b'{"metadata": {}, "items": [], "a": "\xff"}',
        b'{"metadata": {}, "items": []} more',
        b"",
    ],
    ids=lambda said: said[:48].decode(errors="replace").replace(" ", ""),
)
def test_what_is_no_list_of_objects_is_nonsense(says: Says, said: bytes) -> None:
    with pytest.raises(Nonsense, match=r"^cluster 'rome': http"):
        says(200, said).list(WHAT)


GOOD = {"name": "one", "namespace": "liqo", "uid": "u", "resourceVersion": "1"}


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"name": 1}, "metadata.name is not a name"),
        ({"name": None}, "metadata.name is not there"),
        ({"name": "../x"}, "metadata.name is not a name"),
        ({"name": "two"}, "another name than was asked for"),
        ({"namespace": "kube-system"}, "another namespace than was asked for"),
        ({"uid": 7}, "metadata.uid is not a text"),
        ({"uid": ""}, "metadata.uid is not a name"),
        ({"uid": None}, "metadata.uid is not there"),
        ({"resourceVersion": None}, "metadata.resourceVersion is not there"),
        ({"labels": []}, "metadata.labels is not a mapping"),
        ({"labels": {"a": 1}}, "metadata.labels.a is not a text"),
        ({"finalizers": "text"}, "metadata.finalizers is not a list"),
        ({"finalizers": [1]}, r"metadata.finalizers\[0\] is not a text"),
        ({"ownerReferences": {}}, "metadata.ownerReferences is not a list"),
        ({"ownerReferences": ["x"]}, r"metadata.ownerReferences\[0\] is not a mapping"),
        ({"generation": True}, "metadata.generation is not a number"),
        ({"creationTimestamp": "yesterday"}, "metadata.creationTimestamp is not a time"),
        ({"deletionTimestamp": "2026-01-01T00:00:00"}, "deletionTimestamp is not a time"),
        ({"deletionTimestamp": 5}, "deletionTimestamp is not a time"),
        ({"managedFields": [{"fieldsV1": {"f:metadata": []}}]}, "f:metadata is not a mapping"),
    ],
    ids=str,
)
def test_metadata_of_wrong_types_is_nonsense(
    says: Says, changes: dict[str, object], where: str
) -> None:
    body = {"metadata": {**GOOD, **changes}}
    with pytest.raises(Nonsense, match=where):
        says(200, json.dumps(body).encode()).get(REF)
    listing = {"metadata": {}, "items": [body]}
    with pytest.raises(Nonsense):
        says(200, json.dumps(listing).encode()).list(Selection(r.CONFIG_MAP, "liqo", name="one"))


@pytest.mark.parametrize(
    ("kind", "body", "where"),
    [
        (r.CONFIGURATION, {"spec": "text"}, "spec is not a mapping"),
        (r.CONFIGURATION, {"status": {"remote": {"cidr": []}}}, "status.remote.cidr is not a"),
        (r.POD, {"status": {"containerStatuses": [{"restartCount": "x"}]}}, "restartCount is not"),
        (r.SHORTCUT, {}, "spec is not there"),
        (r.SHORTCUT, {"spec": {"server": {"clusterID": "a"}}}, "spec.client is not there"),
        (r.FOREIGN_CLUSTER, {"status": {"modules": {"x": 1}}}, "modules.x is not a mapping"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_fields_that_are_read_have_their_types(
    says: Says, kind: Kind, body: dict[str, object], where: str
) -> None:
    said = json.dumps({"metadata": GOOD, **body}).encode()
    with pytest.raises(Nonsense, match=where):
        says(200, said).get(ObjectRef("rome", kind, "liqo" if kind.namespaced else "", "one"))


def test_what_is_null_is_not_there(says: Says) -> None:
    body = {"metadata": {**GOOD, "labels": None}, "spec": None, "status": {"conditions": None}}
    got = says(200, json.dumps(body).encode()).get(
        ObjectRef("rome", r.CONFIGURATION, "liqo", "one")
    )
    assert got is not None
    assert "spec" not in got
    assert got["status"] == {}
    assert "labels" not in got["metadata"]


def test_kind_and_version_are_what_was_asked_for(says: Says) -> None:
    evil = {"kind": "\x1b[2J\u202e", "apiVersion": "evil/v1", "metadata": GOOD}
    listing = {"metadata": {}, "items": [evil]}
    added = json.dumps({"type": "ADDED", "object": evil}).encode() + b"\n"
    shown = [
        *says(200, json.dumps(listing).encode()).list(WHAT).items,
        says(200, json.dumps(evil).encode()).get(REF),
        next(says(200, added).watch(WHAT, "1")).body,
        says(200, json.dumps(evil).encode()).patch(REF, {}),
    ]
    assert [(each and each["apiVersion"], each and each["kind"]) for each in shown] == [
        ("v1", "ConfigMap")
    ] * 4


@pytest.mark.parametrize(
    "line",
    [
        b"[]\n",
        b"{\n",
        b'{"type": "ADDED"}\n',
        b'{"type": ["ADDED"], "object": 1}\n{"type": "ADDED", "object": [1]}\n',
        b'{"type": "ADDED", "object": {"metadata": {"name": 1}}}\n',
    ],
)
def test_a_watch_that_says_nonsense_is_an_error(says: Says, line: bytes) -> None:
    with pytest.raises(Nonsense):
        list(says(200, line).watch(WHAT, "1"))


@pytest.mark.parametrize("status", [b"[]", b'{"code": []}', b'{"code": {}}', b"{}", b"1"])
def test_an_error_in_a_watch_that_says_nothing_is_one(says: Says, status: bytes) -> None:
    with pytest.raises(ClusterError):
        list(says(200, b'{"type": "ERROR", "object": ' + status + b"}\n").watch(WHAT, "1"))


# Bounds


def test_an_answer_has_a_longest(says: Says) -> None:
    with pytest.raises(Nonsense, match="its answer is larger than 1000 bytes"):
        says(200, *[b" " * 100] * 30, limits=RequestLimits(answer=1000)).list(WHAT)


def test_a_line_of_a_watch_has_a_longest(says: Says) -> None:
    with pytest.raises(Nonsense, match="a line of its watch is longer than 1000 bytes"):
        list(says(200, *[b" " * 100] * 30, limits=RequestLimits(line=1000)).watch(WHAT, "1"))


def test_a_line_has_a_longest_however_small_its_pieces() -> None:
    drops = wire.Answer(200, {}, pieces=iter([b" " * 100] * 30))
    with pytest.raises(wire.Unreadable, match="longer than 1000 bytes"):
        list(wire.lines(drops, 1000))


def test_an_answer_has_a_deepest(says: Says) -> None:
    with pytest.raises(Nonsense, match="its answer is nested too deep"):
        says(200, b'{"items": ' + b"[" * 200 + b"]" * 200 + b"}").list(WHAT)


def test_no_encoding_is_accepted_that_was_not_asked_for(says: Says) -> None:
    packed = gzip.compress(b" " * 1_000_000)
    with pytest.raises(Nonsense, match="the encoding 'gzip', which was not asked for"):
        says(200, packed, headers={"Content-Encoding": "gzip"}).list(WHAT)
    seen = says.seen["headers seen"]  # type: ignore[attr-defined]
    assert seen["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("asked", "pause"),
    [("1" + "0" * 20, 60), ("90", 60), ("2", 2), ("²", 0), ("-1", 0), ("1" * 999, 60), ("", 0)],
)
def test_no_server_makes_us_wait_for_ever(says: Says, asked: str, pause: float) -> None:
    headers = {"Retry-After": asked.encode().decode("latin-1")}
    with pytest.raises(Transient) as caught:
        says(429, status("slow down"), headers=headers).get(REF)
    assert caught.value.retry_after == pause


def test_what_a_server_says_is_clipped(says: Says) -> None:
    with pytest.raises(Forbidden) as caught:
        says(403, status("no" * 100_000)).get(REF)
    assert len(caught.value.message) < 1100
    assert caught.value.message.endswith("…")


def test_a_name_selects_by_nothing_else(says: Says) -> None:
    says(200, b'{"metadata": {}, "items": []}').list(
        Selection(r.CONFIG_MAP, name=r"a,metadata.namespace=kube-system\b")
    )
    assert (
        r"fieldSelector=metadata.name%3Da%5C%2Cmetadata.namespace%5C%3Dkube-system%5C%5Cb"
        in (
            says.seen["path"]  # type: ignore[attr-defined]
        )
    )


def test_a_watch_may_be_refused(says: Says) -> None:
    with pytest.raises(Forbidden, match="not you"):
        next(says(403, status("not you", "Forbidden")).watch(WHAT, "1"))
