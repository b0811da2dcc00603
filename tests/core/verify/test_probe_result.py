from __future__ import annotations

import json
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from kubectl_liqo_shortcut.core.verify.probe_result import (
    NOT_SEEN,
    Broken,
    Ended,
    Latency,
    PodState,
    ProbeResult,
    Running,
    Waiting,
    clip,
    pod_state,
    result_of,
)
from kubectl_liqo_shortcut.errors import Invalid
from tests.kubelet import ended, status
from tests.tables import every

GOOD = {"ok": 2, "error": "", "ms": [1, 2.5, 3], "callers": ["10.61.0.6"], "mtu": 1340}


def pod(status: dict[str, Any] | None) -> dict[str, Any]:
    return {"metadata": {"name": "verify-1-client"}, "status": status}


@every(
    ("body", "state"),
    [
        (None, Waiting(NOT_SEEN)),
        (pod(None), Waiting("no node has taken it yet")),
        (pod(status("waiting", {"reason": "ContainerCreating"})), Waiting("ContainerCreating")),
        (pod(status("running", {})), Waiting("no node has taken it yet")),
        (pod(status("running", {}, "no address")), Waiting("no node has taken it yet")),
        (pod(status("running", {}, "10.62.0.5")), Running("10.62.0.5")),
        (pod(ended("{}")), Ended("{}", "10.61.0.6", "exit code 0 (Completed)")),
        (
            pod(status("waiting", {"reason": "ImagePullBackOff", "message": "a\x1b[2J\n b"})),
            Broken("ImagePullBackOff: a\x1b[2J b", image=True),
        ),
        ({"metadata": {"deletionTimestamp": "now"}}, Broken("somebody else deletes it")),
    ],
)
def test_how_far_a_pod_is(body: dict[str, Any] | None, state: PodState) -> None:
    assert pod_state(body) == state


def message(peer: Any = None, addresses: Any = ()) -> str:
    return json.dumps({"peer": peer, "addresses": list(addresses)})


def test_a_result_is_the_last_line() -> None:
    heard, others = result_of(
        f"warning\n{message(GOOD, [{'ok': 0, 'error': 'x', 'ms': []}])}\n", 2, 1
    )
    assert heard == ProbeResult(
        ok=2, of=2, latency=Latency(1, 2.5, 3), callers=("10.61.0.6",), mtu=1340
    )
    assert others == (ProbeResult(ok=0, of=2, error="x"),)


@every(
    "text",
    [
        "",
        "[" * 5000,
        "null and void",
        "[]",
        message(),
        message(addresses=[GOOD, GOOD]),
        json.dumps({"addresses": 1}),
        json.dumps({"addresses": [GOOD], "more": 1}),
        *(
            message(addresses=[{**GOOD, **change}])
            for change in (
                {"ok": 3},
                {"ok": -1},
                {"ok": True},
                {"ok": 0},
                {"ms": [1, 2]},
                {"ms": [1, 2, "3"]},
                {"ms": [1, 2, True]},
                {"ms": [1, 2, -1]},
                {"ms": None},
                {"mtu": 70000},
                {"callers": "10.61.0.6"},
                {"callers": ["10.61.0.6\x1b"]},
                {"callers": [7]},
                {"callers": ["10.61.0.6"] * 9},
                {"surprise": 1},
            )
        ),
    ],
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        result_of(text, 2, 1)


def test_not_a_number_is_refused() -> None:
    with pytest.raises(Invalid):
        result_of('{"addresses":[{"ok":1,"ms":[NaN,NaN,NaN]}]}', 2, 1)


@hypothesis.given(st.text())
def test_whatever_is_said_is_a_result_or_refused(text: str) -> None:
    with pytest.raises(Invalid):
        result_of(text, 1, 1)


@hypothesis.given(st.text())
def test_what_a_cluster_says_is_bounded(text: str) -> None:
    assert len(clip(text * 50)) <= 303
