"""``make mutants``: each bug of the catalogue in turn, and which test notices it.

With ``--lab`` those that only the lab can show, each by its end-to-end test; as root.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence

from tabulate import tabulate

from tests.lab.lab import Lab
from tests.mutations.catalogue import CATALOGUE
from tests.mutations.mutation import PACKAGE, ROOT, Misfit, Mutation
from tests.mutations.trial import (
    LAB_SECONDS,
    NO_LAB,
    SECONDS,
    UNIT,
    Result,
    Undecided,
    attempt,
    copied,
    failure,
)


def main() -> str | None:
    """What is wrong with the tests, or with the catalogue; None if all is well."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("--only", metavar="NAME", help="one of them, by a part of its name")
    parser.add_argument("--lab", action="store_true", help="those that only the lab can show")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C: nothing is left
    chosen = [
        each
        for each in CATALOGUE
        if (options.only or "") in each.name and (each.lab or not options.lab)
    ]
    if not chosen:
        return f"no mutation is called so: {options.only!r}"
    if options.lab and Lab.running() is None:
        return "no lab runs: make lab (a copy of the tree must not start one)"
    try:
        for each in CATALOGUE:
            each.mutated((ROOT / PACKAGE / each.file).read_text(encoding="utf-8"))
        _must_pass(chosen, lab=options.lab)
    except (Misfit, Undecided) as error:
        return str(error)
    results: list[Result] = []
    for number, mutation in enumerate(chosen, 1):
        results.append(attempt(mutation, lab=options.lab))
        _tell(results[-1], f"{number}/{len(chosen)}")
    print(_table(results))
    return "; ".join(_wrong(results, lab=options.lab)) or None


def _wrong(results: Sequence[Result], *, lab: bool) -> Iterator[str]:
    for each in results:
        if each.error:
            yield f"nobody knows whether a test notices that {each.mutation.name}: {each.error}"
        elif not each.by and (lab or not each.mutation.lab):
            yield f"no test notices that {each.mutation.name}"


def _must_pass(chosen: Sequence[Mutation], *, lab: bool) -> None:
    """Without a bug all tests pass, also in a copy: else they would notice anything."""
    named = {test for each in chosen for test in ([each.lab] if lab else each.tests)}
    words = sorted(named) if lab else [*NO_LAB, *sorted(named)]
    whole = not lab and len(chosen) > 1
    with copied() as root:
        found = failure(root, UNIT if whole else words, LAB_SECONDS if lab else SECONDS)
    if found:
        raise Undecided(f"without any mutation {found} fails")


def _tell(result: Result, number: str) -> None:
    said = f"{number} {result.mutation.name}: {result.words} ({result.seconds:.0f} s)"
    print(said, file=sys.stderr, flush=True)


def _table(results: Sequence[Result]) -> str:
    rows = [
        (each.mutation.name, each.mutation.file, each.words, f"{each.seconds:.0f}")
        for each in results
    ]
    return tabulate(rows, headers=["what is wrong", "file", "killed by", "s"])


if __name__ == "__main__":
    sys.exit(main())
