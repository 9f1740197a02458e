"""Playback for a listen is granted to the session that opened it, and to nobody else by whatever id."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories.listen_reward import registered
from tests.factories.music import Music, make_music
from tests.factories.users import User, make_user
from tests.http_client import ClientFor
from vibestream.contexts.listen_reward.listening.domain import Track
from vibestream.kernel.ids import new_id
from vibestream.platform.database import Database


@pytest.fixture
async def music(database: Database) -> Music:
    async with database.begin() as tx:
        made = await make_music(tx)
        owner = made.artist
        await registered(tx, Track(made.track_id, owner.artist_id, owner.user_id, 180_000))
        return made


@pytest.fixture
async def ana(database: Database) -> User:
    async with database.begin() as tx:
        return await make_user(tx)


async def opens(client: Any, music: Music) -> str:
    answer = await client.post("/api/v1/listens", json={"track_id": str(music.track_id), "player_id": "tab-1"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["listen_id"])


async def plays(client: Any, music: Music, listen_id: str) -> Any:
    return await client.post(f"/api/v1/tracks/{music.track_id}/playback", json={"listen_id": listen_id})


async def granted(database: Database) -> int:
    async with database.begin() as tx:
        return int(
            await tx.value("SELECT count(*) FROM platform.outbox WHERE type = 'vibestream.music.playback_granted'")
        )


async def test_whoever_opened_it_plays_it(client_for: ClientFor, database: Database, music: Music, ana: User):
    client = await client_for(ana)
    listen_id = await opens(client, music)
    for _ in range(2):  # and again, when the addresses have expired
        answer = await plays(client, music, listen_id)
        assert (answer.status_code, answer.json()["attributed"]) == (200, True)
    assert await granted(database) == 2


async def test_another_account_is_told_that_it_is_not_there_and_nothing_is_announced(
    client_for: ClientFor, database: Database, music: Music, ana: User
):
    async with database.begin() as tx:
        mallory = await make_user(tx, roles=["admin", "finance", "artist"])
    listen_id = await opens(await client_for(ana), music)
    answers = [await plays(await client_for(mallory), music, one) for one in (listen_id, str(new_id()))]
    assert [(one.status_code, one.json()["code"]) for one in answers] == [(404, "listening.not_found")] * 2
    assert await granted(database) == 0


async def test_another_session_of_the_same_account_opens_its_own(
    client_for: ClientFor, database: Database, music: Music, ana: User
):
    desk, phone = await client_for(ana), await client_for(ana)
    listen_id = await opens(desk, music)
    assert (await plays(phone, music, listen_id)).status_code == 404
    assert (await plays(phone, music, await opens(phone, music))).status_code == 200
    assert await granted(database) == 1


async def test_somebody_who_is_not_signed_in_plays_for_no_listen_whatever_they_name(
    client: Any, client_for: ClientFor, database: Database, music: Music, ana: User
):
    listen_id = await opens(await client_for(ana), music)
    answer = await plays(client, music, listen_id)
    assert (answer.status_code, answer.json()["attributed"]) == (200, False)
    assert await granted(database) == 0
