from __future__ import annotations

import json

import pytest
import yaml

from kubectl_liqo_shortcut.core.model import Object
from kubectl_liqo_shortcut.errors import ExitCode
from tests.cli.runner import Clusters, run
from tests.samples import Golden
from tests.tables import every

PAIR = ("--leaf", "rome", "--peer", "milan")
SUBJECT = ("--subject", "User:liqo-shortcut:torino")


def test_a_leafs_roles_are_as_reviewed(golden: Golden) -> None:
    result = run(
        "rbac", "print", *PAIR, "--service", "demo-torino", "--adopt", "--verify", *SUBJECT
    )
    assert result.exit_code == 0, result.stderr
    golden("rbac-leaf.yaml", result.stdout)


def test_the_hubs_roles_are_as_reviewed(golden: Golden) -> None:
    more = ("--install", "--stored-identity", "rome")
    result = run("rbac", "print", "--hub", "--service", "demo", *more, *SUBJECT)
    assert result.exit_code == 0, result.stderr
    golden("rbac-hub.yaml", result.stdout)


WRITERS = ("--subject", "User:ada", "--subject", "ServiceAccount:ci/shortcuts")


def test_the_hubs_admission_policies_are_as_reviewed(golden: Golden) -> None:
    allowed = (
        *("--allow-leaf", "milan", "--allow-leaf", "rome", "--allow-pair", "oslo=turin"),
        *("--allow-template-namespace", "gateways", "--allow-service-type", "NodePort"),
        *("--allow-annotation", "example.com/pool", "--allow-label", "team"),
        *("--allow-reclaim-delete", "--refuse-old-writers"),
    )
    result = run("rbac", "print", "--hub", "--admission", *WRITERS, *allowed)
    assert result.exit_code == 0, result.stderr
    golden("rbac-admission.yaml", result.stdout[result.stdout.index("apiVersion: admission") :])


class Elsewhere(Clusters):
    """Where the command line says that Liqo has another namespace."""

    def liqo_namespace_of(self, leaf: str) -> str:
        return "liqo-system"


def test_policies_go_by_the_namespace_that_liqo_has() -> None:
    words = ("rbac", "print", "--hub", "--admission", *WRITERS)
    said = run(*words, "--allow-template-namespace", "gateways", on=Elsewhere("rome")).stdout
    assert 'kubernetes.io/metadata.name: "liqo-system"' in said
    assert said.count('orValue("liqo-system") in ["liqo-system", "gateways"]') == 2


def test_every_subject_gets_the_roles_and_admission_adds_to_them() -> None:
    both = run("rbac", "print", "--hub", *WRITERS).stdout
    assert run("rbac", "print", "--hub", "--admission", *WRITERS).stdout.startswith(both)
    bindings = [each for each in yaml.safe_load_all(both) if "subjects" in each]
    names = {each["subjects"][0]["name"] for each in bindings}
    assert names == {"ada", "shortcuts"}


@every(
    ("words", "said"),
    [
        ((*PAIR, "--admission", *WRITERS), "--admission requires --hub"),
        (("--hub", "--admission"), "--admission needs --subject"),
        (("--hub", "--allow-leaf", "rome", *WRITERS), "--allow-leaf requires --admission"),
        (("--hub", "--refuse-old-writers", *WRITERS), "--refuse-old-writers requires"),
    ],
    ids=["on a leaf", "without writers", "a limit alone", "a refusal alone"],
)
def test_what_makes_no_policy_is_a_wrong_command_line(words: tuple[str, ...], said: str) -> None:
    result = run("rbac", "print", *words)
    assert (result.exit_code, result.stdout) == (ExitCode.USAGE, "")
    assert said in result.stderr


def test_without_a_subject_the_hub_is_asked_for_its_name() -> None:
    clusters = Clusters("rome")
    result = run("rbac", "print", *PAIR, on=clusters)
    bindings = [each for each in yaml.safe_load_all(result.stdout) if "subjects" in each]
    assert {each["subjects"][0]["name"] for each in bindings} == {"liqo-shortcut:torino"}
    assert {cluster for cluster, _, _ in clusters.asked} == {"the hub"}


def limited(clusters: Clusters) -> Clusters:
    def allows(asked: Object) -> bool:
        return asked["verb"] not in ("*", "patch") and asked["resource"] != "events"

    for cluster in (clusters.hub, *clusters.leaves.values()):
        cluster.allows = allows
    return clusters


def test_what_lacks_is_a_table_and_an_exit_code(golden: Golden) -> None:
    result = run("rbac", "check", "--hub", on=limited(Clusters("rome")))
    assert result.exit_code == ExitCode.REFUSED
    golden("rbac-check.txt", result.stdout)
    assert result.stderr == "the hub: tester lacks 5 of 25 permissions, 2 of them optional\n"


def test_all_permissions_are_shown_on_request(golden: Golden) -> None:
    result = run("rbac", "check", "--hub", "--all", on=limited(Clusters("rome")))
    assert result.exit_code == ExitCode.REFUSED
    golden("rbac-check-all.txt", result.stdout)


def test_one_sentence_says_that_nothing_lacks() -> None:
    result = run("rbac", "check", "--hub", on=Clusters("rome"))
    said = "the hub: tester has all 25 permissions\n"
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", said)


def test_a_table_may_go_without_titles() -> None:
    result = run("rbac", "check", *PAIR, "--all", "--no-headers", on=Clusters("rome"))
    assert (result.exit_code, "CLUSTER" in result.stdout) == (0, False)
    assert all(line.endswith("yes") for line in result.stdout.splitlines())


def test_a_program_gets_a_document() -> None:
    result = run("rbac", "check", *PAIR, "-o", "json", on=limited(Clusters("rome")))
    found = json.loads(result.stdout)
    assert (found["kind"], found["metadata"]["name"], found["user"]) == (
        "AccessReport",
        "rome",
        "tester",
    )
    lacks = [each for each in found["permissions"] if not each["allowed"]]
    assert {each["verb"] for each in lacks} == {"patch"}


def test_liqos_stored_identity_gets_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    user = {"username": "torino", "groups": ["liqo.io"]}
    monkeypatch.setattr(
        "kubectl_liqo_shortcut.commands.rbac.who_am_i", lambda _: {"status": {"userInfo": user}}
    )
    result = run("rbac", "check", *PAIR, on=limited(Clusters("rome")))
    assert "lacks watch and patch" in result.stderr


@every(
    "words",
    [
        (),
        ("--hub", "--leaf", "rome"),
        ("--hub", "--peer", "milan"),
        ("--leaf", "rome"),
        (*PAIR, "--install"),
        (*PAIR, "--stored-identity", "milan"),
        ("--hub", "--stored-identity", "milan=elsewhere"),
    ],
    ids=[
        *("nothing", "both", "a peer of the hub", "no peer", "the kind on a leaf"),
        *("an identity on a leaf", "an identity elsewhere"),
    ],
)
def test_one_cluster_is_named(words: tuple[str, ...]) -> None:
    result = run("rbac", "print", *words, *SUBJECT)
    assert (result.exit_code, result.stdout) == (ExitCode.USAGE, "")
