"""The map from requirements of OWASP ASVS 5.0 to tests is whole: every test that it names exists, every gap is said."""

from __future__ import annotations

import ast
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

TESTS: Final = Path(__file__).parents[1]
ROWS: Final = 42
"""As many as the project set out to test."""


def rows() -> dict[str, dict[str, Any]]:
    return tomllib.loads((Path(__file__).parent / "asvs.toml").read_text())


@cache
def names_in(path: str) -> frozenset[str]:
    """The names of a file's tests, those in classes included."""
    file = TESTS / path
    if not file.exists():
        return frozenset()
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(one.name for one in ast.walk(ast.parse(file.read_text())) if isinstance(one, functions))


def absent(tests: list[str]) -> list[str]:
    """Those of the named tests that do not exist."""
    return [one for one in tests if one.partition("::")[2] not in names_in(one.partition("::")[0])]


def test_every_test_that_is_named_exists():
    assert {name: missing for name, row in rows().items() if (missing := absent(row["tests"]))} == {}
    assert absent(
        ["architecture/test_asvs.py::test_of_no_kind", "nowhere.py::test_x", "architecture/test_asvs.py"]
    ) == [
        "architecture/test_asvs.py::test_of_no_kind",
        "nowhere.py::test_x",
        "architecture/test_asvs.py",
    ]


def test_every_requirement_has_its_row_and_says_what_it_asks():
    found = rows()
    assert len(found) == ROWS
    for name, row in found.items():
        assert set(row) <= {"asks", "tests", "lacks"}, name
        assert row["asks"].endswith("."), name
        assert row["tests"] or row["lacks"].endswith("."), name
        assert len(row["tests"]) == len(set(row["tests"])), name


def test_what_is_not_met_is_counted():
    """Rows without a test: whoever meets one takes it off this list."""
    assert sorted(name for name, row in rows().items() if not row["tests"]) == []
