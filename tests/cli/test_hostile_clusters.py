"""Whatever clusters send, a terminal is told nothing that it might obey."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from kubectl_liqo_shortcut.cli.root import show_bug
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import ObjectRef
from kubectl_liqo_shortcut.errors import ClusterError, Forbidden
from tests.cli.runner import Clusters, always, linked, run
from tests.hostile import Hostile
from tests.samples import an_object

EVIL = "\x1b[31m\x9b2J\x07\u202e"
COMMANDS = (
    *("get", "get -o wide", "get --live", "get -o yaml", "get -o json"),
    *("describe milan rome", "why milan rome", "leaves -o wide", "leaves -o yaml"),
    *("graph", "graph -o dot", "graph -o mermaid", "graph -o json"),
    *("preflight milan rome", "create milan rome --timeout 1s", "sync --dry-run --timeout 1s"),
    *("adopt milan rome --timeout 1s", "delete milan rome --dry-run", "rbac check --hub"),
    *("service list -A", "sync --prune --dry-run", "create milan rome --dry-run=server"),
)
_WORDS = ("message", "reason", "value", "image", "username", "nodeName", "note")
_TYPED = (
    *("apiVersion", "kind", "name", "namespace", "uid", "resourceVersion", "clusterID"),
    *("publicKey", r.REMOTE_CLUSTER_ID),
)


def poisoned(value: Any, picks: Callable[[str], bool], key: str = "") -> Any:
    """*value*, with control characters in each text whose key *picks* takes."""
    if isinstance(value, Mapping):
        return {each: poisoned(inner, picks, each) for each, inner in value.items()}
    if isinstance(value, list):
        return [poisoned(inner, picks, key) for inner in value]
    return EVIL + value if isinstance(value, str) and picks(key) else value


def obeyed(text: str) -> list[str]:
    """The lines with something that a terminal would obey."""
    return [line for line in text.split("\n") if {*line} & {"\x1b", "\x9b", "\x07", "\u202e"}]


def words(key: str) -> bool:
    """Free text, which no rule of any kind forbids."""
    return key in _WORDS


def everything(key: str) -> bool:
    """All that an API server does not look into: it knows names, and what a time looks like."""
    return key not in _TYPED and not key.endswith(("Time", "Timestamp"))


def hostile(picks: Callable[[str], bool]) -> Clusters:
    """Of a link that is up, and its Events."""
    clusters = linked("rome")
    clusters.hub.put(
        an_object(
            r.EVENT,
            "one",
            "default",
            type="Normal",
            reason="Because",
            message="text",
            involvedObject={"kind": "Shortcut", "name": "milan--rome"},
        )
    )
    for cluster in (clusters.hub, *clusters.leaves.values()):
        for ref, body in cluster.objects.items():
            cluster.objects[ref] = poisoned(body, picks)
    return clusters


@pytest.mark.parametrize("picks", [words, everything], ids=lambda picks: picks.__name__)
@pytest.mark.parametrize("command", COMMANDS)
def test_no_control_character_of_a_cluster_reaches_the_terminal(
    command: str, picks: Callable[[str], bool]
) -> None:
    result = run(*command.split(), on=hostile(picks))
    told = result.stdout + result.stderr
    assert obeyed(told) == []


def test_the_poison_is_told_in_escapes() -> None:
    """Else the test above would look at nothing."""
    told = run("describe", "milan", "rome", on=hostile(words)).stdout
    assert r"\x1b[31m\x9b2J\x07\u202e" in told


def test_an_error_of_a_cluster_is_told_in_escapes() -> None:
    clusters = linked("rome")
    clusters.hub.fault = always(Forbidden("the hub", f"no{EVIL}", hint=f"hint{EVIL}"))
    for command in ("get", "graph", "leaves", "preflight milan rome"):
        result = run(*command.split(), on=clusters)
        assert r"\x1b[31m" in result.stdout + result.stderr, command
        assert obeyed(result.stdout + result.stderr) == [], command


def test_why_records_are_left_out_is_told_in_escapes() -> None:
    clusters = linked("rome")

    def fault(verb: str, ref: ObjectRef) -> ClusterError | None:
        return Forbidden("the hub", f"no{EVIL}") if ref.kind == r.SHORTCUT else None

    clusters.hub.fault = fault
    told = run("graph", on=clusters).stderr
    assert r"\x1b[31m" in told
    assert obeyed(told) == []


def test_the_name_that_a_cluster_has_for_us_is_told_in_escapes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clusters = linked("rome")
    clusters.leaves["milan"].allows = lambda _: False
    user = {"username": f"jane{EVIL}", "groups": ["liqo.io"]}
    monkeypatch.setattr(
        "kubectl_liqo_shortcut.commands.rbac.who_am_i", lambda _: {"status": {"userInfo": user}}
    )
    told = run("rbac", "check", "--leaf", "milan", "--peer", "rome", on=clusters).stderr
    assert r"jane\x1b[31m" in told
    assert obeyed(told) == []


def test_a_traceback_is_told_in_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError(f"unexpected kind {EVIL}")
    except ValueError as bug:
        show_bug(type(bug), bug, bug.__traceback__)
    told = capsys.readouterr().err
    assert r"ValueError: unexpected kind \x1b[31m\x9b2J\x07\u202e" in told
    assert obeyed(told) == []
    assert told.startswith("Traceback")


@pytest.mark.parametrize(
    "odd", ["2026-01-01T00:00:00x5Z", "2026-01-01t00:00:00z", "2026-01-01T00:00:00+99:99"]
)
@pytest.mark.parametrize("command", ["get", "get --live", "describe milan rome", "why milan rome"])
def test_a_time_that_only_an_api_server_can_read_ends_no_command(command: str, odd: str) -> None:
    """Its check is a loose pattern: whoever writes one record must not stop all."""
    clusters = linked("rome")
    (record,) = clusters.hub.of(r.SHORTCUT)
    record["spec"]["expirationTime"] = odd
    record["status"] |= {"lastObservedTime": odd, "firstReadyTime": odd}
    for each in record["status"]["conditions"]:
        each["lastTransitionTime"] = odd
    with Hostile(clusters, tls=False) as hostile_ones:
        result = run(*command.split(), on=hostile_ones)
    assert "Error" not in result.stderr, result.stderr
    assert "milan" in result.stdout
