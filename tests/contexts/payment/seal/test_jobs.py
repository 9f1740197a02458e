"""The job seals with the deployment's key and publishes every head, whatever happened before."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.factories.payment import make_wallets
from vibestream.contexts.payment.seal import jobs, service
from vibestream.contexts.payment.seal.jobs import SealingKeyMissing
from vibestream.contexts.payment.seal.service import by_id, published_head, published_numbers, trusted_keys
from vibestream.kernel.signing import SigningKey
from vibestream.kernel.time import utc_now
from vibestream.platform.config import load_settings
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime
from vibestream.platform.storage import ObjectDiffers


@pytest.fixture
def worker(lone_database: Database, runtime: Runtime) -> Runtime:
    """The runtime of a worker on a server that nobody else uses."""
    return replace(runtime, database=lone_database)


async def post_some(database: Database) -> None:
    async with database.begin() as tx:
        await make_wallets(tx, 10, 20)


async def heads(database: Database) -> list[service.Head]:
    async with database.begin() as tx:
        return await service.heads(tx, limit=200)


async def test_seals_and_publishes_with_the_key_of_the_data_folder(lone_database: Database, worker: Runtime):
    await post_some(lone_database)
    await jobs.seal_ledger(worker)
    await jobs.seal_ledger(worker)

    (head,) = await heads(lone_database)
    keys = trusted_keys(sealing_key=worker.settings.sealing_key(), public_keys=())
    assert await published_numbers(worker.objects) == [1]
    assert await published_head(worker.objects, number=1, keys=by_id(keys)) == head
    document = json.loads(await worker.objects.get_bytes("ledger/seals/000000000001.json"))
    assert document == service.head_to_json(head)
    assert document["size"] == 2


async def test_what_a_crash_left_unpublished_is_published_the_next_time(lone_database: Database, worker: Runtime):
    key = SigningKey.parse(worker.settings.sealing_key() or "")
    for number in range(205):
        await post_some(lone_database)
        async with lone_database.begin() as tx:
            await service.seal_next(tx, key=key, now=utc_now())
        if number == 1:
            for head in await heads(lone_database):
                await service.publish_head(worker.objects, head=head)

    await jobs.seal_ledger(worker)

    assert await published_numbers(worker.objects) == list(range(1, 206))


async def test_a_head_that_was_published_is_never_replaced(lone_database: Database, worker: Runtime):
    await worker.objects.put_bytes("ledger/seals/000000000001.json", b"{}", content_type="application/json")
    await post_some(lone_database)
    await jobs.seal_ledger(worker)
    (head,) = await heads(lone_database)
    with pytest.raises(ObjectDiffers):
        await service.publish_head(worker.objects, head=head)
    assert await worker.objects.get_bytes("ledger/seals/000000000001.json") == b"{}"


async def test_without_a_private_key_nothing_is_sealed(lone_database: Database, worker: Runtime, tmp_path: Path):
    public = SigningKey.parse("A" * 43).public.text
    settings = load_settings(
        environment="production", secret_key=SecretStr("k" * 32), database_url="postgresql://app@db/x",
        database_owner_url="postgresql://owner@db/x", public_url="https://music.example", smtp_host="smtp.example",
        mail_from="Music <no-reply@music.example>", ledger_seal_public_keys=public, data_dir=tmp_path,
    )  # fmt: skip
    await post_some(lone_database)
    with pytest.raises(SealingKeyMissing):
        await jobs.seal_ledger(replace(worker, settings=settings))
    assert await heads(lone_database) == []
    assert not (tmp_path / "ledger_seal_key").exists()
