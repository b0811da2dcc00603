"""The catalogue of mutations fits the sources: an entry that they left behind proves nothing."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.mutations.catalogue import CATALOGUE
from tests.mutations.mutation import PACKAGE, ROOT, Misfit, Mutation

NAMES = [each.name for each in CATALOGUE]
ONE = Mutation("all is well", "core/x.py", "is not", "is", ())


def test_each_mutation_changes_one_place() -> None:
    for each in CATALOGUE:
        each.mutated((ROOT / PACKAGE / each.file).read_text(encoding="utf-8"))


def test_no_two_mutations_have_one_name() -> None:
    assert [name for name, times in Counter(NAMES).items() if times > 1] == []


def test_the_tests_that_a_mutation_names_are_there() -> None:
    named = {path for each in CATALOGUE for path in each.tests}
    assert sorted(path for path in named if not (ROOT / path).is_file()) == []


def test_the_end_to_end_test_that_a_mutation_names_is_there() -> None:
    for path, _, test in (each.lab.partition("::") for each in CATALOGUE if each.lab):
        assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["", "is not; is not"], ids=["nowhere", "twice"])
def test_an_entry_that_does_not_fit_is_an_error_with_its_name(text: str) -> None:
    with pytest.raises(Misfit, match="all is well"):
        ONE.mutated(text)


def test_a_change_that_changes_nothing_is_an_error() -> None:
    with pytest.raises(Misfit, match="new text is its old one"):
        Mutation("all is well", "core/x.py", "is", "is", ()).mutated("is")
