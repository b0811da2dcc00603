from __future__ import annotations

import inspect

import pytest

from tests.tables import every


def test_all_cases_are_tried_and_each_that_fails_is_told() -> None:
    tried: list[int] = []

    @every("number", [1, 2, 3, 4])
    def is_odd(number: int) -> None:
        tried.append(number)
        assert number % 2, "even"

    with pytest.raises(pytest.fail.Exception) as caught:
        is_odd()
    assert tried == [1, 2, 3, 4]
    assert [line for line in str(caught.value).splitlines() if "even" in line] == [
        "2: AssertionError: even",
        "4: AssertionError: even",
    ]


def test_tables_are_crossed_and_the_rest_is_of_fixtures() -> None:
    seen: list[tuple[int, str, str, str]] = []

    @every("number", [1, 2])
    @every(("letter", "word"), [("a", "x"), ("b", "y")], ids=["first", "second"])
    def note(number: int, letter: str, word: str, fixture: str) -> None:
        seen.append((number, letter, word, fixture))

    assert [*inspect.signature(note).parameters] == ["fixture"]
    note(fixture="f")
    assert seen == [(1, "a", "x", "f"), (1, "b", "y", "f"), (2, "a", "x", "f"), (2, "b", "y", "f")]


def test_an_error_of_another_kind_and_a_missing_one_are_told_too() -> None:
    @every("error", [KeyError, None], ids=str)
    def fails(error: type[Exception] | None) -> None:
        if error is not None:
            raise error("gone")
        with pytest.raises(ValueError, match="x"):
            pass

    with pytest.raises(pytest.fail.Exception, match=r"KeyError.*\n.*None: Failed: DID NOT RAISE"):
        fails()


def test_a_table_without_cases_is_a_mistake() -> None:
    with pytest.raises(AssertionError, match="proves nothing"):
        every("number", [])
