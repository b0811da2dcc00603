from __future__ import annotations

import re

import pytest

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import HUB
from kubectl_liqo_shortcut.errors import Forbidden, Unreachable
from tests.cli.runner import Clusters, always, run
from tests.commands.test_why import crash, drop, hold, say, the
from tests.samples import Golden


@pytest.fixture
def clusters() -> Clusters:
    clusters = Clusters("milan", "rome")
    made = run("create", "milan", "rome", "--reason", "the fair", "--timeout", "5s", on=clusters)
    assert made.exit_code == 0
    clusters.asked.clear()
    return clusters


def steady(text: str) -> str:
    """*text* without what changes from run to run."""
    text = re.sub(r"\b\d+[smhdy]+(\d+[smhdy])?\b( ago)?", "AGE", text)
    return re.sub(r" {2,}", "  ", text)


def test_it_tells_everything_in_sections(clusters: Clusters, golden: Golden) -> None:
    result = run("describe", "milan", "rome", on=clusters)
    assert result.exit_code == 0, result.stderr
    golden("describe.txt", steady(result.stdout))
    assert clusters.written == []


def test_it_ends_with_what_is_wrong_and_what_to_do(clusters: Clusters) -> None:
    crash(clusters)
    lines = run("describe", "milan--rome", on=clusters).stdout.splitlines()
    assert lines[-3] == "What is wrong:"
    assert "container wireguard: CrashLoopBackOff, exit code 1" in lines[-2]
    assert "logs" in lines[-1]


def test_a_leaf_that_shows_nothing_says_why(clusters: Clusters) -> None:
    clusters.leaves["rome"].fault = always(Unreachable("rome", "cannot be reached"))
    text = run("describe", "milan", "rome", on=clusters).stdout
    assert re.search(r"Shows Nothing: +cluster 'rome': cannot be reached", text)


def test_what_is_missing_is_none(clusters: Clusters) -> None:
    for kind in (r.GATEWAY_CLIENT, r.CONFIGURATION):
        drop(clusters, "rome", kind)
    text = run("describe", "milan", "rome", on=clusters).stdout
    assert re.search(r"Dials: +<none>", text)
    assert re.search(r"Gateway Pod: +<none>", text)
    assert re.search(r"Public Key: +<none>", text)


def test_no_key_is_printed_but_its_fingerprint(clusters: Clusters) -> None:
    text = run("describe", "milan", "rome", on=clusters).stdout
    milan = clusters.leaves["milan"]
    assert milan.objects[the(milan, r.SECRET)]["data"]["publicKey"] not in text
    assert "SHA256:" in text


def test_a_record_that_is_going_says_since_when(clusters: Clusters) -> None:
    clusters.hub.drop(the(clusters.hub, r.SHORTCUT))
    text = run("describe", "milan--rome", on=clusters).stdout
    assert "Terminating Since:" in text


def test_control_characters_are_printed_escaped(clusters: Clusters) -> None:
    say(clusters, "rome", "Broken\x1b[31m")
    hold(clusters, "rome", r.PUBLIC_KEY)
    assert "\x1b" not in run("describe", "milan", "rome", on=clusters).stdout


def test_a_name_that_is_not_there_is_an_error(clusters: Clusters) -> None:
    result = run("describe", "milan--paris", on=clusters)
    assert (result.exit_code, result.stdout) == (1, "")


def test_events_that_may_not_be_looked_at_are_told_so(clusters: Clusters) -> None:
    clusters.hub.fault = lambda _, ref: Forbidden(HUB, "no") if ref.kind == r.EVENT else None
    assert "Events:  <may not be looked at>" in run("describe", "milan", "rome", on=clusters).stdout
