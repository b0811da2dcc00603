from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.adapters.kubeconfig.files import contexts, entry_for, load_kubeconfig
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import HUB, ObjectRef
from kubectl_liqo_shortcut.core.ports import Cluster
from kubectl_liqo_shortcut.errors import ShortcutError
from tests.samples import LAUGHS

Write = Callable[..., str]


def config(*names: str, current: str = "", **user: Any) -> dict[str, Any]:
    """A kubeconfig with a context, a cluster and a user of each of *names*."""
    return {
        "current-context": current,
        "clusters": [{"name": n, "cluster": {"server": f"http://127.0.0.1:1/{n}"}} for n in names],
        "contexts": [{"name": n, "context": {"cluster": n, "user": n}} for n in names],
        "users": [{"name": n, "user": user or {"token": f"token-of-{n}"}} for n in names],
    }


@pytest.fixture
def write(tmp_path: pathlib.Path) -> Write:
    def write(name: str, document: object) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document if isinstance(document, str) else yaml.safe_dump(document))
        return str(path)

    return write


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """What KUBECONFIG with those files means."""

    def load_listed(*paths: str) -> dict[str, Any]:
        monkeypatch.setenv("KUBECONFIG", ":".join(paths))
        return load_kubeconfig()

    return load_listed


Listed = Callable[..., dict[str, Any]]


def test_the_first_current_context_wins(write: Write, listed: Listed) -> None:
    paths = [
        write("a", config("rome")),
        write("b", config("milan", current="milan")),
        write("c", config("paris", current="paris")),
    ]
    assert listed(*paths)["current-context"] == "milan"


def test_the_entries_of_all_files_are_known(write: Write, listed: Listed) -> None:
    merged = listed(write("a", config("rome")), write("b", config("milan")))
    assert contexts(merged) == ["rome", "milan"]


def test_the_first_entry_of_a_name_wins(write: Write, listed: Listed) -> None:
    merged = listed(write("a", config("rome")), write("b", config("rome", token="other")))
    assert entry_for(merged, "rome").user == {"token": "token-of-rome"}


def test_a_file_that_is_listed_twice_counts_once(write: Write, listed: Listed) -> None:
    path = write("a", config("rome"))
    assert contexts(listed(path, "", path)) == ["rome"]


@pytest.mark.parametrize("content", ["", "---\n", "contexts:\n"], ids=["empty", "null", "no list"])
def test_an_empty_file_is_skipped(write: Write, listed: Listed, content: str) -> None:
    assert contexts(listed(write("a", content), write("b", config("rome")))) == ["rome"]


def test_a_missing_file_of_a_list_is_skipped(write: Write, listed: Listed) -> None:
    assert contexts(listed("nowhere", write("b", config("rome")))) == ["rome"]


def test_a_missing_file_that_was_asked_for_is_an_error() -> None:
    with pytest.raises(ShortcutError, match=r"^kubeconfig nowhere: No such file or directory$"):
        load_kubeconfig("nowhere")


def test_a_file_that_was_asked_for_is_the_only_one(write: Write, listed: Listed) -> None:
    listed(write("a", config("rome")))
    assert contexts(load_kubeconfig(write("b", config("milan")))) == ["milan"]


@pytest.mark.parametrize("variable", [None, ""], ids=["unset", "empty"])
def test_without_a_list_the_file_in_the_home_folder_counts(
    write: Write, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, variable: str | None
) -> None:
    write(".kube/config", config("rome"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    if variable is not None:
        monkeypatch.setenv("KUBECONFIG", variable)
    assert contexts(load_kubeconfig()) == ["rome"]


@pytest.mark.parametrize(
    "content",
    [
        "a: [",
        "text",
        "\x00",
        "contexts: text",
        "contexts: [text]",
        "contexts: [{}]",
        "users: [{name: a, user: text}]",
    ],
)
def test_what_is_no_kubeconfig_is_an_error_with_its_path(write: Write, content: str) -> None:
    path = write("a", content)
    with pytest.raises(ShortcutError, match=f"^kubeconfig {path}: "):
        load_kubeconfig(path)


def test_what_is_no_text_is_an_error_with_its_path(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ShortcutError, match=r"a: .*decode"):
        load_kubeconfig(str(tmp_path / "a"))


def test_a_kubeconfig_of_aliases_is_not_loaded(write: Write) -> None:
    with pytest.raises(ShortcutError, match="it has too many parts, aliases written out"):
        load_kubeconfig(write("a", LAUGHS))


def test_relative_paths_are_relative_to_their_own_file(
    write: Write, listed: Listed, tmp_path: pathlib.Path
) -> None:
    user = {"client-certificate": "cert.pem", "client-key": "/etc/key.pem", "tokenFile": "t"}
    one = config("rome", **user)
    one["clusters"][0]["cluster"]["certificate-authority"] = "../ca.pem"
    merged = listed(write("elsewhere/a", one), write("b", config("milan")))
    assert entry_for(merged, "rome").user == {
        "client-certificate": str(tmp_path / "elsewhere/cert.pem"),
        "client-key": "/etc/key.pem",
        "tokenFile": str(tmp_path / "elsewhere/t"),
    }
    authority = merged["clusters"][0]["cluster"]["certificate-authority"]
    assert authority == str(tmp_path / "elsewhere/../ca.pem")


@pytest.mark.parametrize(
    ("command", "found"),
    [("./login", "{folder}/./login"), ("bin/login", "{folder}/bin/login")],
    ids=["beside it", "below it"],
)
def test_a_credential_plugin_with_a_slash_is_relative_to_its_file(
    write: Write, tmp_path: pathlib.Path, command: str, found: str
) -> None:
    merged = load_kubeconfig(write("a", config("rome", exec={"command": command, "args": ["x"]})))
    plugin = entry_for(merged, "rome").user["exec"]
    assert plugin == {"command": found.format(folder=tmp_path), "args": ["x"]}


@pytest.mark.parametrize("command", ["login", "/bin/login"], ids=["on the PATH", "absolute"])
def test_any_other_credential_plugin_stays_as_it_is(write: Write, command: str) -> None:
    merged = load_kubeconfig(write("a", config("rome", exec={"command": command})))
    assert entry_for(merged, "rome").user["exec"]["command"] == command


def test_a_context_without_a_user_has_an_empty_one(write: Write) -> None:
    document = config("rome") | {"users": None}
    assert entry_for(load_kubeconfig(write("a", document)), "rome").user == {}


# The way to a cluster. Nothing listens at these addresses: who is asked says so in its error.


def server_of(cluster: Cluster) -> str:
    """The path of the server that *cluster* asks."""
    with pytest.raises(ShortcutError) as caught:
        cluster.get(ObjectRef(cluster.name, r.NAMESPACE, "", "kube-system"))
    return caught.value.message.partition("http://127.0.0.1:1/")[2].partition(":")[0]


@pytest.fixture
def home(write: Write) -> str:
    return write("config", config("torino", "milan", "rome", "other", current="torino"))


def test_the_hub_is_where_the_current_context_points(home: str) -> None:
    hub = ClusterAccess(kubeconfig=home)(HUB)
    assert (hub.name, server_of(hub)) == (HUB, "torino")


def test_another_context_may_be_the_hub(home: str) -> None:
    assert server_of(ClusterAccess(kubeconfig=home, context="other")(HUB)) == "other"


def test_a_leaf_is_the_context_of_its_name(home: str) -> None:
    milan = ClusterAccess(kubeconfig=home)("milan")
    assert (milan.name, server_of(milan)) == ("milan", "milan")


def test_a_leaf_may_have_another_context(home: str) -> None:
    access = ClusterAccess(kubeconfig=home, leaf_contexts={"milan": "other"})
    assert server_of(access("milan")) == "other"


def test_a_leaf_may_have_a_kubeconfig_of_its_own(home: str, write: Write) -> None:
    path = write("leaf", config("one", "two", current="two"))
    access = ClusterAccess(kubeconfig=home, leaf_kubeconfigs={"milan": path})
    assert server_of(access("milan")) == "two"


def test_with_both_the_context_is_taken_from_that_kubeconfig(home: str, write: Write) -> None:
    access = ClusterAccess(
        kubeconfig=home,
        leaf_contexts={"milan": "one"},
        leaf_kubeconfigs={"milan": write("leaf", config("one", "two", current="two"))},
    )
    assert server_of(access("milan")) == "one"


def test_a_cluster_is_opened_once(home: str) -> None:
    access = ClusterAccess(kubeconfig=home)
    assert access("milan") is access("milan")


def test_a_leaf_without_a_way_names_the_flags(home: str) -> None:
    with pytest.raises(ShortcutError, match=r"^cluster 'paris': no credentials") as caught:
        ClusterAccess(kubeconfig=home)("paris")
    assert caught.value.hint == (
        "pass --leaf-context paris=CONTEXT or --leaf-kubeconfig paris=PATH"
    )


def test_a_context_that_does_not_exist_is_answered_with_those_that_do(home: str) -> None:
    with pytest.raises(ShortcutError, match="context 'nowhere' does not exist") as caught:
        ClusterAccess(kubeconfig=home, context="nowhere")(HUB)
    assert caught.value.hint == "contexts: torino, milan, rome, other"


def test_without_a_current_context_the_hub_is_asked_for(write: Write) -> None:
    with pytest.raises(ShortcutError, match="leads to the hub") as caught:
        ClusterAccess(kubeconfig=write("a", config("rome")))(HUB)
    assert "--context" in str(caught.value.hint)


def test_a_leafs_kubeconfig_without_a_current_context_names_that_leaf(
    home: str, write: Write
) -> None:
    access = ClusterAccess(
        kubeconfig=home, leaf_kubeconfigs={"milan": write("leaf", config("one"))}
    )
    with pytest.raises(ShortcutError, match="milan") as caught:
        access("milan")
    assert "--leaf-context milan=CONTEXT" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("current", "context", "known"),
    [("torino", None, True), ("", "torino", True), ("", None, False)],
    ids=["current context", "given context", "neither"],
)
def test_there_is_a_hub_to_ask_if_a_context_is_named(
    write: Write, current: str, context: str | None, known: bool
) -> None:
    access = ClusterAccess(
        kubeconfig=write("a", config("torino", current=current)), context=context
    )
    assert access.has_hub() is known


def test_files_that_kubeconfig_names_in_vain_are_told(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = write("there", config("torino", current="rome"))
    monkeypatch.setenv("KUBECONFIG", "/no/a:/no/b")
    with pytest.raises(ShortcutError, match="/no/a and /no/b, which do not exist") as caught:
        ClusterAccess()(HUB)
    assert "set KUBECONFIG to a file that is there" in str(caught.value.hint)
    monkeypatch.setenv("KUBECONFIG", f"/no/a:{there}")
    wrong = "context 'rome' does not exist: KUBECONFIG names /no/a, which does not exist"
    with pytest.raises(ShortcutError, match=wrong):
        ClusterAccess()(HUB)
    with pytest.raises(ShortcutError, match=r"context 'rome' does not exist$"):
        ClusterAccess(kubeconfig=there)(HUB)
    ClusterAccess(context="torino")(HUB)  # as for kubectl, the other file is enough


@pytest.mark.parametrize(
    ("contexts", "files", "way"),
    [
        ({}, {}, "context:milan"),
        ({"milan": "other"}, {}, "context:other"),
        ({}, {"milan": "m.yaml"}, "file:m.yaml"),
        ({"milan": "other"}, {"milan": "m.yaml"}, "file:m.yaml,context:other"),
    ],
    ids=["by its name", "context", "file", "both"],
)
def test_the_way_to_a_leaf_is_told_in_short(
    home: str, contexts: dict[str, str], files: dict[str, str], way: str
) -> None:
    access = ClusterAccess(kubeconfig=home, leaf_contexts=contexts, leaf_kubeconfigs=files)
    assert (access.via("milan"), access.via("paris")) == (way, "")


def test_the_choice_of_a_leafs_context_is_told_unless_it_was_the_users(home: str) -> None:
    access = ClusterAccess(kubeconfig=home, leaf_contexts={"milan": "other"})
    assert (access.how("milan"), access.how("rome")) == (
        "",
        "using kubeconfig context 'rome' for leaf 'rome'",
    )


@pytest.mark.parametrize(
    ("namespace", "context", "expected"),
    [("demo", None, "demo"), (None, None, "default"), ("demo", "other", "default")],
    ids=["the context's", "none", "of another context"],
)
def test_the_namespace_is_that_of_the_hubs_context(
    tmp_path: pathlib.Path, namespace: str | None, context: str | None, expected: str
) -> None:
    path = tmp_path / "kubeconfig"
    own = f", namespace: {namespace}" if namespace else ""
    path.write_text(
        "current-context: hub\ncontexts: ["
        f"{{name: hub, context: {{cluster: hub{own}}}}}, {{name: other, context: {{cluster: a}}}}]"
    )
    assert ClusterAccess(kubeconfig=str(path), context=context).namespace() == expected
