"""Texts of several lines: on a terminal each item has its own, for programs all are one."""

from __future__ import annotations

import copy
import json

import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.diagnosis.causes import CauseName
from kubectl_liqo_shortcut.core.diagnosis.chain import Diagnosis
from kubectl_liqo_shortcut.core.diagnosis.check import failed
from kubectl_liqo_shortcut.core.events import Failed, Note
from kubectl_liqo_shortcut.core.link.facts import Facts, LeafFacts
from kubectl_liqo_shortcut.core.link.roles import choose_server
from kubectl_liqo_shortcut.core.model import cluster_id
from kubectl_liqo_shortcut.core.preflight.findings import Finding, FindingName
from kubectl_liqo_shortcut.core.rbac.access_review import PermissionAttributes
from kubectl_liqo_shortcut.errors import (
    ClusterError,
    NoServer,
    Refused,
    ShortcutError,
    lines_of,
    listing,
    together,
)
from kubectl_liqo_shortcut.output.explanation import chain_document, chain_lines
from kubectl_liqo_shortcut.output.findings import report_document, report_lines
from kubectl_liqo_shortcut.output.formats import OutputFormat, format_documents
from kubectl_liqo_shortcut.output.progress import explain, result_line, to_json
from tests.core.strategies import any_text
from tests.output.test_progress import MOMENT, NAME
from tests.samples import Golden

MANY = [
    str(PermissionAttributes(verb, kind, "liqo-tenant-milan", "milan"))
    for kind in (r.CONFIGURATION, r.GATEWAY_SERVER, r.GATEWAY_CLIENT, r.PUBLIC_KEY, r.SECRET, r.POD)
    for verb in ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
]
LACKS = listing("rome: not allowed to", MANY, ", ")
TWICE = listing("it is blocked by 2 problems:", [LACKS, "the hub: no"])
HINT = together(["ask for the roles", listing("Or do without:", ["wait", "delete it"])], ". ")


def no_server() -> ShortcutError:
    ids = [cluster_id(each) for each in ("milan", "rome")]
    leaves = {each: LeafFacts(id=each, tenant_namespace="", serves_hub=False) for each in ids}
    try:
        choose_server(Facts(cluster_id("hub"), leaves), None)
    except NoServer as error:
        return error
    raise AssertionError


def finding(message: str, hint: str) -> Finding:
    return Finding(FindingName.MISSING_PERMISSIONS, "rome", message, hint)


def test_each_missing_permission_has_a_line_and_none_has_two() -> None:
    head, *lines = explain(Refused(LACKS)).split("\n")
    assert head == "Error: rome: not allowed to:"
    assert [line.strip() for line in lines] == MANY
    assert {line[:9].isspace() for line in lines} == {True}


def test_several_lines_stand_below_the_first_as_reviewed(golden: Golden) -> None:
    check = failed("rules", "rome", CauseName.FORBIDDEN, TWICE, HINT)
    texts = [
        explain(Refused(TWICE, hint=HINT)),
        explain(no_server()),
        result_line(Note(finding("no", HINT).warning, NAME)),
        report_lines([finding(TWICE, HINT)]).rstrip("\n"),
        chain_lines(Diagnosis((check,))).rstrip("\n"),
    ]
    golden("lines.txt", "".join(f"{text}\n\n" for text in texts))


def test_for_programs_everything_is_one_line() -> None:
    check = failed("rules", "rome", CauseName.FORBIDDEN, TWICE, HINT)
    both = ", ".join(MANY)
    said = f"it is blocked by 2 problems: rome: not allowed to {both}; the hub: no"
    hint = "ask for the roles. Or do without: wait; delete it"
    event = json.loads(to_json(Failed(Refused(TWICE, hint=HINT)), NAME, MOMENT))
    assert (event["message"], event["hint"]) == (said, hint)
    report = report_document(NAME, [finding(TWICE, HINT)])
    chain = chain_document(NAME, Diagnosis((check,)))
    of_json = json.loads(format_documents([report, chain], OutputFormat.JSON))["items"]
    of_yaml = yaml.safe_load_all(format_documents([report, chain], OutputFormat.YAML))
    for found, explained in (of_json, of_yaml):
        assert [(each["message"], each["hint"]) for each in found["findings"]] == [(said, hint)]
        assert [(each["seen"], each["next"]) for each in explained["checks"]] == [(said, hint)]


def test_one_item_needs_no_line_of_its_own() -> None:
    assert lines_of(listing("not allowed to", ["get pods"], ", ")) == ("not allowed to get pods",)
    assert finding("no", "ask").warning == "warning: rome: no (MissingPermissions) -> ask"
    assert finding("no", "").warning == "warning: rome: no (MissingPermissions)"


def test_an_error_of_a_cluster_keeps_its_lines() -> None:
    error = ClusterError("rome", listing("delete:", ["a", "b"]))
    assert error.message == "cluster 'rome': delete: a; b"
    assert lines_of(error.message) == ("cluster 'rome': delete:", "  a", "  b")
    assert lines_of(copy.deepcopy(error.message)) == lines_of(error.message)


@given(st.lists(any_text, min_size=2))
def test_what_a_cluster_says_never_begins_a_line(said: list[str]) -> None:
    error = ShortcutError(listing("a:", said), hint=together(said))
    for line in explain(error).split("\n"):
        assert line.startswith(("Error: a:", "Hint: ", "      ")), line
