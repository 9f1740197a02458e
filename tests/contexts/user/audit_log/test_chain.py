"""The chain: computed here once more by hand, and broken on purpose by the tables' owner."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.factories.users import MADE_AT, make_user
from vibestream.contexts.user.audit_log import service
from vibestream.contexts.user.audit_log.invariants import INVARIANTS
from vibestream.contexts.user.audit_log.service import Action
from vibestream.platform.database import Database

TEXT = 'ñ "quoted" \\ \t é'


async def write(database: Database, count: int) -> Any:
    async with database.begin() as tx:
        user = await make_user(tx)

    async def one(number: int) -> None:
        async with database.begin() as tx:
            await service.record(
                tx, action=Action.SIGNED_IN, user_id=user.user_id, now=MADE_AT + timedelta(microseconds=number),
                network="192.0.2.0/24", detail=TEXT,
            )  # fmt: skip

    await asyncio.gather(*(one(number) for number in range(count)))
    return user


async def found(database: Database) -> tuple[bool, str]:
    async with database.begin() as tx:
        finding = await INVARIANTS[0].check(tx)
    return finding.ok, finding.detail


async def test_lines_written_at_once_stand_in_one_chain_without_holes(database: Database):
    user = await write(database, 20)
    async with database.begin() as tx:
        lines = await service.search(tx, limit=99)
        hashes = await tx.values("SELECT hash FROM users.security_log ORDER BY number")
        networks = await tx.values("SELECT network FROM users.security_log ORDER BY number")
    before = bytes(32)
    for line, stored, network in zip(reversed(lines), hashes, networks, strict=True):
        entry = line.entry
        assert entry.network == "192.0.2.0/24"
        assert network.startswith("sealed.v1:")
        micros = round((entry.at - MADE_AT) / timedelta(microseconds=1)) + int(MADE_AT.timestamp()) * 1_000_000
        fields = [line.number, str(entry.entry_id), micros, entry.action.value, str(user.user_id), None,
                  network, TEXT]  # fmt: skip
        before = hashlib.sha256(
            before + json.dumps(fields, ensure_ascii=False, separators=(", ", ", ")).encode()
        ).digest()
        assert stored == before
    assert [line.number for line in reversed(lines)] == list(range(1, 21))
    assert await found(database) == (True, "")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ("UPDATE users.security_log SET detail = 'x' WHERE number = 3", "3"),
        ("UPDATE users.security_log SET at = at + interval '1 microsecond' WHERE number = 1", "1"),
        ("DELETE FROM users.security_log WHERE number = 3", "4"),
        ("UPDATE users.security_log SET number = -number WHERE number = 2", "-2, 1, 3"),
        ("UPDATE users.security_log SET hash = sha256(hash) WHERE number = 3", "3, 4"),
    ],
)
async def test_what_is_changed_or_taken_out_shows(database: Database, owner_dsn: str, change: str, where: str):
    await write(database, 5)
    async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
        await owner.execute("ALTER TABLE users.security_log DISABLE TRIGGER append_only")
        await owner.execute(change)

    assert await found(database) == (False, where)


async def test_a_writer_cannot_choose_its_place(database: Database):
    await write(database, 2)
    async with database.begin() as tx:
        await tx.execute(
            "INSERT INTO users.security_log (entry_id, at, action, network, detail, number, hash)"
            " VALUES (gen_random_uuid(), now(), 'role.granted', '', '', 1, sha256(''))"
        )
    assert await found(database) == (True, "")


async def test_a_search_finds_what_somebody_did_and_what_happened_to_them(database: Database):
    async with database.begin() as tx:
        ana, olga = await make_user(tx), await make_user(tx)
        await service.record(tx, action=Action.SIGNED_IN, user_id=ana.user_id, now=MADE_AT)
        await service.record(tx, action=Action.ROLE_GRANTED, user_id=ana.user_id, actor_id=olga.user_id, now=MADE_AT)
        later = MADE_AT + timedelta(days=1)
        await service.record(tx, action=Action.SIGN_IN_REFUSED, user_id=None, now=later)

        async def numbers(**wanted: Any) -> list[int]:
            return [line.number for line in await service.search(tx, **wanted)]

        assert await numbers() == [3, 2, 1]
        assert await numbers(user_id=olga.user_id) == [2]
        assert await numbers(user_id=ana.user_id) == [2, 1]
        assert await numbers(action=Action.SIGNED_IN) == [1]
        assert await numbers(since=later) == [3]
        assert await numbers(before=3, limit=1) == [2]
