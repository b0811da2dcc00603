"""Who answered in an API server's place is told, in their own words."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from kubectl_liqo_shortcut.adapters.connect import connect
from kubectl_liqo_shortcut.adapters.kubeconfig.files import Entry
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import ObjectRef
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.engine.hub.queries import find_records
from kubectl_liqo_shortcut.errors import ClusterError, Forbidden, Gone, Nonsense, Unreachable
from tests.tables import every

REF = ObjectRef("rome", r.CONFIG_MAP, "liqo", "one")
PAGE = b"<html><head><title>404 Not Found</title><style>h1 {}</style></head>\n<h1>nginx</h1></html>"
REFUSED = b'{"kind": "Status", "message": "no", "reason": "x"}'

Answers = Callable[[str, bytes], str]


@pytest.fixture
def answers() -> Iterator[Answers]:
    """A server that gives one answer to everything; its address."""
    sockets: list[socket.socket] = []

    def serve(status: str, body: bytes) -> str:
        listening = socket.create_server(("127.0.0.1", 0))
        sockets.append(listening)
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"

        def run() -> None:
            while True:
                try:
                    client, _ = listening.accept()
                except OSError:
                    return
                with client:
                    client.recv(65536)
                    client.sendall(head.encode() + body)

        threading.Thread(target=run, daemon=True).start()
        return f"127.0.0.1:{listening.getsockname()[1]}"

    yield serve
    for each in sockets:
        each.shutdown(socket.SHUT_RDWR)
        each.close()


def cluster(server: str, proxy: str = "") -> Cluster:
    body = {"server": server} | ({"proxy-url": proxy} if proxy else {})
    return connect("rome", Entry("here", body, {"token": "good"}))


@every(
    ("status", "body", "said"),
    [
        ("404 Not Found", PAGE, "404 Not Found nginx"),
        ("404 Not Found", b"no such route", "no such route"),
        ("404 Not Found", b'{"error": "no healthy upstream"}', "HTTP 404"),
        ("404 Not Found", b"", "HTTP 404"),
        ("403 Forbidden", PAGE, "404 Not Found nginx"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[:12].decode(),
)
def test_a_refusal_that_is_not_an_api_servers_is_told_as_such(
    answers: Answers, status: str, body: bytes, said: str
) -> None:
    rome = cluster(f"http://{answers(status, body)}")
    with pytest.raises(Nonsense) as caught:
        rome.list(Selection(r.CONFIG_MAP, "liqo"))
    assert caught.value.message.endswith(f"not its API server answered, but something else: {said}")
    assert "proxy or a load balancer" in str(caught.value.hint)


def test_no_object_counts_as_gone_because_a_proxy_knows_no_way(answers: Answers) -> None:
    rome = cluster(f"http://{answers('404 Not Found', PAGE)}")
    with pytest.raises(Nonsense):
        rome.get(REF)
    with pytest.raises(Nonsense):
        rome.delete(REF, "uid")
    with pytest.raises(Nonsense):  # not "does not know the kind": crd install would not help
        find_records(rome)


@every(
    ("status", "body", "error"),
    [
        ("404 Not Found", REFUSED, Gone),
        ("404 Not Found", b"404 page not found\n", Gone),
        ("403 Forbidden", REFUSED, Forbidden),
    ],
    ids=["kind", "group", "forbidden"],
)
def test_an_api_servers_own_refusal_means_what_it_says(
    answers: Answers, status: str, body: bytes, error: type[ClusterError]
) -> None:
    rome = cluster(f"http://{answers(status, body)}")
    with pytest.raises(error):
        rome.list(Selection(r.CONFIG_MAP, "liqo"))


def closed() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize("server", ["https://rome.example:6443", "http://rome.example"])
def test_a_dead_proxy_is_told_apart_from_a_dead_server(server: str) -> None:
    proxy = closed()
    with pytest.raises(Unreachable) as caught:
        cluster(server, f"http://jane:sekret@{proxy}").get(REF)
    way = f"the proxy {proxy} on the way to {server}"
    assert caught.value.message == f"cluster 'rome': {way} cannot be reached: Connection refused"
    assert "proxy-url" in str(caught.value.hint)


def test_a_dead_server_is_no_proxys_fault() -> None:
    with pytest.raises(Unreachable) as caught:
        cluster(f"https://{closed()}").get(REF)
    assert "proxy" not in caught.value.message + str(caught.value.hint)
    assert caught.value.message.endswith(": Connection refused")


def test_a_proxy_that_refuses_is_told_in_its_own_words(answers: Answers) -> None:
    proxy = answers("403 Blocked by policy", b"")
    with pytest.raises(Unreachable) as caught:
        cluster("https://rome.example:6443", f"http://{proxy}").get(REF)
    way = "the proxy on the way to https://rome.example:6443"
    assert caught.value.message == f"cluster 'rome': {way} refuses: 403 Blocked by policy"


def test_a_proxy_of_no_known_name_is_a_proxy_all_the_same() -> None:
    with pytest.raises(Unreachable, match=r"the proxy \S+ on the way to .* cannot be reached: "):
        cluster("https://rome.example:6443", "http://no-such-host.invalid:3128").get(REF)
