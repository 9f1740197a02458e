"""The rules: each takes a parsed file and yields what it refuses."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import Final

from tools.lint.source import Finding, Source

FILE_LINES: Final = 600
FUNCTION_LINES: Final = 60

_SCHEMAS: Final = {
    "user": "users",
    "music": "music",
    "listen_reward": "listen_reward",
    "payment": "payment",
    "ownership": "ownership",
    "campaign": "campaign",
}
_TABLE: Final = re.compile(
    r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE|ON|COPY|USING|SELECT)\s+(?:ONLY\s+)?("
    + "|".join([*_SCHEMAS.values(), "platform"])
    + r")\.\w+",
    re.IGNORECASE,
)
_MONEY: Final = ("payment", "ownership", "listen_reward")
_PROBABILITIES: Final = (
    ("contexts", "payment", "fraud", "domain", "statistics"),
    ("contexts", "listen_reward", "scoring", "domain", "statistics"),
)
"""Features and scores of fraud and of listens: no amount that moves is computed there."""
_OUTSIDE: Final = frozenset({"objects", "mailer", "httpx", "gateway", "smtp"})
_UNFINISHED: Final = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)


def money_without_float(source: Source) -> Iterator[Finding]:
    """Money is integers: no float, no `/`, no `round` where money is computed."""
    pure_money = source.module == ("kernel", "money") or (
        source.context in _MONEY and (source.is_part("domain") or source.is_part("service") or source.is_part("store"))
    )
    if not pure_money or source.module[:5] in _PROBABILITIES:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield from source.finding(node, "money-without-float", "a float literal where money is computed")
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield from source.finding(node, "money-without-float", "`/`: use divide_half_even or allocate")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"float", "round"}:
            yield from source.finding(node, "money-without-float", f"{node.func.id}() where money is computed")


def commits_in_platform(source: Source) -> Iterator[Finding]:
    """One transaction at the edge: only platform commits or rolls back."""
    if source.floor == "platform":
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in {"commit", "rollback"}:
            yield from source.finding(node, "commits-in-platform", f".{node.attr}: the edge commits, nobody else")


def broad_except_in_platform(source: Source) -> Iterator[Finding]:
    """Only platform may catch what it does not know."""
    if source.floor == "platform":
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler) and (
            node.type is None or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"})
        ):
            yield from source.finding(node, "broad-except-in-platform", "name the errors that are expected")


def own_schema(source: Source) -> Iterator[Finding]:
    """A context's statements name its own schema only, and stand in its stores and invariants."""
    if source.floor in {"platform", "kernel"}:
        return
    own = _SCHEMAS.get(source.context or "")
    in_place = source.is_part("store") or source.is_part("invariants")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for table in _TABLE.finditer(node.value):
                if table[1].lower() != own:
                    yield from source.finding(node, "own-schema", f"{table[0]} belongs to another context")
                elif not in_place:
                    yield from source.finding(node, "own-schema", "SQL stands in store.py")


def own_store(source: Source) -> Iterator[Finding]:
    """A capability reaches another one through its service, never through its store, gateway or routes."""
    for node in ast.walk(source.tree):
        for name in _imported(node):
            parts = tuple(name.split("."))[1:]
            if len(parts) > 3 and parts[0] == "contexts" and parts[3] in {"store", "gateway", "routes"}:  # noqa: PLR2004
                same = parts[1:3] == (source.context, source.capability)
                root = source.module == ("app",) and parts[3] != "store"
                if not same and not root:
                    yield from source.finding(node, "own-store", f"{name} is private to its capability")


def services_are_explicit(source: Source) -> Iterator[Finding]:
    """A public service function takes its arguments by keyword after the first and says what it guarantees."""
    if not source.is_part("service"):
        return
    for node in source.tree.body:
        if isinstance(node, _FUNCTIONS) and not node.name.startswith("_"):
            if len(node.args.posonlyargs) + len(node.args.args) > 1:
                yield from source.finding(node, "services-are-explicit", f"{node.name}: keyword-only after the first")
            if ast.get_docstring(node) is None:
                yield from source.finding(node, "services-are-explicit", f"{node.name}: no docstring")


def pure_domain(source: Source) -> Iterator[Finding]:
    """Domain code is given `now` and ids; it does not read the clock or make randomness."""
    if not source.is_part("domain"):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in {"utc_now", "new_id", "now", "randbits", "token_bytes", "token_urlsafe", "monotonic"}:
                yield from source.finding(node, "pure-domain", f"{called}(): take it as an argument")


def nothing_outside_in_a_transaction(source: Source) -> Iterator[Finding]:
    """No object store, mail or network call inside a `begin()` block: it would hold locks while others answer."""
    for node in ast.walk(source.tree):
        if not (isinstance(node, ast.AsyncWith) and any(_opens_transaction(item) for item in node.items)):
            continue
        for inner in (child for statement in node.body for child in ast.walk(statement)):
            if isinstance(inner, ast.Call) and _OUTSIDE & set(_path(inner.func)[:-1]):
                yield from source.finding(
                    inner, "nothing-outside-in-a-transaction", f"{'.'.join(_path(inner.func))} inside begin()"
                )


def finished(source: Source) -> Iterator[Finding]:
    """Nothing is left for later in a comment."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if _UNFINISHED.search(line):
            yield from source.finding_at(number, "finished", "do it, or open an issue")


def small(source: Source) -> Iterator[Finding]:
    """Files and functions stay small enough to read at once."""
    lines = len(source.text.splitlines())
    if lines > FILE_LINES:
        yield from source.finding_at(1, "small", f"{lines} lines: split by subject (at most {FILE_LINES})")
    for node in ast.walk(source.tree):
        if isinstance(node, _FUNCTIONS) and node.end_lineno is not None:
            length = node.end_lineno - node.lineno + 1
            if length > FUNCTION_LINES:
                yield from source.finding(node, "small", f"{node.name}: {length} lines (at most {FUNCTION_LINES})")


RULES: Final[tuple[Callable[[Source], Iterator[Finding]], ...]] = (
    money_without_float,
    commits_in_platform,
    broad_except_in_platform,
    own_schema,
    own_store,
    services_are_explicit,
    pure_domain,
    nothing_outside_in_a_transaction,
    finished,
    small,
)


def _imported(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=str(module), names=names):
            return [f"{module}.{alias.name}" for alias in names]
        case _:
            return []


def _opens_transaction(item: ast.withitem) -> bool:
    call = item.context_expr
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "begin"


def _path(node: ast.expr) -> list[str]:
    match node:
        case ast.Attribute(value=value, attr=attr):
            return [*_path(value), attr]
        case ast.Name(id=name):
            return [name]
        case ast.Await(value=value) | ast.Call(func=value):
            return _path(value)
        case _:
            return []
