"""Lists as arrays: what is sent arrives as it was, whatever is in it, and as the driver itself would send it."""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.adapt import PyFormat, Transformer
from psycopg.types.array import ListDumper

from vibestream.platform.arrays import WholeLists, array
from vibestream.platform.database import Database, Tx

ONE = UUID("0192f3a0-0000-7000-8000-0000000000ff")
ODD = ['say "no"', "a\\b", "\\", '"', "{x,y}", "NULL", "null", "", " ", "\t\n", "é", "日本", "\U0001f3b5", "',--"]
TRICKY = st.text(st.sampled_from('\\"{},NULnul \n\té日\U0001f3b5x'), max_size=12)


class Colour(enum.StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("uuid", [ONE, UUID(int=0), UUID(int=2**128 - 1)]),
        ("uuid", [None, ONE, None]),
        ("text", ODD),
        ("text", [None, *ODD, None]),
        ("int4", [0, -1, 2**31 - 1, -(2**31)]),
        ("int8", [None, 2**63 - 1, -(2**63), None]),
        ("bool", [True, False, None]),
        ("bytea", [b"", b"\0\xff", b'\\"{}', None]),
        ("timestamptz", [datetime(2026, 11, 24, 22, 5, tzinfo=UTC), None]),
        ("timestamptz", [datetime(2026, 11, 24, 22, 5, 1, 7, tzinfo=UTC), datetime(999, 1, 1, tzinfo=UTC)]),
        ("text", []),
        ("text", [None, None]),
        ("numeric", [Decimal("1.50"), None, Decimal(-2)]),
        ("int4", [[1, 2], [3, 4]]),
        ("text", [Colour.RED, None, Colour.RED]),
        ("float8", [1.5, None, float("inf")]),
    ],
)
async def test_a_list_arrives_as_it_was(tx: Tx, kind: str, values: list[Any]):
    statement: Any = f"SELECT %s::{kind}[]"

    assert await tx.value(statement, [values]) == values


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", ["", "NULL", None, "a,b", "{", '"', "\\", '\\"', "\n", "\U0001f3b5"]),
        ("uuid", [UUID(int=1), None]),
        ("bigint", [-(2**63), 0]),
        ("timestamptz", [datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), None]),
        ("text", []),
        ("uuid", [None, None]),
    ],
)
async def test_the_text_of_an_array_is_read_as_what_it_was(tx: Tx, kind: str, values: list[Any]):
    statement: Any = f"SELECT %s::{kind}[]"

    assert await tx.value(statement, [array(values)]) == values


@pytest.mark.parametrize("values", [[1, "1"], [1.5], [Colour.RED], [[1]]])
def test_what_is_not_of_one_known_kind_has_no_text(values: list[Any]):
    with pytest.raises(TypeError):
        array(values)


async def test_instants_of_any_zone_arrive_as_the_same_instants(tx: Tx):
    at = datetime(2026, 3, 29, 1, 30, 0, 1, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))

    assert await tx.value("SELECT %s::timestamptz[]", [[at, at.astimezone(UTC)]]) == [at, at]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.one_of(
        st.lists(st.one_of(TRICKY, st.none()), max_size=30),
        st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), max_size=10),
    )
)
async def test_whatever_is_written_arrives_as_text(tx: Tx, values: list[str | None]):
    assert await tx.value("SELECT %s::text[]", [values]) == values


def written(dumper: Callable[..., ListDumper], values: list[Any]) -> tuple[bytes, int]:
    found = dumper(list, Transformer()).upgrade(values, PyFormat.TEXT)
    return bytes(found.dump(values) or b""), found.oid


@pytest.mark.parametrize(
    "values",
    [[1, 40_000, 2**40], [1, None], [2**70], [True, None], [ONE, None], [datetime(2026, 1, 1, tzinfo=UTC)], [], [None]],
    ids=str,
)
def test_it_is_of_the_kind_of_array_that_the_driver_says(values: list[Any]):
    assert written(WholeLists, values) == written(ListDumper, values)


def test_what_the_driver_writes_by_a_rule_of_its_own_is_left_to_it():
    class Stamp(datetime):
        def __str__(self) -> str:
            return "never"

    for values in ([Stamp(2026, 1, 1, tzinfo=UTC)], [[None, ["a"]]], [Colour.RED], [Decimal(1)]):
        assert written(WholeLists, values) == written(ListDumper, values)


@pytest.mark.parametrize("values", [["a\0b"], ["\0", None], ["\0", '"']])
async def test_a_text_that_cannot_be_kept_is_refused_before_it_is_sent(tx: Tx, values: list[str]):
    with pytest.raises(psycopg.DataError, match="NUL"):
        await tx.execute("SELECT %s::text[]", [values])


async def test_half_a_character_is_refused(tx: Tx):
    with pytest.raises(UnicodeEncodeError):
        await tx.execute("SELECT %s::text[]", [["\ud800"]])


async def test_mixed_kinds_are_refused_as_before(tx: Tx):
    with pytest.raises(psycopg.DataError, match="mixed types"):
        await tx.execute("SELECT %s::text[]", [["a", 1]])


async def test_a_connection_in_another_encoding_is_told_in_it(database: Database):
    async with database.dedicated() as connection:
        await connection.execute("SET client_encoding = 'LATIN1'")
        row = await (await connection.execute("SELECT %s::text[]", [["é", '"']])).fetchone()

    assert row == (["é", '"'],)
