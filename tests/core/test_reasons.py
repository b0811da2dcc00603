from __future__ import annotations

import ast
from pathlib import Path

import kubectl_liqo_shortcut
from kubectl_liqo_shortcut.core.causes import CauseName
from kubectl_liqo_shortcut.core.findings import FindingName, Severity
from kubectl_liqo_shortcut.core.reasons import REASONS, Condition, Reason
from kubectl_liqo_shortcut.core.service_causes import ServiceCause
from tests.tables import every

PACKAGE = Path(kubectl_liqo_shortcut.__file__).parent
WORDS = {*Condition, *Reason, *FindingName, *CauseName, *ServiceCause}

# Files that speak of these words as others mean them.
OTHERS = {
    "core/evidence.py": {"Connected"},  # what a Connection of Liqo says
    "core/gateway_checks.py": {"Connected", "Error", "Ready", "Failed"},  # and a Pod
    "core/leaf.py": {"Connected", "Error"},
    "core/status.py": {"Connected", "Error", "Failed", "Terminating"},  # and what kstatus does
    "core/topology.py": {"Connected"},
    "core/service.py": {"Accepted"},  # what a NamespaceMap of Liqo says
    "core/probe_result.py": {"Failed"},  # and a Pod
    "core/slices.py": {"Accepted"},  # what a NamespaceMap of Liqo says
    "core/resources.py": {"LimitRange"},  # the kind
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
    own = {f"core/{name}.py" for name in ("reasons", "findings", "causes", "service_causes")}
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        if name not in own:
            assert literals(path) & WORDS - OTHERS.get(name, set()) == set(), name
