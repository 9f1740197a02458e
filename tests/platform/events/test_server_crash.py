"""PostgreSQL itself crashes, again and again, while events are sent and relayed."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.factories.bus import until
from tests.factories.events import counted, create_effects, effects
from tests.factories.relay_process import CONSUMERS
from vibestream.platform.database import Database, as_app_role
from vibestream.platform.events import bell
from vibestream.platform.events.invariants import INVARIANTS
from vibestream.platform.events.outbox import publish
from vibestream.platform.events.relay import relaying
from vibestream.platform.failures import Failure, failure_of
from vibestream.platform.invariants import check_all
from vibestream.platform.postgres import migrate
from vibestream.platform.postgres.binaries import find_binaries
from vibestream.platform.postgres.embedded import EmbeddedPostgres


class Server:
    """A server of the test's own, which can crash and come back."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._server = self._start()

    def _start(self) -> EmbeddedPostgres:
        # Slow to write the log by itself, so that commits which do not wait for it are really lost in a crash.
        return EmbeddedPostgres.start(self._root / "pg", binaries=find_binaries(), options={"wal_writer_delay": "10s"})

    def crash(self) -> None:
        """End every process of the server at once, and start it again."""
        self._server.process.send_signal(signal.SIGQUIT)
        self._server.process.wait(30)
        self._server = self._start()

    @property
    def dsn(self) -> str:
        return self._server.dsn(database="postgres")

    def stop(self) -> None:
        self._server.stop()


@pytest.fixture
def server() -> Iterator[Server]:
    memory = Path("/dev/shm")
    root = Path(tempfile.mkdtemp(prefix="vibestream-crash-", dir=memory if memory.is_dir() else None))
    root.chmod(0o755)
    server = Server(root)
    yield server
    server.stop()
    shutil.rmtree(root, ignore_errors=True)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("crashes", [4, pytest.param(30, marks=pytest.mark.slow)])
async def test_what_was_acknowledged_has_its_effect_once_and_in_order(server: Server, crashes: int):
    migrate.upgrade(server.dsn)
    await create_effects(server.dsn)
    dsn = make_conninfo(as_app_role(server.dsn))
    chance = random.Random(1124)
    acknowledged: dict[str, list[int]] = {}
    stop = asyncio.Event()
    next_n = 0

    async def send(database: Database) -> None:
        nonlocal next_n
        while not stop.is_set():
            key, n = f"key {chance.randrange(10)}", next_n
            next_n += 1
            try:
                async with database.begin() as tx:
                    await publish(tx, counted(key, n))
            except psycopg.Error as error:
                if failure_of(error) is not Failure.LOST:
                    raise
                await asyncio.sleep(0.05)
            else:
                acknowledged.setdefault(key, []).append(n)
            await asyncio.sleep(0)

    async with Database(dsn) as database, bell.hung(database), relaying(database, CONSUMERS):
        sending = asyncio.create_task(send(database))
        for _ in range(crashes):
            await asyncio.sleep(chance.uniform(0.2, 0.8))
            await asyncio.to_thread(server.crash)
        await asyncio.sleep(0.5)
        stop.set()
        await sending

        async def all_taken() -> bool:
            async with database.begin() as tx:
                return bool(
                    await tx.value(
                        "SELECT (SELECT count(*) FROM platform.outbox) = (SELECT count(*) FROM platform.effect)"
                    )
                )

        await until(all_taken)
        found = await effects(database)
        for key, ns in acknowledged.items():
            taken = [effect.n for effect in found if effect.key == key]
            # What was sent when the server crashed may have been committed without our being told.
            assert taken == sorted(set(taken))
            assert set(ns) <= set(taken)
        assert sum(map(len, acknowledged.values())) > 5 * crashes
        assert [checked.finding.ok for checked in await check_all(database, INVARIANTS)] == [True, True]
