from __future__ import annotations

import ast
from pathlib import Path

import kubectl_liqo_shortcut
from kubectl_liqo_shortcut.core.diagnosis.causes import CauseName
from kubectl_liqo_shortcut.core.preflight.findings import FindingName, Severity
from kubectl_liqo_shortcut.core.record.conditions import REASONS, Condition, Reason
from kubectl_liqo_shortcut.core.service.causes import ServiceCause
from tests.tables import every

PACKAGE = Path(kubectl_liqo_shortcut.__file__).parent
WORDS = {*Condition, *Reason, *FindingName, *CauseName, *ServiceCause}

# Files that speak of these words as others mean them.
OTHERS = {
    "core/diagnosis/observed.py": {"Connected"},  # what a Connection of Liqo says
    "core/diagnosis/gateway_checks.py": {"Connected", "Error", "Ready", "Failed"},  # and a Pod
    "core/record/status.py": {"Connected", "Error"},
    "core/readiness.py": {"Connected", "Error", "Failed", "Terminating"},  # and what kstatus does
    "core/hub/topology.py": {"Connected"},
    "core/service/model.py": {"Accepted"},  # what a NamespaceMap of Liqo says
    "core/verify/probe_result.py": {"Failed"},  # and a Pod
    "core/service/endpoints.py": {"Accepted"},  # what a NamespaceMap of Liqo says
    "core/kinds.py": {"LimitRange"},  # the kind
}


@every("word", [*Condition, *Reason, *FindingName, *CauseName, *ServiceCause])
def test_every_word_has_a_meaning(
    word: Condition | Reason | FindingName | CauseName | ServiceCause,
) -> None:
    assert word.meaning


def test_every_reason_is_one_of_a_condition_or_of_a_table() -> None:
    of_conditions = {reason for reasons in REASONS.values() for reason in reasons}
    assert set(Reason) - of_conditions == {Reason.TERMINATING}
    assert list(REASONS) == list(Condition)


@every("name", [each for each in FindingName if each.severity is Severity.ERROR])
def test_what_refuses_says_what_to_do(name: FindingName) -> None:
    assert name.remedy


@every("name", [*CauseName, *ServiceCause])
def test_every_cause_says_what_to_do(name: CauseName | ServiceCause) -> None:
    assert name.remedy


def literals(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_the_words_stand_in_one_place() -> None:
    words = ("record/conditions", "preflight/findings", "diagnosis/causes", "service/causes")
    own = {f"core/{name}.py" for name in words}
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        if name not in own:
            assert literals(path) & WORDS - OTHERS.get(name, set()) == set(), name
