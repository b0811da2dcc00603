"""Whatever JSON a cluster answers: no traceback, no hang, an exit code of the table, and no harm.

Real answers of the fakes are changed below the real adapter: a part of one is replaced by random
JSON, taken out, or cut off, and the same in the lines of watches. ``make soak`` tries many more.
"""

from __future__ import annotations

import copy
import functools
import itertools
import json
import random
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import HUB, ObjectRef, labels_of
from kubectl_liqo_shortcut.errors import ExitCode
from tests.api_server import Answer, ApiServer, Asked
from tests.cli.runner import Clusters, run
from tests.fakes import Snapshot
from tests.hostile import Hostile, Says
from tests.offloading import offload

READING = (
    *("get", "get -o wide", "get --live", "get -o yaml", "describe milan rome"),
    *("why milan rome", "why --service demo/web", "graph", "graph -o json"),
    *(
        "leaves -o wide",
        "leaves -o yaml",
        "preflight milan rome",
        "diff",
        "service list -A -o wide",
    ),
    *("verify milan rome --dry-run", "rbac check --hub", "rbac check --leaf milan --peer rome"),
    *("sync --dry-run", "sync --prune --dry-run", "delete milan rome --dry-run"),
    *("create milan rome --dry-run=server", "adopt milan rome --dry-run"),
)
WRITING = (
    *("create milan rome", "create milan rome --mtu 1300", "sync", "sync --prune"),
    *("adopt milan rome", "delete milan rome", "delete milan rome --forget", "delete --all --yes"),
    *("service enable web -n demo", "service disable web -n demo"),
)
UNTIMED = ("rbac check", "graph", "get -o", "get")
NASTY: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 10**15, 1.5, "", "text", "\x1b[2J\u202e", "../..", "2026-01-01"),
    *([], [None], [[]], ["text"], [1], {}, {"": None}, {"a": []}, {"name": 1}, [{}], [{"a": 1}]),
)
LEFT_OUT = object()


def changed(value: Any, luck: random.Random) -> Any:
    """*value* with one part of it, at any depth, being something else."""
    if isinstance(value, dict | list) and value and luck.random() < 0.85:
        keys = list(value) if isinstance(value, dict) else range(len(value))
        key = luck.choice(list(keys))
        new: Any = copy.copy(value)
        inner = changed(value[key], luck)
        if inner is LEFT_OUT:
            del new[key]
        else:
            new[key] = inner
        return new
    return luck.choice((LEFT_OUT, *NASTY)) if luck.random() < 0.9 else luck.choice(NASTY)


def spoilt(content: bytes, luck: random.Random) -> bytes:
    """An answer as no server gives it, but much like one."""
    if luck.random() < 0.05:
        return content[: luck.randrange(len(content) + 1)]
    found = json.loads(content)
    for _ in range(luck.choice((1, 1, 2, 4))):
        found = changed(found, luck)
        found = None if found is LEFT_OUT else found
    return json.dumps(found).encode()


class Spoiler:
    """Spoils answers of one cluster: *seed* says which and how, whatever the order of threads."""

    def __init__(self, server: ApiServer, seed: int) -> None:
        self._server, self._seed = server, seed
        self._counts: dict[str, Iterator[int]] = {}
        self._share = (1.0, 0.3, 0.1)[seed % 3]

    def __call__(self, asked: Asked) -> Answer | None:
        key = f"{asked.method} {asked.path} {asked.query.get('watch')}"
        number = next(self._counts.setdefault(key, itertools.count()))
        luck = random.Random(f"{self._seed} {key} {number}")  # noqa: S311 - not a secret
        said = self._server.answer(asked)
        if said.code >= 300 or luck.random() > self._share:
            return said
        if isinstance(said.body, bytes):
            return Answer(spoilt(said.body, luck), said.code)
        return Answer((spoilt(piece, luck) + b"\n" for piece in said.body), said.code)


@functools.cache
def template() -> Snapshot:
    """Links of rome with milan and with turin, and a Service that all of them have."""
    clusters = Clusters("milan", "rome", "turin")
    offload(clusters)
    for peer in ("milan", "turin"):
        made = run("create", peer, "rome", "--timeout", "5s", on=clusters)
        assert made.exit_code == 0, made.stderr
    clusters.close()
    return clusters.snapshot()


def fresh() -> Clusters:
    clusters = Clusters("milan", "rome", "turin")
    clusters.restore(template())
    return clusters


def of_others(clusters: Clusters) -> set[tuple[ObjectRef, str]]:
    """All that has nothing to do with the link of milan and rome."""
    return {
        (ref, body["metadata"]["uid"])
        for cluster in (clusters.leaves["rome"], clusters.leaves["turin"])
        for ref, body in cluster.objects.items()
        if "milan" not in (ref.name, labels_of(body).get(r.REMOTE_CLUSTER_ID))
        and "milan" not in ref.namespace
    }


def try_it(command: str, name: str, seed: int | Says, *, tls: bool = False) -> None:
    clusters = fresh()
    before = of_others(clusters)
    words = command.split()
    if not command.startswith(UNTIMED) or command == "get --live":
        words += ["--timeout", "1500ms"]
    with Hostile(clusters, tls=tls) as hostile:
        spoiler = Spoiler(ApiServer(clusters(name)), seed) if isinstance(seed, int) else seed
        hostile.says[name] = spoiler
        began = time.monotonic()
        done = run(*words, on=hostile)
        took = time.monotonic() - began
    told = f"{command!r} on {name}, seed {seed}: exit {done.exit_code}\n{done.stderr}"
    usual = set(ExitCode) - (set() if command == "diff" else {ExitCode.USAGE})  # 2 as of diff(1)
    assert done.exit_code in usual, told
    assert took < 20, told
    assert "Traceback" not in done.stderr, told
    if name != HUB:
        assert not clusters.hub.of(r.LEASE), told
        if command == "delete --all --yes":
            names = {each["metadata"]["name"] for each in clusters.hub.of(r.SHORTCUT)}
            assert "rome--turin" not in names, told
        else:
            assert of_others(clusters) == before, told


@pytest.mark.parametrize("name", [HUB, "milan"])
@pytest.mark.parametrize("command", [*READING, *WRITING])
@pytest.mark.parametrize("count", [2, pytest.param(100, marks=pytest.mark.soak("nonsense"))])
def test_no_answer_of_a_cluster_ends_in_a_traceback(command: str, name: str, count: int) -> None:
    for seed in range(count):
        try_it(command, name, seed)


@pytest.mark.parametrize(
    "command", ["sync", "leaves -o wide", "why milan rome", "delete --all --yes"]
)
def test_so_it_is_over_tls(command: str) -> None:
    try_it(command, "milan", 1, tls=True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40)
@given(
    command=st.sampled_from([*READING, *WRITING]),
    name=st.sampled_from([HUB, "milan"]),
    said=JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=8),
)
def test_no_json_at_all_ends_in_a_traceback(command: str, name: str, said: bytes) -> None:
    try_it(command, name, lambda _: Answer(said))
