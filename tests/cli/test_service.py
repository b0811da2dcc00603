from __future__ import annotations

import json

import pytest
import yaml

from kubectl_liqo_shortcut.cli.kubectl_complete import completion_lines
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import HUB, ObjectRef
from kubectl_liqo_shortcut.errors import ExitCode, Refused, Unreachable
from tests.cli.runner import Clusters, always, run
from tests.linked import link
from tests.offloading import annotate, held, is_on, offload, publish
from tests.samples import Golden


@pytest.fixture
def clusters() -> Clusters:
    """The Service demo/web on the hub and both leaves, which have no shortcut."""
    clusters = Clusters("milan", "rome")
    offload(clusters)
    clusters.asked.clear()
    return clusters


@pytest.fixture
def linked(clusters: Clusters) -> Clusters:
    link(clusters)
    clusters.asked.clear()
    return clusters


def test_services_stand_in_a_table(clusters: Clusters, golden: Golden) -> None:
    publish(clusters, "here", [("10.61.0.6", "milan")])
    result = run("service", "list", on=clusters)
    assert (result.exit_code, result.stderr) == (0, "")
    golden("services.txt", result.stdout)
    assert clusters.written == []


def test_with_all_namespaces_the_namespace_comes_first(clusters: Clusters) -> None:
    titles, web = run("service", "list", "-A", on=clusters).stdout.splitlines()
    assert (titles.split()[0], web.split()[:2]) == ("NAMESPACE", ["demo", "web"])


def test_a_wide_table_has_leaves_and_addresses(clusters: Clusters, golden: Golden) -> None:
    golden("services-wide.txt", run("service", "list", "-o", "wide", on=clusters).stdout)


def test_a_table_may_have_no_titles(clusters: Clusters) -> None:
    result = run("service", "list", "-n", "demo", "--no-headers", on=clusters)
    assert result.stdout.startswith("web ")


def test_names_are_those_of_the_hubs_own_services(clusters: Clusters) -> None:
    assert run("service", "list", "-o", "name", on=clusters).stdout == "service/web\n"


def test_programs_get_all_of_it(linked: Clusters, golden: Golden) -> None:
    told = {each: run("service", "list", "-o", each, on=linked).stdout for each in ("json", "yaml")}
    golden("services.json", told["json"])
    assert json.loads(told["json"])["items"] == [yaml.safe_load(told["yaml"])]


def test_leaves_that_go_different_ways_are_told_apart(linked: Clusters) -> None:
    run("service", "enable", "demo/web", on=linked)
    rome = linked.leaves["rome"]
    ref = ObjectRef("rome", r.ENDPOINT_SLICE, "demo-hub", "web-1")
    old = [{"addresses": ["10.170.0.9"], "conditions": {"ready": False}}] * 2
    rome.patch(ref, {"endpoints": old})
    web = run("service", "list", "--no-headers", on=linked).stdout.split()
    assert web[-1] == "milan:direct,rome:stale(via-hub)(not-ready)"


def test_endpoints_whose_pods_the_hub_remapped_are_told(clusters: Clusters) -> None:
    ref = ObjectRef(HUB, r.CONFIGURATION, "liqo-hub", "rome")
    clusters.hub.set_status(ref, {"remote": {"cidr": {"pod": ["10.99.0.0/16"]}}})
    publish(clusters, "both", [("10.61.0.6", "milan"), ("10.62.0.6", "rome")])
    table = run("service", "list", "--no-headers", on=clusters).stdout
    assert table.split()[:3] == ["both", "no", "milan:1,rome:1(remapped)"]
    said = json.loads(run("service", "list", "-o", "json", on=clusters).stdout)
    assert said["items"][0]["endpoints"] == [
        {"cluster": "milan", "count": 1, "remapped": False},
        {"cluster": "rome", "count": 1, "remapped": True},
    ]


def test_a_leaf_that_fails_is_unknown_and_explained(clusters: Clusters) -> None:
    clusters.leaves["rome"].fault = always(Unreachable("rome", "cannot be reached"))
    result = run("service", "list", on=clusters)
    assert (result.exit_code, result.stdout.split()[-1]) == (0, "milan:via-hub,rome:unknown")
    assert result.stderr == "cluster 'rome': cannot be reached\n"


def test_none_is_no_error(clusters: Clusters) -> None:
    result = run("service", "list", "-n", "other", on=clusters)
    assert (result.exit_code, result.stdout) == (0, "")
    told = "No Services of offloaded namespaces found"
    assert result.stderr == f"{told} in namespace other; -A lists those of all.\n"


def test_one_namespace_and_all_contradict_each_other(clusters: Clusters) -> None:
    assert run("service", "list", "-A", "-n", "demo", on=clusters).exit_code == ExitCode.USAGE


def test_enabling_tells_what_happens(linked: Clusters) -> None:
    result = run("service", "enable", "web", "-n", "demo", on=linked)
    assert (result.exit_code, result.stdout) == (0, "service/web configured\n")
    assert "milan: endpointslice/web-1 goes direct: 10.62.0.5, 10.60.0.5" in result.stderr
    again = run("service", "enable", "web", on=linked)  # the context's namespace
    assert (again.exit_code, again.stdout) == (0, "service/web unchanged\n")


def test_programs_are_told_with_the_services_key(linked: Clusters) -> None:
    told = run("service", "enable", "demo/web", "--progress=json", on=linked).stderr
    events = [json.loads(line) for line in told.splitlines()]
    assert {each["shortcut"] for each in events} == {"demo/web"}
    (outcome,) = (each for each in events if each["type"] == "outcome")
    assert (outcome["verb"], outcome["message"]) == ("configured", "service/web configured")


def test_a_refusal_tells_every_reason(clusters: Clusters) -> None:
    clusters.leaves["rome"].fault = always(Unreachable("rome", "cannot be reached"))
    ref = ObjectRef(HUB, r.SERVICE, "demo", "web")
    clusters.hub.patch(ref, {"spec": {"publishNotReadyAddresses": True}})
    clusters.asked.clear()
    result = run("service", "enable", "demo/web", on=clusters)
    assert result.exit_code == ExitCode.REFUSED
    assert "(PublishesNotReady)" in result.stderr
    assert "cannot be reached (LeafUnreachable)" in result.stderr
    assert clusters.written == []


def test_missing_shortcuts_are_made_first_after_telling_their_cost(clusters: Clusters) -> None:
    result = run("service", "enable", "demo/web", "--create-shortcuts", on=clusters)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines() == [
        "shortcut.shortcut.liqo.io/milan--rome created",
        "service/web configured",
    ]
    assert "1 shortcut to make, 2 gateway Pods" in result.stderr
    assert held(clusters, "milan") == ["10.62.0.5", "10.60.0.5"]


def test_a_refusal_after_shortcuts_were_made_has_not_the_exit_code_of_one(
    clusters: Clusters, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise Refused("Service demo/web cannot go direct any more")

    monkeypatch.setattr("kubectl_liqo_shortcut.commands.service.enable", refuse)
    args = ("service", "enable", "demo/web", "--create-shortcuts")
    assert run(*args, on=clusters).exit_code == ExitCode.FAILED
    assert run(*args, on=clusters).exit_code == ExitCode.REFUSED  # nothing was made this time


def test_where_none_is_missing_none_is_made(linked: Clusters) -> None:
    result = run("service", "enable", "demo/web", "--create-shortcuts", on=linked)
    assert result.stdout == "service/web configured\n"


def test_a_shortcut_that_cannot_be_made_ends_the_command(clusters: Clusters) -> None:
    clusters.stuck = True
    args = ("service", "enable", "demo/web", "--create-shortcuts", "--timeout", "1s")
    result = run(*args, on=clusters)
    assert result.exit_code == ExitCode.TIMED_OUT
    assert not is_on(clusters)


def test_a_dry_run_prints_what_is_to_stand_in_git(linked: Clusters, golden: Golden) -> None:
    result = run("service", "enable", "demo/web", "--dry-run", "-o", "yaml", on=linked)
    assert result.exit_code == 0
    golden("service-enable.yaml", result.stdout)
    assert linked.written == []
    result = run("service", "enable", "demo/web", "--dry-run=client", "-o", "json", on=linked)
    assert json.loads(result.stdout)["metadata"]["annotations"] == {r.USE_DIRECT: "true"}


def test_a_dry_run_tells_the_shortcuts_too(clusters: Clusters) -> None:
    args = ("service", "enable", "demo/web", "--create-shortcuts", "--dry-run")
    result = run(*args, on=clusters)
    assert result.stdout == "service/web configured (dry run)\n"
    assert "milan--rome is missing: a gateway Pod on milan and on rome" in result.stderr
    assert clusters.written == []


def test_a_dry_run_of_the_server_asks_the_hub(linked: Clusters) -> None:
    result = run("service", "enable", "demo/web", "--dry-run=server", on=linked)
    assert result.stdout == "service/web configured (server dry run)\n"
    assert linked.written == [(HUB, "patch dry run")]


def test_a_document_goes_with_a_dry_run(linked: Clusters) -> None:
    assert run("service", "enable", "demo/web", "-o", "yaml", on=linked).exit_code == 2


def test_disabling_takes_it_back(linked: Clusters) -> None:
    annotate(linked)
    dry = run("service", "disable", "demo/web", "--dry-run", on=linked)
    assert (dry.exit_code, dry.stdout) == (0, "service/web configured (dry run)\n")
    assert is_on(linked)
    result = run("service", "disable", "demo/web", on=linked)
    assert (result.exit_code, result.stdout) == (0, "service/web configured\n")
    assert not is_on(linked)


def test_disabling_with_a_leaf_that_is_silent_is_partly_done(linked: Clusters) -> None:
    annotate(linked)
    linked.leaves["rome"].fault = always(Unreachable("rome", "cannot be reached"))
    result = run("service", "disable", "demo/web", on=linked)
    assert (result.exit_code, result.stdout) == (ExitCode.PARTLY, "service/web configured\n")
    assert "on rome: " in result.stderr


def test_delete_switches_back_first_and_its_dry_run_tells(linked: Clusters) -> None:
    annotate(linked)
    dry = run("delete", "milan", "rome", "--dry-run", on=linked)
    assert "service demo/web would be switched back to the hub's path first" in dry.stderr
    result = run("delete", "milan", "rome", "--timeout", "5s", on=linked)
    assert result.exit_code == 0, result.stderr
    assert not is_on(linked)


def test_why_explains_a_service(linked: Clusters, golden: Golden) -> None:
    result = run("why", "--service", "demo/web", on=linked)
    assert result.exit_code == 1
    golden("why-service-off.txt", result.stdout)
    run("service", "enable", "demo/web", on=linked)
    result = run("why", "--service", "web", on=linked)
    assert result.exit_code == 0, result.stdout
    golden("why-service.txt", result.stdout)


def test_why_tells_programs_of_a_service(linked: Clusters) -> None:
    document = json.loads(run("why", "--service", "demo/web", "-o", "json", on=linked).stdout)
    assert document["metadata"] == {"name": "web", "namespace": "demo"}
    assert document["cause"]["reason"] == "NotAnnotated"
    assert "ready" not in document


def test_why_takes_a_service_or_leaves(linked: Clusters) -> None:
    assert run("why", "milan", "rome", "--service", "demo/web", on=linked).exit_code == 2


def test_services_are_completed(clusters: Clusters) -> None:
    publish(clusters, "alone", [], namespace="other")

    def complete(*words: str) -> list[str]:
        return [line.partition("\t")[0] for line in completion_lines(words, clusters)][:-1]

    assert complete("service", "enable", "") == ["demo/web"]
    assert complete("service", "enable", "-n", "demo", "") == ["web"]
    assert complete("why", "--service", "d") == ["demo/web"]
    assert complete("verify", "milan", "rome", "--service", "d") == ["demo/web"]
    assert complete("service", "") == ["disable", "enable", "list"]


def test_a_hub_without_offloading_completes_nothing() -> None:
    clusters = Clusters("milan")
    assert [*completion_lines(["service", "enable", ""], clusters)] == [":4"]
