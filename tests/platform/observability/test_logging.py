"""What a log line may look like, and what it may not say."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator

import psycopg
import pytest
import structlog
from pydantic import TypeAdapter, ValidationError

from vibestream.platform.config import load_settings
from vibestream.platform.database import Tx
from vibestream.platform.observability.logging import configure_logging

Lines = Callable[[], list[str]]


@pytest.fixture
def restored() -> Iterator[None]:
    """Put logging back as the other tests expect it."""
    kept, root = structlog.get_config(), logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.configure(**kept)
    root.handlers[:], root.level = handlers, level


@pytest.fixture(params=["json", "console"])
def lines(request, restored) -> Lines:
    return _lines(request.param)


@pytest.fixture
def records(restored) -> Callable[[], list[dict[str, object]]]:
    written = _lines("json")
    return lambda: [json.loads(line) for line in written()]


def _lines(log_format: str, level: str = "info") -> Lines:
    stream = io.StringIO()
    configure_logging(load_settings(log_format=log_format, log_level=level), stream=stream)
    return lambda: stream.getvalue().splitlines()


def test_a_record_is_json_with_its_instant_level_and_context(records):
    with structlog.contextvars.bound_contextvars(request_id="4711"):
        structlog.get_logger().info("http.request", status=200, duration_ms=1.5, route="/a/{b}")
    [record] = records()
    assert record.pop("timestamp").endswith("Z")
    assert record == {
        "event": "http.request",
        "level": "info",
        "request_id": "4711",
        "status": 200,
        "duration_ms": 1.5,
        "route": "/a/{b}",
    }


@pytest.mark.parametrize("breaking", ["\n", "\r\n", "\x00", "\x1b[2J", "\x85", "\u2028", "\x7f"])
def test_no_value_begins_a_second_line_or_moves_the_cursor(lines, breaking):
    log = structlog.get_logger()
    log.info("said", text=f"a{breaking}2026-01-01 [critical] forged", nested={"k": [f"b{breaking}c"]})
    logging.getLogger("some.library").warning("said %s", f"a{breaking}forged")
    written = lines()
    assert len(written) == 2
    assert all(breaking not in line for line in written)


def test_a_traceback_cannot_pass_for_a_record(lines):
    try:
        raise ValueError("first\n2026-01-01T00:00:00Z [critical] forged")
    except ValueError:
        structlog.get_logger().exception("failed")
    [first, *rest] = lines()
    assert "failed" in first
    assert all(line.startswith("  | ") for line in rest)
    assert "forged" in "".join([first, *rest])


def test_addresses_and_secrets_are_masked(lines):
    log = structlog.get_logger()
    log.info("mailed", to="Ana <ana.b+c@example.org>", reply="550 <ana@example.org> unknown", raw=b"ana@example.org")
    log.info(
        "set",
        password="hunter2",
        api_token="hunter2",
        set_cookie="hunter2",
        nested={"secret": "hunter2", "to": ["ana@example.org"]},
    )
    log.info("met", email="ana", display_name="Ana")
    logging.getLogger("library").warning("bounce for %s", "ana@example.org")
    written = "\n".join(lines())
    assert len(lines()) == 4
    assert "example.org" not in written
    assert "hunter2" not in written
    assert "Ana" not in written.replace("Ana <", "")
    assert written.count("[masked]") >= 9


def test_what_is_no_secret_stays(records):
    structlog.get_logger().info(
        "said", tokens=3, passwordless=True, secretary="Kim", at="12:30", code="a.b", key="Key (1)"
    )
    [record] = records()
    assert {name: record[name] for name in ("tokens", "passwordless", "secretary", "at", "code", "key")} == {
        "tokens": 3,
        "passwordless": True,
        "secretary": "Kim",
        "at": "12:30",
        "code": "a.b",
        "key": "Key (1)",
    }


async def test_a_row_whose_text_has_several_lines_is_not_quoted_either(lines, tx: Tx):
    """What is quoted goes on over line ends, and may hold brackets of its own."""
    about = "Keeps (bees)\n\nabove Thistlemere\r\nand (sells\nhoney"
    await tx.execute("CREATE TEMP TABLE person (about text, age int CHECK (age > 0)) ON COMMIT DROP")
    try:
        async with tx.savepoint():
            await tx.execute("INSERT INTO person VALUES (%s, -1)", [about])
    except psycopg.errors.IntegrityError:
        structlog.get_logger().exception("failed")
    written = "\n".join(lines())
    assert "Failing row contains ([masked])" in written
    assert [word for word in ("bees", "Thistlemere", "honey") if word in written] == []
    assert "CheckViolation" in written


async def test_what_could_not_be_read_is_not_quoted(lines, tx: Tx):
    """By the database, which says what it cannot cast, and by pydantic, which says what it was given."""
    cast, given = 'Ana "Botella"\nof Thistlemere', {"age": "Ana Botella, input_type=str\nof Thistlemere"}
    try:
        async with tx.savepoint():
            await tx.execute("SELECT CAST(%s AS integer)", [cast])
    except psycopg.errors.DataError:
        structlog.get_logger().exception("failed")
    try:
        TypeAdapter(dict[str, int]).validate_python(given)
    except ValidationError:
        structlog.get_logger().exception("failed")
    written = "\n".join(lines())
    assert "invalid input syntax for type integer: [masked]" in written
    assert "input_value=[masked]" in written
    assert [word for word in ("Ana", "Botella", "Thistlemere") if word in written] == []


@pytest.mark.parametrize(
    ("age", "told"), [(1, "Key (name)=([masked]) already exists"), (-1, "Failing row contains ([masked])")]
)
async def test_a_row_that_a_constraint_refused_is_not_quoted(lines, tx: Tx, age, told):
    row = [("Ana Botella", abs(age)), ("Ana Botella", age)]
    await tx.execute("CREATE TEMP TABLE person (name text PRIMARY KEY, age int CHECK (age > 0)) ON COMMIT DROP")
    try:
        async with tx.savepoint():
            await tx.execute("INSERT INTO person VALUES (%s, %s), (%s, %s)", [*row[0], *row[1]])
    except psycopg.errors.IntegrityError:
        structlog.get_logger().exception("failed")
    written = "\n".join(lines())
    assert told in written
    assert "Botella" not in written


@pytest.mark.parametrize(("level", "written"), [("debug", "diwe"), ("info", "iwe"), ("warning", "we"), ("error", "e")])
def test_the_level_is_the_settings(restored, level, written):
    lines = _lines("console", level)
    log = structlog.get_logger()
    for say in (log.debug, log.info, log.warning, log.error):
        say("said")
    assert "".join(line.partition("[")[2][0] for line in lines()) == written


def test_libraries_speak_from_their_warnings_on(records):
    logging.getLogger("psycopg.pool").debug("chatter")
    logging.getLogger("httpx").info("GET https://x/?token=1")
    logging.getLogger("psycopg.pool").warning("lost %d", 3)
    [record] = records()
    assert (record["event"], record["level"]) == ("lost 3", "warning")


def test_what_cannot_be_written_as_json_is_written_as_text(records):
    structlog.get_logger().info("said", thing=object, size=float("inf"), ids={1, 2}, text="half \ud800")
    [record] = records()
    assert record["thing"] == "<class 'object'>"
    assert record["ids"] == [1, 2]
