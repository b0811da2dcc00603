"""What is taken from the hub's stored identity for a leaf, and what never is."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import pathlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import urllib3
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.adapters.connect import connect
from kubectl_liqo_shortcut.adapters.kubeconfig.files import Entry
from kubectl_liqo_shortcut.adapters.kubeconfig.liqo_secret import _entry, refuse_local, stored_entry
from kubectl_liqo_shortcut.adapters.kubeconfig.server import address_parts
from kubectl_liqo_shortcut.adapters.kubeconfig.values import BadKubeconfig
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.addresses import use_of_host
from kubectl_liqo_shortcut.core.model import HUB, ObjectRef
from kubectl_liqo_shortcut.errors import ClusterError, ShortcutError
from tests.tables import every

USUAL = "/api/v1/namespaces/liqo-tenant-milan/secrets/kubeconfig-controlplane-milan"
ELSEWHERE = USUAL.replace("liqo-tenant-milan", "another")
HINT = "pass --leaf-context milan=CONTEXT or --leaf-kubeconfig milan=PATH"
WHERE = "Secret liqo-tenant-milan/kubeconfig-controlplane-milan on the hub"


class Hub:
    """An API server of canned answers that remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = {}
        self.asked: list[str] = []
        self.url = ""

    def answer(self, path: str) -> tuple[int, Any]:
        self.asked.append(path)
        return self.answers.get(
            path.partition("?")[0], (404, {"kind": "Status", "message": "not found"})
        )

    def keep(self, kubeconfig: object, path: str = USUAL) -> None:
        text = kubeconfig if isinstance(kubeconfig, str) else yaml.safe_dump(kubeconfig)
        self.hold({"kubeconfig": base64.b64encode(text.encode()).decode()}, path)

    def hold(self, data: object, path: str = USUAL) -> None:
        *_, namespace, _, name = path.split("/")
        metadata = {"name": name, "namespace": namespace, "uid": "u", "resourceVersion": "1"}
        self.answers[path] = 200, {"kind": "Secret", "metadata": metadata, "data": data}

    def namespaces(self, *names: str) -> None:
        kept = {"uid": "u", "resourceVersion": "1"}
        items = [{"metadata": {"name": name, **kept}} for name in names]
        self.answers["/api/v1/namespaces"] = 200, {"metadata": {}, "items": items}

    def forbid(self, path: str) -> None:
        self.answers[path] = 403, {"kind": "Status", "message": f"{path} is forbidden"}


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code, body = hub.answer(self.path)
            self.send_response(code)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    hub.namespaces()
    yield hub
    server.shutdown()
    server.server_close()


CLUSTER = {"server": "https://api.milan.example:6443/", "certificate-authority-data": "Q0E="}
USER = {"client-certificate-data": "Yw==", "client-key-data": "aw=="}


def config(cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None) -> Any:
    """As Liqo writes it, with more in it."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "default-context",
        "preferences": {},
        "clusters": [{"name": "milan", "cluster": {**CLUSTER, **(cluster or {})}}],
        "users": [{"name": "controlplane-milan", "user": {**USER, **(user or {})}}],
        "contexts": [
            {
                "name": "default-context",
                "context": {"cluster": "milan", "user": "controlplane-milan", "namespace": "x"},
            }
        ],
    }


def entry(hub: Hub, *, allow_local: bool = False) -> Entry | None:
    there = connect(HUB, Entry("the hub's", {"server": hub.url}, {}))
    return stored_entry(there, "milan", allow_local=allow_local)


def refusal(hub: Hub) -> str:
    with pytest.raises(ClusterError) as caught:
        entry(hub)
    assert caught.value.hint == HINT
    start = f"cluster 'milan': {WHERE}: "
    assert caught.value.message.startswith(start)
    return caught.value.message.removeprefix(start)


def test_what_liqo_writes_is_taken_by_one_question(hub: Hub) -> None:
    hub.keep(config())
    assert entry(hub) == Entry(WHERE, CLUSTER, USER, HINT, stored=True)
    assert hub.asked == [USUAL]


def test_all_that_may_be_taken_is(hub: Hub) -> None:
    cluster = {"tls-server-name": "api.milan", "proxy-url": "http://proxy:3128"}
    hub.keep(config(cluster, {"token": "t"}))
    assert entry(hub) == Entry(WHERE, CLUSTER | cluster, {**USER, "token": "t"}, HINT, stored=True)


def test_what_is_harmless_is_left_out(hub: Hub) -> None:
    harmless = {"extensions": [{"name": "x"}], "insecure-skip-tls-verify": False}
    hub.keep(config({**harmless, "disable-compression": True}, {"exec": None, "as": ""}))
    assert entry(hub) == Entry(WHERE, CLUSTER, USER, HINT, stored=True)


def test_the_tenant_namespace_is_found_by_its_labels(hub: Hub) -> None:
    hub.namespaces("liqo-tenant-milan", "another")
    hub.keep(config(), ELSEWHERE)
    found = entry(hub)
    assert found is not None
    assert found.where == "Secret another/kubeconfig-controlplane-milan on the hub"
    assert hub.asked == [
        USUAL,
        "/api/v1/namespaces?labelSelector=liqo.io/tenant-namespace%3Dtrue"
        "%2Cliqo.io/remote-cluster-id%3Dmilan&limit=500",
        ELSEWHERE,
    ]


def test_where_namespaces_may_not_be_listed_only_the_usual_one_counts(hub: Hub) -> None:
    hub.forbid("/api/v1/namespaces")
    assert entry(hub) is None


def test_a_secret_that_may_not_be_read_is_looked_for_elsewhere_first(hub: Hub) -> None:
    hub.forbid(USUAL)
    hub.namespaces("another")
    hub.keep(config(), ELSEWHERE)
    assert entry(hub) is not None


RUNS, READS, ELSE = (
    "would run a program on this machine",
    "would read a file on this machine",
    "would act as somebody else",
)


@pytest.mark.parametrize(
    ("part", "field", "value", "why"),
    [
        ("user", "exec", {"command": "touch"}, RUNS),
        ("user", "auth-provider", {"name": "oidc"}, RUNS),
        ("user", "tokenFile", "/etc/passwd", READS),
        ("user", "client-certificate", "/etc/passwd", READS),
        ("user", "client-key", "/etc/passwd", READS),
        ("cluster", "certificate-authority", "/etc/passwd", READS),
        ("cluster", "insecure-skip-tls-verify", True, "would let anybody answer for that cluster"),
        ("user", "as", "admin", ELSE),
        ("user", "as-groups", ["system:masters"], ELSE),
        ("user", "as-uid", "1", ELSE),
        ("user", "as-user-extra", {"a": ["b"]}, ELSE),
        ("user", "username", "jane", "is not among what is taken from a Secret"),
        ("user", "password", "secret", "is not among what is taken from a Secret"),
        ("user", "tomorrow", "new", "is not among what is taken from a Secret"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_what_is_not_for_a_secret_is_refused_by_name(
    hub: Hub, part: str, field: str, value: object, why: str
) -> None:
    hub.keep(config(**{part: {field: value}}))
    assert refusal(hub) == f"field {field!r} of its {part} is refused: it {why}"


@pytest.mark.parametrize(
    "server",
    [
        *("", "http://milan", "milan:6443", "file:///etc/passwd", "https://", "https://u:p@milan"),
        *("https://milan:99999", "https://milan:abc", "https://[milan"),
    ],
)
def test_only_https_is_a_server(hub: Hub, server: str) -> None:
    hub.keep(config({"server": server}))
    assert refusal(hub) == "field 'server' of its cluster is refused: it is no https address"


LOCAL = {
    "127.0.0.1": "loopback",
    "127.0.0.1.": "loopback",
    "[::1]": "loopback",
    "[::ffff:127.0.0.1]": "loopback",
    "[::ffff:7f00:1]": "loopback",
    "0.0.0.0": "unspecified",
    "169.254.169.254": "link-local",
    "[fe80::1]": "link-local",
    "[fe80::1%25eth0]": "with a zone",
    "2130706433": "a number",
    "0x7f000001": "a number",
    "0177.0.0.1": "a number",
    "127.1": "a number",
    "localhost": "loopback",
    "LOCALHOST.": "loopback",
    "anything.localhost": "loopback",
}


@pytest.mark.parametrize("field", ["server", "proxy-url"])
@pytest.mark.parametrize("host", LOCAL)
def test_what_leads_to_this_machine_or_its_neighbours_is_refused_unless_allowed(
    hub: Hub, field: str, host: str
) -> None:
    """Else its writer reaches, through us, what only we can reach."""
    scheme = "https" if field == "server" else "http"
    hub.keep(config({field: f"{scheme}://{host}:6443"}))
    shown = host.strip("[]").lower()
    assert refusal(hub) == (
        f"field {field!r} of its cluster is refused: its host {shown!r} is no leaf's "
        f"({LOCAL[host]}); --allow-local-identity takes it all the same"
    )
    taken = entry(hub, allow_local=True)
    assert taken is not None
    assert taken.cluster[field] == f"{scheme}://{host}:6443"


@pytest.mark.parametrize(
    ("field", "written"),
    [
        ("server", "https://api.example\\@127.0.0.1"),
        ("proxy-url", "http://127.0.0.1\\@proxy.example"),
        ("proxy-url", "http://127.0.0.1\t@proxy.example"),
        ("server", "https://\uff11\uff12\uff17.0.0.1"),
        ("server", "https://\u24dbocalhost"),
    ],
    ids=["backslash", "backslash for another reader", "tab", "wide digits", "a letter in a circle"],
)
def test_an_address_that_two_readers_take_for_two_is_refused(
    hub: Hub, field: str, written: str
) -> None:
    hub.keep(config({field: written}))
    assert refusal(hub).startswith(f"field {field!r} of its cluster is refused: it ")


_hosts = st.sampled_from([*LOCAL, "api.example", "proxy", "10.0.0.1", "%6cocalhost", "[::1%251]"])


@given(st.lists(_hosts | st.sampled_from("@:/\\?#%[]. \t;&a1"), min_size=1, max_size=5))
def test_no_address_passes_that_the_http_client_dials_as_a_local_one(parts: list[str]) -> None:
    written = "https://" + "".join(parts)
    try:
        refuse_local("server", written)
        dialled = urllib3.util.parse_url(written).host
    except (BadKubeconfig, urllib3.exceptions.LocationParseError):
        return
    assert not address_parts(written) or use_of_host((dialled or "").strip("[]")) == ""


def test_a_value_of_another_type_is_refused(hub: Hub) -> None:
    hub.keep(config(user={"token": 5}))
    assert refusal(hub) == "field 'token' of its user is not a text"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({}, "it has no key 'kubeconfig'"),
        (None, "it has no key 'kubeconfig'"),
        ({"kubeconfig": ""}, "it has no key 'kubeconfig'"),
        ({"kubeconfig": "!"}, "its kubeconfig is not base64"),
        ({"kubeconfig": "A" * 100_000}, "its kubeconfig is larger than 64 KiB"),
    ],
    ids=["empty", "no data", "no content", "no base64", "huge"],
)
def test_a_secret_of_another_kind_is_refused(hub: Hub, data: object, why: str) -> None:
    hub.hold(data)
    assert refusal(hub) == why


TAG = "its kubeconfig is no kubeconfig: it has the tag 'tag:yaml.org,2002:"
DEEP = "its kubeconfig is no kubeconfig: it is nested more than 20 deep"
ALIAS = "its kubeconfig is no kubeconfig: alias *a is not allowed here, or stands for nothing"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: [", "its kubeconfig is not YAML"),
        ("\0", "its kubeconfig is not YAML"),
        ("!!python/object/apply:os.system [true]", TAG + "python/object/apply:os.system'"),
        ("a: !!timestamp no", TAG + "timestamp'"),
        ("a: !!bool maybe", TAG + "bool'"),
        ("a: !!binary é", TAG + "binary'"),
        ("!!set {a}", TAG + "set'"),
        ("a: 0001-01-01T00:00:00+23:59", "its kubeconfig has no contexts, and no current one"),
        ("[" * 20_000, DEEP),
        ("- " * 20_000, DEEP),
        ("a: &a [x]\nb: *a", ALIAS),
        ("2001-99-99", "its kubeconfig is not YAML"),
        ("text", "its kubeconfig is no kubeconfig"),
        ("contexts: text", "its kubeconfig is no kubeconfig: contexts is not a list of entries"),
        ("contexts: [a]", "its kubeconfig is no kubeconfig: contexts is not a list of entries"),
        ("{}", "its kubeconfig has no contexts, and no current one"),
        (
            "contexts: [{name: a}, {name: b}]",
            "its kubeconfig has 2 contexts, and no current one",
        ),
        ("contexts: [{name: a}]", "its kubeconfig has not one context of the name it uses"),
        ("current-context: a", "its kubeconfig has not one context of the name it uses"),
        (
            "contexts: [{name: a, context: {cluster: c}}]",
            "its kubeconfig has not one cluster of the name it uses",
        ),
        (
            "contexts: [{name: a, context: {}}, {name: a, context: {}}]\ncurrent-context: a",
            "its kubeconfig has not one context of the name it uses",
        ),
    ],
    ids=lambda value: value[:20].replace("\n", " ").replace("\0", "NUL"),
)
def test_what_is_no_kubeconfig_is_refused(hub: Hub, text: str, why: str) -> None:
    hub.keep(text)
    assert refusal(hub) == why


def test_a_single_context_need_not_be_current(hub: Hub) -> None:
    hub.keep(config() | {"current-context": ""})
    assert entry(hub) is not None


# How it is used


@pytest.fixture
def access(hub: Hub, tmp_path: pathlib.Path) -> Callable[..., ClusterAccess]:
    def access(**options: Any) -> ClusterAccess:
        names = ("torino", "rome")
        document = {
            "current-context": "torino",
            "clusters": [{"name": name, "cluster": {"server": hub.url}} for name in names],
            "contexts": [{"name": name, "context": {"cluster": name}} for name in names],
        }
        path = tmp_path / "config"
        path.write_text(yaml.safe_dump(document))
        return ClusterAccess(kubeconfig=str(path), **options)

    return access


Opens = Callable[..., ClusterAccess]


def test_it_is_used_where_nothing_else_leads_to_the_leaf(hub: Hub, access: Opens) -> None:
    hub.keep(config(user={"token": "t", "client-certificate-data": "", "client-key-data": ""}))
    ways = access()
    with pytest.raises(ShortcutError, match=f"cluster 'milan': {WHERE}: its certificate-auth"):
        ways("milan")  # so far it came
    assert (ways.via("milan"), ways.via("rome")) == ("stored", "context:rome")


@pytest.mark.parametrize("options", [{"leaf_contexts": {"milan": "rome"}}, {}], ids=["given", "no"])
def test_any_other_way_comes_first(hub: Hub, access: Opens, options: dict[str, Any]) -> None:
    leaf = "milan" if options else "rome"
    access(**options)(leaf)
    assert hub.asked == []


def test_it_is_told_before_anybody_is_asked(hub: Hub, access: Opens) -> None:
    assert access().how("milan") == (
        "no kubeconfig context 'milan': trying the hub's stored identity for leaf 'milan' "
        "(Secret kubeconfig-controlplane-milan)"
    )
    assert hub.asked == []


def test_a_local_one_is_used_only_if_that_is_asked_for(hub: Hub, access: Opens) -> None:
    hub.keep(config({"server": "https://127.0.0.1:1"}))
    with pytest.raises(ClusterError, match="--allow-local-identity takes it all the same"):
        access()("milan")
    with pytest.raises(ShortcutError, match=f"cluster 'milan': {WHERE}: its certificate-auth"):
        access(allow_local_identity=True)("milan")  # so far it came
    assert set(hub.asked) == {USUAL}


def test_a_refused_one_is_still_the_way(hub: Hub, access: Opens) -> None:
    hub.keep(config(user={"exec": {"command": "touch"}}))
    ways = access()
    with pytest.raises(ClusterError, match="field 'exec' of its user is refused"):
        ways("milan")
    assert ways.via("milan") == "stored"


def test_without_one_there_is_no_way(access: Opens) -> None:
    ways = access()
    with pytest.raises(ClusterError) as caught:
        ways("milan")
    assert caught.value.message == (
        "cluster 'milan': no credentials: no kubeconfig context 'milan'"
    )
    assert caught.value.hint == HINT
    assert ways.via("milan") == ""


def test_one_that_may_not_be_read_is_told_with_whom_to_ask(hub: Hub, access: Opens) -> None:
    hub.forbid(USUAL)
    with pytest.raises(ClusterError) as caught:
        access()("milan")
    assert "stored identity may not be read: the hub: " in caught.value.message
    assert "is forbidden" in caught.value.message
    assert str(caught.value.hint).endswith(
        "or ask the hub's administrator for that one Secret: "
        "kubectl liqo-shortcut rbac print --hub --stored-identity milan"
    )


def test_a_hub_in_trouble_is_named_as_the_cause(hub: Hub, access: Opens) -> None:
    hub.answers[USUAL] = 500, {"message": "etcd is down"}
    with pytest.raises(ClusterError, match="and the hub cannot be asked: the hub: etcd is down"):
        access()("milan")


def test_a_secret_keeps_its_private_parts_from_all_others(hub: Hub) -> None:
    hub.keep(config())
    cluster = connect(HUB, Entry("the hub's", {"server": hub.url}, {}))
    ref = ObjectRef(HUB, r.SECRET, "liqo-tenant-milan", "kubeconfig-controlplane-milan")
    hub.answers[USUAL][1]["apiVersion"] = "v1"
    assert (cluster.get(ref) or {})["data"] == {}


ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.dates(), st.text()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(st.sampled_from([*CLUSTER, "tls-server-name", "proxy-url", "x"]), ANYTHING),
    st.dictionaries(st.sampled_from([*USER, "token", "exec", "x"]), ANYTHING),
)
def test_whatever_it_holds_is_taken_or_refused(
    cluster: dict[str, Any], user: dict[str, Any]
) -> None:
    text = yaml.safe_dump(config(cluster, user))
    data = {"kubeconfig": base64.b64encode(text.encode()).decode()}
    with contextlib.suppress(BadKubeconfig, ClusterError):
        connect("milan", _entry(WHERE, data, HINT))


@every("name", ["a\0b", "\0", "a\nb", "é" * 100, "a..b"], ids=ascii)
def test_a_server_name_that_is_none_is_refused_before_openssl_sees_it(name: str) -> None:
    entry = Entry(WHERE, {**CLUSTER, "tls-server-name": name}, USER, HINT, stored=True)
    with pytest.raises(ClusterError, match="tls-server-name is no name of a server"):
        connect("milan", entry)


def test_what_listens_at_its_address_is_a_hint_and_never_part_of_a_message() -> None:
    user, silent = {"token": "t"}, "http://127.0.0.1:1"
    entries = [
        Entry(WHERE, {"server": server}, user, HINT, stored=True)
        for server in (silent, "https://127.0.0.1:1")
    ]
    errors = []
    for each in entries:
        with pytest.raises(ClusterError) as caught:
            connect("milan", each).get(ObjectRef("milan", r.CONFIG_MAP, "liqo", "one"))
        errors.append(caught.value)
    assert len({error.message for error in errors}) == 1
    assert "refused" not in errors[0].message
    assert all("Connection refused" in str(error.hint) for error in errors)


def test_words_that_are_not_an_api_servers_are_a_hint_too(hub: Hub) -> None:
    path = "/api/v1/namespaces/liqo/configmaps/one"
    messages = set()
    for answer in ((200, ["secret"]), (500, {"message": "secret"}), (302, "secret")):
        hub.answers[path] = answer
        entry = Entry(WHERE, {"server": hub.url}, {"token": "t"}, HINT, stored=True)
        with pytest.raises(ClusterError) as caught:
            connect("milan", entry).get(ObjectRef("milan", r.CONFIG_MAP, "liqo", "one"))
        messages.add(caught.value.message)
    assert len(messages) == 1
    assert "secret" not in messages.pop()
