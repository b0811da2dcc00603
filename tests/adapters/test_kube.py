"""The adapter against canned answers: what a well-behaved API server rarely says."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator

import pytest

from kubectl_liqo_shortcut.adapters.connect import connect
from kubectl_liqo_shortcut.adapters.kubeconfig import Entry
from kubectl_liqo_shortcut.core import resources as r
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


def client_of(port: int, user: dict[str, object] | None = None) -> Cluster:
    return connect("rome", Entry("here", {"server": f"http://127.0.0.1:{port}"}, user or {}))


@pytest.fixture
def says() -> Iterator[Says]:
    """A server that gives one answer: ``says(code, body, headers)`` is the way to it."""
    answer: dict[str, object] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            answer["headers seen"] = dict(self.headers)
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
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def say(
        code: int,
        *parts: bytes,
        headers: dict[str, str] | None = None,
        user: dict[str, object] | None = None,
    ) -> Cluster:
        answer.update(code=code, parts=parts, headers=headers or {})
        return client_of(server.server_port, user)

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
