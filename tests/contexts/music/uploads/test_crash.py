"""kill -9 of a real web server while bytes arrive: after every start nothing that was promised is missing."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.contexts.music.uploads.conftest import OFFSET_STREAM, TUS, checksum
from tests.contexts.music.uploads.server import WebServer
from tests.factories.users import make_artist, signed_in
from vibestream.contexts.music.uploads.invariants import invariants_of
from vibestream.platform.database import Database
from vibestream.platform.invariants import check_all
from vibestream.platform.storage.local import LocalObjectStore

SIZE = 24_000_000


@dataclass
class Resumer:
    """A client that sends one master whatever happens, and checks each promise it was given against the disk."""

    server: WebServer
    cookie: str
    data: bytes
    url: str = ""
    promised: int = 0

    def client(self) -> httpx2.AsyncClient:
        headers = {"Cookie": self.cookie, "Tus-Resumable": "1.0.0"}
        return httpx2.AsyncClient(base_url=self.server.url, headers=headers, timeout=30)

    async def begin(self) -> None:
        async with self.client() as client:
            created = await client.post(TUS, headers={"Upload-Length": str(len(self.data))})
        assert created.status_code == 201
        self.url = created.headers["Location"]

    async def offset(self) -> int:
        """Ask how far it got; whatever was promised before must still be there."""
        async with self.client() as client:
            answer = await client.head(self.url)
        assert answer.status_code == 200
        offset = int(answer.headers["Upload-Offset"])
        assert offset >= self.promised
        self.promised = offset
        if offset < len(self.data):
            part = self.server.data_dir / "uploads" / f"{self.url.rsplit('/', 1)[1]}.part"
            kept = part.read_bytes() if part.exists() else b""
            assert kept[:offset] == self.data[:offset]
        return offset

    async def send(self, *, until: int, pause_s: float, with_checksum: bool) -> int:
        """Send from the offset on, slowly; return the status."""
        begin = await self.offset()
        body = self.data[begin:until]

        async def slowly() -> AsyncIterator[bytes]:
            for step in range(0, len(body), 262_144):
                yield body[step : step + 262_144]
                await asyncio.sleep(pause_s)

        headers = {"Upload-Offset": str(begin), "Content-Type": OFFSET_STREAM, "Content-Length": str(len(body))}
        if with_checksum:
            headers["Upload-Checksum"] = checksum("sha256", body)
        async with self.client() as client:
            answer = await client.patch(self.url, headers=headers, content=slowly())
        if answer.status_code == 204:
            self.promised = int(answer.headers["Upload-Offset"])
            assert self.promised == until
        return answer.status_code


async def resume_through_kills(server: WebServer, cookie: str, database: Database, *, kills: int, seed: int) -> None:
    generator = random.Random(seed)
    data = generator.randbytes(SIZE)
    resumer = Resumer(server, cookie, data)
    await resumer.begin()
    for round_number in range(kills):
        until = len(data) if round_number % 3 == 2 else min(len(data), resumer.promised + 9_000_000)
        sending = asyncio.create_task(
            resumer.send(until=until, pause_s=generator.choice([0, 0.002]), with_checksum=generator.random() < 0.3)
        )
        await asyncio.sleep(generator.uniform(0, 0.7))
        server.kill()
        with contextlib.suppress(httpx2.TransportError):
            await sending
        server.start()
        if await resumer.offset() == len(data):
            break
    while (offset := await resumer.offset()) < len(data):
        assert await resumer.send(until=min(len(data), offset + 9_000_000), pause_s=0, with_checksum=True) == 204
    store = LocalObjectStore(server.data_dir / "objects")
    assert await store.get_bytes(f"originals/{hashlib.sha256(data).hexdigest()}") == data
    async with database.begin() as tx:
        announced = await tx.value(
            "SELECT count(*) FROM platform.outbox WHERE type = 'vibestream.music.upload_completed'"
        )
    assert announced == 1
    (audited,) = await check_all(database, invariants_of(store, sample=None))
    assert audited.finding.ok, audited.finding.detail


@pytest.fixture
async def cookie(database: Database) -> str:
    async with database.begin() as tx:
        return f"vs_session={await signed_in(tx, await make_artist(tx))}"


@pytest.mark.slow
async def test_a_master_arrives_through_a_server_that_is_killed(
    owner_dsn: str, database: Database, cookie: str, tmp_path: Path
):
    with WebServer(owner_dsn, tmp_path / "data") as server:
        await resume_through_kills(server, cookie, database, kills=3, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(4))
async def test_masters_arrive_through_many_kills(
    owner_dsn: str, database: Database, cookie: str, tmp_path: Path, seed: int
):
    with WebServer(owner_dsn, tmp_path / "data") as server:
        await resume_through_kills(server, cookie, database, kills=12, seed=100 + seed)


async def test_a_killed_server_keeps_what_it_promised_and_no_lock(owner_dsn: str, cookie: str, tmp_path: Path):
    data = random.Random(2).randbytes(1_000_000)
    with WebServer(owner_dsn, tmp_path / "data") as server:
        resumer = Resumer(server, cookie, data)
        await resumer.begin()
        sending = asyncio.create_task(resumer.send(until=len(data), pause_s=0.2, with_checksum=False))
        await asyncio.sleep(0.5)
        server.kill()
        with contextlib.suppress(httpx2.TransportError):
            await sending
        server.start()
        assert await resumer.send(until=len(data), pause_s=0, with_checksum=False) == 204
