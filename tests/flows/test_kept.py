"""No table is forgotten: each that says when something was is deleted by a rule, or stands in the list with its reason."""

from __future__ import annotations

import re
from typing import Any, Final, LiteralString, TypeVar

import psycopg
import pytest

from tests.factories.users import MADE_AT
from vibestream.flows.kept import GOES_ALONG, KEPT
from vibestream.flows.retention import rules_of
from vibestream.platform.config import load_settings
from vibestream.platform.database import Database, Params, Tx
from vibestream.platform.retention import Does, Rule

T = TypeVar("T")
RULES: Final = rules_of(load_settings())
TIMED: Final = """
SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND c.relpersistence = 'p' AND c.relname NOT LIKE 'alembic%%' AND EXISTS (
    SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    AND a.atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype))
"""
FOLLOWS: Final = """
SELECT f.conrelid::regclass::text FROM pg_constraint f
WHERE f.contype = 'f' AND f.confdeltype = 'c' AND f.confrelid::regclass::text = ANY (%s)
"""
_TOUCHED: Final = re.compile(r"(DELETE FROM|UPDATE)\s+(?:ONLY\s+)?([a-z_]+\.[a-z_]+)")


class Recording(Tx):
    """A transaction that notes what its statements delete from and update."""

    def __init__(self, tx: Tx) -> None:
        super().__init__(tx.connection)
        self.touched: set[tuple[str, str]] = set()

    def _note(self, statement: str) -> None:
        self.touched |= set(_TOUCHED.findall(statement))

    async def execute(self, statement: LiteralString, params: Params = ()) -> int:
        self._note(statement)
        return await super().execute(statement, params)

    async def value(self, statement: LiteralString, params: Params = ()) -> Any:
        self._note(statement)
        return await super().value(statement, params)

    async def values(self, statement: LiteralString, params: Params = ()) -> list[Any]:
        self._note(statement)
        return await super().values(statement, params)


async def touched_by(tx: Tx, rule: Rule) -> set[tuple[str, str]]:
    """Run a rule on nothing, and return what it would have deleted from and updated."""
    recording = Recording(tx)
    await rule.drop(recording, before=MADE_AT, most=10)
    return recording.touched


async def deleted(tx: Tx) -> set[str]:
    deleting = [rule for rule in RULES if rule.does is Does.DELETES]
    return {table for rule in deleting for verb, table in await touched_by(tx, rule) if verb == "DELETE FROM"}


async def forgotten(tx: Tx) -> set[str]:
    return set(await tx.values(TIMED)) - await deleted(tx) - set(KEPT)


async def test_every_table_with_a_time_is_in_a_rule_or_kept_for_a_reason(tx: Tx):
    assert await forgotten(tx) == set()


async def test_one_that_is_new_is_noticed(database: Database, owner_dsn: str):
    async with await psycopg.AsyncConnection.connect(owner_dsn) as owner:
        await owner.execute("CREATE TABLE users.new_idea (idea text, thought_at timestamptz)")
        await owner.execute("CREATE TABLE users.no_time (idea text)")
    async with database.begin() as tx:
        assert await forgotten(tx) == {"users.new_idea"}


async def test_what_is_kept_is_there_and_no_rule_deletes_it_already(tx: Tx):
    along = {table for table, reason in KEPT.items() if reason is GOES_ALONG}
    assert set(KEPT) - set(await tx.values(TIMED)) == set()
    assert (set(KEPT) - along) & await deleted(tx) == set()


async def test_what_goes_along_really_does(tx: Tx):
    """Rows that belong to one that is deleted are deleted by the database itself, or by the same rule."""
    gone = await deleted(tx)
    following = set(await tx.values(FOLLOWS, [list(gone)])) | gone
    assert {table for table, reason in KEPT.items() if reason is GOES_ALONG} - following == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
async def test_a_rule_does_what_it_says(tx: Tx, rule: Rule):
    verbs = {verb for verb, _ in await touched_by(tx, rule)}
    assert verbs == {"DELETE FROM"} if rule.does is Does.DELETES else verbs, rule.name
