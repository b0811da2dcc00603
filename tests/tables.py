"""A table of cases as one test: much cheaper than a test for each, and as plain when it fails."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

Test = Callable[..., None]


def every(
    names: str | Sequence[str],
    cases: Iterable[Any],
    ids: Callable[[Any], object] | Sequence[str] | None = None,
) -> Callable[[Test], Test]:
    """As ``pytest.mark.parametrize``, but one test: it tries all, and tells each that fails.

    For what looks at values only. Fixtures are the same for all cases, so what one leaves in them
    the next one finds.
    """
    columns = names.split(",") if isinstance(names, str) else list(names)
    rows = [tuple(case) if len(columns) > 1 else (case,) for case in cases]
    assert rows, "a table without cases proves nothing"

    def called(number: int) -> str:
        if ids is None:
            return ", ".join(map(repr, rows[number]))
        return (
            ids[number]
            if isinstance(ids, Sequence)
            else ", ".join(map(str, map(ids, rows[number])))
        )

    def decorate(test: Test) -> Test:
        @functools.wraps(test)
        def whole(**fixtures: Any) -> None:
            failed = []
            for number, row in enumerate(rows):
                try:
                    test(**dict(zip(columns, row, strict=True)), **fixtures)
                except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - told below
                    failed.append(f"{called(number)}: {type(error).__name__}: {error}")
            if failed:
                pytest.fail("\n".join(failed), pytrace=False)

        signature = inspect.signature(test)
        rest = [each for each in signature.parameters.values() if each.name not in columns]
        setattr(whole, "__signature__", signature.replace(parameters=rest))  # noqa: B010 - not typed
        return whole

    return decorate
