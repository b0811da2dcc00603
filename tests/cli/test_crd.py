from __future__ import annotations

from typing import Any

import yaml

from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.errors import ExitCode
from tests.cli.runner import Clusters, run

NAME = "customresourcedefinition.apiextensions.k8s.io/shortcuts.shortcut.liqo.io"
CRD: dict[str, Any] = yaml.safe_load(read_template("shortcut-crd.yaml"))
ESTABLISHED = {"conditions": [{"type": "Established", "status": "True"}]}


def test_the_kind_is_printed_as_it_stands_in_the_templates() -> None:
    assert run("crd", "print").stdout == read_template("shortcut-crd.yaml")


def test_installing_what_is_there_changes_nothing() -> None:
    clusters = Clusters()
    clusters.hub.put({**CRD, "status": ESTABLISHED})
    result = run("crd", "install", "--timeout", "5s", on=clusters)
    assert (result.exit_code, result.stdout) == (0, f"{NAME} unchanged\n")


def test_a_kind_that_is_not_served_in_time_is_told() -> None:
    result = run("crd", "install", "--timeout", "100ms", on=Clusters())
    assert (result.exit_code, "not served yet" in result.stderr) == (ExitCode.TIMED_OUT, True)


def test_the_hub_alone_gets_the_kind() -> None:
    clusters = Clusters("milan")
    clusters.hub.put({**CRD, "status": ESTABLISHED})
    run("crd", "install", "--timeout", "5s", on=clusters)
    assert clusters.leaves["milan"].of(r.CRD) == []
