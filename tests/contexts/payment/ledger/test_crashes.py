"""Killed clients and stopped servers: what was said to be posted is posted, nothing is posted by halves or twice."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import psycopg

from tests.factories.payment import balance, make_wallets, violations
from tests.factories.posting_process import fact, out_of_a_hold
from vibestream.contexts.payment.ledger.service import Status, post_batch
from vibestream.kernel.ids import AccountId
from vibestream.platform.database import Database, as_app_role
from vibestream.platform.postgres import migrate
from vibestream.platform.postgres.binaries import find_binaries
from vibestream.platform.postgres.embedded import EmbeddedPostgres

ROOT: Final = Path(__file__).parents[4]
OPENING: Final = 1_000_000
SECONDS_FOR_A_START: Final = 60


class Poster:
    """A posting process, and the facts that it said it had posted."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said: list[int] = []

    @classmethod
    async def start(cls, dsn: str, source: AccountId, target: AccountId, first: int) -> Poster:
        command = [sys.executable, "-m", "tests.factories.posting_process", dsn, str(source), str(target), str(first)]
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        return cls(process)

    async def hear(self, count: int) -> None:
        """Return once it said that many facts."""
        assert self.process.stdout is not None
        async with asyncio.timeout(SECONDS_FOR_A_START):
            while len(self.said) < count:
                line = await self.process.stdout.readline()
                assert line, await self.process.stderr.read() if self.process.stderr else None
                self.said.append(int(line))

    async def end(self) -> None:
        """Kill it, unless it ended, and hear what it said to the last."""
        if self.process.returncode is None:
            self.process.kill()
        said, _ = await self.process.communicate()
        complete = said[: said.rfind(b"\n") + 1]
        self.said += [int(line) for line in complete.split()]


async def posted(database: Database) -> list[int]:
    async with database.begin() as tx:
        return await tx.values(
            "SELECT (details ->> 'number')::int FROM payment.transaction WHERE details ? 'number' ORDER BY 1"
        )


async def check(database: Database, source: AccountId, target: AccountId, said: list[int]) -> list[int]:
    found = await posted(database)
    assert len(set(found)) == len(found)
    assert set(said) <= set(found), "what was said to be posted is posted"
    async with database.begin() as tx:
        available, held = await balance(tx, source)
        assert (available, held) == (OPENING - len(found), 0)
        assert await balance(tx, target) == (len(found), 0)
    assert await violations(database) == {}
    return found


async def test_a_client_that_is_killed_leaves_whole_transactions_and_its_facts_can_be_posted_again(database: Database):
    chance = random.Random(3)
    async with database.begin() as tx:
        source, target = await make_wallets(tx, OPENING, 0)
    found: list[int] = []
    said: list[int] = []
    for _ in range(4):
        poster = await Poster.start(database.dsn, source, target, len(found))
        await poster.hear(chance.randint(1, 40))
        await asyncio.sleep(chance.random() / 50)
        await poster.end()
        said += poster.said
        await _until_gone(database)
        found = await check(database, source, target, said)
    assert found == [*range(len(found))]

    async with database.begin() as tx:
        captured = await tx.values(
            "SELECT (t.details ->> 'number')::int FROM payment.hold h JOIN payment.transaction t ON t.id = h.captured_by"
        )
        alone = [fact(source, target, number) for number in found if number not in captured]
        assert {one.status for one in await post_batch(tx, postings=alone)} == {Status.REPLAYED}
        for number in captured:
            await out_of_a_hold(tx, source, [fact(source, target, number)])
    assert captured
    assert await check(database, source, target, said) == found


async def test_a_server_that_stops_at_once_has_what_it_said_it_had(server_folder: Path):
    chance = random.Random(5)
    found: list[int] = []
    said: list[int] = []
    accounts: tuple[AccountId, ...] = ()
    for round_ in range(3):
        async with _served(server_folder) as (server, database):
            if round_ == 0:
                async with database.begin() as tx:
                    accounts = await make_wallets(tx, OPENING, 0)
            source, target = accounts
            found = await check(database, source, target, said)
            poster = await Poster.start(database.dsn, source, target, len(found))
            await poster.hear(chance.randint(20, 60))
            server.process.send_signal(
                signal.SIGQUIT
            )  # no checkpoint, no goodbye: the log is replayed at the next start
            await asyncio.to_thread(server.process.wait, 30)
            await poster.end()
            said += poster.said
    async with _served(server_folder) as (_, database):
        source, target = accounts
        assert await check(database, source, target, said) == [*range(len(await posted(database)))]


async def _until_gone(database: Database) -> None:
    """Return once the killed client's session ended; until then it may still hold its locks."""
    async with asyncio.timeout(30):
        while True:
            async with database.begin() as tx:
                sessions = await tx.value(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'posting' "
                    "AND datname = current_database()"
                )
            if sessions == 0:
                return
            await asyncio.sleep(0.02)


@asynccontextmanager
async def _served(folder: Path) -> AsyncIterator[tuple[EmbeddedPostgres, Database]]:
    with EmbeddedPostgres.start(folder / "crashing", binaries=find_binaries()) as server:
        with psycopg.connect(server.dsn(database="postgres"), autocommit=True) as admin:
            if admin.execute("SELECT FROM pg_database WHERE datname = 'ledger'").rowcount == 0:
                admin.execute("CREATE DATABASE ledger")
        owner = server.dsn(database="ledger")
        migrate.upgrade(owner)
        async with Database(as_app_role(owner)) as database:
            yield server, database
