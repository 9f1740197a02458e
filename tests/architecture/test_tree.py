"""The root holds what belongs there, and tests are honest."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LISTED = subprocess.run(
    ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
)
FILES = [Path(name) for name in LISTED.stdout.splitlines() if (ROOT / name).is_file()]
ALLOWED = {
    *("README.md", "README.es.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "LICENSE", "NOTICE"),
    *("Makefile", "pyproject.toml", ".gitignore", ".dockerignore"),
    *(
        "requirements.lock.txt",
        "requirements-dev.lock.txt",
        "requirements-build.lock.txt",
        "requirements-bootstrap.lock.txt",
    ),
}


def test_the_root_holds_only_what_a_newcomer_expects_there():
    assert {path.name for path in FILES if len(path.parts) == 1} <= ALLOWED


def test_no_lock_file_records_where_a_package_was_fetched_from():
    locks = [path for path in FILES if path.name == "package-lock.json" or path.name.endswith("lock.txt")]

    assert len(locks) >= 4
    for lock in locks:
        assert not re.search(r'"resolved"|--(extra-)?index-url|--find-links', (ROOT / lock).read_text()), lock


_Function = ast.FunctionDef | ast.AsyncFunctionDef
_ASSERTS = re.compile(r"Assert\(|'raises'|'expect'|'warns'|run_state_machine")


def _functions() -> list[tuple[Path, _Function]]:
    return [
        (path, node)
        for path in FILES
        if path.parts[0] == "tests" and path.suffix == ".py"
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def _called(node: _Function) -> set[str]:
    functions = (inner.func for inner in ast.walk(node) if isinstance(inner, ast.Call))
    return {
        function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "") for function in functions
    }


def _asserting(functions: list[tuple[Path, _Function]]) -> set[str]:
    """Return the names of functions that assert something, themselves or by what they call."""
    names = {node.name for _, node in functions if _ASSERTS.search(ast.dump(node))}
    calls = {node.name: _called(node) for _, node in functions}
    while more := {name for name, called in calls.items() if name not in names and called & names}:
        names |= more
    return names


@pytest.mark.parametrize("word", ["unittest.mock", "MagicMock"])
def test_nothing_real_is_replaced_by_a_mock(word: str):
    mine = Path(__file__).relative_to(ROOT)

    assert [path for path in FILES if path.suffix == ".py" and path != mine and word in (ROOT / path).read_text()] == []


FAULTS = {
    # Places where a test makes the real thing fail, or watches it pass, because no outside cause could: each named here.
    ("test_worker.py", "execute_query_async"),
    ("test_worker.py", "recover"),
    ("test_worker.py", "run"),
    ("test_event_stream.py", "__call__"),
    ("test_outbox.py", "_pool"),
    ("test_interruption.py", "first_rung"),
    ("test_requests.py", "_look"),
    ("test_receiving.py", "sync"),
    ("test_receiving.py", "save_progress"),
}


def test_what_is_patched_is_a_pause_or_a_bound_or_a_named_fault():
    patched = {
        (path.name, name)
        for path in FILES
        if path.parts[0] == "tests" and path.suffix == ".py" and path.name != Path(__file__).name
        for name in re.findall(r"monkeypatch\.setattr\(\s*[^,]+,\s*\"(\w+)\"", (ROOT / path).read_text())
        if not name.isupper()
    }

    assert patched <= FAULTS


def test_every_test_can_fail():
    functions = _functions()
    asserting = _asserting(functions)

    tests = [
        (path, node) for path, node in functions if node.name.startswith("test_") and path.name.startswith("test_")
    ]
    assert len(tests) > 1000
    assert [f"{path}:{node.lineno} {node.name}" for path, node in tests if node.name not in asserting] == []
