"""What admission policies say; that an API server understands them is shown end to end."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.rbac import admission
from kubectl_liqo_shortcut.core.rbac.admission import AdmissionLimits, limits_of
from kubectl_liqo_shortcut.core.rbac.roles import Subject, subject
from kubectl_liqo_shortcut.errors import Invalid
from tests.core.strategies import some_text
from tests.samples import MILAN, RENDERER, ROME
from tests.tables import every

ADA = Subject("User", "ada")
# A string of CEL, by its grammar, and what stands for a character there.
_ESCAPE = r"\\(?:[abfnrtv\"'\\?`]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})"
_STRING = re.compile(rf'"(?:{_ESCAPE}|[^\\"\n\r])*"')
_SHORT = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))


def strings(expression: str) -> list[str]:
    """The values of all strings of an expression."""
    return [re.sub(_ESCAPE, _unescaped, each[1:-1]) for each in _STRING.findall(expression)]


def _unescaped(escape: re.Match[str]) -> str:
    kind, digits = escape[0][1], escape[0][2:]
    if kind in "xXuU":
        return chr(int(digits, 16))
    return chr(int(kind + digits, 8)) if kind in "0123" else _SHORT.get(kind, kind)


def without_strings(expression: str) -> str:
    return _STRING.sub('""', expression)


def policies(
    *subjects: Subject, limits: AdmissionLimits | None = None
) -> dict[str, dict[str, Any]]:
    """The spec of each policy by its name; every one is bound, and denies."""
    texts = [
        *admission.admission_documents(
            subjects or (ADA,), limits or AdmissionLimits(), "liqo", RENDERER
        )
    ]
    bodies = [yaml.safe_load(each) for each in texts]
    found = {each["metadata"]["name"]: each["spec"] for each in bodies[::2]}
    bound = {each["spec"]["policyName"]: each["spec"]["validationActions"] for each in bodies[1::2]}
    assert bound == {name: ["Deny"] for name in found}
    return found


def writers_of(policy: dict[str, Any]) -> str:
    (condition,) = policy["matchConditions"]
    return str(condition["expression"])


def rules(limits: AdmissionLimits) -> list[str]:
    found = policies(limits=limits)["liqo-shortcut-records"]["validations"]
    return [each["expression"] for each in found]


def test_an_error_in_a_policy_refuses() -> None:
    found = policies(limits=limits_of(refuse_old_writers=True))
    assert {each["failurePolicy"] for each in found.values()} == {"Fail"}
    assert len(found) == 4


@given(st.lists(some_text, min_size=1, max_size=3), st.lists(some_text, min_size=1, max_size=3))
def test_whatever_a_writer_is_called_it_stays_a_string(users: list[str], groups: list[str]) -> None:
    subjects = [Subject("User", each) for each in users]
    subjects += [Subject("Group", each) for each in groups]
    found, plain = (
        yaml.safe_load(
            next(admission.admission_documents(each, AdmissionLimits(), "liqo", RENDERER))
        )["spec"]
        for each in (subjects, [Subject(each.kind, "x") for each in subjects])
    )
    assert strings(writers_of(found)) == [*users, *groups]
    assert without_strings(writers_of(found)) == without_strings(writers_of(plain))
    assert found["validations"] == plain["validations"]


def test_a_service_account_is_called_as_api_servers_call_it() -> None:
    found = policies(ADA, subject("ServiceAccount:ci/shortcuts"), subject("Group:ops"))
    for name in ("liqo-shortcut-writers", "liqo-shortcut-leases"):
        names = ["ada", "system:serviceaccount:ci:shortcuts", "ops"]
        assert strings(writers_of(found[name])) == names


def test_policies_use_the_words_of_the_program() -> None:
    found = policies(limits=limits_of(refuse_old_writers=True))
    words = {
        name: {each for rule in spec["validations"] for each in strings(rule["expression"])}
        for name, spec in found.items()
    }
    assert r.FINALIZER in words["liqo-shortcut-writers"]
    assert {r.MANAGED_BY, r.MANAGED_BY_US, r.SHORTCUT_NAME} <= words["liqo-shortcut-leases"]
    assert words["liqo-shortcut-old-writers"] == {"", r.FORMER_FIELD_MANAGER}
    for name in ("liqo-shortcut-writers", "liqo-shortcut-records", "liqo-shortcut-old-writers"):
        (rule,) = found[name]["matchConstraints"]["resourceRules"]
        groups, versions = rule["apiGroups"], rule["apiVersions"]
        assert f"{groups[0]}/{versions[0]}" == r.API_VERSION
        assert rule["resources"][0] == r.SHORTCUT.plural


def test_by_default_any_leaf_may_be_linked_and_nothing_else_is_allowed() -> None:
    said = "\n".join(rules(limits_of()))
    assert "clusterID" not in said
    assert "?type" not in said
    assert said.count('in ["liqo"]') == 2
    assert said.count("key in []") == 2
    assert '== "Retain"' in said


def test_what_is_allowed_stands_in_the_policy() -> None:
    limits = limits_of(
        leaves=["milan"],
        pairs=[("milan", "rome")],
        template_namespaces=["liqo", "gateways"],
        service_types=["NodePort"],
        annotations=["example.com/pool"],
        labels=["team"],
        reclaim_delete=True,
    )
    said = "\n".join(rules(limits))
    assert 'in ["milan"]' in said
    assert 'in [["milan", "rome"], ["rome", "milan"]]' in said
    assert said.count('in ["liqo", "gateways"]') == 2
    assert 'in ["NodePort"]' in said
    assert 'in ["example.com/pool"]' in said
    assert 'in ["team"]' in said
    assert "Reclaim" not in said


def test_each_refusal_is_a_line_that_names_the_option() -> None:
    limits = limits_of(leaves=["milan"], service_types=["NodePort"])
    for rule in policies(limits=limits)["liqo-shortcut-records"]["validations"]:
        assert rule["message"].startswith("spec")
        assert " --allow-" in rule["message"]
        assert "\n" not in rule["message"]


def test_what_is_named_twice_counts_once() -> None:
    assert limits_of(leaves=["rome", "rome"], pairs=[("milan", "rome")] * 2) == AdmissionLimits(
        leaves=(ROME,), pairs=((MILAN, ROME),)
    )


@every(
    "wrong",
    [
        {"leaves": ["No Leaf"]},
        {"pairs": [("rome", "rome")]},
        {"pairs": [("rome", "No Leaf")]},
        {"template_namespaces": ['x"]']},
        {"annotations": ["a b"]},
        {"annotations": ["a/b\n"]},
        {"labels": ["/x"]},
    ],
    ids=str,
)
def test_what_cannot_be_allowed_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        limits_of(**wrong)


def test_a_writer_whose_name_is_no_unicode_is_refused() -> None:
    with pytest.raises(Invalid):
        subject("User:\udc80")
