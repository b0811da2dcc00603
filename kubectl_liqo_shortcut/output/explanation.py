"""A chain of checks, for people and for programs."""

from __future__ import annotations

import dataclasses
from typing import Any

from kubectl_liqo_shortcut.core.diagnosis.chain import Diagnosis
from kubectl_liqo_shortcut.core.diagnosis.check import Check, CheckStatus
from kubectl_liqo_shortcut.core.kinds import API_VERSION
from kubectl_liqo_shortcut.output.text import paragraph


def chain_lines(diagnosis: Diagnosis) -> str:
    """A line for each check; below one that is not ok, what to do next."""
    checks = diagnosis.checks
    names = max((len(each.name) for each in checks), default=0)
    clusters = max((len(each.cluster) for each in checks), default=0)
    lines: list[str] = []
    for each in checks:
        place = f"{each.name:<{names}}  {each.cluster:<{clusters}}"
        lines += paragraph(f"{each.verdict:<7}  {place}  ", each.seen, 9)
        if each.verdict is not CheckStatus.OK and each.next:
            lines += paragraph(f"{'':9}-> ", each.next)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def explanation(diagnosis: Diagnosis) -> str:
    """The chain, and at its end the cause in the word that the reference explains."""
    cause = diagnosis.cause
    end = "" if cause is None else f"\nCause: {cause.reason} ({cause.cluster})\n"
    return chain_lines(diagnosis) + end


def chain_document(name: str, diagnosis: Diagnosis) -> dict[str, Any]:
    """The same as a document: ``ready`` as the record's condition, ``cause`` null if all is ok."""
    cause = diagnosis.cause
    return {
        "apiVersion": API_VERSION,
        "kind": "Explanation",
        "metadata": {"name": name},
        "ready": diagnosis.ready.value,
        "cause": None if cause is None else _plain(cause),
        "checks": [_plain(each) for each in diagnosis.checks],
    }


def explanation_document(namespace: str, name: str, diagnosis: Diagnosis) -> dict[str, Any]:
    """A Service's chain as a document; no tunnel of its own is ready or not."""
    document = chain_document(name, diagnosis)
    del document["ready"]
    return {**document, "metadata": {"name": name, "namespace": namespace}}


def _plain(check: Check) -> dict[str, Any]:
    return dataclasses.asdict(check)
