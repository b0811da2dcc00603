"""The report of a preflight, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kubectl_liqo_shortcut.core.kinds import API_VERSION
from kubectl_liqo_shortcut.core.preflight.findings import Finding
from kubectl_liqo_shortcut.output.text import paragraph


def report_lines(findings: Sequence[Finding]) -> str:
    """A paragraph for each finding: what, where; below it, what to do."""
    lines: list[str] = []
    for each in findings:
        severity = each.severity.value.upper()
        lines += paragraph(f"{severity:<8}{each.name} ({each.cluster}): ", each.message, 8)
        if each.hint:
            lines += paragraph(f"{'':8}-> ", each.hint)
    return "".join(f"{line}\n" for line in lines)


def report_document(name: str, findings: Sequence[Finding]) -> dict[str, Any]:
    """The same as a document."""
    return {
        "apiVersion": API_VERSION,
        "kind": "PreflightReport",
        "metadata": {"name": name},
        "findings": [
            {
                "name": each.name.value,
                "severity": each.severity.value,
                "cluster": each.cluster,
                "message": each.message,
                "hint": each.hint,
            }
            for each in findings
        ],
    }
