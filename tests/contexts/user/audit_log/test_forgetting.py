"""The log after its person's key is destroyed: whole, and empty of them, in every table of the database."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import psycopg
from psycopg import sql

from tests.factories.users import MADE_AT, make_user
from vibestream.contexts.user.audit_log import service
from vibestream.contexts.user.audit_log.invariants import INVARIANTS
from vibestream.contexts.user.audit_log.service import Action
from vibestream.platform import person_keys
from vibestream.platform.database import Database

NETWORK: Final = "203.0.113.0/24"


async def places_of(owner_dsn: str, text: str) -> list[str]:
    """Return every table of every schema that holds a text, in any column."""
    found: list[str] = []
    async with await psycopg.AsyncConnection.connect(owner_dsn) as owner:
        tables = await (
            await owner.execute(
                "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
                " AND table_schema NOT IN ('pg_catalog', 'information_schema')"
            )
        ).fetchall()
        assert len(tables) > 50
        for schema, name in tables:
            question = sql.SQL("SELECT EXISTS (SELECT FROM {} AS line WHERE strpos(line::text, %s) > 0)")
            row = await (await owner.execute(question.format(sql.Identifier(schema, name)), [text])).fetchone()
            if row is not None and row[0]:
                found.append(f"{schema}.{name}")
    return found


async def test_the_chain_holds_and_no_table_knows_the_network_of_somebody_forgotten(database: Database, owner_dsn: str):
    async with database.begin() as tx:
        gone, kept = await make_user(tx), await make_user(tx)
        for user, network in ((gone, NETWORK), (kept, "198.51.100.0/24"), (gone, NETWORK)):
            await service.record(tx, action=Action.SIGNED_IN, user_id=user.user_id, now=MADE_AT, network=network)
    async with database.begin() as tx:
        before = [line.entry.network for line in await service.search(tx)]
    async with database.begin() as tx:
        await person_keys.destroy(tx, user_id=gone.user_id, now=MADE_AT + timedelta(days=14))
        await service.record(tx, action=Action.SIGNED_OUT, user_id=gone.user_id, now=MADE_AT, network=NETWORK)
    async with database.begin() as tx:
        after = [line.entry.network for line in await service.search(tx)]
        finding = await INVARIANTS[0].check(tx)

    assert before == [NETWORK, "198.51.100.0/24", NETWORK]
    assert after == ["", "", "198.51.100.0/24", ""]
    assert (finding.ok, finding.figure) == (True, "4 lines")
    assert await places_of(owner_dsn, NETWORK) == []


async def test_a_line_that_names_nobody_is_found_by_the_search(database: Database, owner_dsn: str):
    async with database.begin() as tx:
        await service.record(tx, action=Action.SIGN_IN_REFUSED, user_id=None, now=MADE_AT, network=NETWORK)

    assert await places_of(owner_dsn, NETWORK) == ["users.security_log"]


async def test_what_an_operator_does_to_somebody_goes_with_the_operator(database: Database):
    async with database.begin() as tx:
        admin, user = await make_user(tx), await make_user(tx)
        await service.record(
            tx, action=Action.ROLE_GRANTED, user_id=user.user_id, actor_id=admin.user_id, now=MADE_AT, network=NETWORK
        )
        await person_keys.destroy(tx, user_id=user.user_id, now=MADE_AT)
        assert [line.entry.network for line in await service.search(tx)] == [NETWORK]
        await person_keys.destroy(tx, user_id=admin.user_id, now=MADE_AT)
        assert [line.entry.network for line in await service.search(tx)] == [""]
