from __future__ import annotations

import json

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.errors import ExitCode, Unreachable
from tests.cli.runner import Clusters, always, run
from tests.samples import Golden

SPEC = ("--gw-server-template-name", "fast")


def test_a_report_without_findings_says_so() -> None:
    result = run("preflight", "milan", "rome", on=Clusters("milan", "rome"))
    assert (result.exit_code, result.stdout) == (0, "milan--rome: 0 errors, 0 warnings\n")


def test_the_report_is_as_reviewed_and_tells_the_exit_code(golden: Golden) -> None:
    clusters = Clusters("milan", "rome")
    clusters.leaves["rome"].allows = lambda asked: asked["verb"] != "*"
    clusters.leaves["milan"].allows = lambda asked: asked["verb"] not in ("*", "delete")
    result = run("preflight", "milan", "rome", *SPEC, on=clusters)
    assert result.exit_code == ExitCode.REFUSED
    golden("preflight.txt", result.stdout)


def test_a_program_gets_a_document() -> None:
    clusters = Clusters("milan", "rome")
    clusters.leaves["rome"].fault = always(Unreachable("rome", "cannot be reached"))
    result = run("preflight", "milan", "rome", "-o", "json", on=clusters)
    document = json.loads(result.stdout)
    assert result.exit_code == ExitCode.REFUSED
    assert document["kind"] == "PreflightReport"
    (finding,) = document["findings"]
    assert (finding["name"], finding["severity"], finding["cluster"]) == (
        "Unreachable",
        "error",
        "rome",
    )


def test_a_dry_run_by_the_servers_tells_what_they_say_and_keeps_nothing() -> None:
    clusters = Clusters("milan", "rome")
    result = run("create", "milan", "rome", "--dry-run=server", "-o", "name", on=clusters)
    assert result.exit_code == 0, result.stderr
    assert "6 warnings" in result.stderr
    assert result.stdout.startswith("shortcut.shortcut.liqo.io/milan--rome")
    assert {verb for _, verb in clusters.written} == {"create dry run"}
    assert clusters.hub.of(r.SHORTCUT) == []


def test_a_dry_run_by_the_servers_tells_a_doubt_once() -> None:
    clusters = Clusters("milan", "rome")
    for ref in [each for each in clusters.hub.objects if each.kind == r.GATEWAY_CLIENT]:
        clusters.hub.drop(ref)
    words = ("create", "milan", "rome", "--gw-server", "milan", "--dry-run=server", "-o", "name")
    result = run(*words, on=clusters)
    assert (result.exit_code, result.stderr.count("not known to be reachable")) == (0, 1)


def test_a_dry_run_by_the_servers_is_refused_where_something_forbids_it() -> None:
    clusters = Clusters("milan", "rome")
    result = run("create", "milan", "rome", "--dry-run=server", *SPEC, on=clusters)
    assert (result.exit_code, result.stdout) == (ExitCode.REFUSED, "")
    assert "TemplateMissing" in result.stderr
